//! Going back to what succeeded before (semantics 2.8).

use crate::definitions::{Judged, Words, action, build, pipeline, rule, source, stage, variable};
use crate::line::{Line, execution};
use lockgate_execution::{Direction, Event, Execution, Rejected, Rollback, UpdatePolicy, fold};
use lockgate_model::action_type::Category;
use lockgate_model::definition::{
    ConditionResult, ExecutionMode, Pipeline, PipelineType, RetryMode, Stage,
};
use lockgate_model::trigger::{ExecutionType, TriggerType};
use std::collections::BTreeMap;

fn deploy() -> Stage {
    stage(
        "Deploy",
        vec![
            action("put", Category::Deploy)
                .takes("bin")
                .key("to", "#{variables.env} by #{git.by}"),
        ],
    )
}

fn definition(deploy: Stage) -> Pipeline {
    Pipeline {
        variables: vec![variable("env", Some("test"))],
        ..pipeline(vec![
            stage("Source", vec![source("get").makes("src").space("git")]),
            stage("Build", vec![build("make").takes("src").makes("bin")]),
            deploy,
            stage("After", vec![build("tell")]),
        ])
    }
}

/// So many executions succeed from the first stage to the last.
fn after(line: &mut Line, count: u128) {
    for _ in 0..count {
        line.start();
        for name in ["get", "make", "put", "tell"] {
            line.succeed(name);
        }
    }
}

/// The next one, up to `Deploy`.
fn next(line: &mut Line) {
    line.start();
    line.succeed("get");
    line.succeed("make");
}

fn the_rollback(line: &Line) -> &Execution {
    line.state
        .executions()
        .find(|run| run.kind() == ExecutionType::Rollback)
        .expect("there is a rollback")
}

fn details(run: &Execution) -> &Rollback {
    run.rollback.as_deref().unwrap()
}

fn why(refused: Rejected) -> String {
    match refused {
        Rejected::UnableToRollback { why, .. } => why,
        other => panic!("{other:?}"),
    }
}

fn last_reason(line: &Line) -> String {
    let reason = line.log.iter().rev().find_map(|r| match &r.event {
        Event::StageFailed { reason, .. } => Some(reason.clone()),
        _ => None,
    });
    reason.flatten().expect("it says why")
}

/// semantics 2.8
#[test]
fn a_rollback_by_hand_runs_one_stage_with_what_its_target_had_in_it() {
    let mut line = Line::new(&definition(deploy()));
    let given = BTreeMap::from([("env".to_owned(), "prod".to_owned())]);
    line.start_with(given, vec![]).unwrap();
    line.succeed("get");
    line.succeed("make");
    let first = line.job("put");
    line.succeed("put");
    line.succeed("tell");
    after(&mut line, 1);
    assert_eq!(
        line.roll_back("Deploy", 1).unwrap(),
        [
            "ExecutionStarted 3",
            "StageEntered 3 Deploy",
            "ActionStarted 3 Deploy put",
        ]
    );
    let again = line.job("put");
    assert_eq!(again.input_artifacts, first.input_artifacts);
    assert_eq!(again.configuration, first.configuration);
    assert_ne!(again.action_execution, first.action_execution);
    let run = line.run(3);
    assert_eq!(run.trigger.trigger_type, TriggerType::ManualRollback);
    assert_eq!(details(run).target, execution(1));
    assert_eq!(run.fetched().next().unwrap().revision.id, "rev-of-get");
    assert_eq!(
        line.succeed("put")[1..],
        ["StageSucceeded 3 Deploy", "ExecutionSucceeded 3"]
    );
}

/// semantics 2.8
#[test]
fn a_failed_stage_goes_back_to_its_last_success() {
    let mut line = Line::new(&definition(
        deploy().on_failure(ConditionResult::Rollback, None),
    ));
    after(&mut line, 2);
    next(&mut line);
    assert_eq!(
        line.fail("put"),
        [
            "ActionFailed 3 Deploy put",
            "ExecutionStarted R",
            "StageFailed 3 Deploy",
            "ExecutionFailed 3 Deploy",
            "StageEntered R Deploy",
            "ActionStarted R Deploy put",
        ]
    );
    let back = the_rollback(&line);
    assert_eq!(details(back).target, execution(2));
    assert_eq!(details(back).failed, Some(execution(3)));
    assert_eq!(back.trigger.trigger_type, TriggerType::AutomatedRollback);
    assert_eq!(line.run(3).rolled_back_by, Some(back.id));
    line.succeed("put");
    assert_eq!(the_rollback(&line).status.as_str(), "Succeeded");
    assert_eq!(line.status(3), "Failed");
}

/// semantics 2.9
#[test]
fn a_success_condition_can_lead_back() {
    let mut line = Line::new(&definition(deploy().success(
        Some(ConditionResult::Rollback),
        vec![rule("alarm", "CloudWatchAlarm")],
    )));
    line.start();
    for name in ["get", "make", "put", "alarm", "tell"] {
        line.succeed(name);
    }
    next(&mut line);
    line.succeed("put");
    assert_eq!(
        line.fail("alarm")[1..],
        [
            "ConditionEnded 2 Deploy ON_SUCCESS",
            "ExecutionStarted R",
            "StageFailed 2 Deploy",
            "ExecutionFailed 2 Deploy",
            "StageEntered R Deploy",
            "ActionStarted R Deploy put",
        ]
    );
    line.succeed("put");
    line.fail("alarm");
    assert_eq!(the_rollback(&line).status.as_str(), "Failed");
    assert!(last_reason(&line).contains("a rollback that fails is not rolled back"));
}

/// semantics 5.1
#[test]
fn a_failure_condition_that_is_met_leads_back() {
    let mut line = Line::new(&definition(deploy().failure(
        Some(ConditionResult::Rollback),
        vec![rule("alarm", "CloudWatchAlarm")],
    )));
    after(&mut line, 1);
    next(&mut line);
    line.fail("put");
    assert_eq!(
        line.succeed("alarm")[1..4],
        [
            "ConditionEnded 2 Deploy ON_FAILURE",
            "ExecutionStarted R",
            "StageFailed 2 Deploy",
        ]
    );
}

/// semantics 2.8
#[test]
fn without_an_earlier_success_the_stage_stays_failed_and_says_so() {
    let mut line = Line::new(&definition(
        deploy().on_failure(ConditionResult::Rollback, None),
    ));
    next(&mut line);
    assert_eq!(
        line.fail("put")[1..],
        ["StageFailed 1 Deploy", "ExecutionFailed 1 Deploy"]
    );
    assert_eq!(
        last_reason(&line),
        "there is no rollback: no execution has succeeded in this stage before"
    );
}

/// semantics 2.8
#[test]
fn a_rollback_that_fails_is_not_rolled_back_and_can_be_retried() {
    let mut line = Line::new(&definition(
        deploy().on_failure(ConditionResult::Rollback, None),
    ));
    after(&mut line, 1);
    next(&mut line);
    line.fail("put");
    let id = the_rollback(&line).id;
    assert_eq!(
        line.fail("put")[1..],
        ["StageFailed R Deploy", "ExecutionFailed R Deploy"]
    );
    let refused = line
        .retry(2, "Deploy", RetryMode::FailedActions)
        .unwrap_err();
    assert_eq!(refused.exception(), "NotLatestPipelineExecutionException");
    line.retry(id.0.as_u128(), "Deploy", RetryMode::FailedActions)
        .unwrap();
    line.succeed("put");
    assert_eq!(the_rollback(&line).status.as_str(), "Succeeded");
}

/// semantics 2.8
#[test]
fn a_rollback_goes_before_whoever_waits_and_none_supersedes_it() {
    for mode in [ExecutionMode::Superseded, ExecutionMode::Queued] {
        let mut line = Line::new(&Pipeline {
            execution_mode: mode,
            ..definition(deploy().on_failure(ConditionResult::Rollback, None))
        });
        after(&mut line, 1);
        next(&mut line);
        next(&mut line);
        assert_eq!(line.state.gate("Deploy").unwrap().waiting.len(), 1);
        line.fail("put");
        assert_eq!(
            line.state.gate("Deploy").unwrap().holder,
            Some(the_rollback(&line).id)
        );
        assert_eq!(
            line.succeed("put")[2..],
            [
                "ExecutionSucceeded R",
                "StageEntered 3 Deploy",
                "ActionStarted 3 Deploy put",
            ]
        );
    }
}

/// semantics 2.5
#[test]
fn transitions_do_not_hold_a_rollback() {
    let mut line = Line::new(&definition(deploy()));
    after(&mut line, 1);
    line.disable("Deploy", Direction::Inbound);
    line.disable("Build", Direction::Outbound);
    line.disable("Deploy", Direction::Outbound);
    next(&mut line);
    let told = line.roll_back("Deploy", 1).unwrap();
    assert_eq!(told[1], "StageEntered 3 Deploy");
    assert_eq!(
        line.succeed("put")[1..],
        ["StageSucceeded 3 Deploy", "ExecutionSucceeded 3"],
        "it goes nowhere, and the one that waits stays where it is"
    );
}

/// semantics 2.8
#[test]
fn a_target_has_to_fit() {
    let skipping = definition(deploy().entry(
        Some(ConditionResult::Skip),
        vec![rule("set", "VariableCheck")],
    ));
    let mut line = Line::new(&skipping);
    next(&mut line);
    line.fail("set");
    assert!(why(line.roll_back("Deploy", 1).unwrap_err()).contains("Skipped there"));
    line.succeed("tell");
    next(&mut line);
    line.succeed("set");
    assert!(why(line.roll_back("Deploy", 1).unwrap_err()).contains("Skipped there"));
    line.fail("put");
    assert!(why(line.roll_back("Deploy", 2).unwrap_err()).contains("Failed there"));
    assert!(why(line.roll_back("After", 2).unwrap_err()).contains("never entered"));
    assert!(why(line.roll_back("Source", 1).unwrap_err()).contains("source stage"));
    let refused = line.roll_back("Deplo", 1).unwrap_err();
    assert_eq!(refused.exception(), "StageNotFoundException");
}

/// semantics 2.8
#[test]
fn a_stage_that_is_held_is_not_rolled_back() {
    let mut line = Line::new(&definition(deploy()));
    after(&mut line, 1);
    next(&mut line);
    let refused = line.roll_back("Deploy", 1).unwrap_err();
    assert_eq!(refused.exception(), "UnableToRollbackStageException");
    assert!(why(refused).contains("is in the stage"));
}

/// semantics 2.8
#[test]
fn a_rollback_is_no_target() {
    let mut line = Line::new(&definition(deploy()));
    after(&mut line, 1);
    line.roll_back("Deploy", 1).unwrap();
    line.succeed("put");
    assert!(why(line.roll_back("Deploy", 2).unwrap_err()).contains("a rollback itself"));
}

/// semantics 2.8
#[test]
fn the_last_success_of_an_automatic_rollback_is_never_a_rollback() {
    let mut line = Line::new(&definition(
        deploy().on_failure(ConditionResult::Rollback, None),
    ));
    after(&mut line, 2);
    line.roll_back("Deploy", 1).unwrap();
    line.succeed("put");
    next(&mut line);
    line.fail("put");
    let automatic = line.state.executions().find(|run| {
        run.rollback
            .as_ref()
            .is_some_and(|back| back.failed.is_some())
    });
    assert_eq!(details(automatic.unwrap()).target, execution(2));
}

/// semantics 2.3
#[test]
fn nothing_is_rolled_back_in_parallel_mode_or_in_v1() {
    let parallel = Pipeline {
        execution_mode: ExecutionMode::Parallel,
        ..definition(deploy().on_failure(ConditionResult::Rollback, None))
    };
    let mut line = Line::new(&parallel);
    after(&mut line, 1);
    assert!(why(line.roll_back("Deploy", 1).unwrap_err()).contains("PARALLEL"));
    next(&mut line);
    line.fail("put");
    assert!(last_reason(&line).contains("PARALLEL"));

    let first = Pipeline {
        pipeline_type: PipelineType::V1,
        ..definition(deploy())
    };
    let mut line = Line::new(&first);
    after(&mut line, 1);
    assert!(why(line.roll_back("Deploy", 1).unwrap_err()).contains("V1"));
}

/// semantics 2.4
#[test]
fn an_update_takes_the_targets_away() {
    let wanted = definition(deploy().on_failure(ConditionResult::Rollback, None));
    let mut line = Line::new(&wanted);
    after(&mut line, 1);
    line.update(&wanted);
    assert_eq!(
        line.roll_back("Deploy", 1).unwrap_err().to_string(),
        "stage 'Deploy' cannot be rolled back to execution 00000000-0000-0000-0000-000000000001, which ran version 1 of the pipeline: it was updated since; choose an execution of version 2, or start a new one"
    );
    next(&mut line);
    line.fail("put");
    assert!(last_reason(&line).contains("no execution has succeeded"));
}

/// semantics 5.11
#[test]
fn under_pin_the_targets_survive_and_run_under_the_new_definition() {
    let wanted = definition(deploy().on_failure(ConditionResult::Rollback, None));
    let mut line = Line::new(&wanted);
    after(&mut line, 1);
    let mut changed = wanted.clone();
    changed.stages[2].actions[0]
        .configuration
        .insert("to".into(), "elsewhere".into());
    line.update_by(&changed, UpdatePolicy::Pin);
    line.roll_back("Deploy", 1).unwrap();
    assert_eq!(line.job("put").configuration["to"], "elsewhere");
    line.succeed("put");
    next(&mut line);
    line.fail("put");
    let automatic = line.state.executions().find(|run| {
        run.rollback
            .as_ref()
            .is_some_and(|back| back.failed.is_some())
    });
    assert_eq!(details(automatic.unwrap()).target, execution(1));
}

/// semantics 5.11
#[test]
fn under_pin_a_target_that_lacks_an_artifact_is_refused() {
    let wanted = definition(deploy().on_failure(ConditionResult::Rollback, None));
    let mut line = Line::new(&wanted);
    after(&mut line, 1);
    let mut changed = wanted.clone();
    changed.stages[1].actions[0] = build("make").takes("src").makes("image");
    changed.stages[2].actions[0] = action("put", Category::Deploy).takes("image");
    line.update_by(&changed, UpdatePolicy::Pin);
    let refused = line.roll_back("Deploy", 1).unwrap_err();
    assert!(why(refused).contains("did not make the artifact 'image'"));
    next(&mut line);
    line.fail("put");
    assert!(last_reason(&line).contains("did not make the artifact 'image'"));
}

/// semantics 2.8
#[test]
fn a_rollback_obeys_stop_update_and_deletion_as_any_execution() {
    let wanted = definition(deploy());
    let mut line = Line::new(&wanted);
    after(&mut line, 1);
    line.roll_back("Deploy", 1).unwrap();
    line.stop(2, true).unwrap();
    assert_eq!(line.status(2), "Stopped");
    line.roll_back("Deploy", 1).unwrap();
    line.update(&wanted);
    line.succeed("put");
    assert_eq!(line.status(3), "Cancelled");
}

/// semantics 2.8
#[test]
fn an_execution_is_found_in_the_log_as_the_machine_held_it() {
    let mut line = Line::new(&definition(deploy()));
    next(&mut line);
    line.succeed("put");
    let held = line.run(1).clone();
    let folded = fold(&line.state, line.law.definitions(), execution(1), &line.log);
    assert_eq!(folded.unwrap(), held);
    let none = fold(&line.state, [], execution(2), &line.log);
    assert_eq!(none, None);
    let cut = fold(&line.state, [], execution(1), &line.log[2..]);
    assert_eq!(cut, None, "its start is missing");
}

/// semantics 2.8
#[test]
fn a_rollback_takes_over_nothing_that_its_own_stage_sets() {
    let mut line = Line::new(&definition(stage(
        "Deploy",
        vec![
            action("put", Category::Deploy).space("own"),
            action("check", Category::Deploy)
                .order(2)
                .key("of", "#{own.by} and #{git.by}"),
        ],
    )));
    line.start();
    for name in ["get", "make", "put", "check", "tell"] {
        line.succeed(name);
    }
    line.roll_back("Deploy", 1).unwrap();
    let taken: Vec<_> = details(the_rollback(&line)).namespaces.keys().collect();
    assert_eq!(taken, ["git"]);
    line.succeed("put");
    assert_eq!(line.job("check").configuration["of"], "put and get");
}

/// semantics 2.3, 2.19, 5.11
#[test]
fn what_fails_under_an_older_definition_is_not_rolled_back_into_one_that_has_no_rollback() {
    let definition = definition(deploy().on_failure(ConditionResult::Rollback, None));
    let mut parallel = definition.clone();
    parallel.execution_mode = ExecutionMode::Parallel;
    let mut v1 = definition.clone();
    v1.pipeline_type = PipelineType::V1;
    for (changed, why) in [(parallel, "PARALLEL mode"), (v1, "type V1")] {
        let mut line = Line::new(&definition);
        after(&mut line, 1);
        next(&mut line);
        line.update_by(&changed, UpdatePolicy::Pin);
        assert_eq!(
            line.fail("put"),
            [
                "ActionFailed 2 Deploy put",
                "StageFailed 2 Deploy",
                "ExecutionFailed 2 Deploy",
            ]
        );
        assert!(last_reason(&line).contains(why));
    }
}

/// semantics 2.9: who fails at the entry has failed, and a rollback is judged
/// there as well.
#[test]
fn a_stage_that_fails_at_its_entry_goes_back_and_its_rollback_is_judged_at_the_entry() {
    let judged = deploy()
        .entry(
            Some(ConditionResult::Fail),
            vec![rule("a", "VariableCheck")],
        )
        .on_failure(ConditionResult::Rollback, None);
    let mut line = Line::new(&definition(judged));
    next(&mut line);
    for name in ["a", "put", "tell"] {
        line.succeed(name);
    }
    next(&mut line);
    let told = line.fail("a");
    assert!(told.contains(&"RuleStarted R Deploy BEFORE_ENTRY a".to_owned()));
    assert_eq!(line.status(2), "Failed");
    let told = line.fail("a");
    assert!(
        told.contains(&"ExecutionFailed R Deploy".to_owned()),
        "{told:?}"
    );
    assert_eq!(line.state.live().count(), 0);
}
