//! Glob patterns as trigger filters write them (user guide, "Working with glob
//! patterns in syntax"). Knows no definition and no file. The execution core
//! matches branches, tags and paths with it, `definition::check` finds patterns
//! that mean nothing.
//!
//! | Written | Matches |
//! |---|---|
//! | `*` | any text without `/` |
//! | `**` | any text; as a whole directory, `**/`, also no directory at all |
//! | `?` | one character, not `/` |
//! | `[a-c_]`, `[!a-c]` | one character of the set, or one not in it, never `/` |
//! | `{a,b}` | any of these; groups do not nest |
//! | `\x` | `x` itself; within `[ ]` the backslash is an ordinary character |
//!
//! A pattern is turned into a small machine whose states are walked side by
//! side, so that matching takes time in proportion to pattern times text,
//! whatever the pattern.

mod parse;
#[cfg(test)]
mod tests;

use parse::Piece;

/// Characters of a pattern (API reference, `GitBranchNamePattern`,
/// `GitFilePathPattern`, `GitTagNamePattern`).
pub const MAX_PATTERN: usize = 255;

/// A pattern, ready to match.
#[derive(Debug, Clone)]
pub struct Glob {
    pattern: String,
    program: Vec<Step>,
}

/// The pattern means nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("pattern '{pattern}' {problem}")]
pub struct InvalidGlob {
    /// What was given.
    pub pattern: String,
    /// What is wrong with it, and what to write instead.
    pub problem: String,
}

/// What is wrong with a pattern, and what to write instead: a clause that
/// follows its name. None: it can be used.
#[must_use]
pub fn pattern_problem(pattern: &str) -> Option<String> {
    parse::parse(pattern).err()
}

impl Glob {
    /// Reads a pattern.
    ///
    /// # Errors
    /// It is empty, too long, or not closed somewhere.
    pub fn new(pattern: &str) -> Result<Self, InvalidGlob> {
        let pieces = parse::parse(pattern).map_err(|problem| InvalidGlob {
            pattern: pattern.to_owned(),
            problem,
        })?;
        let mut program = vec![];
        compile(&pieces, &mut program);
        program.push(Step::Matched);
        Ok(Self {
            pattern: pattern.to_owned(),
            program,
        })
    }

    /// As it was written.
    #[must_use]
    pub fn pattern(&self) -> &str {
        &self.pattern
    }

    /// Whether the whole text matches.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        let mut now = Places::new(self.program.len());
        let mut next = Places::new(self.program.len());
        self.reach(0, &mut now);
        for character in text.chars() {
            if now.list.is_empty() {
                return false;
            }
            for &place in &now.list {
                if let Some(Step::Take(what)) = self.program.get(place)
                    && what.takes(character)
                {
                    self.reach(place + 1, &mut next);
                }
            }
            std::mem::swap(&mut now, &mut next);
            next.clear();
        }
        now.list
            .iter()
            .any(|place| matches!(self.program.get(*place), Some(Step::Matched)))
    }

    /// Adds a place, and all that can be reached from it without a character.
    /// Every place is added once, so this ends and costs no more than the
    /// pattern is long.
    fn reach(&self, place: usize, places: &mut Places) {
        places.open.push(place);
        while let Some(place) = places.open.pop() {
            if !places.enter(place) {
                continue;
            }
            match self.program.get(place) {
                Some(Step::Either(ways)) => places.open.extend(ways),
                Some(Step::Go(to)) => places.open.push(*to),
                Some(Step::Take(_) | Step::Matched) => places.list.push(place),
                None => {}
            }
        }
    }
}

impl PartialEq for Glob {
    fn eq(&self, other: &Self) -> bool {
        self.pattern == other.pattern
    }
}

impl Eq for Glob {}

/// One step of the machine; places count from 0.
#[derive(Debug, Clone)]
enum Step {
    /// One character, then the next step.
    Take(Character),
    /// Any of these places.
    Either(Vec<usize>),
    /// That place.
    Go(usize),
    /// The whole pattern matched.
    Matched,
}

/// Which character is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Character {
    /// This one.
    This(char),
    /// Any but the separator.
    OfName,
    /// Any.
    Any,
    /// One of these ranges, or of none of them; never the separator.
    Set {
        not: bool,
        ranges: Vec<(char, char)>,
    },
}

impl Character {
    fn takes(&self, character: char) -> bool {
        match self {
            Self::This(this) => character == *this,
            Self::OfName => character != '/',
            Self::Any => true,
            Self::Set { not, ranges } => {
                let within = |(from, to): &(char, char)| (*from..=*to).contains(&character);
                character != '/' && ranges.iter().any(within) != *not
            }
        }
    }
}

/// Where the machine is: a set that remembers the order.
struct Places {
    list: Vec<usize>,
    entered: Vec<bool>,
    touched: Vec<usize>,
    open: Vec<usize>,
}

impl Places {
    fn new(size: usize) -> Self {
        Self {
            list: Vec::with_capacity(size),
            entered: vec![false; size],
            touched: Vec::with_capacity(size),
            open: vec![],
        }
    }

    /// False: it was there already, or there is no such place.
    fn enter(&mut self, place: usize) -> bool {
        match self.entered.get_mut(place) {
            Some(entered) if !*entered => {
                *entered = true;
                self.touched.push(place);
                true
            }
            _ => false,
        }
    }

    fn clear(&mut self) {
        for place in self.touched.drain(..) {
            if let Some(entered) = self.entered.get_mut(place) {
                *entered = false;
            }
        }
        self.list.clear();
    }
}

fn compile(pieces: &[Piece], program: &mut Vec<Step>) {
    for piece in pieces {
        match piece {
            Piece::One(character) => program.push(Step::Take(character.clone())),
            Piece::Many(character) => repeat(character, program),
            Piece::Directories => {
                let start = program.len();
                program.push(Step::Either(vec![]));
                repeat(&Character::Any, program);
                program.push(Step::Take(Character::This('/')));
                let behind = program.len();
                patch(program, start, Step::Either(vec![start + 1, behind]));
            }
            Piece::Group(alternatives) => {
                let start = program.len();
                program.push(Step::Either(vec![]));
                let mut ways = vec![];
                let mut ends = vec![];
                for alternative in alternatives {
                    ways.push(program.len());
                    compile(alternative, program);
                    ends.push(program.len());
                    program.push(Step::Go(0));
                }
                let behind = program.len();
                patch(program, start, Step::Either(ways));
                for end in ends {
                    patch(program, end, Step::Go(behind));
                }
            }
        }
    }
}

fn repeat(character: &Character, program: &mut Vec<Step>) {
    let start = program.len();
    program.push(Step::Either(vec![start + 1, start + 3]));
    program.push(Step::Take(character.clone()));
    program.push(Step::Go(start));
}

fn patch(program: &mut [Step], place: usize, step: Step) {
    if let Some(old) = program.get_mut(place) {
        *old = step;
    }
}
