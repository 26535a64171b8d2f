//! Cron expressions in two dialects, and what they mean in a time zone: whether
//! they match a minute, and which minute they match next. Pure: text and times
//! go in, times come out. It knows no clock, no disk and no schedule.
//!
//! The server's schedules call it, and the component that judges deployment
//! windows does.

mod calendar;
mod cron;
mod date;
mod day;
mod error;
mod expression;
mod number;
mod rate;
mod zone;

pub use cron::{Cron, Dialect};
pub use error::{CronError, ZoneError};
pub use zone::Zone;
