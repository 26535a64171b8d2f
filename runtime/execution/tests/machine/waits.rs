//! Whatever has not ended has a reason that can be named.

use crate::definitions::{
    Judged, approval, build, pending, pipeline, rule, source, stage, three_stages,
};
use crate::line::{Line, execution};
use lockgate_execution::{Command, Direction, WaitReason, waits};
use lockgate_model::definition::{ConditionType, ExecutionMode};
use lockgate_model::id::Principal;
use lockgate_model::status::JobStatus;

fn reasons(line: &Line) -> Vec<WaitReason> {
    waits(&line.state).into_iter().map(|w| w.reason).collect()
}

/// semantics 2.3
#[test]
fn an_execution_waits_for_the_one_inside_or_the_one_before_it() {
    let mut definition = three_stages();
    definition.execution_mode = ExecutionMode::Queued;
    let mut line = Line::new(&definition);
    for _ in 0..3 {
        line.start();
    }
    let reasons = reasons(&line);
    assert!(matches!(reasons[0], WaitReason::Job { attempt: 1, .. }));
    assert_eq!(reasons[1], WaitReason::StageHeldBy(execution(1)));
    assert_eq!(reasons[2], WaitReason::BehindInQueue(execution(2)));
}

/// semantics 2.5
#[test]
fn an_execution_waits_at_a_disabled_transition_of_either_side() {
    for (stage, direction) in [
        ("Build", Direction::Inbound),
        ("Source", Direction::Outbound),
    ] {
        let mut line = Line::new(&three_stages());
        line.disable(stage, direction);
        let at = line.now;
        line.start();
        line.succeed("get");
        assert_eq!(
            reasons(&line),
            [WaitReason::TransitionDisabled {
                stage: stage.into(),
                direction,
                reason: Some("frozen".into()),
                by: Some(Principal("arn:aws:iam::111122223333:user/ann".into())),
                at: Some(at),
            }]
        );
    }
}

#[test]
fn actions_wait_for_people_providers_workers_and_each_other() {
    let mut definition = pipeline(vec![
        stage("Source", vec![source("get")]),
        stage(
            "Mix",
            vec![
                approval("ok"),
                build("slow"),
                build("far"),
                build("d"),
                build("e"),
                build("f"),
            ],
        ),
    ]);
    definition.execution_mode = ExecutionMode::Parallel;
    let mut line = Line::new(&definition);
    line.start();
    line.succeed("get");
    line.finish("slow", pending("half", 60));
    let far = line.job("far");
    line.ask(Command::QueueJob { job: far.id }).unwrap();
    let reason = |name: &str| {
        let all = waits(&line.state);
        let found = all.into_iter().find(|w| w.action.as_deref() == Some(name));
        found.unwrap().reason
    };
    assert!(matches!(reason("ok"), WaitReason::Approval { .. }));
    assert!(matches!(reason("slow"), WaitReason::Poll { .. }));
    assert_eq!(
        reason("far"),
        WaitReason::Worker {
            job: far.id,
            status: JobStatus::Queued
        }
    );
    assert_eq!(reason("f"), WaitReason::ParallelLimit(5));
}

/// semantics 2.9
#[test]
fn a_stage_waits_for_its_rules() {
    let mut line = Line::new(&pipeline(vec![
        stage("Source", vec![source("get")]),
        stage("Only", vec![build("make")]).entry(None, vec![rule("open", "DeploymentWindow")]),
    ]));
    line.start();
    line.succeed("get");
    let all = waits(&line.state);
    assert_eq!(
        all[0].rule,
        Some((ConditionType::BeforeEntry, "open".into()))
    );
    assert!(matches!(all[0].reason, WaitReason::Job { .. }));
}
