//! One provider, one job, one sandbox.
