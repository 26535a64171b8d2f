//! Cron expressions in two dialects, and what they mean in a time zone: whether
//! they match a minute, and which minute they match next. Pure: text and times
//! go in, times come out. It knows no clock, no disk and no schedule.
//!
//! The server's schedules call it, and the component that judges deployment
//! windows does.
//!
//! ```
//! use lockgate_cron::{Cron, Dialect, Zone};
//!
//! let window = Cron::parse("* * 9-17 ? * MON-FRI", Dialect::Quartz)?;
//! let zone = Zone::parse("Europe/Berlin")?;
//! let saturday = 1_795_240_800_000;
//! assert!(!window.matches(&zone, saturday));
//! let opens = window.next(&zone, saturday).unwrap_or(u64::MAX);
//! assert_eq!(zone.show(opens), "2026-11-23 09:00 Europe/Berlin");
//!
//! let error = Cron::parse("0 25 * * ? *", Dialect::EventBridge).unwrap_err();
//! assert_eq!(
//!     error.to_string(),
//!     "hours '25' will not do; write 0 to 23, such as 9, 9-17 or 0/6"
//! );
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

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
