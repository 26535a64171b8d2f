//! Stopping executions, deleting pipelines, ending the server: what ran ends,
//! what it left is removed, and everybody gets an answer.

use crate::definitions::three;
use crate::house::{alone, names};
use lockgate_execution::Rejected;
use lockgate_orchestrator::{OrchestratorError, Start};
use std::os::unix::fs::PermissionsExt;

#[test]
fn a_stop_that_waits_lets_the_action_end() {
    alone(async |house| {
        house.create(three("p")).await;
        let id = house.start("p").await;
        let follow = house.follow(id);
        house.call("Fetch").await.succeed();
        let call = house.call("Make").await;
        house.stop("p", id, false).await;
        call.succeed();
        let entries = house.rest(follow).await;
        let names = names(&entries);
        assert!(names.contains(&"ActionSucceeded".to_owned()));
        assert_eq!(names.last().unwrap(), "ExecutionStopped");
        house.no_call();
    });
}

#[test]
fn an_abandoned_attempt_is_dropped_with_its_directory_and_keeps_its_last_words() {
    alone(async |house| {
        house.create(three("p")).await;
        let id = house.start("p").await;
        let follow = house.follow(id);
        house.call("Fetch").await.succeed();
        let mut call = house.call("Make").await;
        // As a build leaves it: not even its owner may write.
        let left = call.directory("/work").join("left");
        std::fs::create_dir(&left).unwrap();
        std::fs::write(left.join("file"), "x").unwrap();
        std::fs::set_permissions(&left, PermissionsExt::from_mode(0o555)).unwrap();
        call.say("last words");
        house.stop("p", id, true).await;
        call.dropped().await;
        house.no_directories().await;
        assert_eq!(
            names(&house.rest(follow).await).last().unwrap(),
            "ExecutionStopped"
        );
        assert!(names(&house.rest(house.follow(id)).await).contains(&"'last words'".to_owned()));
        // Its late answer changes nothing.
        let before = house.events(id).await;
        call.succeed();
        house.settle("p").await;
        assert_eq!(house.events(id).await, before);
        house.no_call();
    });
}

#[test]
fn deleting_a_pipeline_ends_what_runs_and_what_follows_it_and_frees_the_name() {
    alone(async |house| {
        house.create(three("p")).await;
        let id = house.start("p").await;
        let follow = house.follow(id);
        let mut call = house.call("Fetch").await;
        let delete = async || {
            let o = &house.orchestrator;
            o.delete_pipeline(&house.tenant, "p", &house.by).await
        };
        delete().await.unwrap();
        call.dropped().await;
        house.rest(follow).await;
        let gone = |result: Result<(), OrchestratorError>| {
            assert!(matches!(
                result,
                Err(OrchestratorError::Rejected(
                    Rejected::PipelineNotFound { .. }
                ))
            ));
        };
        gone(delete().await);
        let o = &house.orchestrator;
        gone(o.state(&house.tenant, "p").await.map(|_| ()));
        house.create(three("p")).await;
        house.start("p").await;
        house.call("Fetch").await.succeed();
    });
}

#[test]
fn requests_that_wait_behind_a_deletion_are_answered() {
    alone(async |house| {
        house.create(three("p")).await;
        let (o, tenant, by) = (&house.orchestrator, &house.tenant, &house.by);
        let (deleted, started, created, again) = tokio::join!(
            biased;
            o.delete_pipeline(tenant, "p", by),
            o.start_execution(tenant, "p", Start::by(by), by),
            o.create_pipeline(tenant, three("p"), by),
            o.create_pipeline(tenant, three("p"), by),
        );
        deleted.unwrap();
        assert!(matches!(
            started,
            Err(OrchestratorError::Rejected(
                Rejected::PipelineNotFound { .. }
            ))
        ));
        created.unwrap();
        assert!(matches!(
            again,
            Err(OrchestratorError::Rejected(
                Rejected::PipelineNameInUse { .. }
            ))
        ));
    });
}

#[test]
fn a_creation_whose_asker_leaves_is_whole_or_nothing() {
    alone(async |house| {
        let (o, tenant, by) = (&house.orchestrator, &house.tenant, &house.by);
        tokio::select! {
            biased;
            _ = o.create_pipeline(tenant, three("p"), by) => panic!("too fast"),
            () = std::future::ready(()) => {}
        }
        // It was handed over, so it is there, and has an owner.
        house.start("p").await;
        house.call("Fetch").await.succeed();
    });
}

#[test]
fn shutting_down_ends_attempts_and_refuses_requests() {
    alone(async |house| {
        house.create(three("p")).await;
        let id = house.start("p").await;
        let mut follow = house.follow(id);
        house.call("Fetch").await.succeed();
        let mut call = house.call("Make").await;
        house.until(&mut follow, "ActionSucceeded").await;
        house.orchestrator.shut_down().await;
        call.dropped().await;
        assert_eq!(house.directories(), 0);
        let (o, tenant, by) = (&house.orchestrator, &house.tenant, &house.by);
        let late = o.start_execution(tenant, "p", Start::by(by), by).await;
        assert!(matches!(late, Err(OrchestratorError::ShuttingDown)));
        let late = o.create_pipeline(tenant, three("q"), by).await;
        assert!(matches!(late, Err(OrchestratorError::ShuttingDown)));
        // Whoever follows is told that it was not the execution that ended.
        let end = loop {
            match follow.next().await {
                Ok(entry) => assert!(entry.is_some()),
                Err(error) => break error,
            }
        };
        assert!(matches!(end, OrchestratorError::ShuttingDown));
    });
}

#[test]
fn a_job_that_ends_while_the_server_shuts_down_is_not_done_again() {
    let directory = tempfile::tempdir().unwrap();
    let plan = crate::house::Plan::default();
    let id = crate::house::life(directory.path(), plan, async |house| {
        house.create(three("p")).await;
        let id = house.start("p").await;
        house.call("Fetch").await.succeed();
        // The attempt tells its owner; the end is in the mailbox behind it.
        tokio::task::yield_now().await;
        house.orchestrator.shut_down().await;
        id
    });
    crate::house::life(directory.path(), plan, async |house| {
        let call = house.call("Make").await;
        assert_eq!(call.job.execution, id);
    });
}

#[test]
fn dropping_the_last_handle_ends_what_runs() {
    alone(async |_| {
        let directory = tempfile::tempdir().unwrap();
        let plan = crate::house::Plan::default();
        let mut house = crate::house::House::open(directory.path(), plan, Default::default()).await;
        house.create(three("p")).await;
        let id = house.start("p").await;
        let mut follow = house.follow(id);
        let mut call = house.call("Fetch").await;
        let crate::house::House { orchestrator, .. } = house;
        drop(orchestrator);
        call.dropped().await;
        while follow.next().await.is_ok() {}
    });
}
