//! Builds, demonstrates, tests and measures Lockgate.

fn main() {}
