//! A world around one pipeline: people, providers, workers, sources and a clock,
//! moved by steps that are written as lines. Shared by the random histories and
//! by the scenario folders, so that what the one finds the other can keep.

#![allow(
    dead_code,
    unused_imports,
    reason = "each of the two tests uses a part"
)]

mod ask;
mod outcome;
mod parse;
mod pick;
mod request;
mod show;
mod step;
mod tell;
mod trouble;
mod words;

pub(crate) use ask::{Watch, World};
pub(crate) use parse::parse;
pub(crate) use pick::Open;
pub(crate) use show::show;
pub(crate) use step::{Answer, Change, Place, Step, Target};
pub(crate) use tell::tell_answer;
pub(crate) use trouble::{Broken, Seen, Trouble};
