//! The definition's rules, each with an example that breaks it.
