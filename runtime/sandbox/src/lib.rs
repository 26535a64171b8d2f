//! One native command tree in the operating system's sandbox.
