//! Events leaving the house (semantics 2.15): state changes in EventBridge's
//! words, told to whoever a notification rule names, at least once and in the
//! order of each pipeline. Reads the log after the fact; decides nothing and
//! holds up nobody.
//!
//! ```text
//! event of the log → story so far → notices → rule wants it? → letter → provider
//! ```

pub(crate) mod approval;
pub(crate) mod delivery;
mod event_bridge;
mod event_type;
mod lane;
pub(crate) mod lanes;
mod letter;
mod requests;
mod rule;
mod state_change;
mod story;
#[cfg(test)]
mod tests;

pub(crate) use rule::name_problem;
pub use rule::{
    NotificationDetail, NotificationFormat, NotificationRule, NotificationRuleView,
    NotificationTest,
};
