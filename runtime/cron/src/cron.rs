//! An expression and what it means in a zone.

use crate::date::DAY;
use crate::error::CronError;
use crate::expression::{Expression, read};
use crate::number::{HOURS, Numbers};
use crate::zone::Zone;
use std::fmt;

/// The first millisecond past the last year that an expression can name.
const END: u64 = 7_258_118_400_000;

/// Who reads the expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// CodePipeline's `DeploymentWindow`: seconds (`*` or `0`), minutes, hours,
    /// day-of-month, month, day-of-week and, if need be, year. A minute that
    /// the clocks show twice matches twice: it is a window.
    Quartz,
    /// EventBridge: minutes, hours, day-of-month, month, day-of-week and year,
    /// bare or as `cron(…)`; or `rate(5 minutes)`. A minute that the clocks show
    /// twice matches the first time only, unless every hour matches: it starts
    /// something.
    EventBridge,
}

/// A cron expression. In both dialects Sunday is 1, ranges may go over the end
/// (`FRI-MON`), and a local time that a clock change leaves out never comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cron {
    text: String,
    expression: Expression,
    /// Of a minute that comes twice, the second is left out.
    once: bool,
}

impl Cron {
    /// Reads an expression.
    ///
    /// # Errors
    /// The field that cannot be read, its value, and what to write instead.
    pub fn parse(text: &str, dialect: Dialect) -> Result<Self, CronError> {
        let expression = read(text, dialect)?;
        let once = match &expression {
            Expression::Calendar(calendar) => {
                dialect == Dialect::EventBridge && calendar.hours != Numbers::all(&HOURS)
            }
            Expression::Rate(_) => false,
        };
        Ok(Self {
            text: text.trim().to_owned(),
            expression,
            once,
        })
    }

    /// A rate counts from this moment (milliseconds since the Unix epoch)
    /// instead of from the epoch. Changes nothing for a cron expression.
    #[must_use]
    pub fn counted_from(mut self, at_ms: u64) -> Self {
        if let Expression::Rate(rate) = &mut self.expression {
            rate.counted_from = at_ms;
        }
        self
    }

    /// Whether the minute that holds this moment (milliseconds since the Unix
    /// epoch) is one of its minutes.
    #[must_use]
    pub fn matches(&self, zone: &Zone, at_ms: u64) -> bool {
        if at_ms >= END {
            return false;
        }
        match &self.expression {
            Expression::Rate(rate) => rate.matches(at_ms),
            Expression::Calendar(calendar) => {
                let seconds = (at_ms / 1000) as i64;
                let offset = zone.offset(seconds);
                let minute = (seconds + offset).div_euclid(60);
                calendar.contains(minute) && !(self.once && zone.repeats(minute * 60, offset))
            }
        }
    }

    /// The beginning of the first of its minutes that begins after this moment
    /// (both in milliseconds since the Unix epoch); none where it never comes.
    #[must_use]
    pub fn next(&self, zone: &Zone, after_ms: u64) -> Option<u64> {
        if after_ms >= END {
            return None;
        }
        let calendar = match &self.expression {
            Expression::Rate(rate) => return rate.next(after_ms),
            Expression::Calendar(calendar) => calendar,
        };
        // From one clock change to the next, local time is the world's plus a
        // constant.
        let after = (after_ms / 1000) as i64;
        for stretch in zone.stretches(after + 1) {
            let offset = stretch.offset;
            if stretch.start >= (END / 1000) as i64 + DAY * 60 {
                break;
            }
            let mut from = (stretch.start + offset + 59).div_euclid(60);
            let end = stretch
                .end
                .map_or(i64::MAX, |end| (end + offset + 59).div_euclid(60));
            while let Some(minute) = calendar.next(from, end) {
                if !(self.once && zone.repeats(minute * 60, offset)) {
                    // Local minutes before 1970 are before any moment asked for.
                    return u64::try_from((minute * 60 - offset) * 1000).ok();
                }
                from = minute + 1;
            }
        }
        None
    }
}

/// As it was written.
impl fmt::Display for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
