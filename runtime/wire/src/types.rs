//! Every structure and enum of the model, with its way in and out; written by
//! `build.rs`. A required member is a plain value, any other an `Option`.

#![expect(
    clippy::single_match,
    reason = "a program writes a match, however many arms it has"
)]

use std::collections::BTreeMap;

use crate::Timestamp;
use crate::node::Node;
use crate::read::{self, Misfit};
use crate::writer::Writer;

include!(concat!(env!("OUT_DIR"), "/types.rs"));
