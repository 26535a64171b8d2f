//! What six fields mean in local time, where every day has 24 hours: whether a
//! minute is one of theirs, and which is next. `cron` brings in the zone.

use crate::date::{DAY, Date};
use crate::day::Days;
use crate::number::Numbers;

/// The fields of an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Calendar {
    pub minutes: Numbers,
    pub hours: Numbers,
    pub days: Days,
    pub months: Numbers,
    pub years: Numbers,
}

impl Calendar {
    /// Whether this minute is one of them. Minutes count from 1970-01-01 00:00
    /// of the local clock.
    pub fn contains(&self, minute: i64) -> bool {
        let date = Date::of(minute.div_euclid(DAY));
        let time = minute.rem_euclid(DAY);
        self.minutes.contains(time % 60)
            && self.hours.contains(time / 60)
            && self.months.contains(i64::from(date.month))
            && self.years.contains(date.year)
            && self.days.contains(date)
    }

    /// The first of its minutes in `from..end`.
    pub fn next(&self, from: i64, end: i64) -> Option<i64> {
        let mut minute = from;
        // Each turn goes to a later day, and past the last year `years` ends it.
        while minute < end {
            let days = minute.div_euclid(DAY);
            let day = self.day_from(Date::of(days))?;
            if day > days {
                minute = day * DAY;
                continue;
            }
            if let Some(time) = self.time_from(minute.rem_euclid(DAY)) {
                return Some(days * DAY + time).filter(|found| *found < end);
            }
            minute = (days + 1) * DAY;
        }
        None
    }

    /// A day that is not past the first of its days from `date` on, and not
    /// before `date`; it is `date` itself only where that is one of them.
    fn day_from(&self, date: Date) -> Option<i64> {
        let first = |year, month| {
            Date {
                year,
                month,
                day: 1,
            }
            .days()
        };
        let year = self.years.from(date.year)?;
        if year != date.year {
            return Some(first(year, 1));
        }
        let month = match self.months.from(i64::from(date.month)) {
            None => return Some(first(year + 1, 1)),
            Some(month) => u16::try_from(month).unwrap_or(date.month),
        };
        if month != date.month {
            return Some(first(year, month));
        }
        Some(match self.days.from(year, month, date.day) {
            Some(day) => Date { day, ..date }.days(),
            None if month == 12 => first(year + 1, 1),
            None => first(year, month + 1),
        })
    }

    /// The first of its times of day that is not before this one, in minutes.
    fn time_from(&self, time: i64) -> Option<i64> {
        let mut hour = self.hours.from(time / 60)?;
        if hour == time / 60 {
            if let Some(minute) = self.minutes.from(time % 60) {
                return Some(hour * 60 + minute);
            }
            hour = self.hours.from(hour + 1)?;
        }
        Some(hour * 60 + self.minutes.from(0)?)
    }
}
