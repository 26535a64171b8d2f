//! The pure machine that decides what a pipeline does.
