//! Notification rules: who is told of what, in which order, how often, and what
//! becomes of those that cannot be told.

use crate::definitions::{asking, pipeline, source, stage, three};
use crate::house::{BEGINNING, DAY, House, Plan, alone, life};
use crate::script::Call;
use lockgate_model::job::{Failure, FailureType, Outcome};
use lockgate_model::time::Timestamp;
use lockgate_orchestrator::{NotificationRule, NotificationRuleView, OrchestratorError};
use serde_json::{Value, json};
use std::collections::VecDeque;

/// Sorts what is handed out: letters on one side, work on the other.
#[derive(Default)]
struct Desk {
    letters: VecDeque<Call>,
    work: VecDeque<Call>,
}

impl Desk {
    fn sort(&mut self, call: Call) {
        if call.job.action_type.provider == "Webhook" {
            self.letters.push_back(call);
        } else {
            self.work.push_back(call);
        }
    }

    async fn letter(&mut self, house: &mut House) -> Call {
        while self.letters.is_empty() {
            let call = house.calls.recv().await.unwrap();
            self.sort(call);
        }
        self.letters.pop_front().unwrap()
    }

    async fn work(&mut self, house: &mut House, action: &str) -> Call {
        while self.work.is_empty() {
            let call = house.calls.recv().await.unwrap();
            self.sort(call);
        }
        let call = self.work.pop_front().unwrap();
        assert_eq!(call.job.action, action);
        call
    }

    /// Nothing is posted, however long one waits without letting time pass.
    async fn no_letter(&mut self, house: &mut House) {
        for _ in 0..50 {
            house
                .orchestrator
                .notification_rules(&house.tenant)
                .await
                .unwrap();
            tokio::task::yield_now().await;
        }
        while let Ok(call) = house.calls.try_recv() {
            self.sort(call);
        }
        assert!(
            self.letters.is_empty(),
            "{:?}",
            self.letters[0].job.configuration
        );
    }

    /// Three stages, to the end.
    async fn run(&mut self, house: &mut House, name: &str) {
        let id = house.start(name).await;
        for action in ["Fetch", "Make", "Ship"] {
            self.work(house, action).await.succeed();
        }
        let mut follow = house.follow(id);
        house.until(&mut follow, "ExecutionSucceeded").await;
    }
}

fn rule(value: Value) -> NotificationRule {
    let mut rule = json!({
        "name": "releases",
        "events": ["all"],
        "url": "https://hooks.example.com/T0/password",
    });
    let (Value::Object(fields), Value::Object(more)) = (&mut rule, value) else {
        panic!("not objects");
    };
    fields.extend(more);
    serde_json::from_value(rule).unwrap()
}

/// The pipeline's own changes of state.
fn levels(level: &str) -> Value {
    let states = ["started", "succeeded", "failed"];
    json!(states.map(|state| format!("{level}-execution-{state}")))
}

impl House {
    async fn rule(&self, value: Value) -> NotificationRuleView {
        let made = self
            .orchestrator
            .create_notification_rule(&self.tenant, rule(value), &self.by);
        made.await.unwrap()
    }

    async fn view(&self, name: &str) -> NotificationRuleView {
        let view = self.orchestrator.notification_rule(&self.tenant, name);
        view.await.unwrap()
    }

    async fn until_view(&self, name: &str, enough: impl Fn(&NotificationRuleView) -> bool) {
        while !enough(&self.view(name).await) {
            tokio::task::yield_now().await;
        }
    }
}

fn event(call: &Call) -> Value {
    serde_json::from_str(&call.job.configuration["Payload"]).unwrap()
}

fn state(call: &Call) -> String {
    event(call)["detail"]["state"].as_str().unwrap().to_owned()
}

fn away(call: Call) {
    let failure = Failure::new(FailureType::SystemUnavailable, "nobody answers");
    call.answer(Outcome::Failed(failure));
}

#[test]
fn a_rule_posts_each_event_after_the_one_before_has_arrived() {
    alone(async |house| {
        let mut desk = Desk::default();
        house.create(three("p")).await;
        house.rule(json!({ "events": levels("pipeline") })).await;
        desk.run(house, "p").await;
        let first = desk.letter(house).await;
        assert_eq!(state(&first), "STARTED");
        assert_eq!(
            first.job.configuration["Url"],
            "https://hooks.example.com/T0/password"
        );
        desk.no_letter(house).await;
        first.succeed();
        let last = desk.letter(house).await;
        assert_eq!(state(&last), "SUCCEEDED");
        assert_eq!(event(&last)["region"], "us-east-1");
        last.succeed();
        house
            .until_view("releases", |view| view.delivered == 2)
            .await;
        let view = house.view("releases").await;
        assert_eq!(view.rule.url, "****");
        assert_eq!((view.given_up, view.last_error), (0, None));
        assert_eq!(view.created_by, house.by);
    });
}

#[test]
fn whoever_answers_slowly_holds_up_neither_pipelines_nor_other_rules() {
    alone(async |house| {
        let mut desk = Desk::default();
        house.create(three("p")).await;
        house.create(three("q")).await;
        let events = levels("pipeline");
        house
            .rule(json!({ "name": "slow", "events": events, "url": "https://slow" }))
            .await;
        house
            .rule(json!({ "name": "quick", "events": events, "url": "https://quick" }))
            .await;
        let mut kept = vec![];
        for name in ["p", "q"] {
            desk.run(house, name).await;
            let mut states = vec![];
            // Of the slow one's pipelines, each has its own first letter.
            while states.len() < 2 {
                let call = desk.letter(house).await;
                if call.job.configuration["Url"] == "https://slow" {
                    kept.push(call);
                    continue;
                }
                states.push(state(&call));
                call.succeed();
            }
            assert_eq!(states, ["STARTED", "SUCCEEDED"]);
        }
        house.until_view("quick", |view| view.delivered == 4).await;
        desk.no_letter(house).await;
        let pipelines: Vec<&str> = kept.iter().map(|call| call.job.pipeline.as_str()).collect();
        assert_eq!(pipelines, ["p", "q"]);
    });
}

#[test]
fn killed_before_it_is_noted_that_a_notification_arrived_it_arrives_again_with_the_same_id() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    let (id, key) = life(path, Plan::default(), async |house| {
        let mut desk = Desk::default();
        house.create(three("p")).await;
        house.rule(json!({ "events": levels("pipeline") })).await;
        desk.run(house, "p").await;
        let call = desk.letter(house).await;
        // It arrived, and nobody lived to write that down.
        (event(&call)["id"].clone(), call.job.action_execution)
    });
    life(path, Plan::default(), async |house| {
        let mut desk = Desk::default();
        let again = desk.letter(house).await;
        assert_eq!(event(&again)["id"], id);
        assert_eq!(again.job.action_execution, key);
        again.succeed();
        let last = desk.letter(house).await;
        assert_eq!(state(&last), "SUCCEEDED");
        assert_ne!(event(&last)["id"], id);
        last.succeed();
        house
            .until_view("releases", |view| view.delivered == 2)
            .await;
    });
    life(path, Plan::default(), async |house| {
        Desk::default().no_letter(house).await;
        assert_eq!(house.view("releases").await.delivered, 2);
    });
}

#[test]
fn a_target_that_is_away_is_tried_with_growing_patience_and_the_error_is_shown() {
    alone(async |house| {
        let mut desk = Desk::default();
        house.create(three("p")).await;
        house
            .rule(json!({ "events": ["pipeline-execution-started"] }))
            .await;
        house.start("p").await;
        for wait in [30, 60, 120] {
            away(desk.letter(house).await);
            house
                .until_view("releases", |view| view.last_error_at.is_some())
                .await;
            desk.no_letter(house).await;
            house.pass(wait - 1).await;
            desk.no_letter(house).await;
            house.pass(1).await;
        }
        desk.letter(house).await.succeed();
        house
            .until_view("releases", |view| view.delivered == 1)
            .await;
        let view = house.view("releases").await;
        assert_eq!(view.last_error.as_deref(), Some("nobody answers"));
        assert_eq!(view.last_error_at, Some(BEGINNING.plus_seconds(90)));
        assert_eq!(view.given_up, 0);
    });
}

#[test]
fn after_a_day_in_vain_a_notification_is_given_up_and_the_next_one_is_told() {
    alone(async |house| {
        let mut desk = Desk::default();
        house.create(three("p")).await;
        house.rule(json!({ "events": levels("pipeline") })).await;
        desk.run(house, "p").await;
        away(desk.letter(house).await);
        house
            .until_view("releases", |view| view.last_error.is_some())
            .await;
        desk.no_letter(house).await;
        house.pass(DAY).await;
        let call = desk.letter(house).await;
        assert_eq!(state(&call), "STARTED");
        away(call);
        // As old, and tried at least once.
        let next = desk.letter(house).await;
        assert_eq!(state(&next), "SUCCEEDED");
        next.succeed();
        house
            .until_view("releases", |view| view.delivered == 1)
            .await;
        assert_eq!(house.view("releases").await.given_up, 1);
    });
}

#[test]
fn a_target_that_refuses_is_asked_for_an_hour_only() {
    alone(async |house| {
        let mut desk = Desk::default();
        house.create(three("p")).await;
        house
            .rule(json!({ "events": ["pipeline-execution-started"] }))
            .await;
        house.start("p").await;
        desk.letter(house).await.fail("the receiver answered 400");
        house
            .until_view("releases", |view| view.last_error.is_some())
            .await;
        house.pass(60 * 60).await;
        desk.letter(house).await.fail("the receiver answered 400");
        house
            .until_view("releases", |view| view.given_up == 1)
            .await;
    });
}

#[test]
fn a_provider_that_is_not_done_is_asked_again_with_what_it_left() {
    alone(async |house| {
        let mut desk = Desk::default();
        house.create(three("p")).await;
        house
            .rule(json!({ "events": ["pipeline-execution-started"] }))
            .await;
        house.start("p").await;
        desk.letter(house).await.wait("tried once", 5);
        desk.no_letter(house).await;
        house.pass(5).await;
        let call = desk.letter(house).await;
        assert_eq!(call.job.continuation.as_deref(), Some("tried once"));
        assert_eq!(call.job.attempt, 2);
        call.succeed();
        house
            .until_view("releases", |view| view.delivered == 1)
            .await;
    });
}

#[test]
fn a_rule_tells_of_what_happens_after_it_was_made_and_nothing_while_it_is_off() {
    alone(async |house| {
        let mut desk = Desk::default();
        house.create(three("p")).await;
        desk.run(house, "p").await;
        let started = json!({ "events": ["pipeline-execution-started"] });
        house.rule(started).await;
        desk.no_letter(house).await;

        let mut off = house.view("releases").await.rule;
        off.enabled = false;
        let update = async |rule: &NotificationRule| {
            house
                .orchestrator
                .update_notification_rule(&house.tenant, rule.clone())
                .await
                .unwrap()
        };
        update(&off).await;
        house.start("p").await;
        let mut on = off.clone();
        on.enabled = true;
        update(&on).await;
        desk.no_letter(house).await;

        house.start("p").await;
        let call = desk.letter(house).await;
        // What was shown as stars was kept.
        assert_eq!(
            call.job.configuration["Url"],
            "https://hooks.example.com/T0/password"
        );
        call.succeed();
        house
            .until_view("releases", |view| view.delivered == 1)
            .await;

        let deleted = house
            .orchestrator
            .delete_notification_rule(&house.tenant, "releases");
        deleted.await.unwrap();
        house.start("p").await;
        desk.no_letter(house).await;
    });
}

#[test]
fn a_change_of_a_rule_tells_on_where_it_was() {
    alone(async |house| {
        let mut desk = Desk::default();
        house.create(three("p")).await;
        house.rule(json!({ "events": levels("pipeline") })).await;
        desk.run(house, "p").await;
        let mut stuck = desk.letter(house).await;
        let mut other = house.view("releases").await.rule;
        other.url = "https://elsewhere.example.com".into();
        let changed = house
            .orchestrator
            .update_notification_rule(&house.tenant, other);
        changed.await.unwrap();
        stuck.dropped().await;
        for expected in ["STARTED", "SUCCEEDED"] {
            let call = desk.letter(house).await;
            assert_eq!(
                call.job.configuration["Url"],
                "https://elsewhere.example.com"
            );
            assert_eq!(state(&call), expected);
            call.succeed();
        }
    });
}

#[test]
fn a_rule_is_about_the_pipelines_that_it_names_also_those_that_come_later() {
    alone(async |house| {
        let mut desk = Desk::default();
        let events = json!(["pipeline-execution-started"]);
        house
            .rule(json!({ "events": events, "pipelines": ["web-*"] }))
            .await;
        for name in ["web-shop", "billing"] {
            house.create(three(name)).await;
            house.start(name).await;
        }
        let call = desk.letter(house).await;
        assert_eq!(call.job.pipeline, "web-shop");
        call.succeed();
        desk.no_letter(house).await;
        // Made again under its name, it is heard from its first event.
        let deleted = house
            .orchestrator
            .delete_pipeline(&house.tenant, "web-shop", &house.by);
        deleted.await.unwrap();
        house.pass(1).await;
        house.create(three("web-shop")).await;
        house.start("web-shop").await;
        assert_eq!(state(&desk.letter(house).await), "STARTED");
    });
}

#[test]
fn stages_actions_and_failures_are_told_of_with_what_the_log_knows() {
    alone(async |house| {
        let mut desk = Desk::default();
        house
            .create(pipeline(
                "p",
                &[
                    stage("Source", &[source()]),
                    stage("Gate", &[crate::definitions::make("Make")]),
                ],
            ))
            .await;
        let events = json!([
            "stage-execution-failed",
            "action-execution-failed",
            "pipeline-execution-failed",
        ]);
        house
            .rule(json!({ "events": events, "format": "Notification" }))
            .await;
        house.start("p").await;
        desk.work(house, "Fetch").await.fetch("r1");
        desk.work(house, "Make").await.fail("no room");
        let action = desk.letter(house).await;
        assert_eq!(
            event(&action)["detail"]["execution-result"]["error-code"],
            "JobFailed"
        );
        assert_eq!(
            event(&action)["additionalAttributes"]["additionalInformation"],
            "no room"
        );
        action.succeed();
        let stage = desk.letter(house).await;
        assert_eq!(event(&stage)["detail"]["stage"], "Gate");
        assert_eq!(event(&stage)["additionalAttributes"]["failedStage"], "Gate");
        stage.succeed();
        let whole = desk.letter(house).await;
        assert_eq!(
            event(&whole)["additionalAttributes"]["failedActions"],
            json!([{ "action": "Make", "additionalInformation": "no room" }])
        );
    });
}

/// semantics 2.7 and 2.15
#[test]
fn a_retry_of_what_had_ended_resumes_it_and_counts_on() {
    alone(async |house| {
        let mut desk = Desk::default();
        house.create(three("p")).await;
        house
            .rule(json!({ "events": ["pipeline-execution-resumed", "stage-execution-resumed"] }))
            .await;
        let id = house.start("p").await;
        let mut follow = house.follow(id);
        desk.work(house, "Fetch").await.succeed();
        for attempt in [2.0, 3.0] {
            desk.work(house, "Make").await.fail("no room");
            house.until(&mut follow, "ExecutionFailed").await;
            desk.no_letter(house).await;
            let retried = house.orchestrator.retry_stage(
                &house.tenant,
                "p",
                id,
                "Build".into(),
                lockgate_model::definition::RetryMode::FailedActions,
                &house.by,
            );
            retried.await.unwrap();
            for stage in [Value::Null, json!("Build")] {
                let call = desk.letter(house).await;
                let detail = &event(&call)["detail"];
                assert_eq!(detail["state"], "RESUMED");
                assert_eq!(detail["pipeline-execution-attempt"], attempt);
                assert_eq!(detail["stage"], stage);
                call.succeed();
            }
        }
    });
}

/// semantics 2.10
#[test]
fn an_approval_tells_the_rule_that_its_notification_arn_names_in_the_json_of_a_topic() {
    alone(async |house| {
        let mut desk = Desk::default();
        house
            .rule(json!({ "name": "approvers", "events": ["pipeline-execution-failed"] }))
            .await;
        house
            .create(asking(
                "p",
                json!({
                    "NotificationArn": "arn:aws:sns:us-east-2:80398EXAMPLE:approvers",
                    "CustomData": "look at {pipeline}",
                }),
            ))
            .await;
        house.start("p").await;
        desk.work(house, "Fetch").await.succeed();
        let call = desk.letter(house).await;
        assert_eq!(
            call.job.configuration["Url"],
            "https://hooks.example.com/T0/password"
        );
        let document = event(&call);
        assert_eq!(document["region"], "us-east-1");
        assert_eq!(document["approval"]["pipelineName"], "p");
        assert_eq!(document["approval"]["customData"], "look at {pipeline}");
        assert_eq!(document["approval"]["externalEntityLink"], Value::Null);
        assert_eq!(
            document["approval"]["approvalReviewLink"],
            "https://lockgate.example/api/v1/pipelines/p/approvals"
        );
        // 2023-11-14T22:13:20Z and seven days.
        assert_eq!(document["approval"]["expires"], "2023-11-21T22:13Z");
        let token = document["approval"]["token"].as_str().unwrap();
        let answered = house.orchestrator.answer_approval(
            &house.tenant,
            "p",
            "Gate".into(),
            "Ask".into(),
            token.parse().unwrap(),
            true,
            String::new(),
            &house.by,
        );
        answered.await.unwrap();
    });
}

/// semantics 2.10
#[test]
fn an_approval_tells_its_own_address_in_the_json_of_a_topic_where_it_says_so() {
    alone(async |house| {
        house
            .create(asking(
                "p",
                json!({
                    "NotificationUrl": "https://hooks.example.com/1",
                    "NotificationFormat": "SNS",
                }),
            ))
            .await;
        house.start("p").await;
        house.call("Fetch").await.succeed();
        let call = house.call("Ask").await;
        assert_eq!(event(&call)["approval"]["actionName"], "Ask");
        assert!(!call.job.configuration.contains_key("Format"));
    });
}

#[test]
fn an_approval_that_names_no_rule_says_so_in_its_log() {
    alone(async |house| {
        house
            .create(asking(
                "p",
                json!({
                    "NotificationArn": "arn:aws:sns:us-east-2:111122223333:nobody",
                }),
            ))
            .await;
        let id = house.start("p").await;
        house.call("Fetch").await.succeed();
        let mut follow = house.follow(id);
        loop {
            if let lockgate_orchestrator::Entry::Log { line, .. } =
                follow.next().await.unwrap().unwrap()
            {
                assert!(
                    line.text.contains("no notification rule 'nobody' is on"),
                    "{}",
                    line.text
                );
                return;
            }
        }
    });
}

#[test]
fn a_rule_can_be_tried_and_answers_what_came_of_it() {
    alone(async |house| {
        house.rule(json!({ "enabled": false })).await;
        for delivered in [true, false] {
            let (orchestrator, tenant) = (house.orchestrator.clone(), house.tenant.clone());
            let test = tokio::spawn(async move {
                orchestrator
                    .test_notification_rule(&tenant, "releases")
                    .await
                    .unwrap()
            });
            let call = house.call("").await;
            assert_eq!(
                event(&call)["detail-type"],
                "Lockgate Notification Rule Test"
            );
            if delivered {
                call.succeed();
            } else {
                call.fail("the receiver answered 404");
            }
            let test = test.await.unwrap();
            assert_eq!(test.delivered, delivered);
            assert_eq!(test.message.is_empty(), delivered);
        }
        assert_eq!(house.view("releases").await.delivered, 0);
    });
}

#[test]
fn what_is_asked_wrongly_is_refused_in_a_sentence() {
    alone(async |house| {
        let (orchestrator, tenant) = (&house.orchestrator, &house.tenant);
        let missing = orchestrator.notification_rule(tenant, "none").await;
        let Err(OrchestratorError::NotFound(message)) = missing else {
            panic!("{missing:?}");
        };
        assert_eq!(
            message,
            "there is no notification rule 'none'; there are none, create it first"
        );
        house.rule(json!({})).await;
        let create = async |value| {
            orchestrator
                .create_notification_rule(tenant, rule(value), &house.by)
                .await
        };
        let taken = create(json!({})).await;
        assert!(
            matches!(taken, Err(OrchestratorError::NameInUse(_))),
            "{taken:?}"
        );
        let wrong = create(json!({ "name": "b", "url": "****" })).await;
        assert!(
            matches!(wrong, Err(OrchestratorError::Invalid(_))),
            "{wrong:?}"
        );
        let strangers = "444455556666".parse().unwrap();
        let theirs = orchestrator.notification_rule(&strangers, "releases").await;
        assert!(
            matches!(theirs, Err(OrchestratorError::NotFound(_))),
            "{theirs:?}"
        );
    });
}

#[test]
fn what_could_not_be_told_is_told_by_the_next_server_however_long_it_was_down() {
    let directory = tempfile::tempdir().unwrap();
    life(directory.path(), Plan::default(), async |house| {
        let mut desk = Desk::default();
        house.create(three("p")).await;
        house
            .rule(json!({ "events": ["pipeline-execution-started"] }))
            .await;
        house.start("p").await;
        away(desk.letter(house).await);
        house
            .until_view("releases", |view| view.last_error.is_some())
            .await;
    });
    let later = Plan {
        at: Timestamp(BEGINNING.0 + 30 * 1000 * DAY as i64),
        ..Plan::default()
    };
    life(directory.path(), later, async |house| {
        let mut desk = Desk::default();
        // One hiccup is not the end of it.
        away(desk.letter(house).await);
        house
            .until_view("releases", |view| view.last_error_at >= Some(later.at))
            .await;
        desk.no_letter(house).await;
        house.pass(30).await;
        desk.letter(house).await.succeed();
        house
            .until_view("releases", |view| view.delivered == 1)
            .await;
    });
}

#[test]
fn a_provider_that_panics_is_a_target_that_is_away() {
    alone(async |house| {
        let mut desk = Desk::default();
        house.create(three("p")).await;
        house.rule(json!({ "events": levels("pipeline") })).await;
        desk.run(house, "p").await;
        desk.letter(house).await.panic();
        house
            .until_view("releases", |view| view.last_error.is_some())
            .await;
        desk.no_letter(house).await;
        house.pass(30).await;
        for expected in ["STARTED", "SUCCEEDED"] {
            let call = desk.letter(house).await;
            assert_eq!(state(&call), expected);
            call.succeed();
        }
        house
            .until_view("releases", |view| view.delivered == 2)
            .await;
    });
}
