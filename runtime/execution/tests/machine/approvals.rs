//! Manual approvals: who may answer, how often, until when.

use crate::definitions::{
    DAY, MINUTE, Words, action, approval, pipeline, source, stage, three_stages,
};
use crate::line::Line;
use lockgate_execution::{Command, Effect, Rejected, due};
use lockgate_model::action_type::Category;
use lockgate_model::definition::Pipeline;
use lockgate_model::definition::RetryMode;
use lockgate_model::id::ApprovalToken;
use lockgate_model::time::Timestamp;

fn gated() -> Pipeline {
    pipeline(vec![
        stage("Source", vec![source("get").makes("src").space("git")]),
        stage(
            "Gate",
            vec![
                approval("ok")
                    .key("CustomData", "ship #{git.by}?")
                    .key("ExternalEntityLink", "https://example.com/"),
            ],
        ),
        stage("Deploy", vec![action("put", Category::Deploy)]),
    ])
}

fn waiting_for_approval() -> Line {
    let mut line = Line::new(&gated());
    line.start();
    line.succeed("get");
    line
}

#[test]
fn an_approval_is_announced_with_its_token_and_what_the_definition_says() {
    let line = waiting_for_approval();
    let effects = due(&line.state);
    let [Effect::AnnounceApproval(open), Effect::WakeAt(at)] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    assert_eq!((open.stage.as_str(), open.action.as_str()), ("Gate", "ok"));
    assert_eq!(open.custom_data.as_deref(), Some("ship get?"));
    assert_eq!(open.link.as_deref(), Some("https://example.com/"));
    assert_eq!(open.expires, Timestamp(line.now.0 + 7 * DAY));
    assert_eq!(*at, open.expires);
}

#[test]
fn a_yes_lets_the_execution_go_on() {
    let mut line = waiting_for_approval();
    let token = line.token();
    assert_eq!(
        line.approve("Gate", "ok", token, true).unwrap(),
        [
            "ApprovalAnswered 1 Gate ok",
            "ActionSucceeded 1 Gate ok",
            "StageSucceeded 1 Gate",
            "StageEntered 1 Deploy",
            "ActionStarted 1 Deploy put",
        ]
    );
    let run = line.run(1).stage("Gate").unwrap().action("ok").unwrap();
    assert_eq!(run.external.summary.as_deref(), Some("looked at it"));
}

#[test]
fn a_no_fails_the_execution_and_says_who_said_it() {
    let mut line = waiting_for_approval();
    let token = line.token();
    assert_eq!(
        line.approve("Gate", "ok", token, false).unwrap()[1..],
        [
            "ActionFailed 1 Gate ok",
            "StageFailed 1 Gate",
            "ExecutionFailed 1 Gate",
        ]
    );
    let run = line.run(1).stage("Gate").unwrap().action("ok").unwrap();
    assert_eq!(
        run.failure.as_ref().unwrap().message,
        "rejected by arn:aws:iam::111122223333:user/ann: looked at it"
    );
}

#[test]
fn a_token_is_good_for_one_answer() {
    let mut line = waiting_for_approval();
    let token = line.token();
    line.approve("Gate", "ok", token, true).unwrap();
    let refused = line.approve("Gate", "ok", token, false).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the approval 'ok' in stage 'Gate' was approved by arn:aws:iam::111122223333:user/ann; nothing is left to answer"
    );
    assert_eq!(refused.exception(), "ApprovalAlreadyCompletedException");
}

#[test]
fn only_the_right_token_at_the_right_place_answers() {
    let mut line = waiting_for_approval();
    let token = line.token();
    let guess = ApprovalToken::derive([9; 16], "guess");
    for (stage, action, token, exception) in [
        ("Gate", "ok", guess, "InvalidApprovalTokenException"),
        ("Deploy", "put", token, "InvalidApprovalTokenException"),
        ("Gate", "put", token, "ActionNotFoundException"),
        ("Gait", "ok", token, "StageNotFoundException"),
    ] {
        let refused = line.approve(stage, action, token, true).unwrap_err();
        assert_eq!(refused.exception(), exception);
    }
    assert_eq!(line.status(1), "InProgress");
}

#[test]
fn nobody_answering_in_time_fails_the_approval() {
    let mut definition = gated();
    definition.stages[1].actions[0].timeout_in_minutes = Some(5);
    let mut line = Line::new(&definition);
    line.start();
    line.succeed("get");
    let token = line.token();
    line.later(5 * MINUTE);
    let refused = line.approve("Gate", "ok", token, true).unwrap_err();
    assert!(matches!(&refused, Rejected::ApprovalAlreadyCompleted { how, .. } if how == "expired"));
    assert_eq!(
        line.pass(),
        [
            "ActionFailed 1 Gate ok",
            "StageFailed 1 Gate",
            "ExecutionFailed 1 Gate",
        ]
    );
    let run = line.run(1).stage("Gate").unwrap().action("ok").unwrap();
    assert_eq!(
        run.failure.as_ref().unwrap().message,
        "nobody answered within 5 minutes; retry the stage to ask again"
    );
}

#[test]
fn a_retry_asks_again_with_a_new_token() {
    let mut line = waiting_for_approval();
    let old = line.token();
    line.approve("Gate", "ok", old, false).unwrap();
    line.retry(1, "Gate", RetryMode::FailedActions).unwrap();
    let new = line.token();
    assert_ne!(old, new);
    let refused = line.approve("Gate", "ok", old, true).unwrap_err();
    assert!(matches!(refused, Rejected::InvalidApprovalToken { .. }));
    line.approve("Gate", "ok", new, true).unwrap();
}

#[test]
fn an_open_approval_holds_its_stage() {
    let mut line = waiting_for_approval();
    line.start();
    assert_eq!(
        line.succeed("get")[2..],
        ["ExecutionWaiting 2 Gate"],
        "the second one waits"
    );
    let token = line.token();
    let told = line.approve("Gate", "ok", token, true).unwrap();
    assert!(told.contains(&"StageEntered 2 Gate".to_owned()), "{told:?}");
}

#[test]
fn an_update_does_not_wait_for_an_open_approval() {
    let mut line = waiting_for_approval();
    let token = line.token();
    assert_eq!(
        line.update(&three_stages())[1..],
        [
            "ExecutionCancelling 1",
            "ActionAbandoned 1 Gate ok",
            "StageCancelled 1 Gate",
            "ExecutionCancelled 1",
        ]
    );
    let refused = line.approve("Gate", "ok", token, true).unwrap_err();
    assert!(refused.to_string().contains("withdrawn"), "{refused}");
}

/// semantics 1.2: what is no more has no approvals.
#[test]
fn an_approval_of_a_deleted_pipeline_is_not_answered() {
    let mut line = waiting_for_approval();
    let token = line.token();
    line.ask(Command::DeletePipeline).unwrap();
    assert!(matches!(
        line.approve("Gate", "ok", token, true),
        Err(Rejected::PipelineNotFound { .. })
    ));
}
