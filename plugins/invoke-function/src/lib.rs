//! The invoke-function provider.
