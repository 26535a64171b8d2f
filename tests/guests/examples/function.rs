//! A function whose event says what it does.
#![cfg(target_family = "wasm")]
#![expect(unsafe_code, missing_docs, reason = "generated from wit/")]
#![expect(clippy::panic, reason = "this guest is here to fail")]

wit_bindgen::generate!({ path: "../../wit", world: "function", generate_all });

use exports::lockgate::action::handler::Guest;
use lockgate::action::log;
use std::hint::black_box;

struct Function;

export!(Function);

impl Guest for Function {
    fn handle(event: String) -> Result<String, String> {
        log::write(log::Level::Info, &format!("event: {event}"));
        match event.as_str() {
            "\"fail\"" => Err("as you wish".into()),
            "\"panic\"" => panic!("a function that panics"),
            "\"loop\"" => loop {
                black_box(0);
            },
            "\"files\"" => Ok(format!("{:?}", std::fs::read_dir("/work").is_ok())),
            _ => Ok(format!("[{event}]")),
        }
    }
}
