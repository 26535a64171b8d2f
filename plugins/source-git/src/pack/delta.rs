//! Applies one difference to its base (Git's `delta` format: copy and insert
//! instructions).

use crate::limits::OBJECT_BYTES;
use crate::trouble::{Result, Trouble, broken};

fn number(delta: &mut &[u8]) -> Result<u64> {
    let (mut value, mut shift) = (0u64, 0);
    loop {
        let (&byte, rest) = delta
            .split_first()
            .ok_or_else(|| broken("a difference ends inside its header"))?;
        *delta = rest;
        if shift > 56 {
            return Err(broken("a difference declares an absurd size"));
        }
        value |= u64::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
}

/// The object that `delta` makes of `base`.
pub(crate) fn apply(base: &[u8], mut delta: &[u8]) -> Result<Vec<u8>> {
    let corrupt = || broken("a difference does not fit the object it is a difference to");
    if number(&mut delta)? != base.len() as u64 {
        return Err(corrupt());
    }
    let size = number(&mut delta)?;
    if size > OBJECT_BYTES {
        return Err(too_large(size));
    }
    let size = usize::try_from(size).map_err(|_| too_large(size))?;
    let mut result = Vec::with_capacity(size.min(base.len().saturating_add(1 << 20)));
    while let Some((&instruction, rest)) = delta.split_first() {
        delta = rest;
        let piece = if instruction & 0x80 != 0 {
            let mut operand = |bits: u8| -> Result<usize> {
                let mut value = 0usize;
                for bit in 0..bits.count_ones() {
                    let flag = 1 << (bits.trailing_zeros() + bit);
                    if instruction & flag != 0 {
                        let (&byte, rest) = delta.split_first().ok_or_else(corrupt)?;
                        delta = rest;
                        value |= usize::from(byte) << (8 * bit);
                    }
                }
                Ok(value)
            };
            let start = operand(0x0f)?;
            let length = match operand(0x70)? {
                0 => 0x1_0000,
                length => length,
            };
            let end = start.checked_add(length).ok_or_else(corrupt)?;
            base.get(start..end).ok_or_else(corrupt)?
        } else if instruction != 0 {
            let (piece, rest) = delta
                .split_at_checked(usize::from(instruction))
                .ok_or_else(corrupt)?;
            delta = rest;
            piece
        } else {
            return Err(corrupt());
        };
        if result.len() + piece.len() > size {
            return Err(corrupt());
        }
        result.extend_from_slice(piece);
    }
    if result.len() == size {
        Ok(result)
    } else {
        Err(corrupt())
    }
}

/// One object does not fit into the memory of the sandbox.
pub(crate) fn too_large(size: u64) -> Trouble {
    Trouble::Content(format!(
        "an object of {size} bytes is larger than the {OBJECT_BYTES} bytes that one tree, commit or difference may have; keep so large a file out of the repository or in Git LFS"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_and_inserts_make_the_new_object() {
        // 10 bytes to 9: copy 4 from 6, insert "xyz", copy 2 from 0.
        let delta = [10, 9, 0x91, 6, 4, 3, b'x', b'y', b'z', 0x90, 2];
        assert_eq!(apply(b"0123456789", &delta).unwrap(), b"6789xyz01");
    }

    #[test]
    fn a_hostile_difference_is_refused() {
        for delta in [
            &[][..],
            &[9, 1, 1, b'a'][..],
            &[10, 1, 0][..],
            &[10, 1, 2, b'a'][..],
            &[10, 1, 2, b'a', b'b'][..],
            &[10, 2, 1, b'a'][..],
            &[10, 2, 0x91, 9, 2][..],
            &[10, 2, 0x91][..],
            &[10, 0xff, 0xff, 0xff, 0xff, 0x7f, 0x90, 1][..],
            &[255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1][..],
        ] {
            assert!(apply(b"0123456789", delta).is_err(), "{delta:x?}");
        }
    }
}
