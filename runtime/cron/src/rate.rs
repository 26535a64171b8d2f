//! `rate(5 minutes)`: the same distance again and again, whatever the clocks
//! on the wall do. Only EventBridge has it.

use crate::error::CronError;

/// The longest distance: a year.
const LONGEST: u64 = 366 * 24 * 60;

/// A distance in whole minutes, counted from a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rate {
    minutes: u64,
    /// Milliseconds since the Unix epoch.
    pub counted_from: u64,
}

impl Rate {
    /// Reads what stands between the parentheses.
    pub fn read(text: &str) -> Result<Self, CronError> {
        let wrong = || {
            CronError::new(
                "rate",
                text,
                "a whole number and a unit, from 1 minute to 366 days, such as rate(5 minutes), rate(1 hour) or rate(7 days)",
            )
        };
        let mut words = text.split_ascii_whitespace();
        let (Some(number), Some(unit), None) = (words.next(), words.next(), words.next()) else {
            return Err(wrong());
        };
        let unit = match unit.to_ascii_lowercase().as_str() {
            "minute" | "minutes" => 1,
            "hour" | "hours" => 60,
            "day" | "days" => 24 * 60,
            _ => return Err(wrong()),
        };
        let digits = number.bytes().all(|byte| byte.is_ascii_digit());
        let minutes = digits
            .then(|| number.parse::<u64>().ok())
            .flatten()
            .and_then(|number| number.checked_mul(unit))
            .filter(|minutes| (1..=LONGEST).contains(minutes))
            .ok_or_else(wrong)?;
        Ok(Self {
            minutes,
            counted_from: 0,
        })
    }

    fn millis(self) -> u64 {
        self.minutes * 60_000
    }

    /// Whether one of its moments lies in the minute that holds this one.
    pub fn matches(self, at: u64) -> bool {
        let start = at - at % 60_000;
        let next = match start.checked_sub(1) {
            None => Some(self.counted_from % self.millis()),
            Some(before) => self.next(before),
        };
        next.is_some_and(|next| next - start < 60_000)
    }

    /// The first of its moments after this one.
    pub fn next(self, after: u64) -> Option<u64> {
        let phase = self.counted_from % self.millis();
        let past = match after.checked_sub(phase) {
            None => return Some(phase),
            Some(since) => since % self.millis(),
        };
        after.checked_add(self.millis() - past)
    }
}
