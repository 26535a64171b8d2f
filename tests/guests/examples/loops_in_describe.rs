//! A provider that never finishes describing itself.
#![cfg(target_family = "wasm")]
#![expect(unsafe_code, missing_docs, reason = "generated from wit/")]

wit_bindgen::generate!({ path: "../../wit", world: "action-provider", generate_all });

use exports::lockgate::action::provider::Guest;
use lockgate::action::types::{Description, Job, Outcome};
use std::hint::black_box;

struct Loops;

export!(Loops);

impl Guest for Loops {
    fn describe() -> Vec<Description> {
        loop {
            black_box(0);
        }
    }

    fn run(_: Job) -> Outcome {
        loop {
            black_box(0);
        }
    }
}
