//! The build-commands provider.
