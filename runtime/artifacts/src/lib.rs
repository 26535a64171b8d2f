//! Keeps trees of files by content, in any object store, each tenant's apart.
//!
//! It knows no pipeline, execution or sandbox: the orchestrator stores what an
//! action left in a directory, and asks for it again in another directory or as
//! a zip file. Which trees are still wanted is the caller's to say ([`Artifacts::collect`]).
//!
//! # What is kept
//! Under `<tenant>/tree/<digest>` one object per tree: its manifest (a sorted
//! list of entries with modes, sizes, digests and link targets), then the list
//! of blobs that hold the files' content one after another, then the content
//! itself where it is small. Under `<tenant>/blob/<xx>/<digest>` the blobs. The
//! digest of the tree is that of the manifest alone, so the same tree has the
//! same digest wherever and however it is kept, and every file is checked
//! against it when it is read.

mod collect;
mod content;
mod error;
mod manifest;
mod materialise;
mod remove;
mod scan;
mod store;
mod unzip;
mod zip_view;

pub use collect::Collected;
pub use error::ArtifactError;
pub use remove::remove_tree;
pub use store::{Artifacts, TreeLimits};
