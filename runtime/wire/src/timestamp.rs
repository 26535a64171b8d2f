//! A moment, as the wire writes it: seconds since 1970 with a fraction. Knows
//! no calendar and no clock. In every structure that has a time.

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

/// The end of the year 9999, in seconds; clients cannot show what lies beyond.
const LAST_SECOND: f64 = 253_402_300_799.999;

impl Timestamp {
    /// From seconds with a fraction, rounded to a millisecond; `None` where no
    /// client could show it.
    pub fn from_seconds(seconds: f64) -> Option<Self> {
        if !(-LAST_SECOND..=LAST_SECOND).contains(&seconds) {
            return None;
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "bounded above, and rounded on purpose"
        )]
        Some(Self((seconds * 1000.0).round() as i64))
    }

    /// Seconds, where it is a whole number of them.
    pub(crate) fn whole_seconds(self) -> Option<i64> {
        (self.0 % 1000 == 0).then_some(self.0 / 1000)
    }

    /// Seconds with a fraction.
    #[expect(
        clippy::cast_precision_loss,
        reason = "a millisecond is kept for two hundred thousand years"
    )]
    pub fn seconds(self) -> f64 {
        self.0 as f64 / 1000.0
    }
}

/// `1446137312.204`: no zeros at the end of the fraction, no exponent.
impl std::fmt::Display for Timestamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (sign, millis) = (if self.0 < 0 { "-" } else { "" }, self.0.unsigned_abs());
        let (seconds, fraction) = (millis / 1000, millis % 1000);
        if fraction == 0 {
            return write!(f, "{sign}{seconds}");
        }
        let fraction = format!("{fraction:03}");
        write!(f, "{sign}{seconds}.{}", fraction.trim_end_matches('0'))
    }
}
