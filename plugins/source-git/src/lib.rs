//! The source-git provider.
