//! What a job is, and which answers to it count.

use crate::definitions::{
    DAY, MINUTE, Words, build, failure, pending, pipeline, source, stage, success, three_stages,
};
use crate::line::{Line, execution};
use lockgate_execution::{Effect, Event, Rejected, Work, due, owed};
use lockgate_model::action_type::{ActionTypeId, Category};
use lockgate_model::job::Outcome;
use lockgate_model::status::ActionStatus;
use lockgate_model::time::Timestamp;
use lockgate_model::trigger::SourceRevision;
use std::collections::BTreeMap;

fn why_it_failed(line: &Line, stage: &str, action: &str) -> String {
    let run = line.run(1).stage(stage).unwrap().action(action).unwrap();
    assert_eq!(run.status, ActionStatus::Failed);
    let failure = run.failure.as_ref().unwrap();
    format!("{}: {}", failure.kind.as_str(), failure.message)
}

#[test]
fn a_job_names_where_it_belongs_and_stays_the_same_however_often_it_is_asked_for() {
    let mut line = Line::new(&three_stages());
    line.start();
    let job = line.job("get");
    assert_eq!(job.execution, execution(1));
    assert_eq!((job.stage.as_str(), job.attempt), ("Source", 1));
    assert_eq!(job.pipeline, "site");
    assert_eq!(job, line.job("get"));
    assert_ne!(job.id.0, job.action_execution.0);
}

#[test]
fn a_pending_job_is_due_again_later_with_what_it_left() {
    let mut line = Line::new(&three_stages());
    line.start();
    let first = line.job("get");
    assert_eq!(
        line.finish("get", pending("half", 30)),
        ["ActionPending 1 Source get"]
    );
    let effects = due(&line.state);
    let Some(Effect::Dispatch { job, not_before }) = effects.first() else {
        panic!("{effects:?}")
    };
    assert_eq!(*not_before, Timestamp(line.now.0 + 30_000));
    assert_eq!(job.continuation.as_deref(), Some("half"));
    assert_eq!((job.attempt, job.deadline), (2, first.deadline));
    assert_ne!(job.id, first.id);
    assert_eq!(job.action_execution, first.action_execution);
}

#[test]
fn a_provider_that_asks_to_be_polled_at_once_is_polled_after_a_second() {
    let mut line = Line::new(&three_stages());
    line.start();
    line.finish("get", pending("", 0));
    let run = line.run(1).stage("Source").unwrap().action("get").unwrap();
    assert!(matches!(run.work, Work::Job { not_before, .. }
        if not_before == Timestamp(line.now.0 + 1000)));
}

#[test]
fn an_answer_counts_once_and_only_for_the_newest_attempt() {
    let mut line = Line::new(&three_stages());
    line.start();
    let first = line.job("get");
    line.finish("get", pending("half", 1));
    for late in [pending("late", 1), Outcome::Succeeded(success(&first))] {
        let refused = line.answer(&first, late).unwrap_err();
        assert!(matches!(refused, Rejected::StaleJob { .. }), "{refused}");
    }
    let second = line.job("get");
    let mut older = second.clone();
    older.attempt = 1;
    assert!(line.answer(&older, failure("late")).is_err());
    line.succeed("get");
    assert!(line.answer(&second, failure("late")).is_err());
}

#[test]
fn a_success_without_a_declared_artifact_fails_the_action() {
    let mut line = Line::new(&three_stages());
    line.start();
    let mut made = success(&line.job("get"));
    made.artifacts.clear();
    line.finish("get", Outcome::Succeeded(made));
    assert_eq!(
        why_it_failed(&line, "Source", "get"),
        "JobFailed: provider Source/AWS/Plain/1 made output artifact 'src' not at all; it has to make it once, or the definition should not name it"
    );
}

#[test]
fn a_success_with_an_artifact_nobody_declared_fails_the_action() {
    let mut line = Line::new(&three_stages());
    line.start();
    let job = line.job("get");
    let mut made = success(&job);
    made.artifacts
        .push(crate::definitions::artifact("loot", &job));
    line.finish("get", Outcome::Succeeded(made));
    assert!(why_it_failed(&line, "Source", "get").contains("'loot'"));
}

#[test]
fn output_variables_have_a_largest_size() {
    for (bytes, fits) in [(122_880, true), (122_881, false)] {
        let mut line = Line::new(&three_stages());
        line.start();
        let mut made = success(&line.job("get"));
        made.variables = BTreeMap::from([("v".to_owned(), "x".repeat(bytes - 1))]);
        line.finish("get", Outcome::Succeeded(made));
        assert_eq!(line.status(1) == "InProgress", fits);
        if !fits {
            assert!(why_it_failed(&line, "Source", "get").contains("122881 bytes"));
        }
    }
}

#[test]
fn a_continuation_has_a_largest_size() {
    let mut line = Line::new(&three_stages());
    line.start();
    line.finish("get", pending(&"x".repeat(65_537), 1));
    assert!(why_it_failed(&line, "Source", "get").contains("65537 bytes"));
}

#[test]
fn an_action_that_lasts_too_long_fails_and_its_job_is_ended() {
    let mut line = Line::new(&three_stages());
    line.start();
    line.succeed("get");
    let job = line.job("make");
    assert!(due(&line.state).contains(&Effect::WakeAt(job.deadline)));
    line.later(8 * 60 * MINUTE - 10);
    assert!(line.pass().is_empty());
    line.later(20);
    let before = line.log.len();
    assert_eq!(
        line.pass(),
        [
            "ActionFailed 1 Build make",
            "StageFailed 1 Build",
            "ExecutionFailed 1 Build",
        ]
    );
    assert_eq!(
        owed(&line.state, &line.log[before..]),
        [Effect::Cancel(job.id)]
    );
    assert!(why_it_failed(&line, "Build", "make").contains("480 minutes"));
    assert!(line.answer(&job, failure("late")).is_err());
}

#[test]
fn every_kind_of_action_has_its_longest_time() {
    let hours = |category, owner: &str, provider: &str| {
        let mut long = build("it");
        long.action_type_id = ActionTypeId {
            category,
            owner: owner.into(),
            provider: provider.into(),
            version: "1".into(),
        };
        let mut line = Line::new(&pipeline(vec![
            stage("Source", vec![source("get")]),
            stage("Do", vec![long]),
        ]));
        line.start();
        line.succeed("get");
        let run = &line.run(1).stages[1].actions[0];
        run.expires.since(line.now) / (60 * MINUTE as u64)
    };
    let day = DAY as u64 / (60 * MINUTE as u64);
    assert_eq!(hours(Category::Build, "AWS", "CodeBuild"), 36);
    assert_eq!(hours(Category::Test, "ThirdParty", "Snyk"), 8);
    assert_eq!(hours(Category::Build, "Custom", "Mine"), 24);
    assert_eq!(hours(Category::Deploy, "AWS", "CodeDeploy"), 5 * day);
    assert_eq!(hours(Category::Deploy, "AWS", "ECS"), 1);
    assert_eq!(hours(Category::Invoke, "AWS", "Lambda"), 24);
}

#[test]
fn a_source_gets_the_revision_that_the_start_asks_for() {
    let mut line = Line::new(&three_stages());
    let wanted = |name: &str| {
        vec![SourceRevision {
            revision_type: None,
            action_name: name.into(),
            revision_id: "abc123".into(),
        }]
    };
    let refused = line.start_with(BTreeMap::new(), wanted("make"));
    assert_eq!(
        refused.unwrap_err().to_string(),
        "pipeline 'site' has no source action 'make'; give revisions for source actions only"
    );
    line.start_with(BTreeMap::new(), wanted("get")).unwrap();
    assert_eq!(line.job("get").revision.as_deref(), Some("abc123"));
    line.succeed("get");
    assert_eq!(line.job("make").revision, None);
}

#[test]
fn what_is_newly_owed_is_the_part_of_what_is_due_that_the_events_began() {
    let mut line = Line::new(&pipeline(vec![
        stage("Source", vec![source("get")]),
        stage("Build", vec![build("a"), build("b"), build("c").order(2)]),
    ]));
    line.start();
    line.succeed("get");
    line.succeed("a");
    let before = line.log.len();
    line.succeed("b");
    let newly = owed(&line.state, &line.log[before..]);
    assert_eq!(newly, due(&line.state));
    line.finish("c", pending("half", 5));
    let last = line.log.len() - 1;
    assert!(matches!(line.log[last].event, Event::ActionPending { .. }));
    assert_eq!(owed(&line.state, &line.log[last..]), due(&line.state));
}
