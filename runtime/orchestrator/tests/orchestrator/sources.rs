//! Polling: a new revision starts one execution, and nothing else does.

use crate::definitions::{make, pipeline, source, stage, three, with};
use crate::house::{House, Plan, life};
use serde_json::json;
use std::path::Path;

const MINUTE: Plan = Plan {
    at: crate::house::BEGINNING,
    poll_seconds: Some(60),
    jobs: 100,
};

async fn executions(house: &House) -> usize {
    let store = house.orchestrator.store();
    let found = store.executions(&house.tenant, "p", None, 100).await;
    found.unwrap().len()
}

/// The next question is asked only when this answer was seen to.
async fn next(house: &mut House, revision: &str) {
    house.questions.recv().await.unwrap().answer(revision);
    house.settle("p").await;
    house.pass(60).await;
}

fn polled(path: &Path, test: impl AsyncFnOnce(&mut House)) {
    life(path, MINUTE, test);
}

#[test]
fn a_new_revision_starts_one_execution_and_the_first_answer_none() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    polled(path, async |house| {
        house.create(three("p")).await;
        next(house, "a").await;
        next(house, "a").await;
        let question = house.questions.recv().await.unwrap();
        assert_eq!(question.request.cursor.as_deref(), Some("after a"));
        assert_eq!(executions(house).await, 0);
        question.answer("b");
        house.call("Fetch").await.fetch("b");
        house.call("Make").await.succeed();
        house.pass(60).await;
        next(house, "b").await;
        assert_eq!(executions(house).await, 1);
    });
    // Nor does a restart forget what was seen.
    polled(path, async |house| {
        house.call("Ship").await.succeed();
        let question = house.questions.recv().await.unwrap();
        assert_eq!(question.request.cursor.as_deref(), Some("after b"));
        question.answer("b");
        house.settle("p").await;
        assert_eq!(executions(house).await, 1);
    });
}

#[test]
fn a_crash_right_after_the_start_does_not_start_it_again() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    polled(path, async |house| {
        house.create(three("p")).await;
        next(house, "a").await;
        house.questions.recv().await.unwrap().answer("b");
        house.call("Fetch").await;
    });
    polled(path, async |house| {
        next(house, "b").await;
        next(house, "b").await;
        assert_eq!(executions(house).await, 1);
    });
}

#[test]
fn a_revision_that_an_execution_took_already_starts_nothing() {
    let directory = tempfile::tempdir().unwrap();
    polled(directory.path(), async |house| {
        house.create(three("p")).await;
        next(house, "a").await;
        house.start("p").await;
        house.call("Fetch").await.fetch("b");
        house.call("Make").await;
        next(house, "b").await;
        house.settle("p").await;
        assert_eq!(executions(house).await, 1);
    });
}

#[test]
fn a_revision_pushed_between_the_first_execution_and_the_first_answer_starts_one() {
    let directory = tempfile::tempdir().unwrap();
    polled(directory.path(), async |house| {
        house.create(three("p")).await;
        let question = house.questions.recv().await.unwrap();
        house.start("p").await;
        house.call("Fetch").await.fetch("a");
        house.call("Make").await;
        question.answer("b");
        house.call("Fetch").await;
        assert_eq!(executions(house).await, 2);
    });
}

#[test]
fn another_source_begins_anew_and_answers_about_the_old_one_count_no_more() {
    let directory = tempfile::tempdir().unwrap();
    polled(directory.path(), async |house| {
        house.create(three("p")).await;
        next(house, "a").await;
        let old = house.questions.recv().await.unwrap();
        let other = with(source(), json!({"configuration": {"Setting": "elsewhere"}}));
        let stages = [stage("Source", &[other]), stage("Build", &[make("Make")])];
        let update = pipeline("p", &stages);
        let (o, tenant) = (&house.orchestrator, &house.tenant);
        o.update_pipeline(tenant, update, &house.by).await.unwrap();
        let new = house.questions.recv().await.unwrap();
        assert_eq!(new.request.configuration["Setting"], "elsewhere");
        assert_eq!(new.request.cursor, None);
        old.answer("b");
        new.answer("z");
        house.settle("p").await;
        assert_eq!(executions(house).await, 0);
        house.pass(60).await;
        next(house, "y").await;
        assert_eq!(executions(house).await, 1);
    });
}

#[test]
fn a_pipeline_is_deleted_while_its_source_is_asked() {
    let directory = tempfile::tempdir().unwrap();
    polled(directory.path(), async |house| {
        house.create(three("p")).await;
        let question = house.questions.recv().await.unwrap();
        let (o, tenant) = (&house.orchestrator, &house.tenant);
        o.delete_pipeline(tenant, "p", &house.by).await.unwrap();
        question.answer("a");
        house.pass(600).await;
        tokio::task::yield_now().await;
        assert!(house.questions.try_recv().is_err());
    });
}

#[test]
fn a_source_that_says_so_is_not_polled() {
    let directory = tempfile::tempdir().unwrap();
    polled(directory.path(), async |house| {
        let quiet = with(
            source(),
            json!({"configuration": {"PollForSourceChanges": "false"}}),
        );
        let stages = [stage("Source", &[quiet]), stage("Build", &[make("Make")])];
        house.create(pipeline("p", &stages)).await;
        house.settle("p").await;
        house.pass(600).await;
        house.settle("p").await;
        assert!(house.questions.try_recv().is_err());
    });
}

#[test]
fn a_source_whose_provider_panics_is_asked_again() {
    let directory = tempfile::tempdir().unwrap();
    polled(directory.path(), async |house| {
        house.create(three("p")).await;
        next(house, "a").await;
        house.questions.recv().await.unwrap().panic();
        house.settle("p").await;
        house.pass(60).await;
        house.questions.recv().await.unwrap().answer("b");
        house.call("Fetch").await.fetch("b");
    });
}
