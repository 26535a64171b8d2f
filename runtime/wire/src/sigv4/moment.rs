//! Times as signatures write them, `20150830T123600Z`, and as seconds. Knows no
//! clock.

/// Seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(pub i64);

impl Moment {
    /// Reads `20150830T123600Z`; `None` for anything else.
    pub fn read(text: &str) -> Option<Self> {
        let number = |from: usize, to: usize| -> Option<i64> {
            let digits = text.get(from..to)?;
            let all = digits.bytes().all(|byte| byte.is_ascii_digit());
            all.then(|| digits.parse().ok()).flatten()
        };
        if text.len() != 16 || text.get(8..9) != Some("T") || text.get(15..) != Some("Z") {
            return None;
        }
        let (year, month, day) = (number(0, 4)?, number(4, 6)?, number(6, 8)?);
        let (hour, minute, second) = (number(9, 11)?, number(11, 13)?, number(13, 15)?);
        let known = (1..=12).contains(&month) && (1..=31).contains(&day);
        if !known || hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        let days = days(year, month, day);
        Some(Self(days * 86_400 + hour * 3_600 + minute * 60 + second))
    }

    /// `20150830`, which the scope must say too.
    pub fn date(self) -> String {
        self.to_string().chars().take(8).collect()
    }
}

impl std::fmt::Display for Moment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (day, second) = (self.0.div_euclid(86_400), self.0.rem_euclid(86_400));
        let (year, month, day) = date(day);
        let (hour, minute) = (second / 3_600, second / 60 % 60);
        let second = second % 60;
        write!(
            f,
            "{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z"
        )
    }
}

/// Days since 1970 of a date. Years begin in March here, so that a leap day is
/// the last day of a year.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The date so many days after the first of 1970.
fn date(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march + 2) / 5 + 1;
    let month = if march < 10 { march + 3 } else { march - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_and_written_as_signatures_write_it() {
        assert_eq!(
            Moment::read("20150830T123600Z"),
            Some(Moment(1_440_938_160))
        );
        assert_eq!(Moment(1_440_938_160).to_string(), "20150830T123600Z");
        assert_eq!(
            Moment::read("20240229T235959Z"),
            Some(Moment(1_709_251_199))
        );
        assert_eq!(Moment(1_709_251_199).date(), "20240229");
        for day in (-800_000..800_000).step_by(37) {
            let moment = Moment(day * 86_400 + 3_723);
            if (0..=9999).contains(&date(day).0) {
                assert_eq!(Moment::read(&moment.to_string()), Some(moment));
            }
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "20150830",
            "20150830T123600",
            "2015-08-30T12:36:00Z",
            "20151330T123600Z",
            "20150830T243600Z",
            "+0150830T123600Z",
            "20150830T1236é0",
        ] {
            assert_eq!(Moment::read(text), None, "{text}");
        }
    }
}
