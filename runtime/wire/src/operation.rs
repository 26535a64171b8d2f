//! The operations with their inputs, outputs and errors; written by `build.rs`.

use crate::Page;
use crate::node::Node;
use crate::read::Misfit;
use crate::shape::{Shape, tables as schema};
use crate::types::*;
use crate::writer::Writer;

include!(concat!(env!("OUT_DIR"), "/operations.rs"));

impl std::fmt::Display for Operation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
