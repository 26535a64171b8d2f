//! What survives a crash: events, projections, jobs with leases.
