//! Laws of what the machine owes to the world.

use super::law;
use super::run::{Doer, Run, Worker};
use crate::world::Broken;
use lockgate_execution::{Effect, PipelineState, Recorded, due, due_jobs, owed};
use lockgate_model::id::{ApprovalToken, ExecutionId, JobId};
use lockgate_model::job::Job;
use lockgate_model::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// What was owed after the last decision.
#[derive(Default)]
pub(super) struct Owed {
    jobs: BTreeMap<JobId, (Box<Job>, Timestamp)>,
    approvals: BTreeSet<ApprovalToken>,
}

impl Owed {
    /// A server that starts asks for everything that is owed.
    pub(super) fn restart(&mut self, state: &PipelineState) {
        for effect in due(state) {
            match effect {
                Effect::Dispatch { job, not_before } => {
                    self.jobs.insert(job.id, (job, not_before));
                }
                Effect::AnnounceApproval(approval) => {
                    self.approvals.insert(approval.token);
                }
                Effect::WakeAt(_) | Effect::Cancel(_) => {}
            }
        }
    }

    pub(super) fn check(
        &mut self,
        state: &PipelineState,
        events: &[Recorded],
        live: &BTreeSet<ExecutionId>,
        runs: &BTreeMap<ExecutionId, Run>,
    ) -> Result<(), Broken> {
        let mut jobs = BTreeMap::new();
        let mut approvals = BTreeSet::new();
        let mut wake = None;
        for effect in due(state) {
            match effect {
                Effect::Dispatch { job, not_before } => {
                    let id = job.id;
                    if let Some((before, _)) = self.jobs.get(&id) {
                        law!(
                            *before == job,
                            "a job id is never owed with two different contents",
                            "{id}: {before:?} and {job:?}"
                        );
                    }
                    let twice = jobs.insert(id, (job, not_before));
                    law!(twice.is_none(), "a job is owed once", "{id}");
                }
                Effect::AnnounceApproval(approval) => {
                    approvals.insert(approval.token);
                }
                Effect::WakeAt(at) => {
                    law!(wake.is_none(), "one wake at the most is owed", "{at:?}");
                    wake = Some(at);
                }
                Effect::Cancel(job) => {
                    law!(false, "nothing is to be ended after a restart", "{job}");
                }
            }
        }
        let awaited: BTreeSet<_> = due_jobs(state).collect();
        let running = live.iter().flat_map(|id| runs[id].running());
        let mut wanted = BTreeSet::new();
        let mut open = BTreeSet::new();
        let mut first: Option<Timestamp> = None;
        for action in running {
            let mut ends = action.ends();
            match action.doer {
                Doer::Job(job, attempt) => {
                    wanted.insert((job, attempt));
                }
                Doer::Approval(token, None) => {
                    open.insert(token);
                }
                Doer::Approval(_, Some(_)) | Doer::Nobody => {}
            }
            if let Worker::Dispatched(until) = action.worker {
                ends = ends.min(until);
            }
            first = Some(first.map_or(ends, |first| first.min(ends)));
        }
        law!(
            wanted == awaited && approvals == open,
            "what is in progress is owed, and nothing else",
            "{wanted:?} and {awaited:?}"
        );
        law!(
            jobs.keys()
                .all(|id| awaited.iter().any(|(job, _)| job == id)),
            "jobs that are handed out are awaited",
            "{} jobs",
            jobs.len()
        );
        law!(
            wake == first,
            "the machine wants to be woken when the first thing runs out",
            "{wake:?} and not {first:?}"
        );
        self.check_news(state, events, &jobs, &approvals, &awaited)?;
        self.jobs = jobs;
        self.approvals = approvals;
        Ok(())
    }

    /// What a decision newly owes is said by `owed`.
    fn check_news(
        &self,
        state: &PipelineState,
        events: &[Recorded],
        jobs: &BTreeMap<JobId, (Box<Job>, Timestamp)>,
        approvals: &BTreeSet<ApprovalToken>,
        awaited: &BTreeSet<(JobId, u32)>,
    ) -> Result<(), Broken> {
        let mut news = BTreeSet::new();
        let mut asked = BTreeSet::new();
        for effect in owed(state, events) {
            match effect {
                Effect::Dispatch { job, .. } => {
                    law!(
                        jobs.get(&job.id).is_some_and(|(due, _)| *due == job),
                        "what is newly owed is owed",
                        "{}",
                        job.id
                    );
                    news.insert(job.id);
                }
                Effect::AnnounceApproval(approval) => {
                    asked.insert(approval.token);
                }
                Effect::Cancel(job) => law!(
                    awaited.iter().all(|(wanted, _)| *wanted != job),
                    "what is awaited is not ended",
                    "{job}"
                ),
                Effect::WakeAt(_) => {}
            }
        }
        let unknown = jobs
            .keys()
            .find(|id| !self.jobs.contains_key(id) && !news.contains(id));
        law!(
            unknown.is_none(),
            "every job that becomes due is newly owed",
            "{unknown:?}"
        );
        let unasked = approvals
            .iter()
            .find(|token| !self.approvals.contains(token) && !asked.contains(token));
        law!(
            unasked.is_none(),
            "every approval that opens is newly owed",
            "{unasked:?}"
        );
        Ok(())
    }
}
