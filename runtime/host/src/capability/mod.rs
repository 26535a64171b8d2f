//! What a guest may do besides computing: one file or folder for each
//! capability, each with the check of the grant, the implementation and its
//! limits. All effects of a job pass through here.

pub(crate) mod artifacts;
pub(crate) mod exec;
pub(crate) mod http;
pub(crate) mod invoke;
pub(crate) mod log;
pub(crate) mod pipelines;
pub(crate) mod secrets;
pub(crate) mod stdio;
