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

impl Input {
    /// As JSON for a record that others read: what the model marks as secret,
    /// and the secret of a webhook, is replaced as CloudTrail does. What an
    /// action type marks as secret in its configuration is not known here.
    pub fn recorded(&self) -> Vec<u8> {
        let mut out = Writer::hiding();
        self.write(&mut out);
        out.finish()
    }
}

impl Output {
    /// As JSON for a record that others read, as [`Input::recorded`].
    pub fn recorded(&self) -> Vec<u8> {
        let mut out = Writer::hiding();
        self.write(&mut out);
        out.finish()
    }
}
