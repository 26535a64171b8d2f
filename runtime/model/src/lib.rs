//! Words and values shared by every room of the house: definitions, ids, jobs,
//! outcomes, grants, plugin manifests. Knows no clock, disk, network, Wasm or
//! async; everyone may import it, and it imports only serialisation.

pub mod action_type;
pub mod artifact;
pub mod change;
pub mod definition;
pub mod glob;
pub mod grant;
pub mod id;
pub mod job;
pub mod limits;
pub mod plugin;
pub mod status;
pub mod time;
pub mod trigger;
pub mod webhook;
