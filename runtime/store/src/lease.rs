//! Leases: who may answer for a job, and until when. Knows nothing of what the
//! job does.

use crate::record::Job;
use lockgate_model::id::TenantId;
use lockgate_model::time::Timestamp;
use std::fmt;

/// A fencing token: whoever presents it may finish the job it was given for.
/// Never printed.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct LeaseToken(pub [u8; 16]);

impl LeaseToken {
    /// 128 fresh random bits.
    #[must_use]
    pub fn random() -> Self {
        let mut bytes = [0; 16];
        #[expect(
            clippy::expect_used,
            reason = "the kernel's random source cannot fail after boot, and no token is safe without it"
        )]
        getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
        Self(bytes)
    }
}

impl fmt::Debug for LeaseToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LeaseToken(…)")
    }
}

/// The right to answer for a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// To present with the answer.
    pub token: LeaseToken,
    /// From then on the job may be given to somebody else; absent: it is this
    /// process's for as long as it has the store.
    pub expires: Option<Timestamp>,
}

/// What a worker asks for.
#[derive(Debug, Clone)]
pub struct Claim {
    /// Only this tenant's jobs; absent: anybody's.
    pub tenant: Option<TenantId>,
    /// The present.
    pub at: Timestamp,
    /// When the leases given out expire.
    pub expires: Timestamp,
    /// At most so many jobs.
    pub limit: u32,
    /// Skip jobs that were handed out so many times already: whoever reaps
    /// decides about those.
    pub deliveries_below: u32,
}

/// A job in the hands of a worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimedJob {
    /// The job.
    pub job: Job,
    /// The right to answer for it.
    pub lease: Lease,
}
