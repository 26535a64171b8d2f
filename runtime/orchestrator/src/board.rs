//! The jobs that job workers do, of every pipeline: which of them wait, in the
//! order in which their actions started, and which pipeline has one. In memory
//! alone, written by the owners from their states; a poll that finds an entry
//! asks the owner, who decides.

use crate::owners::Key;
use lockgate_model::action_type::ActionTypeId;
use lockgate_model::id::{JobId, TenantId};
use lockgate_model::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A job on the board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Posted {
    pub(crate) job: JobId,
    pub(crate) action_type: ActionTypeId,
    /// When its action started.
    pub(crate) started: Timestamp,
    /// Nobody has it.
    pub(crate) waits: bool,
}

#[derive(Default)]
pub(crate) struct Board(Mutex<Jobs>);

type Line = BTreeSet<(Timestamp, JobId)>;

#[derive(Default)]
struct Jobs {
    of_pipeline: BTreeMap<Key, Vec<Posted>>,
    pipeline_of: BTreeMap<(TenantId, JobId), String>,
    waiting: BTreeMap<(TenantId, ActionTypeId), Line>,
}

impl Board {
    fn jobs(&self) -> MutexGuard<'_, Jobs> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says what a pipeline has for job workers now.
    pub(crate) fn post(&self, key: &Key, posted: Vec<Posted>) {
        let jobs = &mut *self.jobs();
        let tenant = &key.0;
        for former in jobs.of_pipeline.remove(key).unwrap_or_default() {
            jobs.pipeline_of.remove(&(tenant.clone(), former.job));
            let name = (tenant.clone(), former.action_type);
            if let Some(line) = jobs.waiting.get_mut(&name) {
                line.remove(&(former.started, former.job));
                if line.is_empty() {
                    jobs.waiting.remove(&name);
                }
            }
        }
        for job in &posted {
            jobs.pipeline_of
                .insert((tenant.clone(), job.job), key.1.clone());
            if job.waits {
                jobs.waiting
                    .entry((tenant.clone(), job.action_type.clone()))
                    .or_default()
                    .insert((job.started, job.job));
            }
        }
        if !posted.is_empty() {
            jobs.of_pipeline.insert(key.clone(), posted);
        }
    }

    /// Jobs of this type that nobody has, the oldest first, with their pipelines.
    pub(crate) fn waiting(
        &self,
        tenant: &TenantId,
        action_type: &ActionTypeId,
    ) -> Vec<(JobId, String)> {
        let jobs = self.jobs();
        let line = jobs.waiting.get(&(tenant.clone(), action_type.clone()));
        line.into_iter()
            .flatten()
            .filter_map(|(_, job)| {
                let pipeline = jobs.pipeline_of.get(&(tenant.clone(), *job))?;
                Some((*job, pipeline.clone()))
            })
            .collect()
    }

    /// The pipeline that has this job, while it is open.
    pub(crate) fn pipeline_of(&self, tenant: &TenantId, job: JobId) -> Option<String> {
        let jobs = self.jobs();
        jobs.pipeline_of.get(&(tenant.clone(), job)).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lockgate_model::action_type::Category;
    use uuid::Uuid;

    fn posted(id: u128, at: i64, waits: bool) -> Posted {
        Posted {
            job: JobId(Uuid::from_u128(id)),
            action_type: ActionTypeId {
                category: Category::Build,
                owner: "Custom".into(),
                provider: "Jenkins".into(),
                version: "1".into(),
            },
            started: Timestamp(at),
            waits,
        }
    }

    #[test]
    fn jobs_of_all_pipelines_wait_in_one_line_and_leave_it_when_they_are_taken() {
        let board = Board::default();
        let tenant: TenantId = "111122223333".parse().unwrap();
        let other: TenantId = "444455556666".parse().unwrap();
        let kind = posted(0, 0, true).action_type;
        let key = |name: &str| (tenant.clone(), name.to_owned());
        board.post(&key("a"), vec![posted(1, 30, true), posted(2, 10, true)]);
        board.post(&key("b"), vec![posted(3, 20, true), posted(4, 5, false)]);
        let line = |tenant: &TenantId| -> Vec<u128> {
            let line = board.waiting(tenant, &kind);
            line.iter().map(|(job, _)| job.0.as_u128()).collect()
        };
        assert_eq!(line(&tenant), [2, 3, 1]);
        assert_eq!(line(&other), [0_u128; 0]);
        let taken = JobId(Uuid::from_u128(4));
        assert_eq!(board.pipeline_of(&tenant, taken).as_deref(), Some("b"));
        assert_eq!(board.pipeline_of(&other, taken), None);

        board.post(&key("a"), vec![posted(1, 30, true), posted(2, 10, false)]);
        assert_eq!(line(&tenant), [3, 1]);
        board.post(&key("a"), vec![]);
        board.post(&key("b"), vec![]);
        assert_eq!(line(&tenant), [0_u128; 0]);
        assert_eq!(board.pipeline_of(&tenant, taken), None);
        let jobs = board.jobs();
        assert!(jobs.of_pipeline.is_empty() && jobs.waiting.is_empty());
    }
}
