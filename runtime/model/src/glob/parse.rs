//! Reads the text of a pattern into its pieces, or says what is wrong with it.

use super::{Character, MAX_PATTERN};
use std::iter::Peekable;
use std::str::Chars;

/// A piece of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// One character.
    One(Character),
    /// Any number of them.
    Many(Character),
    /// `**/` where a name could begin: any number of directories, or none.
    Directories,
    /// Any of these.
    Group(Vec<Vec<Piece>>),
}

/// # Errors
/// A clause that follows the pattern's name: what is wrong, what to write.
pub(super) fn parse(pattern: &str) -> Result<Vec<Piece>, String> {
    if pattern.is_empty() {
        return Err("is empty; write what it is to match, or '**' for everything".to_owned());
    }
    let length = pattern.chars().count();
    if length > MAX_PATTERN {
        return Err(format!(
            "has {length} characters; it may have {MAX_PATTERN}"
        ));
    }
    let mut reader = Reader {
        rest: pattern.chars().peekable(),
        name_begins: true,
    };
    reader.sequence(false)
}

struct Reader<'p> {
    rest: Peekable<Chars<'p>>,
    /// Nothing, or a `/`, stands before what comes next.
    name_begins: bool,
}

impl Reader<'_> {
    /// Up to the end, or to the `,` or `}` of the group it is in.
    fn sequence(&mut self, in_group: bool) -> Result<Vec<Piece>, String> {
        let mut pieces = vec![];
        while let Some(&character) = self.rest.peek() {
            if in_group && matches!(character, ',' | '}') {
                break;
            }
            self.rest.next();
            let piece = match character {
                '*' => self.stars(),
                '?' => Piece::One(Character::OfName),
                '[' => Piece::One(self.set()?),
                '{' if in_group => {
                    return Err(
                        "has a group '{…}' within another; write each alternative out".to_owned(),
                    );
                }
                '{' => self.group()?,
                '\\' => match self.rest.next() {
                    Some(escaped) => Piece::One(Character::This(escaped)),
                    None => {
                        return Err(
                            "ends with '\\'; write '\\\\' for a backslash, or what it is to escape"
                                .to_owned(),
                        );
                    }
                },
                other => Piece::One(Character::This(other)),
            };
            self.name_begins =
                matches!(piece, Piece::Directories | Piece::One(Character::This('/')));
            pieces.push(piece);
        }
        Ok(pieces)
    }

    /// Behind one `*`.
    fn stars(&mut self) -> Piece {
        let mut across = false;
        while self.rest.next_if_eq(&'*').is_some() {
            across = true;
        }
        if !across {
            return Piece::Many(Character::OfName);
        }
        if self.name_begins && self.rest.next_if_eq(&'/').is_some() {
            return Piece::Directories;
        }
        Piece::Many(Character::Any)
    }

    /// Behind `{`.
    fn group(&mut self) -> Result<Piece, String> {
        let before = self.name_begins;
        let mut alternatives = vec![];
        loop {
            self.name_begins = before;
            alternatives.push(self.sequence(true)?);
            match self.rest.next() {
                Some(',') => {}
                Some(_) => return Ok(Piece::Group(alternatives)),
                None => {
                    return Err(
                        "has a '{' without '}'; close the group, or write '\\{' for the character"
                            .to_owned(),
                    );
                }
            }
        }
    }

    /// Behind `[`.
    fn set(&mut self) -> Result<Character, String> {
        const OPEN: &str = "has a '[' without ']'; close the set, or write '\\[' for the character";
        const SEPARATOR: &str = "has '/' in a set '[ ]', which never matches it; write '/' outside";
        let not = self.rest.next_if_eq(&'!').is_some();
        let mut ranges = vec![];
        loop {
            let from = self.rest.next().ok_or(OPEN)?;
            match from {
                ']' if ranges.is_empty() => {
                    return Err(
                        "has a set '[ ]' with nothing in it; write what it is to match, or '\\[' for the character"
                            .to_owned(),
                    );
                }
                ']' => return Ok(Character::Set { not, ranges }),
                '/' => return Err(SEPARATOR.to_owned()),
                _ => {}
            }
            let mut to = from;
            if self.rest.next_if_eq(&'-').is_some() {
                match self.rest.peek() {
                    // A hyphen at the end stands for itself.
                    Some(']') => ranges.push(('-', '-')),
                    Some('/') => return Err(SEPARATOR.to_owned()),
                    Some(&end) => {
                        to = end;
                        self.rest.next();
                    }
                    None => return Err(OPEN.to_owned()),
                }
            }
            if to < from {
                return Err(format!(
                    "has the range '{from}-{to}', which is empty; write '{to}-{from}'"
                ));
            }
            ranges.push((from, to));
        }
    }
}
