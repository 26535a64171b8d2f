//! Whole executions.

use crate::definitions::{make, pipeline, ship, source, stage, three, with};
use crate::house::{alone, names};
use lockgate_execution::Event;
use lockgate_model::definition::RetryMode;
use lockgate_model::status::ExecutionStatus;
use serde_json::json;

#[test]
fn three_actions_run_one_after_the_other_with_one_transaction_each_and_one_more() {
    alone(async |house| {
        house.create(three("p")).await;
        let before = house.orchestrator.store().transactions();
        let id = house.start("p").await;
        let follow = house.follow(id);
        for action in ["Fetch", "Make", "Ship"] {
            house.call(action).await.succeed();
        }
        let entries = house.rest(follow).await;
        assert_eq!(names(&entries).last().unwrap(), "ExecutionSucceeded");
        assert_eq!(house.orchestrator.store().transactions() - before, 4);
        house.no_call();
    });
}

#[test]
fn artifacts_variables_and_revisions_flow_from_action_to_action() {
    alone(async |house| {
        let fetch = with(
            source(),
            json!({"outputArtifacts": [{"name": "Code"}], "namespace": "src"}),
        );
        let make = with(
            make("Make"),
            json!({
                "inputArtifacts": [{"name": "Code"}],
                "outputArtifacts": [{"name": "App"}],
                "configuration": {"Setting": "made of #{src.tag}"},
            }),
        );
        let ship = with(ship("Ship"), json!({"inputArtifacts": [{"name": "App"}]}));
        let stages = [
            stage("Source", &[fetch]),
            stage("Build", &[make]),
            stage("Deploy", &[ship]),
        ];
        house.create(pipeline("p", &stages)).await;
        let id = house.start("p").await;
        let follow = house.follow(id);

        let call = house.call("Fetch").await;
        std::fs::write(call.directory("/out/Code").join("a"), "alpha").unwrap();
        call.answer(lockgate_model::job::Outcome::Succeeded(
            lockgate_model::job::Success {
                variables: [("tag".to_owned(), "v1".to_owned())].into(),
                revision: Some(lockgate_model::job::Revision {
                    id: "r1".into(),
                    summary: None,
                    url: None,
                    created: None,
                }),
                ..Default::default()
            },
        ));
        let call = house.call("Make").await;
        assert_eq!(call.job.configuration["Setting"], "made of v1");
        let code = call.directory("/in/Code").join("a");
        assert_eq!(std::fs::read_to_string(code).unwrap(), "alpha");
        assert!(call.directory("/work").is_dir());
        std::fs::write(call.directory("/out/App").join("b"), "beta").unwrap();
        call.succeed();
        let call = house.call("Ship").await;
        let app = call.directory("/in/App").join("b");
        assert_eq!(std::fs::read_to_string(app).unwrap(), "beta");
        // What is built of a revision is of that revision.
        let revision = call.job.input_artifacts[0].revision.as_deref();
        assert_eq!(revision, Some("r1"));
        call.succeed();

        house.rest(follow).await;
        house.no_directories().await;
        let store = house.orchestrator.store();
        let detail = store.execution(&house.tenant, id).await.unwrap().unwrap();
        assert_eq!(detail.artifacts.len(), 2);
        assert_eq!(detail.execution.status, ExecutionStatus::Succeeded);
    });
}

#[test]
fn an_artifact_larger_than_allowed_fails_its_action_and_says_so() {
    alone(async |house| {
        let fetch = with(source(), json!({"outputArtifacts": [{"name": "Code"}]}));
        let stages = [stage("Source", &[fetch]), stage("Build", &[make("Make")])];
        house.create(pipeline("p", &stages)).await;
        let id = house.start("p").await;
        let mut follow = house.follow(id);
        let call = house.call("Fetch").await;
        let large = vec![0; 2 << 20];
        std::fs::write(call.directory("/out/Code").join("a"), large).unwrap();
        call.succeed();
        let Event::ActionFailed { failure, .. } = house.until(&mut follow, "ActionFailed").await
        else {
            unreachable!()
        };
        assert!(failure.message.contains("'Code'"), "{}", failure.message);
        house.no_directories().await;
    });
}

#[test]
fn actions_of_equal_order_run_side_by_side_but_no_more_than_allowed() {
    let directory = tempfile::tempdir().unwrap();
    let plan = crate::house::Plan {
        jobs: 2,
        ..Default::default()
    };
    crate::house::life(directory.path(), plan, async |house| {
        let stages = [
            stage("Source", &[source()]),
            stage("Build", &[make("A"), make("B"), make("C")]),
        ];
        house.create(pipeline("p", &stages)).await;
        let id = house.start("p").await;
        let follow = house.follow(id);
        house.call("Fetch").await.succeed();
        let a = house.calls.recv().await.unwrap();
        let b = house.calls.recv().await.unwrap();
        assert!(a.job.action != "C" && b.job.action != "C");
        house.settle("p").await;
        house.no_call();
        b.succeed();
        let c = house.call("C").await;
        a.succeed();
        c.succeed();
        let entries = house.rest(follow).await;
        assert_eq!(names(&entries).last().unwrap(), "ExecutionSucceeded");
    });
}

#[test]
fn a_failed_stage_is_retried_in_the_same_execution() {
    alone(async |house| {
        house.create(three("p")).await;
        let id = house.start("p").await;
        let mut follow = house.follow(id);
        house.call("Fetch").await.succeed();
        let first = house.call("Make").await;
        let first_id = first.job.action_execution;
        first.fail("no compiler");
        house.until(&mut follow, "ExecutionFailed").await;
        assert!(follow.next().await.unwrap().is_none());

        let retried = house.orchestrator.retry_stage(
            &house.tenant,
            "p",
            id,
            "Build".into(),
            RetryMode::FailedActions,
            &house.by,
        );
        retried.await.unwrap();
        // The same reader goes on, and a new one reads past the first end.
        let again = house.follow(id);
        let call = house.call("Make").await;
        assert_ne!(call.job.action_execution, first_id);
        call.succeed();
        house.call("Ship").await.succeed();
        house.until(&mut follow, "ExecutionSucceeded").await;
        let entries = house.rest(again).await;
        let names = names(&entries);
        assert!(names.contains(&"ExecutionFailed".to_owned()));
        assert!(names.contains(&"'JobFailed: no compiler'".to_owned()));
        assert_eq!(names.last().unwrap(), "ExecutionSucceeded");
    });
}

#[test]
fn a_newer_execution_takes_the_place_of_one_that_waits() {
    alone(async |house| {
        house.create(three("p")).await;
        let first = house.start("p").await;
        house.call("Fetch").await.succeed();
        let held = house.call("Make").await;
        let second = house.start("p").await;
        let second_feed = house.follow(second);
        house.call("Fetch").await.succeed();
        let third = house.start("p").await;
        let third_feed = house.follow(third);
        house.call("Fetch").await.succeed();
        let entries = house.rest(second_feed).await;
        assert_eq!(names(&entries).last().unwrap(), "ExecutionSuperseded");
        held.succeed();
        // The first goes on to Deploy, and the third takes Build.
        let mut calls = [
            house.calls.recv().await.unwrap(),
            house.calls.recv().await.unwrap(),
        ];
        calls.sort_by_key(|call| call.job.execution);
        let [ship, make] = calls;
        assert_eq!((ship.job.execution, make.job.execution), (first, third));
        ship.succeed();
        make.succeed();
        house.call("Ship").await.succeed();
        house.rest(third_feed).await;
    });
}

#[test]
fn a_disabled_transition_holds_an_execution_until_it_is_enabled() {
    alone(async |house| {
        house.create(three("p")).await;
        let set = async |reason: Option<&str>| {
            let direction = lockgate_execution::Direction::Inbound;
            let reason = reason.map(str::to_owned);
            let (o, t) = (&house.orchestrator, &house.tenant);
            o.set_transition(t, "p", "Build".into(), direction, reason, &house.by)
                .await
                .unwrap();
        };
        set(Some("holidays")).await;
        let id = house.start("p").await;
        let mut follow = house.follow(id);
        house.calls.recv().await.unwrap().succeed();
        house.until(&mut follow, "ExecutionWaiting").await;
        set(None).await;
        house.call("Make").await.succeed();
        house.call("Ship").await.succeed();
        house.until(&mut follow, "ExecutionSucceeded").await;
    });
}

#[test]
fn a_runner_that_panics_fails_its_action_only() {
    alone(async |house| {
        house.create(three("p")).await;
        let id = house.start("p").await;
        let mut follow = house.follow(id);
        house.call("Fetch").await.panic();
        house.until(&mut follow, "ExecutionFailed").await;
        house.start("p").await;
        house.call("Fetch").await.succeed();
    });
}
