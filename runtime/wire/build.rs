//! Turns the service model into Rust: types with their codecs, the tables that
//! the constraints are checked by, the operations, the errors. Nothing that is
//! written here is kept in the tree.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a build that meets a model it does not understand stops and says where"
)]

#[path = "build/model.rs"]
mod model;
#[path = "build/names.rs"]
mod names;
#[path = "build/operations.rs"]
mod operations;
#[path = "build/schema.rs"]
mod schema;
#[path = "build/types.rs"]
mod types;

use std::path::PathBuf;

const MODEL: &str = "model/codepipeline-2015-07-09.json";

fn main() {
    println!("cargo::rerun-if-changed={MODEL}");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=build");
    let text = std::fs::read_to_string(MODEL).expect("the service model beside this script");
    let model = model::Model::read(&text);
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("OUT_DIR is set by cargo"));
    for (file, rust) in [
        ("types.rs", types::write(&model)),
        ("schema.rs", schema::write(&model)),
        ("operations.rs", operations::write(&model)),
    ] {
        std::fs::write(out.join(file), rust).expect("OUT_DIR can be written");
    }
}
