//! From the text of an expression to its fields, dialect by dialect.

use crate::calendar::Calendar;
use crate::cron::Dialect;
use crate::day::Days;
use crate::error::{CronError, printable};
use crate::number::{HOURS, MINUTES, MONTH, Numbers, YEAR};
use crate::rate::Rate;

/// More is no expression that anybody wrote.
const LONGEST: usize = 256;

/// What an expression is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Expression {
    Calendar(Calendar),
    Rate(Rate),
}

/// Reads an expression.
pub(crate) fn read(text: &str, dialect: Dialect) -> Result<Expression, CronError> {
    let text = text.trim();
    let wrong = |remedy: &str| CronError::new(CronError::WHOLE, text, remedy);
    if text.len() > LONGEST {
        return Err(wrong("at most 256 characters"));
    }
    match dialect {
        Dialect::Quartz => {
            let fields: Vec<&str> = text.split_ascii_whitespace().collect();
            let ([seconds, minutes, hours, of_month, month, of_week, year @ ..], 6 | 7) =
                (&fields[..], fields.len())
            else {
                return Err(wrong(
                    "six fields with a space between (seconds minutes hours day-of-month month day-of-week) and, if need be, the year, such as * * 9-17 ? * MON-FRI",
                ));
            };
            // Nobody means ? for the hours: it is EventBridge's form.
            if *hours == "?" && year.is_empty() {
                let remedy = format!("the seconds in front: * {}", printable(text));
                return Err(wrong(&remedy));
            }
            if !matches!(*seconds, "*" | "0") {
                return Err(CronError::new(
                    "seconds",
                    seconds,
                    "* or 0: whole minutes are judged",
                ));
            }
            let year = year.first().copied();
            calendar(minutes, hours, of_month, month, of_week, year)
        }
        Dialect::EventBridge => {
            if let Some(rate) = within(text, "rate") {
                return Ok(Expression::Rate(Rate::read(rate)?));
            }
            let inner = within(text, "cron").unwrap_or(text);
            let fields: Vec<&str> = inner.split_ascii_whitespace().collect();
            let [minutes, hours, of_month, month, of_week, year] = fields[..] else {
                return Err(wrong(
                    "six fields with a space between (minutes hours day-of-month month day-of-week year), such as cron(0 9 ? * MON-FRI *), or rate(5 minutes)",
                ));
            };
            calendar(minutes, hours, of_month, month, of_week, Some(year))
        }
    }
}

/// The inside of `name(…)`.
fn within<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (head, inside) = text.strip_suffix(')')?.split_once('(')?;
    head.trim_end().eq_ignore_ascii_case(name).then_some(inside)
}

fn calendar(
    minutes: &str,
    hours: &str,
    of_month: &str,
    month: &str,
    of_week: &str,
    year: Option<&str>,
) -> Result<Expression, CronError> {
    Ok(Expression::Calendar(Calendar {
        minutes: MINUTES.read(minutes)?,
        hours: HOURS.read(hours)?,
        days: Days::read(of_month, of_week)?,
        months: MONTH.read(month)?,
        years: match year {
            Some(year) => YEAR.read(year)?,
            None => Numbers::all(&YEAR),
        },
    }))
}
