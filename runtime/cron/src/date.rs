//! Dates of the Gregorian calendar as plain numbers. Knows no zone and no cron.
//! Total for every day that an `i64` of minutes can name.

/// Minutes of one day.
pub(crate) const DAY: i64 = 24 * 60;

/// One day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Date {
    pub year: i64,
    /// 1 to 12.
    pub month: u16,
    /// 1 to 31.
    pub day: u16,
}

impl Date {
    /// The day so many days after 1970-01-01.
    pub fn of(days: i64) -> Self {
        // In eras of 400 years that begin on a 1st of March, so that the leap
        // day is the last of its year.
        let shifted = days + 719_468;
        let era = shifted.div_euclid(146_097);
        let in_era = shifted.rem_euclid(146_097);
        let year = (in_era - in_era / 1_460 + in_era / 36_524 - in_era / 146_096) / 365;
        let in_year = in_era - (365 * year + year / 4 - year / 100);
        let march_month = (5 * in_year + 2) / 153;
        let day = in_year - (153 * march_month + 2) / 5 + 1;
        let month = if march_month < 10 {
            march_month + 3
        } else {
            march_month - 9
        };
        Self {
            year: year + era * 400 + i64::from(month <= 2),
            month: month as u16,
            day: day as u16,
        }
    }

    /// Days from 1970-01-01 to this one.
    pub fn days(self) -> i64 {
        let year = self.year - i64::from(self.month <= 2);
        let era = year.div_euclid(400);
        let in_era_year = year.rem_euclid(400);
        let march_month = (i64::from(self.month) + 9) % 12;
        let in_year = (153 * march_month + 2) / 5 + i64::from(self.day) - 1;
        let in_era = in_era_year * 365 + in_era_year / 4 - in_era_year / 100 + in_year;
        era * 146_097 + in_era - 719_468
    }

    /// 1 for Sunday to 7 for Saturday, as both dialects count.
    pub fn weekday(self) -> u16 {
        ((self.days() + 4).rem_euclid(7) + 1) as u16
    }
}

/// How many days a month has.
pub(crate) fn days_in(year: i64, month: u16) -> u16 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_of_six_centuries_follows_the_one_before_it() {
        let mut expected = Date {
            year: 1900,
            month: 1,
            day: 1,
        };
        let mut weekday = 2;
        for days in expected.days()..expected.days() + 600 * 365 {
            assert_eq!(Date::of(days), expected);
            assert_eq!(expected.days(), days);
            assert_eq!(expected.weekday(), weekday);
            weekday = weekday % 7 + 1;
            expected.day += 1;
            if expected.day > days_in(expected.year, expected.month) {
                expected.day = 1;
                expected.month += 1;
            }
            if expected.month > 12 {
                expected.month = 1;
                expected.year += 1;
            }
        }
    }

    #[test]
    fn the_epoch_was_a_thursday() {
        let epoch = Date::of(0);
        assert_eq!((epoch.year, epoch.month, epoch.day), (1970, 1, 1));
        assert_eq!(epoch.weekday(), 5);
    }
}
