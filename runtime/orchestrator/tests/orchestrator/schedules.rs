//! Schedules: pipelines that start by the clock, once for each due time.

use crate::definitions::{pipeline, source, stage, three};
use crate::house::{BEGINNING, DAY, House, Plan, alone, life};
use lockgate_model::id::ExecutionId;
use lockgate_model::time::Timestamp;
use lockgate_model::trigger::TriggerType;
use lockgate_orchestrator::{OrchestratorError, Schedule, ScheduleView};
use serde_json::{Value, json};

/// 2026-03-28T00:00:00Z, the day before the clocks go forward in Berlin.
const SATURDAY: Timestamp = Timestamp(1_774_656_000_000);
const HOUR: u64 = 60 * 60;

fn schedule(value: Value) -> Schedule {
    let mut schedule = json!({
        "name": "nightly",
        "pipeline": "p",
        "expression": "cron(0 9 * * ? *)",
    });
    let (Value::Object(fields), Value::Object(more)) = (&mut schedule, value) else {
        panic!("not objects");
    };
    fields.extend(more);
    serde_json::from_value(schedule).unwrap()
}

impl House {
    async fn schedule(&self, value: Value) -> ScheduleView {
        let made = self
            .orchestrator
            .create_schedule(&self.tenant, schedule(value), &self.by);
        made.await.unwrap()
    }

    async fn scheduled(&self) -> ScheduleView {
        let schedule = self.orchestrator.schedule(&self.tenant, "nightly");
        schedule.await.unwrap()
    }

    /// Waits until a due time was seen to.
    async fn until_due(&self, due: Timestamp) -> ScheduleView {
        loop {
            let view = self.scheduled().await;
            if view.last_due == Some(due) {
                return view;
            }
            tokio::task::yield_now().await;
        }
    }

    async fn executions(&self) -> Vec<ExecutionId> {
        let store = self.orchestrator.store();
        let executions = store.executions(&self.tenant, "p", None, 100).await;
        executions.unwrap().into_iter().map(|row| row.id).collect()
    }

    /// Nothing starts, however long one waits without letting time pass.
    async fn idle(&self) {
        for _ in 0..50 {
            self.scheduled().await;
            tokio::task::yield_now().await;
        }
    }
}

fn at(time: Timestamp) -> Plan {
    Plan {
        at: time,
        ..Plan::default()
    }
}

/// semantics 2.14
#[test]
fn a_schedule_starts_its_pipeline_when_it_is_due_and_the_trigger_names_it() {
    let directory = tempfile::tempdir().unwrap();
    life(directory.path(), at(SATURDAY), async |house| {
        house.create(three("p")).await;
        let made = house.schedule(json!({})).await;
        assert_eq!(made.next_due, Some(SATURDAY.plus_seconds(9 * HOUR)));
        house.pass(9 * HOUR - 1).await;
        house.idle().await;
        assert_eq!(house.executions().await, []);
        house.pass(1).await;
        let due = SATURDAY.plus_seconds(9 * HOUR);
        let view = house.until_due(due).await;
        assert_eq!(house.executions().await, [view.last_execution.unwrap()]);
        assert_eq!(view.next_due, Some(due.plus_seconds(DAY)));
        assert_eq!(
            view.arn,
            "arn:aws:events:us-east-1:111122223333:rule/nightly"
        );
        let state = house.state("p").await;
        let execution = state.execution(view.last_execution.unwrap()).unwrap();
        assert_eq!(execution.trigger.trigger_type, TriggerType::CloudWatchEvent);
        assert_eq!(execution.trigger.trigger_detail, view.arn);
    });
}

#[test]
fn nine_in_the_morning_stays_nine_when_the_clocks_change() {
    let directory = tempfile::tempdir().unwrap();
    life(directory.path(), at(SATURDAY), async |house| {
        house.create(three("p")).await;
        house.schedule(json!({ "zone": "Europe/Berlin" })).await;
        house.pass(8 * HOUR).await;
        house.until_due(SATURDAY.plus_seconds(8 * HOUR)).await;
        house.pass(23 * HOUR).await;
        house.until_due(SATURDAY.plus_seconds(31 * HOUR)).await;
        assert_eq!(house.executions().await.len(), 2);
    });
}

#[test]
fn a_rate_counts_from_when_its_schedule_was_made() {
    alone(async |house| {
        house.create(three("p")).await;
        house.pass(17).await;
        let made = house
            .schedule(json!({ "expression": "rate(5 minutes)" }))
            .await;
        assert_eq!(made.next_due, Some(BEGINNING.plus_seconds(17 + 300)));
        house.pass(300).await;
        let view = house.until_due(BEGINNING.plus_seconds(317)).await;
        assert_eq!(view.next_due, Some(BEGINNING.plus_seconds(617)));
    });
}

/// As if the server had been killed after the start and before it was noted.
async fn forget_that_it_fired(house: &House, due: Timestamp) {
    let store = house.orchestrator.store();
    let mut row = store.schedules(&house.tenant).await.unwrap().remove(0);
    row.next_due = Some(due);
    assert!(store.update_schedule(row).await.unwrap());
}

#[test]
fn killed_between_the_start_and_its_note_a_due_time_starts_nothing_twice() {
    let directory = tempfile::tempdir().unwrap();
    let yearly = json!({ "expression": "cron(0 9 28 3 ? *)" });
    let due = SATURDAY.plus_seconds(9 * HOUR);
    let id = life(directory.path(), at(SATURDAY), async |house| {
        house.create(three("p")).await;
        house.schedule(yearly).await;
        house.pass(9 * HOUR).await;
        let view = house.until_due(due).await;
        forget_that_it_fired(house, due).await;
        view.last_execution.unwrap()
    });
    // At once, and after the tokens of requests are forgotten.
    for seconds in [10, 3 * DAY] {
        let later = at(due.plus_seconds(seconds));
        life(directory.path(), later, async |house| {
            let view = house.scheduled().await;
            assert_eq!(view.last_execution, Some(id));
            assert_eq!(house.executions().await, [id]);
            assert!(view.next_due.unwrap() > due.plus_seconds(300 * DAY));
            forget_that_it_fired(house, due).await;
        });
    }
}

#[test]
fn of_the_times_that_a_server_missed_the_latest_is_made_up_for() {
    let directory = tempfile::tempdir().unwrap();
    life(directory.path(), at(SATURDAY), async |house| {
        house.create(three("p")).await;
        house.schedule(json!({})).await;
    });
    let later = SATURDAY.plus_seconds(10 * DAY + 12 * HOUR);
    life(directory.path(), at(later), async |house| {
        let due = SATURDAY.plus_seconds(10 * DAY + 9 * HOUR);
        let view = house.until_due(due).await;
        assert_eq!(house.executions().await.len(), 1);
        assert_eq!(view.next_due, Some(due.plus_seconds(DAY)));
    });
}

#[test]
fn a_schedule_that_is_off_starts_nothing_and_goes_on_when_it_is_on() {
    alone(async |house| {
        house.create(three("p")).await;
        let off = json!({ "expression": "rate(1 hour)", "enabled": false });
        assert_eq!(house.schedule(off).await.next_due, None);
        house.pass(DAY).await;
        house.idle().await;
        assert_eq!(house.executions().await, []);
        let enable = async |enabled| {
            house
                .orchestrator
                .enable_schedule(&house.tenant, "nightly", enabled)
                .await
                .unwrap()
        };
        let next = enable(true).await.next_due.unwrap();
        assert_eq!(next, BEGINNING.plus_seconds(DAY + HOUR));
        house.pass(HOUR).await;
        house.until_due(next).await;
        enable(false).await;
        house.pass(DAY).await;
        house.idle().await;
        assert_eq!(house.executions().await.len(), 1);
    });
}

#[test]
fn a_change_keeps_the_next_time_unless_it_is_about_times() {
    alone(async |house| {
        house.create(three("p")).await;
        let hourly = json!({ "expression": "rate(1 hour)" });
        let first = house.schedule(hourly).await.next_due;
        house.pass(600).await;
        let update = async |value| {
            house
                .orchestrator
                .update_schedule(&house.tenant, schedule(value))
                .await
                .unwrap()
        };
        let revisions =
            json!({ "expression": "rate(1 hour)", "sourceRevisions": { "Fetch": "r1" } });
        assert_eq!(update(revisions).await.next_due, first);
        let sooner = update(json!({ "expression": "rate(20 minutes)" })).await;
        assert_eq!(sooner.next_due, Some(BEGINNING.plus_seconds(1200)));
        house.pass(600).await;
        house.until_due(BEGINNING.plus_seconds(1200)).await;
    });
}

#[test]
fn a_start_that_is_refused_is_shown_and_the_next_time_comes_all_the_same() {
    alone(async |house| {
        let mut definition = pipeline(
            "p",
            &[
                stage("Source", &[source()]),
                stage("Build", &[crate::definitions::make("Make")]),
            ],
        );
        definition.variables = serde_json::from_value(json!([{ "name": "Audience" }])).unwrap();
        house.create(definition).await;
        house
            .schedule(json!({ "expression": "rate(1 hour)" }))
            .await;
        house.pass(HOUR).await;
        let view = house.until_due(BEGINNING.plus_seconds(HOUR)).await;
        assert_eq!(view.last_execution, None);
        assert!(view.last_error.unwrap().contains("Audience"));
        let with = json!({ "expression": "rate(1 hour)", "variables": { "Audience": "all" } });
        let updated = house
            .orchestrator
            .update_schedule(&house.tenant, schedule(with));
        updated.await.unwrap();
        house.pass(HOUR).await;
        let view = house.until_due(BEGINNING.plus_seconds(2 * HOUR)).await;
        assert_eq!(view.last_error, None);
        assert_eq!(house.executions().await.len(), 1);
    });
}

#[test]
fn schedules_are_deleted_alone_and_with_their_pipeline() {
    alone(async |house| {
        house.create(three("p")).await;
        for name in ["nightly", "hourly"] {
            house.schedule(json!({ "name": name })).await;
        }
        let deleted = house.orchestrator.delete_schedule(&house.tenant, "hourly");
        deleted.await.unwrap();
        let left = house.orchestrator.schedules(&house.tenant).await.unwrap();
        assert_eq!(left.len(), 1);
        let gone = house
            .orchestrator
            .delete_pipeline(&house.tenant, "p", &house.by);
        gone.await.unwrap();
        assert_eq!(
            house.orchestrator.schedules(&house.tenant).await.unwrap(),
            []
        );
        house.pass(DAY).await;
    });
}

#[test]
fn what_is_asked_wrongly_is_refused_in_a_sentence() {
    alone(async |house| {
        house.create(three("p")).await;
        let create = async |value| {
            house
                .orchestrator
                .create_schedule(&house.tenant, schedule(value), &house.by)
                .await
        };
        let wrong = create(json!({ "name": "a b", "expression": "cron(x)", "zone": "Mars" })).await;
        let Err(OrchestratorError::Invalid(problems)) = wrong else {
            panic!("{wrong:?}");
        };
        let keys: Vec<&str> = problems
            .iter()
            .map(|p| p.split(':').next().unwrap())
            .collect();
        assert_eq!(keys, ["name", "expression", "zone"]);
        let nowhere = create(json!({ "pipeline": "q" })).await;
        assert!(
            matches!(nowhere, Err(OrchestratorError::Rejected(_))),
            "{nowhere:?}"
        );
        create(json!({})).await.unwrap();
        let taken = create(json!({})).await;
        assert!(
            matches!(taken, Err(OrchestratorError::NameInUse(_))),
            "{taken:?}"
        );
        let missing = house.orchestrator.schedule(&house.tenant, "weekly").await;
        let Err(OrchestratorError::NotFound(message)) = missing else {
            panic!("{missing:?}");
        };
        assert_eq!(message, "there is no schedule 'weekly'; there are nightly");
    });
}
