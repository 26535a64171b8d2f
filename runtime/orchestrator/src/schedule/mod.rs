//! Schedules coming in: pipelines that start by the clock (semantics 2.14,
//! EventBridge). A schedule fires once for each time that it is due, however
//! often the server is killed; of the times that it missed while no server ran,
//! only the latest.

mod fire;
mod requests;
mod rule;
mod timetable;

pub(crate) use fire::{catch_up, keep};
pub use rule::{Schedule, ScheduleView};
