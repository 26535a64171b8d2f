//! The header of one entry of a pack: its kind, its size and, where it is a
//! difference, what it is a difference to.

use crate::trouble::{Result, broken};
use gix_object::Kind;
use std::io::Read;

/// How an entry stores its object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Storage {
    /// As it is.
    Whole(Kind),
    /// As a difference to the entry at this offset of the same pack.
    DeltaAt(u64),
    /// As a difference to the object of this id.
    DeltaTo([u8; 20]),
}

/// What stands before an entry's compressed data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) storage: Storage,
    /// Bytes after decompression: of the object, or of the difference.
    pub(crate) size: u64,
}

fn byte(input: &mut impl Read) -> Result<u8> {
    let mut byte = [0];
    input
        .read_exact(&mut byte)
        .map_err(|e| broken(format!("the pack ends inside an entry: {e}")))?;
    let [byte] = byte;
    Ok(byte)
}

/// Reads the header of the entry that starts at `offset`, where `input` stands.
pub(crate) fn read_header(input: &mut impl Read, offset: u64) -> Result<Header> {
    let first = byte(input)?;
    let mut size = u64::from(first & 0x0f);
    let mut shift = 4;
    let mut more = first & 0x80 != 0;
    while more {
        let next = byte(input)?;
        if shift > 53 {
            return Err(broken(format!(
                "the entry at {offset} declares an absurd size"
            )));
        }
        size |= u64::from(next & 0x7f) << shift;
        shift += 7;
        more = next & 0x80 != 0;
    }
    let storage = match first >> 4 & 0x07 {
        1 => Storage::Whole(Kind::Commit),
        2 => Storage::Whole(Kind::Tree),
        3 => Storage::Whole(Kind::Blob),
        4 => Storage::Whole(Kind::Tag),
        6 => Storage::DeltaAt(base_offset(input, offset)?),
        7 => {
            let mut id = [0; 20];
            input
                .read_exact(&mut id)
                .map_err(|e| broken(format!("the pack ends inside an entry: {e}")))?;
            Storage::DeltaTo(id)
        }
        kind => {
            return Err(broken(format!(
                "the entry at {offset} has the unknown kind {kind}"
            )));
        }
    };
    Ok(Header { storage, size })
}

fn base_offset(input: &mut impl Read, offset: u64) -> Result<u64> {
    let mut next = byte(input)?;
    let mut distance = u64::from(next & 0x7f);
    while next & 0x80 != 0 {
        next = byte(input)?;
        if distance > u64::MAX >> 9 {
            break;
        }
        distance = (distance + 1) << 7 | u64::from(next & 0x7f);
    }
    match offset.checked_sub(distance) {
        Some(base) if distance > 0 => Ok(base),
        _ => Err(broken(format!(
            "the entry at {offset} is a difference to something outside the pack"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_gives_kind_size_and_base() {
        let header = read_header(&mut &[0xb5, 0x0a][..], 12).unwrap();
        assert_eq!(header.storage, Storage::Whole(Kind::Blob));
        assert_eq!(header.size, 0xa5);
        let header = read_header(&mut &[0x65, 0x80, 0x00][..], 500).unwrap();
        assert_eq!(header.storage, Storage::DeltaAt(500 - 128));
    }

    #[test]
    fn a_hostile_header_is_refused() {
        for (bytes, what) in [
            (&[0x05][..], "unknown kind 0"),
            (&[0x55][..], "unknown kind 5"),
            (&[0x65, 0x00][..], "outside the pack"),
            (&[0x65, 0x7f][..], "outside the pack"),
            (&[0xb5][..], "ends inside"),
            (&[0x75, 1, 2, 3][..], "ends inside"),
            (
                &[0xbf, 255, 255, 255, 255, 255, 255, 255, 255, 255][..],
                "absurd size",
            ),
            (
                &[0x65, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255][..],
                "outside the pack",
            ),
        ] {
            let error = read_header(&mut &bytes[..], 20).unwrap_err().to_string();
            assert!(error.contains(what), "{bytes:x?}: {error}");
        }
    }
}
