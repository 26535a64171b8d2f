//! A provider whose instance never comes up.
#![cfg(target_family = "wasm")]
#![expect(unsafe_code, missing_docs, reason = "generated from wit/")]

wit_bindgen::generate!({ path: "../../wit", world: "action-provider", generate_all });

use exports::lockgate::action::provider::Guest;
use lockgate::action::types::{Description, Job, Outcome};
use std::hint::black_box;

struct Loops;

export!(Loops);

#[used]
#[unsafe(link_section = ".init_array")]
static START: extern "C" fn() = start;

extern "C" fn start() {
    loop {
        black_box(0);
    }
}

impl Guest for Loops {
    fn describe() -> Vec<Description> {
        start();
        unreachable!()
    }

    fn run(_: Job) -> Outcome {
        start();
        unreachable!()
    }
}
