//! CodePipeline's wire contract: what clients may say, what they are answered,
//! and how one knows who speaks.
//!
//! [`Protocol`] tells JSON 1.1 from rpc-v2-cbor and finds the [`Operation`];
//! [`Protocol::read`] turns a body into a typed and checked [`Input`];
//! [`Protocol::answer`] and [`Protocol::refuse`] turn an [`Output`] or a
//! [`Fault`] into a [`Reply`]; [`sigv4`] says whose request it is; [`token`]
//! seals the place where a page ended. Types, tables and errors are written by
//! `build.rs` from `model/codepipeline-2015-07-09.json`.
//!
//! It knows no engine, no store and no web framework, reads no clock, and does
//! no work that grows faster than what it is given. The server's face calls it.

mod cbor;
mod check;
mod fault;
mod json;
mod mac;
mod node;
mod operation;
mod page;
mod pattern;
mod protocol;
mod read;
mod shape;
pub mod sigv4;
mod timestamp;
pub mod token;
pub mod types;
mod writer;

pub use check::Rules;
pub use fault::{Code, CommonError, Fault};
pub use operation::{ErrorCode, Group, Input, Operation, Output, TARGET_PREFIX};
pub use page::Page;
pub use protocol::{Protocol, Reply};
pub use shape::{Kind, Member, Shape, Text};
pub use timestamp::Timestamp;

/// The largest body that is read, in bytes. A pipeline of ten actions whose
/// configurations are as long as they may be is half of it.
pub const MAX_BODY: usize = 4 * 1024 * 1024;

/// How deep lists, maps and tags may lie in each other. The model needs ten.
pub const MAX_DEPTH: usize = 32;

/// How many values one body may hold, whether the model knows them or not.
pub const MAX_VALUES: usize = 100_000;
