//! Packet lines: the framing of Git's protocol (`gitprotocol-common`). The
//! decoder is fed whatever pieces the network delivers.

use crate::trouble::{Result, broken};

/// One packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Packet<'a> {
    Data(&'a [u8]),
    /// `0000`: the end of a message.
    Flush,
    /// `0001`: the end of a section.
    Delimiter,
    /// `0002`: the end of a response.
    End,
}

/// The largest packet, its length included.
const LARGEST: usize = 65_520;

/// Appends one line.
pub(crate) fn line(message: &mut Vec<u8>, text: &str) {
    message.extend_from_slice(format!("{:04x}{text}\n", text.len() + 5).as_bytes());
}

pub(crate) const FLUSH: &[u8] = b"0000";
pub(crate) const DELIMITER: &[u8] = b"0001";

/// Takes a stream apart.
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    /// The beginning of a packet that is not whole yet.
    rest: Vec<u8>,
}

impl Decoder {
    /// Hands every packet that `input` completes to `take`.
    pub(crate) fn feed(
        &mut self,
        mut input: &[u8],
        take: &mut dyn FnMut(Packet<'_>) -> Result<()>,
    ) -> Result<()> {
        while !self.rest.is_empty() && !input.is_empty() {
            let wanted = length(&self.rest)?.unwrap_or(4);
            let (piece, later) =
                input.split_at(wanted.saturating_sub(self.rest.len()).min(input.len()));
            self.rest.extend_from_slice(piece);
            input = later;
            let whole = std::mem::take(&mut self.rest);
            if packet(&whole, take)?.is_none() {
                self.rest = whole;
            }
        }
        while !input.is_empty() {
            match packet(input, take)? {
                Some(later) => input = later,
                None => break,
            }
        }
        self.rest.extend_from_slice(input);
        Ok(())
    }

    /// Whether the stream may end here.
    pub(crate) fn is_done(&self) -> bool {
        self.rest.is_empty()
    }
}

/// Takes one whole packet off `input`; none where it is not whole.
fn packet<'a>(
    input: &'a [u8],
    take: &mut dyn FnMut(Packet<'_>) -> Result<()>,
) -> Result<Option<&'a [u8]>> {
    let Some(length) = length(input)? else {
        return Ok(None);
    };
    let Some((packet, later)) = input.split_at_checked(length) else {
        return Ok(None);
    };
    let (prefix, data) = packet.split_at_checked(4).unwrap_or_default();
    take(match prefix {
        b"0000" => Packet::Flush,
        b"0001" => Packet::Delimiter,
        b"0002" => Packet::End,
        _ => Packet::Data(data),
    })?;
    Ok(Some(later))
}

/// The bytes of the packet that starts here, length included; none where even
/// the length is not whole.
fn length(input: &[u8]) -> Result<Option<usize>> {
    let Some(prefix) = input.first_chunk::<4>() else {
        return Ok(None);
    };
    let length = prefix.iter().try_fold(0, |length, digit| {
        Some(length << 4 | char::from(*digit).to_digit(16)? as usize)
    });
    match length {
        Some(0..=2) => Ok(Some(4)),
        Some(length @ 4..=LARGEST) => Ok(Some(length)),
        _ => Err(broken(format!(
            "the server's answer is not Git's protocol: '{}' is not the length of a packet",
            prefix.escape_ascii()
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(pieces: &[&[u8]]) -> Result<Vec<String>> {
        let mut seen = Vec::new();
        let mut decoder = Decoder::default();
        for piece in pieces {
            decoder.feed(piece, &mut |packet| {
                seen.push(match packet {
                    Packet::Data(data) => String::from_utf8_lossy(data).into_owned(),
                    other => format!("{other:?}"),
                });
                Ok(())
            })?;
        }
        if decoder.is_done() {
            Ok(seen)
        } else {
            Err(broken("half"))
        }
    }

    #[test]
    fn packets_are_the_same_however_they_arrive() {
        let mut stream = Vec::new();
        line(&mut stream, "hello");
        stream.extend_from_slice(b"0001000400020006ab0000");
        let whole = decode(&[&stream]).unwrap();
        assert_eq!(whole, ["hello\n", "Delimiter", "", "End", "ab", "Flush"]);
        for at in 0..stream.len() {
            let (a, b) = stream.split_at(at);
            assert_eq!(decode(&[a, b]).unwrap(), whole);
        }
        let bytes: Vec<&[u8]> = stream.chunks(1).collect();
        assert_eq!(decode(&bytes).unwrap(), whole);
    }

    #[test]
    fn what_is_not_a_packet_is_refused() {
        for bad in [&b"<html>"[..], b"0003", b"fff1", b"00g0", b"+004"] {
            let error = decode(&[bad]).unwrap_err().to_string();
            assert!(error.contains("not Git's protocol"), "{error}");
        }
        assert!(decode(&[b"0006a"]).is_err());
    }
}
