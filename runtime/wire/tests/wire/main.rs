//! The wire contract against its model, AWS's published vectors, AWS's signing
//! crate and real botocore.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops where it is wrong"
)]

mod arbitrary;
mod botocore;
mod oracle;
mod protocols;
mod round_trip;
mod signatures;
mod tokens;
mod vectors;
mod violations;
