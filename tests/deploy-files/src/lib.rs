//! The tests of deploy-files' component are beside this crate, which holds
//! nothing.
