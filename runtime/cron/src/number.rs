//! Fields that hold numbers: lists, ranges, steps and names. Knows nothing of
//! what a number means; `day` adds what only days have.

use crate::error::CronError;

/// What one field may hold.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Field {
    /// As error messages call it.
    pub name: &'static str,
    pub smallest: u16,
    pub largest: u16,
    /// What the numbers from the smallest on may be called.
    pub names: &'static [&'static str],
    /// An example for messages.
    pub example: &'static str,
}

pub(crate) const MINUTES: Field = Field {
    name: "minutes",
    smallest: 0,
    largest: 59,
    names: &[],
    example: "0, 0/15 or 0-29",
};

pub(crate) const HOURS: Field = Field {
    name: "hours",
    smallest: 0,
    largest: 23,
    names: &[],
    example: "9, 9-17 or 0/6",
};

pub(crate) const DAY_OF_MONTH: Field = Field {
    name: "day-of-month",
    smallest: 1,
    largest: 31,
    names: &[],
    example: "1, 1-7, 15W, L, L-3, LW or ?",
};

pub(crate) const MONTH: Field = Field {
    name: "month",
    smallest: 1,
    largest: 12,
    names: &[
        "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
    ],
    example: "JAN, 1-6 or 1/3",
};

pub(crate) const DAY_OF_WEEK: Field = Field {
    name: "day-of-week",
    smallest: 1,
    largest: 7,
    names: &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"],
    example: "MON-FRI, 2 (Monday), 6L (the last Friday), 6#3 (the third) or ?",
};

pub(crate) const YEAR: Field = Field {
    name: "year",
    smallest: 1970,
    largest: 2199,
    names: &[],
    example: "2030, 2030-2035 or 2030/2",
};

/// A set of a field's numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Numbers {
    smallest: u16,
    /// One bit a number, the smallest first. 256 are enough for the years.
    bits: [u64; 4],
}

impl Numbers {
    fn none(field: &Field) -> Self {
        Self {
            smallest: field.smallest,
            bits: [0; 4],
        }
    }

    /// Every number of a field.
    pub fn all(field: &Field) -> Self {
        let mut all = Self::none(field);
        for number in field.smallest..=field.largest {
            all.insert(number);
        }
        all
    }

    fn insert(&mut self, number: u16) {
        let index = number.saturating_sub(self.smallest);
        if let Some(word) = self.bits.get_mut(usize::from(index / 64)) {
            *word |= 1 << (index % 64);
        }
    }

    /// Whether this number is in it.
    pub fn contains(&self, number: i64) -> bool {
        let Ok(index) = usize::try_from(number - i64::from(self.smallest)) else {
            return false;
        };
        self.bits
            .get(index / 64)
            .is_some_and(|word| word >> (index % 64) & 1 == 1)
    }

    /// The smallest of its numbers that is not below this one.
    pub fn from(&self, number: i64) -> Option<i64> {
        let first = number.max(i64::from(self.smallest));
        (first..i64::from(self.smallest) + 256).find(|number| self.contains(*number))
    }

    /// Takes the numbers of one part of a list: `*`, `5`, `5-9`, `*/2`, `5/2`,
    /// `5-9/2`, with names in the place of numbers. A range may go over the end:
    /// `FRI-MON`, `22-5`.
    pub fn add(&mut self, field: &Field, part: &str) -> Result<(), CronError> {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, Some(field.step(step, part)?)),
            None => (part, None),
        };
        let (from, to) = match range.split_once('-') {
            _ if range == "*" || (range.is_empty() && step.is_some()) => {
                (field.smallest, field.largest)
            }
            Some((from, to)) => (field.number(from, part)?, field.number(to, part)?),
            None => {
                let from = field.number(range, part)?;
                (from, if step.is_some() { field.largest } else { from })
            }
        };
        let span = field.largest - field.smallest + 1;
        let to = match (from <= to, field.smallest == YEAR.smallest) {
            (true, _) => to,
            (false, false) => to + span,
            (false, true) => {
                return Err(CronError::new(field.name, part, "the earlier year first"));
            }
        };
        for number in (from..=to).step_by(usize::from(step.unwrap_or(1))) {
            self.insert((number - field.smallest) % span + field.smallest);
        }
        Ok(())
    }
}

impl Field {
    /// Reads a list of numbers.
    pub fn read(&self, text: &str) -> Result<Numbers, CronError> {
        let mut numbers = Numbers::none(self);
        for part in text.split(',') {
            numbers.add(self, part)?;
        }
        Ok(numbers)
    }

    /// The set of one part of a list.
    pub fn read_part(&self, part: &str) -> Result<Numbers, CronError> {
        let mut numbers = Numbers::none(self);
        numbers.add(self, part)?;
        Ok(numbers)
    }

    /// One number or name. `part` is what the message shows.
    pub fn number(&self, text: &str, part: &str) -> Result<u16, CronError> {
        let named = self.names.iter().zip(self.smallest..);
        for (name, number) in named {
            if name.eq_ignore_ascii_case(text) {
                return Ok(number);
            }
        }
        // `parse` takes a plus sign, which cron does not.
        text.bytes()
            .all(|byte| byte.is_ascii_digit())
            .then(|| text.parse().ok())
            .flatten()
            .filter(|number| (self.smallest..=self.largest).contains(number))
            .ok_or_else(|| self.wrong(part))
    }

    fn step(&self, text: &str, part: &str) -> Result<u16, CronError> {
        let span = self.largest - self.smallest + 1;
        text.bytes()
            .all(|byte| byte.is_ascii_digit())
            .then(|| text.parse().ok())
            .flatten()
            .filter(|step| (1..=span).contains(step))
            .ok_or_else(|| {
                CronError::new(
                    self.name,
                    part,
                    format!("a step from 1 to {span} after the '/'"),
                )
            })
    }

    /// The error of a part that is nothing this field may hold.
    pub fn wrong(&self, part: &str) -> CronError {
        let Self {
            smallest, largest, ..
        } = self;
        let names = match (self.names.first(), self.names.last()) {
            (Some(first), Some(last)) => format!(" or {first} to {last}"),
            _ => String::new(),
        };
        CronError::new(
            self.name,
            part,
            format!("{smallest} to {largest}{names}, such as {}", self.example),
        )
    }
}
