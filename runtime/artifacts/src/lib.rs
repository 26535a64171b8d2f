//! Content-addressed trees of files.
