//! The one binary: settings, wiring, faces, exit codes.

fn main() {}
