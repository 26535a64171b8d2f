//! What a source reports, and whether an execution starts for it (semantics
//! 2.14).

use crate::definitions::{Words, build, pipeline, source, stage, variable};
use crate::line::{Line, execution};
use lockgate_execution::{Command, Event, Ignored, Rejected};
use lockgate_model::change::{ChangeKind, SourceChange};
use lockgate_model::definition::{
    ExecutionMode, GitConfiguration, GlobFilter, Pipeline, PipelineType, PullRequestEvent,
    PushFilter, TriggerDeclaration, TriggerProvider,
};
use lockgate_model::job::Revision;
use lockgate_model::trigger::{SourceRevision, Trigger, TriggerType};
use std::collections::BTreeMap;

fn on_main() -> Pipeline {
    pipeline(vec![
        stage(
            "Source",
            vec![source("get").makes("src").key("BranchName", "main")],
        ),
        stage("Build", vec![build("make").takes("src")]),
    ])
}

fn filtered() -> Pipeline {
    Pipeline {
        triggers: vec![TriggerDeclaration {
            provider_type: TriggerProvider::default(),
            git_configuration: GitConfiguration {
                source_action_name: "get".into(),
                push: vec![PushFilter {
                    branches: Some(GlobFilter {
                        includes: vec!["release/*".into()],
                        excludes: vec![],
                    }),
                    ..PushFilter::default()
                }],
                pull_request: vec![],
            },
        }],
        ..on_main()
    }
}

fn push(branch: &str, revision: &str) -> SourceChange {
    change(
        ChangeKind::Branch {
            name: branch.into(),
            created: false,
        },
        revision,
    )
}

fn change(kind: ChangeKind, revision: &str) -> SourceChange {
    SourceChange {
        kind,
        revision: Revision {
            id: revision.into(),
            summary: None,
            url: None,
            created: None,
        },
        files: None,
        repository: None,
        author: None,
    }
}

fn with_files(change: SourceChange) -> SourceChange {
    SourceChange {
        files: Some(vec!["src/main.rs".into()]),
        ..change
    }
}

fn ignored(line: &Line) -> &Ignored {
    match &line.log.last().unwrap().event {
        Event::ChangeIgnored { reason, .. } => reason,
        other => panic!("{other:?}"),
    }
}

/// semantics 2.14
#[test]
fn a_change_that_passes_starts_an_execution_that_takes_exactly_its_revision() {
    for mode in [ExecutionMode::Superseded, ExecutionMode::Parallel] {
        let mut line = Line::new(&Pipeline {
            execution_mode: mode,
            ..filtered()
        });
        assert_eq!(
            line.change("get", &with_files(push("release/1", "c0ffee")), true)[0],
            "ExecutionStarted 1"
        );
        let run = line.run(1);
        assert_eq!(run.trigger.trigger_type, TriggerType::WebhookV2);
        let kept = run.change.as_ref().unwrap();
        assert!(kept.verdict.passes());
        assert_eq!(kept.change.revision.id, "c0ffee");
        assert_eq!(kept.change.files, None, "the log keeps them");
        assert_eq!(line.job("get").revision.as_deref(), Some("c0ffee"));
    }
}

/// semantics 2.14
#[test]
fn a_change_that_no_filter_lets_pass_is_kept_with_the_verdict() {
    let mut line = Line::new(&filtered());
    assert_eq!(
        line.change("get", &push("main", "c0ffee"), true),
        ["ChangeIgnored"]
    );
    match ignored(&line) {
        Ignored::Filtered { verdict } => assert!(!verdict.passes()),
        other => panic!("{other:?}"),
    }
    assert_eq!(line.state.live().count(), 0);
}

/// semantics 2.14
#[test]
fn a_change_that_is_reported_twice_starts_one_execution() {
    let mut line = Line::new(&on_main());
    line.change("get", &push("main", "c0ffee"), true);
    assert_eq!(
        line.change("get", &push("main", "c0ffee"), true),
        ["ChangeIgnored"]
    );
    assert_eq!(
        *ignored(&line),
        Ignored::AlreadyStarted {
            execution: execution(1)
        }
    );
    line.change("get", &push("main", "beef"), true);
    assert_eq!(
        line.change("get", &push("main", "c0ffee"), true)[0],
        "ExecutionStarted 3",
        "it was pushed back"
    );
}

/// semantics 2.14
#[test]
fn branches_tags_and_pull_requests_of_one_commit_are_changes_of_their_own() {
    let mut line = Line::new(&Pipeline {
        triggers: vec![TriggerDeclaration {
            provider_type: TriggerProvider::default(),
            git_configuration: GitConfiguration {
                source_action_name: "get".into(),
                push: vec![
                    PushFilter::default(),
                    PushFilter {
                        tags: Some(GlobFilter {
                            includes: vec!["**".into()],
                            excludes: vec![],
                        }),
                        ..PushFilter::default()
                    },
                ],
                pull_request: vec![Default::default()],
            },
        }],
        ..on_main()
    });
    let pull = |event| ChangeKind::PullRequest {
        event,
        number: "7".into(),
        source_branch: "f".into(),
        destination_branch: "main".into(),
        merged: false,
        fork: false,
    };
    let kinds = [
        push("main", "x").kind,
        push("other", "x").kind,
        ChangeKind::Tag { name: "v1".into() },
        pull(PullRequestEvent::Open),
        pull(PullRequestEvent::Closed),
    ];
    for kind in kinds {
        let told = line.change("get", &change(kind.clone(), "c0ffee"), true);
        assert!(
            told[0].starts_with("ExecutionStarted"),
            "{kind:?}: {told:?}"
        );
    }
}

/// semantics 2.14
#[test]
fn so_many_branches_are_remembered_and_no_more() {
    let mut line = Line::new(&Pipeline {
        triggers: filtered().triggers,
        ..on_main()
    });
    for number in 0..100 {
        line.change("get", &push(&format!("release/{number}"), "c0ffee"), true);
    }
    assert!(
        line.state
            .last_started("get", "branch release/99")
            .is_some()
    );
    assert!(line.state.last_started("get", "branch release/0").is_none());
}

/// semantics 2.19
#[test]
fn a_v1_pipeline_and_a_source_that_cannot_pin_take_what_is_newest() {
    let mut line = Line::new(&Pipeline {
        pipeline_type: PipelineType::V1,
        ..on_main()
    });
    line.change("get", &push("main", "c0ffee"), true);
    assert_eq!(line.job("get").revision, None);
    let mut line = Line::new(&on_main());
    line.change("get", &push("main", "c0ffee"), false);
    assert_eq!(line.job("get").revision, None);
}

/// semantics 2.14
#[test]
fn a_change_for_which_there_is_no_room_is_kept_and_may_be_reported_again() {
    let mut line = Line::new(&Pipeline {
        execution_mode: ExecutionMode::Queued,
        ..on_main()
    });
    for _ in 0..50 {
        line.start();
    }
    line.change("get", &push("main", "c0ffee"), true);
    assert_eq!(*ignored(&line), Ignored::LimitReached { limit: 50 });
    line.stop(50, true).unwrap();
    let told = line.change("get", &push("main", "c0ffee"), true);
    assert_eq!(told[0], "ExecutionStarted 51");
}

/// semantics 2.12
#[test]
fn a_change_cannot_start_what_needs_a_variable() {
    let mut line = Line::new(&Pipeline {
        variables: vec![variable("env", None)],
        ..on_main()
    });
    line.change("get", &push("main", "c0ffee"), true);
    assert_eq!(
        *ignored(&line),
        Ignored::MissingVariables {
            names: vec!["env".into()]
        }
    );
}

/// semantics 2.14
#[test]
fn a_change_is_of_a_source_action() {
    let mut line = Line::new(&on_main());
    let refused = line
        .ask(Command::SourceChanged {
            id: execution(1),
            source_action: "make".into(),
            change: Box::new(push("main", "x")),
            trigger: lockgate_model::trigger::Trigger {
                trigger_type: TriggerType::WebhookV2,
                trigger_detail: String::new(),
            },
            pin: true,
        })
        .unwrap_err();
    assert!(matches!(refused, Rejected::UnknownSourceActions { .. }));
}

fn put(line: &mut Line, number: u128, action: &str, id: &str) -> Result<Vec<String>, Rejected> {
    line.ask(Command::PutActionRevision {
        id: execution(number),
        stage: "Source".into(),
        action: action.into(),
        revision: push("", id).revision,
    })
}

/// semantics 2.14
#[test]
fn a_revision_that_a_worker_reports_starts_an_execution_if_it_is_new() {
    let mut line = Line::new(&on_main());
    assert_eq!(
        put(&mut line, 1, "get", "r1").unwrap()[0],
        "ExecutionStarted 1"
    );
    assert_eq!(line.job("get").revision.as_deref(), Some("r1"));
    let run = line.run(1);
    assert_eq!(run.trigger.trigger_type, TriggerType::PutActionRevision);
    assert!(put(&mut line, 2, "get", "r1").unwrap().is_empty());
    let last = line
        .state
        .last_started("get", lockgate_execution::REPORTED_BY_WORKER);
    assert_eq!(last.unwrap().execution, execution(1));
    assert_eq!(
        put(&mut line, 2, "get", "r2").unwrap()[0],
        "ExecutionStarted 2"
    );
}

/// semantics 2.14
#[test]
fn revisions_are_put_to_source_actions_alone() {
    let mut line = Line::new(&on_main());
    let refused = put(&mut line, 1, "made", "r1").unwrap_err();
    assert_eq!(
        refused.to_string(),
        "stage 'Source' has no action 'made'; its actions are 'get'"
    );
}

/// semantics 2.14: a poll and a webhook may tell of the same push.
#[test]
fn a_push_that_a_poll_found_is_not_started_again_when_it_is_announced() {
    let mut line = Line::new(&on_main());
    line.ask(Command::StartExecution {
        id: execution(7),
        trigger: Trigger {
            trigger_type: TriggerType::PollForSourceChanges,
            trigger_detail: "get: c0ffee".into(),
        },
        variables: BTreeMap::new(),
        source_revisions: vec![SourceRevision {
            action_name: "get".into(),
            revision_id: "c0ffee".into(),
            revision_type: None,
        }],
    })
    .unwrap();
    line.succeed("get");
    line.succeed("make");
    assert_eq!(
        line.change("get", &push("main", "c0ffee"), true),
        ["ChangeIgnored"]
    );
    assert_eq!(
        *ignored(&line),
        Ignored::AlreadyStarted {
            execution: execution(7)
        }
    );
}
