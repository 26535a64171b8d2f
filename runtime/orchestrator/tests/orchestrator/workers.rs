//! Job workers (semantics 2.16): what they poll for, across restarts, and what
//! they take and make.

use crate::definitions::{action, pipeline, source, stage, with};
use crate::faults::{Fate, Faults};
use crate::house::{BEGINNING, House, Plan, alone, life, life_on};
use lockgate_execution::{Rejected, WorkerJob};
use lockgate_model::action_type::{ActionTypeId, Category};
use lockgate_model::definition::Pipeline;
use lockgate_model::id::{JobId, Nonce, TenantId};
use lockgate_model::job::{Failure, FailureType, Revision, Success};
use lockgate_model::status::JobStatus;
use lockgate_model::time::Timestamp;
use lockgate_orchestrator::{CustomActionType, OrchestratorError};
use serde_json::json;
use std::collections::BTreeMap;
use std::io::Cursor;

fn jenkins() -> CustomActionType {
    serde_json::from_value(json!({
        "category": "Build", "provider": "Jenkins", "version": "1",
        "configurationProperties": [
            {"name": "Project", "required": true, "queryable": true},
            {"name": "Token", "secret": true},
        ],
        "inputArtifactDetails": {"minimumCount": 0, "maximumCount": 5},
        "outputArtifactDetails": {"minimumCount": 0, "maximumCount": 5},
    }))
    .unwrap()
}

fn id() -> ActionTypeId {
    ActionTypeId {
        category: Category::Build,
        owner: "Custom".into(),
        provider: "Jenkins".into(),
        version: "1".into(),
    }
}

/// Fetch, then a job for a worker.
fn worked(name: &str, project: &str) -> Pipeline {
    let job = with(
        action("Work", "Build", "Jenkins"),
        json!({
            "configuration": {"Project": project, "Token": "hunter2"},
            "inputArtifacts": [{"name": "Code"}],
            "outputArtifacts": [{"name": "Site"}],
        }),
    );
    let code = json!({"outputArtifacts": [{"name": "Code"}]});
    let source = with(source(), code);
    pipeline(name, &[stage("Source", &[source]), stage("Build", &[job])])
}

impl House {
    async fn poll(&self, project: &str, max: usize) -> Vec<WorkerJob> {
        let query = BTreeMap::from([("Project".to_owned(), project.to_owned())]);
        let kind = id();
        let polled = self
            .orchestrator
            .poll_jobs(&self.tenant, &kind, max, &query, &self.by);
        polled.await.unwrap()
    }

    /// Starts an execution whose job then waits for a worker.
    async fn begin(&mut self, name: &str) {
        self.start(name).await;
        let call = self.call("Fetch").await;
        std::fs::write(call.directory("/out/Code").join("index.html"), "hello").unwrap();
        call.succeed();
        while self.state(name).await.live().next().is_none_or(|run| {
            run.current_stage()
                .is_none_or(|stage| stage.name != "Build")
        }) {
            tokio::task::yield_now().await;
        }
        self.settle(name).await;
    }

    async fn acknowledge(&self, job: &WorkerJob) -> Result<JobStatus, OrchestratorError> {
        let nonce = job.nonce.unwrap();
        self.orchestrator
            .acknowledge_job(&self.tenant, job.job.id, nonce, &self.by)
            .await
    }
}

#[test]
fn workers_get_the_oldest_jobs_of_their_project_from_all_pipelines_each_once() {
    alone(async |house| {
        let tenant = house.tenant.clone();
        let made = house.orchestrator.create_action_type(&tenant, jenkins());
        made.await.unwrap();
        for (name, project) in [("a", "shop"), ("b", "shop"), ("c", "blog")] {
            house.create(worked(name, project)).await;
        }
        for name in ["b", "c", "a"] {
            house.begin(name).await;
            house.pass(1).await;
        }
        house.no_call();
        let jobs = house.poll("shop", 5).await;
        let names: Vec<&str> = jobs.iter().map(|job| job.job.pipeline.as_str()).collect();
        assert_eq!(names, ["b", "a"]);
        assert_eq!(jobs[0].status, JobStatus::Dispatched);
        // A worker sees the secrets of its job, and nobody else does.
        assert_eq!(jobs[0].job.configuration["Token"], "hunter2");
        assert!(house.poll("shop", 5).await.is_empty());
        assert_eq!(house.poll("blog", 1).await.len(), 1);

        let stranger: TenantId = "444455556666".parse().unwrap();
        let query = BTreeMap::new();
        let orchestrator = &house.orchestrator;
        let kind = id();
        let polled = orchestrator.poll_jobs(&stranger, &kind, 1, &query, &house.by);
        let error = polled.await.unwrap_err();
        assert!(
            matches!(error, OrchestratorError::ActionTypeNotFound(_)),
            "{error}"
        );
        let looked = orchestrator.worker_job(&stranger, jobs[0].job.id);
        let error = looked.await.unwrap_err();
        assert!(
            matches!(
                error,
                OrchestratorError::Rejected(Rejected::JobNotFound { .. })
            ),
            "{error}"
        );
    });
}

#[test]
fn a_job_that_was_not_begun_in_time_is_offered_again_and_the_old_nonce_is_void() {
    alone(async |house| {
        let tenant = house.tenant.clone();
        let made = house.orchestrator.create_action_type(&tenant, jenkins());
        made.await.unwrap();
        house.create(worked("a", "shop")).await;
        house.begin("a").await;
        let first = house.poll("shop", 1).await.remove(0);
        house.pass(299).await;
        house.settle("a").await;
        assert!(house.poll("shop", 1).await.is_empty());
        house.pass(2).await;
        house.settle("a").await;
        let second = house.poll("shop", 1).await.remove(0);
        assert_eq!(second.job.id, first.job.id);
        assert_ne!(second.nonce, first.nonce);
        let error = house.acknowledge(&first).await.unwrap_err();
        assert!(
            matches!(
                error,
                OrchestratorError::Rejected(Rejected::InvalidNonce { .. })
            ),
            "{error}"
        );
        house.acknowledge(&second).await.unwrap();
    });
}

#[test]
fn jobs_of_workers_outlive_the_server_wherever_they_are() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    let begun: WorkerJob = life(path, Plan::default(), async |house| {
        let tenant = house.tenant.clone();
        let made = house.orchestrator.create_action_type(&tenant, jenkins());
        made.await.unwrap();
        for name in ["a", "b"] {
            house.create(worked(name, "shop")).await;
            house.begin(name).await;
        }
        let begun = house.poll("shop", 1).await.remove(0);
        house.acknowledge(&begun).await.unwrap();
        begun
    });
    let later = Plan {
        at: Timestamp(BEGINNING.0 + 1000),
        ..Plan::default()
    };
    life(path, later, async |house| {
        house.settle("a").await;
        house.settle("b").await;
        house.no_call();
        let tenant = house.tenant.clone();
        let known = house.orchestrator.worker_job(&tenant, begun.job.id).await;
        assert_eq!(known.unwrap().status, JobStatus::InProgress);
        let waiting = house.poll("shop", 5).await;
        assert_eq!(waiting.len(), 1);
        assert_ne!(waiting[0].job.id, begun.job.id);
        // What was begun in the former life is answered in this one.
        let failure = Failure::new(FailureType::JobFailed, "two tests failed");
        let by = house.by.clone();
        let failed = house
            .orchestrator
            .job_failed(&tenant, begun.job.id, failure, &by);
        failed.await.unwrap();
        let failed = house.state(&begun.job.pipeline).await;
        assert!(failed.live().next().is_none());
        let store = house.orchestrator.store();
        let row = store.job(&tenant, &begun.job.pipeline, begun.job.id).await;
        assert_eq!(row.unwrap(), None);
    });
}

#[test]
fn a_worker_is_not_turned_away_by_a_server_that_has_just_started() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    let begun: WorkerJob = life(path, Plan::default(), async |house| {
        let tenant = house.tenant.clone();
        let made = house.orchestrator.create_action_type(&tenant, jenkins());
        made.await.unwrap();
        house.create(worked("a", "shop")).await;
        house.begin("a").await;
        let begun = house.poll("shop", 1).await.remove(0);
        house.acknowledge(&begun).await.unwrap();
        begun
    });
    // It takes up its jobs first, and that takes a while.
    let faults = Faults::default();
    faults.commits(&[Fate::Slow]);
    life_on(path, Plan::default(), faults, async |house| {
        let failure = Failure::new(FailureType::JobFailed, "two tests failed");
        let (o, by) = (&house.orchestrator, &house.by);
        let failed = o.job_failed(&house.tenant, begun.job.id, failure, by);
        let time = async {
            loop {
                house.pass(1).await;
            }
        };
        tokio::select! {
            failed = failed => failed.unwrap(),
            () = time => {}
        }
    });
}

#[test]
fn a_worker_takes_its_input_and_leaves_its_output_as_zip_files() {
    alone(async |house| {
        let (tenant, by) = (house.tenant.clone(), house.by.clone());
        let orchestrator = house.orchestrator.clone();
        let made = orchestrator.create_action_type(&tenant, jenkins());
        made.await.unwrap();
        house.create(worked("a", "shop")).await;
        house.begin("a").await;
        let open = house.poll("shop", 1).await.remove(0);
        house.acknowledge(&open).await.unwrap();
        let job = open.job.id;
        let input = orchestrator.input_artifact(&tenant, job, "Code").await;
        let input = input.unwrap();
        let artifacts = orchestrator.artifacts();
        let zip = artifacts.zip(&tenant, input.digest, Cursor::new(vec![]));
        let zip = zip.await.unwrap().into_inner();
        for wrong in ["Code", "Sight"] {
            let upload =
                orchestrator.upload_artifact(&tenant, job, wrong, Cursor::new(zip.clone()));
            let error = upload.await.unwrap_err();
            assert!(error.to_string().contains("it makes 'Site'"), "{error}");
        }
        let broken =
            orchestrator.upload_artifact(&tenant, job, "Site", Cursor::new(b"PK".to_vec()));
        let error = broken.await.unwrap_err();
        assert!(matches!(error, OrchestratorError::Invalid(_)), "{error}");
        let upload = orchestrator.upload_artifact(&tenant, job, "Site", Cursor::new(zip));
        let made = upload.await.unwrap();
        assert_eq!(made.digest, input.digest);

        let mut unknown = made.clone();
        unknown.digest.0[0] ^= 1;
        for (artifact, works) in [(unknown, false), (made, true)] {
            let success = Success {
                artifacts: vec![artifact],
                ..Success::default()
            };
            let answered = orchestrator.job_succeeded(&tenant, job, success, &by).await;
            assert_eq!(answered.is_ok(), works, "{answered:?}");
        }
        house.settle("a").await;
        assert!(house.state("a").await.live().next().is_none());
        let gone = orchestrator.worker_job(&tenant, job).await;
        assert!(gone.is_err());
    });
}

#[test]
fn a_job_that_goes_on_comes_again_with_its_continuation_and_a_new_nonce() {
    alone(async |house| {
        let (tenant, by) = (house.tenant.clone(), house.by.clone());
        let made = house.orchestrator.create_action_type(&tenant, jenkins());
        made.await.unwrap();
        house.create(worked("a", "shop")).await;
        house.begin("a").await;
        let first = house.poll("shop", 1).await.remove(0);
        house.acknowledge(&first).await.unwrap();
        let pending = lockgate_model::job::Pending {
            continuation: "build 7".into(),
            poll_after: 30,
            percent: Some(40),
            external: lockgate_model::job::External::default(),
        };
        let continued = house
            .orchestrator
            .job_continued(&tenant, first.job.id, pending, &by);
        continued.await.unwrap();
        house.settle("a").await;
        assert!(house.poll("shop", 1).await.is_empty());
        house.pass(30).await;
        house.settle("a").await;
        let second = house.poll("shop", 1).await.remove(0);
        assert_ne!(second.job.id, first.job.id);
        assert_eq!(second.job.attempt, 2);
        assert_eq!(second.job.continuation.as_deref(), Some("build 7"));
        assert_eq!(second.job.action_execution, first.job.action_execution);
    });
}

#[test]
fn a_deleted_pipeline_takes_its_jobs_off_the_board() {
    alone(async |house| {
        let (tenant, by) = (house.tenant.clone(), house.by.clone());
        let made = house.orchestrator.create_action_type(&tenant, jenkins());
        made.await.unwrap();
        house.create(worked("a", "shop")).await;
        house.begin("a").await;
        let job = house.poll("shop", 1).await.remove(0).job.id;
        let deleted = house.orchestrator.delete_pipeline(&tenant, "a", &by);
        deleted.await.unwrap();
        assert!(house.poll("shop", 1).await.is_empty());
        let gone = house.orchestrator.worker_job(&tenant, job).await;
        let error = gone.unwrap_err();
        assert!(
            matches!(
                error,
                OrchestratorError::Rejected(Rejected::JobNotFound { .. })
            ),
            "{error}"
        );
        let nobody = JobId(uuid::Uuid::from_u128(1));
        let nonce = Nonce(uuid::Uuid::from_u128(2));
        let begun = house
            .orchestrator
            .acknowledge_job(&tenant, nobody, nonce, &by);
        assert!(begun.await.is_err());
    });
}

#[test]
fn a_reported_revision_starts_one_execution_and_says_which_when_it_comes_again() {
    alone(async |house| {
        let (tenant, by) = (house.tenant.clone(), house.by.clone());
        house.create(crate::definitions::three("p")).await;
        let put = async |id: &str| {
            let revision = Revision {
                id: id.to_owned(),
                summary: None,
                url: None,
                created: None,
            };
            let put = house.orchestrator.put_action_revision(
                &tenant,
                "p",
                "Source".into(),
                "Fetch".into(),
                revision,
                &by,
            );
            put.await.unwrap()
        };
        let first = put("v1").await;
        assert!(first.new_revision);
        let again = put("v1").await;
        assert_eq!(
            (again.new_revision, again.execution),
            (false, first.execution)
        );
        let second = put("v2").await;
        assert!(second.new_revision && second.execution != first.execution);
        let call = house.call("Fetch").await;
        assert_eq!(call.job.revision.as_deref(), Some("v1"));
    });
}
