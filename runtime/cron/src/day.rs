//! The two fields of days, and which days of a month they mean: `?`, `L`, `W`,
//! `LW`, `L-3` and `#` on top of what every field can.

use crate::date::{Date, days_in};
use crate::error::{CronError, printable};
use crate::number::{DAY_OF_MONTH, DAY_OF_WEEK, Field, Numbers};

/// Which days. Exactly one of the two fields says it; the other is `?`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Days {
    OfMonth(Vec<MonthDay>),
    OfWeek(Vec<WeekDay>),
}

/// One part of a day-of-month list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum MonthDay {
    On(Numbers),
    /// `L`, and `L-3` for three days before the last.
    Last {
        before: u16,
    },
    /// `LW`: the weekday nearest to such a day.
    LastWeekday {
        before: u16,
    },
    /// `15W`: the weekday nearest to this day, never in another month.
    Nearest(u16),
}

/// One part of a day-of-week list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum WeekDay {
    On(Numbers),
    /// `6L`: the last of the month.
    Last(u16),
    /// `6#3`: the third of the month.
    Nth(u16, u16),
}

impl Days {
    /// Reads both fields.
    pub fn read(of_month: &str, of_week: &str) -> Result<Self, CronError> {
        match (of_month, of_week) {
            ("?", "?") => Err(CronError::new(
                DAY_OF_WEEK.name,
                of_week,
                "* here or in day-of-month: only one of the two can be ?",
            )),
            (_, "?") => {
                let parts = of_month.split(',').map(month_day);
                Ok(Self::OfMonth(parts.collect::<Result<_, _>>()?))
            }
            ("?", _) => {
                let parts = of_week.split(',').map(week_day);
                Ok(Self::OfWeek(parts.collect::<Result<_, _>>()?))
            }
            _ => Err(CronError::new(
                DAY_OF_WEEK.name,
                of_week,
                format!(
                    "? here or in day-of-month (which has '{}'): one of the two says the days, the other is ?",
                    printable(of_month)
                ),
            )),
        }
    }

    /// The first of these days of a month that is not before `day`.
    pub fn from(&self, year: i64, month: u16, day: u16) -> Option<u16> {
        (day..=days_in(year, month)).find(|day| {
            let date = Date {
                year,
                month,
                day: *day,
            };
            self.contains(date)
        })
    }

    /// Whether this day is one of them.
    pub fn contains(&self, date: Date) -> bool {
        match self {
            Self::OfMonth(parts) => parts.iter().any(|part| part.contains(date)),
            Self::OfWeek(parts) => parts.iter().any(|part| part.contains(date)),
        }
    }
}

impl MonthDay {
    fn contains(&self, date: Date) -> bool {
        let last = days_in(date.year, date.month);
        match self {
            Self::On(numbers) => numbers.contains(i64::from(date.day)),
            Self::Last { before } => date.day + before == last,
            Self::LastWeekday { before } => {
                *before < last && nearest_weekday(date, last - before) == date.day
            }
            Self::Nearest(day) => *day <= last && nearest_weekday(date, *day) == date.day,
        }
    }
}

impl WeekDay {
    fn contains(&self, date: Date) -> bool {
        let weekday = date.weekday();
        match self {
            Self::On(numbers) => numbers.contains(i64::from(weekday)),
            Self::Last(day) => weekday == *day && date.day + 7 > days_in(date.year, date.month),
            Self::Nth(day, nth) => weekday == *day && date.day.div_ceil(7) == *nth,
        }
    }
}

/// The day from Monday to Friday nearest to `day`, in the month of `date`.
fn nearest_weekday(date: Date, day: u16) -> u16 {
    let weekday = Date { day, ..date }.weekday();
    let last = days_in(date.year, date.month);
    match weekday {
        7 if day == 1 => day + 2,
        7 => day - 1,
        1 if day == last => day - 2,
        1 => day + 1,
        _ => day,
    }
}

fn month_day(part: &str) -> Result<MonthDay, CronError> {
    let field: &Field = &DAY_OF_MONTH;
    let upper = part.to_ascii_uppercase();
    let (day, weekday) = match upper.strip_suffix('W') {
        Some(day) => (day, true),
        None => (upper.as_str(), false),
    };
    if let Some(before) = day.strip_prefix('L') {
        let before = match before.strip_prefix('-') {
            None if before.is_empty() => 0,
            Some(before) => {
                let digits = before.bytes().all(|byte| byte.is_ascii_digit());
                let read = digits.then(|| before.parse().ok()).flatten();
                read.filter(|before| *before <= 30).ok_or_else(|| {
                    CronError::new(
                        field.name,
                        part,
                        "L-1 to L-30 for so many days before the last",
                    )
                })?
            }
            None => return Err(field.wrong(part)),
        };
        return Ok(if weekday {
            MonthDay::LastWeekday { before }
        } else {
            MonthDay::Last { before }
        });
    }
    if weekday {
        let nearest = field.number(day, part).map_err(|_| {
            CronError::new(
                field.name,
                part,
                "one day before the W, such as 15W, or LW; a W stands with no range and no step",
            )
        })?;
        return Ok(MonthDay::Nearest(nearest));
    }
    Ok(MonthDay::On(field.read_part(part)?))
}

fn week_day(part: &str) -> Result<WeekDay, CronError> {
    let field: &Field = &DAY_OF_WEEK;
    let upper = part.to_ascii_uppercase();
    if let Some((day, nth)) = upper.split_once('#') {
        let day = field.number(day, part)?;
        return match nth {
            "1" | "2" | "3" | "4" | "5" => Ok(WeekDay::Nth(day, nth.parse().unwrap_or(1))),
            _ => Err(CronError::new(
                field.name,
                part,
                "1 to 5 after the '#', such as 6#3 for the third Friday",
            )),
        };
    }
    match upper.strip_suffix('L') {
        // Alone it is the last day of the week, which is Saturday.
        Some("") => Ok(WeekDay::On(field.read_part("SAT")?)),
        Some(day) => Ok(WeekDay::Last(field.number(day, part)?)),
        None => Ok(WeekDay::On(field.read_part(part)?)),
    }
}
