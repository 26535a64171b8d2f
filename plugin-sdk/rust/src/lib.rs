//! Guest kit for writing Lockgate providers in Rust.
