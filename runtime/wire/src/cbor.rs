//! CBOR (RFC 8949) into a tree, as far as smithy-rpc-v2-cbor uses it: definite
//! and indefinite lengths, every size of number and float, tag 1 for times;
//! other tags are looked through. Depth, number of values and repeated names
//! are bounded, and no length is believed before its bytes are there. Knows no
//! shape. `protocol` calls it.

use crate::Timestamp;
use crate::node::{Budget, Node, Unreadable, repeated, shown};

/// Reads a whole body. An empty one asks nothing, as an empty map does.
pub(crate) fn read(body: &[u8]) -> Result<Node, Unreadable> {
    if body.is_empty() {
        return Ok(Node::Map(Vec::new()));
    }
    let mut reader = Reader {
        rest: body,
        budget: Budget::new(),
    };
    let node = reader.value(0)?;
    match reader.rest.is_empty() {
        true => Ok(node),
        false => Err(broken("more bytes follow after the value that is the body")),
    }
}

fn broken(why: &str) -> Unreadable {
    Unreadable(format!("The body is no CBOR that can be read: {why}."))
}

/// The length of a string, an array or a map.
#[derive(Clone, Copy, PartialEq)]
enum Length {
    Definite(u64),
    /// Until a break.
    Indefinite,
}

struct Reader<'a> {
    rest: &'a [u8],
    budget: Budget,
}

const BREAK: u8 = 0xff;

impl<'a> Reader<'a> {
    fn value(&mut self, depth: usize) -> Result<Node, Unreadable> {
        self.budget.value(depth)?;
        let head = self.byte()?;
        let (major, info) = (head >> 5, head & 0x1f);
        match major {
            0 => Ok(whole(i128::from(self.argument(info)?))),
            1 => Ok(whole(-1 - i128::from(self.argument(info)?))),
            2 => self.bytes(info).map(|()| Node::Bytes),
            3 => self.text(info).map(Node::Text),
            4 => self.list(info, depth),
            5 => self.map(info, depth),
            6 => self.tagged(info, depth),
            _ => self.simple(info),
        }
    }

    fn list(&mut self, info: u8, depth: usize) -> Result<Node, Unreadable> {
        let length = self.length(info)?;
        let mut items = Vec::new();
        while self.another(length, items.len())? {
            items.push(self.value(depth + 1)?);
        }
        Ok(Node::List(items))
    }

    fn map(&mut self, info: u8, depth: usize) -> Result<Node, Unreadable> {
        let length = self.length(info)?;
        let mut members = Vec::new();
        while self.another(length, members.len())? {
            let head = self.byte()?;
            if head >> 5 != 3 {
                return Err(broken("a name in a map is no text"));
            }
            let name = self.text(head & 0x1f)?;
            members.push((name, self.value(depth + 1)?));
        }
        match repeated(&members) {
            Some(name) => Err(broken(&format!(
                "the name '{}' comes twice in one map; write it once",
                shown(name)
            ))),
            None => Ok(Node::Map(members)),
        }
    }

    /// Whether one more item follows; takes the break that ends an indefinite
    /// length.
    fn another(&mut self, length: Length, so_far: usize) -> Result<bool, Unreadable> {
        match length {
            Length::Definite(length) => Ok((so_far as u64) < length),
            Length::Indefinite => match self.rest.split_first() {
                Some((&BREAK, rest)) => {
                    self.rest = rest;
                    Ok(false)
                }
                Some(_) => Ok(true),
                None => Err(cut()),
            },
        }
    }

    fn tagged(&mut self, info: u8, depth: usize) -> Result<Node, Unreadable> {
        let tag = self.argument(info)?;
        let inner = self.value(depth + 1)?;
        if tag != 1 {
            return Ok(inner);
        }
        #[expect(
            clippy::cast_precision_loss,
            reason = "what a float cannot hold is refused as too large"
        )]
        let seconds = match inner {
            Node::Integer(seconds) => seconds as f64,
            Node::Float(seconds) => seconds,
            _ => return Err(broken("what stands under tag 1 is no number of seconds")),
        };
        Timestamp::from_seconds(seconds)
            .map(Node::Time)
            .ok_or_else(|| broken("a time lies beyond the year 9999"))
    }

    fn simple(&mut self, info: u8) -> Result<Node, Unreadable> {
        Ok(match info {
            20 => Node::Boolean(false),
            21 => Node::Boolean(true),
            22 | 23 => Node::Null,
            25 => Node::Float(half(u16::from_be_bytes(self.array()?))),
            26 => Node::Float(f64::from(f32::from_be_bytes(self.array()?))),
            27 => Node::Float(f64::from_be_bytes(self.array()?)),
            31 => return Err(broken("a break stands where a value must")),
            _ => return Err(broken("a simple value is none that is known")),
        })
    }

    fn text(&mut self, info: u8) -> Result<String, Unreadable> {
        let utf8 = |bytes: &[u8]| {
            let text = std::str::from_utf8(bytes);
            text.map(str::to_owned)
                .map_err(|_| broken("a text is no UTF-8"))
        };
        match self.length(info)? {
            Length::Definite(length) => utf8(self.take(length)?),
            Length::Indefinite => {
                let mut text = String::new();
                // Each piece is text of its own, so says the standard.
                while let Some(piece) = self.piece(3)? {
                    text.push_str(&utf8(piece)?);
                }
                Ok(text)
            }
        }
    }

    fn bytes(&mut self, info: u8) -> Result<(), Unreadable> {
        match self.length(info)? {
            Length::Definite(length) => self.take(length).map(|_| ()),
            Length::Indefinite => {
                while self.piece(2)?.is_some() {}
                Ok(())
            }
        }
    }

    /// The next piece of a string of indefinite length.
    fn piece(&mut self, major: u8) -> Result<Option<&'a [u8]>, Unreadable> {
        let head = self.byte()?;
        if head == BREAK {
            return Ok(None);
        }
        match (head >> 5 == major, self.length(head & 0x1f)?) {
            (true, Length::Definite(length)) => self.take(length).map(Some),
            _ => Err(broken("a piece of a string is no string of a known length")),
        }
    }

    fn length(&mut self, info: u8) -> Result<Length, Unreadable> {
        match info {
            31 => Ok(Length::Indefinite),
            info => self.argument(info).map(Length::Definite),
        }
    }

    fn argument(&mut self, info: u8) -> Result<u64, Unreadable> {
        match info {
            0..=23 => Ok(u64::from(info)),
            24 => self.byte().map(u64::from),
            25 => Ok(u64::from(u16::from_be_bytes(self.array()?))),
            26 => Ok(u64::from(u32::from_be_bytes(self.array()?))),
            27 => Ok(u64::from_be_bytes(self.array()?)),
            _ => Err(broken("a head has a form that the standard reserves")),
        }
    }

    fn byte(&mut self) -> Result<u8, Unreadable> {
        let (byte, rest) = self.rest.split_first().ok_or_else(cut)?;
        self.rest = rest;
        Ok(*byte)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Unreadable> {
        let (array, rest) = self.rest.split_first_chunk().ok_or_else(cut)?;
        self.rest = rest;
        Ok(*array)
    }

    fn take(&mut self, length: u64) -> Result<&'a [u8], Unreadable> {
        let length = usize::try_from(length).map_err(|_| cut())?;
        let (bytes, rest) = self.rest.split_at_checked(length).ok_or_else(cut)?;
        self.rest = rest;
        Ok(bytes)
    }
}

fn cut() -> Unreadable {
    broken("it ends before it is complete")
}

/// A number of the wire; one of more than 64 bits fits nowhere in the model.
#[expect(clippy::cast_precision_loss, reason = "refused wherever it stands")]
fn whole(number: i128) -> Node {
    i64::try_from(number).map_or(Node::Float(number as f64), Node::Integer)
}

/// Half precision, as appendix D of the standard decodes it.
fn half(bits: u16) -> f64 {
    let (exponent, mantissa) = (i32::from(bits >> 10 & 0x1f), f64::from(bits & 0x3ff));
    let value = match exponent {
        0 => mantissa * 2f64.powi(-24),
        31 if mantissa == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (mantissa + 1024.0) * 2f64.powi(exponent - 25),
    };
    if bits & 0x8000 == 0 { value } else { -value }
}
