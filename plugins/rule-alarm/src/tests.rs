//! The rule as a whole against scripted answers, and its verdicts over time.

use crate::AlarmRule;
use crate::answer::Reading;
use crate::configuration::Alarm;
use crate::state::State;
use crate::verdict::Case;
use lockgate_plugin::testing::FakeHost;
use lockgate_plugin::{
    ConditionType, Configuration, Failure, FailureType, HttpError, Job, Outcome, Pending, Response,
    run,
};

const URL: (&str, &str) = ("AlarmUrl", "https://alarms.example.com/{AlarmName}");
const NAME: (&str, &str) = ("AlarmName", "high errors");
const MINUTE: u64 = 60_000;
const START: u64 = 1_795_190_370_000;

fn answer(status: u16, body: &str) -> Response {
    Response {
        status,
        body: body.into(),
        ..Response::default()
    }
}

/// What the rule says of one answer, with no time to wait.
fn judge(
    condition: ConditionType,
    configuration: &[(&str, &str)],
    body: &str,
) -> Result<Outcome, Failure> {
    let host = FakeHost::new().on_http(|_| Ok(answer(200, body)));
    let all = [URL, NAME].into_iter().chain(configuration.iter().copied());
    let mut job = host.job(all);
    job.condition = Some(condition);
    run::<AlarmRule>(&job, &host)
}

fn holds(condition: ConditionType, configuration: &[(&str, &str)], body: &str) -> bool {
    match judge(condition, configuration, body) {
        Ok(Outcome::Succeeded(_)) => true,
        Err(failure) if failure.kind == FailureType::JobFailed => {
            let text = "the alarm 'high errors' is ";
            assert!(failure.message.starts_with(text), "{failure:?}");
            false
        }
        other => panic!("{other:?}"),
    }
}

/// Semantics 2.9 and 5.1.
#[test]
fn what_an_alarm_means_depends_on_the_condition() {
    use ConditionType::{BeforeEntry, OnFailure, OnSuccess};
    for (condition, alarm, ok, nothing) in [
        (BeforeEntry, false, true, true),
        (OnSuccess, false, true, true),
        (OnFailure, true, false, false),
    ] {
        for (state, expected) in [("ALARM", alarm), ("OK", ok), ("INSUFFICIENT_DATA", nothing)] {
            let body = format!("{{\"state\": \"{state}\"}}");
            assert_eq!(
                holds(condition, &[], &body),
                expected,
                "{condition:?} {state}"
            );
        }
    }
}

#[test]
fn the_wanted_states_can_be_written() {
    let only_ok = [("AlarmStates", "OK")];
    let nothing = "{\"state\": \"INSUFFICIENT_DATA\"}";
    assert!(!holds(ConditionType::BeforeEntry, &only_ok, nothing));
    let several = [("AlarmStates", "ALARM, INSUFFICIENT_DATA")];
    assert!(holds(ConditionType::OnFailure, &several, nothing));
    let failure = judge(ConditionType::OnFailure, &[("AlarmStates", "ON")], "").unwrap_err();
    assert_eq!(
        failure.message,
        "AlarmStates: 'ON' will not do; write ALARM, OK or INSUFFICIENT_DATA, or several with commas between"
    );
}

#[test]
fn a_stage_that_goes_on_while_the_alarm_is_on_is_warned_of() {
    let host = FakeHost::new().on_http(|_| Ok(answer(200, "{\"state\": \"ALARM\"}")));
    let mut job = host.job([URL, NAME, ("AlarmStates", "ALARM")]);
    for (condition, warned) in [
        (ConditionType::OnFailure, false),
        (ConditionType::BeforeEntry, true),
    ] {
        job.condition = Some(condition);
        run::<AlarmRule>(&job, &host).unwrap();
        assert_eq!(host.log_text().contains("AlarmStates names ALARM"), warned);
    }
}

/// A rule over time: the state at each question, by minutes since the first.
struct Timeline<'s> {
    host: FakeHost<'s>,
    job: Job,
    alarm: Alarm,
}

impl Timeline<'_> {
    fn new(condition: ConditionType, minutes: &str) -> Self {
        let host = FakeHost::new();
        let mut job = host.job([URL, NAME, ("WaitTime", minutes)]);
        job.condition = Some(condition);
        let alarm = Alarm::decode(&job.configuration).unwrap();
        Self { host, job, alarm }
    }

    fn ask(&mut self, after: u64, reading: Reading) -> Result<Outcome, Failure> {
        let now = START + after;
        let case = Case::of(&self.job, &self.alarm, now, &self.host).unwrap();
        let outcome = case.outcome(reading, now, &self.host);
        if let Ok(Outcome::Pending(pending)) = &outcome {
            self.job.continuation = Some(pending.continuation.clone());
        }
        outcome
    }

    fn waits(&mut self, after: u64, state: State) -> Pending {
        match self.ask(after, Reading::Known(state)) {
            Ok(Outcome::Pending(pending)) => pending,
            other => panic!("{other:?}"),
        }
    }

    fn passes(&mut self, after: u64, state: State) {
        let outcome = self.ask(after, Reading::Known(state));
        assert!(matches!(outcome, Ok(Outcome::Succeeded(_))), "{outcome:?}");
    }

    fn fails(&mut self, after: u64, state: State) -> String {
        let failure = self.ask(after, Reading::Known(state)).unwrap_err();
        assert_eq!(failure.kind, FailureType::JobFailed);
        failure.message
    }
}

fn silence() -> Reading {
    Reading::Silent(Failure::new(FailureType::SystemUnavailable, "nobody there"))
}

/// Semantics 2.9: OK at the first check succeeds at once.
#[test]
fn an_entry_waits_for_the_alarm_to_end_and_no_longer() {
    let mut calm = Timeline::new(ConditionType::BeforeEntry, "20");
    calm.passes(0, State::Ok);
    let mut ends = Timeline::new(ConditionType::BeforeEntry, "20");
    let pending = ends.waits(0, State::Alarm);
    assert_eq!((pending.poll_after, pending.percent), (30, Some(0)));
    let summary = "the alarm 'high errors' is ALARM; OK or INSUFFICIENT_DATA is awaited";
    assert_eq!(pending.summary.as_deref(), Some(summary));
    let pending = ends.waits(20 * MINUTE - 4_500, State::Alarm);
    assert_eq!((pending.poll_after, pending.percent), (5, Some(99)));
    ends.passes(20 * MINUTE, State::Ok);
    let mut stays = Timeline::new(ConditionType::BeforeEntry, "20");
    stays.waits(0, State::Alarm);
    let message = stays.fails(20 * MINUTE, State::Alarm);
    assert_eq!(
        message,
        "the alarm 'high errors' is ALARM after 20 minutes, not OK or INSUFFICIENT_DATA"
    );
}

#[test]
fn a_success_is_watched_to_the_end_of_the_wait() {
    let mut calm = Timeline::new(ConditionType::OnSuccess, "60");
    calm.waits(0, State::Ok);
    calm.waits(59 * MINUTE, State::InsufficientData);
    calm.passes(60 * MINUTE, State::Ok);
    let mut goes_off = Timeline::new(ConditionType::OnSuccess, "60");
    goes_off.waits(0, State::Ok);
    let message = goes_off.fails(7 * MINUTE, State::Alarm);
    assert_eq!(
        message,
        "the alarm 'high errors' is ALARM after 7 minutes, not OK or INSUFFICIENT_DATA"
    );
    Timeline::new(ConditionType::OnSuccess, "0").passes(0, State::Ok);
}

/// Semantics 5.1.
#[test]
fn a_failure_waits_for_the_alarm_to_go_off() {
    let mut goes_off = Timeline::new(ConditionType::OnFailure, "5");
    goes_off.waits(0, State::Ok);
    goes_off.passes(2 * MINUTE, State::Alarm);
    let mut quiet = Timeline::new(ConditionType::OnFailure, "5");
    quiet.waits(0, State::Ok);
    let message = quiet.fails(5 * MINUTE, State::Ok);
    assert_eq!(
        message,
        "the alarm 'high errors' is OK after 5 minutes, not ALARM"
    );
}

#[test]
fn nobody_answering_is_no_verdict_until_it_lasts() {
    let mut watched = Timeline::new(ConditionType::OnSuccess, "1");
    for after in [0, 30_000, 60_000, 70_000] {
        let outcome = watched.ask(after, silence());
        assert!(matches!(outcome, Ok(Outcome::Pending(_))), "{outcome:?}");
    }
    watched.passes(80_000, State::Ok);
    let mut gone = Timeline::new(ConditionType::BeforeEntry, "0");
    for after in 0..4 {
        let outcome = gone.ask(after * 10_000, silence());
        let Ok(Outcome::Pending(pending)) = outcome else {
            panic!("{outcome:?}");
        };
        assert_eq!(pending.poll_after, 10);
    }
    let failure = gone.ask(40_000, silence()).unwrap_err();
    assert_eq!(failure.kind, FailureType::SystemUnavailable);
    assert_eq!(
        failure.message,
        "the alarm 'high errors' could not be read: nobody there; given up after 5 questions"
    );
}

#[test]
fn a_clock_that_is_set_back_makes_no_wait_longer() {
    let mut case = Timeline::new(ConditionType::BeforeEntry, "1");
    case.waits(1_000 * MINUTE, State::Alarm);
    case.waits(0, State::Alarm);
    case.fails(MINUTE, State::Alarm);
}

#[test]
fn every_format_tells_the_three_states() {
    let alert = |name: &str, state: &str| {
        format!(r#"{{"labels": {{"alertname": "{name}"}}, "status": {{"state": "{state}"}}}}"#)
    };
    let rules = |rules: &str| {
        format!(
            r#"{{"status": "success", "data": {{"groups": [{{"rules": []}}, {{"rules": [{rules}]}}]}}}}"#
        )
    };
    let rule = |state: &str, health: &str| {
        format!(r#"{{"name": "high errors", "state": "{state}", "health": "{health}"}}"#)
    };
    let two = format!("{},{}", rule("inactive", "ok"), rule("firing", "ok"));
    for (body, expected) in [
        ("[]".to_owned(), "OK"),
        (format!("[{}]", alert("high errors", "active")), "ALARM"),
        (
            format!("[{}]", alert("high errors", "unprocessed")),
            "ALARM",
        ),
        (format!("[{}]", alert("high errors", "suppressed")), "OK"),
        (format!("[{}]", alert("something else", "active")), "OK"),
        (rules(&rule("firing", "ok")), "ALARM"),
        (rules(&rule("pending", "ok")), "OK"),
        (rules(&rule("inactive", "nodata")), "INSUFFICIENT_DATA"),
        (rules(&two), "ALARM"),
        (r#"{"state": "alerting"}"#.to_owned(), "ALARM"),
        (r#"{"state": "Normal"}"#.to_owned(), "OK"),
        (r#"{"state": "NoData"}"#.to_owned(), "INSUFFICIENT_DATA"),
    ] {
        let wanted = [("AlarmStates", expected)];
        assert!(holds(ConditionType::OnFailure, &wanted, &body), "{body}");
    }
    let pointer = [("StatePointer", "/MetricAlarms/0/StateValue")];
    let cloudwatch = r#"{"MetricAlarms": [{"AlarmName": "x", "StateValue": "ALARM"}]}"#;
    assert!(holds(ConditionType::OnFailure, &pointer, cloudwatch));
}

#[test]
fn an_answer_that_tells_no_state_is_never_taken_for_one() {
    for (format, body, why) in [
        (
            "Auto",
            "<html>",
            "is not JSON (expected value at line 1 column 1)",
        ),
        (
            "Auto",
            "{\"status\": \"OK\"}",
            "has no text at /state; write in StatePointer",
        ),
        (
            "Auto",
            "{\"state\": \"fine\"}",
            "has 'fine' at /state, which is no state",
        ),
        (
            "Auto",
            "[{\"name\": \"high errors\"}]",
            "has an alert without labels.alertname",
        ),
        ("Alertmanager", "{}", "is no list of alerts"),
        ("Grafana", "[]", "has no data.groups"),
        (
            "Auto",
            "{\"data\": {\"groups\": []}}",
            "has no alert rule 'high errors'",
        ),
        (
            "Auto",
            "{\"data\": {\"groups\": [{\"rules\": [{\"name\": \"high errors\", \"state\": \"?\"}]}]}}",
            "says of the rule 'high errors' only '?'",
        ),
        ("Plain", "[]", "has no text at /state"),
    ] {
        let wanted = [("AlarmFormat", format)];
        for condition in [ConditionType::BeforeEntry, ConditionType::OnFailure] {
            let failure = judge(condition, &wanted, body).unwrap_err();
            let start = format!("the answer of alarms.example.com {why}");
            assert!(failure.message.starts_with(&start), "{}", failure.message);
            assert_eq!(failure.kind, FailureType::ConfigurationError);
        }
    }
}

#[test]
fn the_name_cannot_leave_its_place_in_the_address() {
    let host = FakeHost::new().on_http(|_| Ok(answer(200, "{\"state\": \"OK\"}")));
    let name = ("AlarmName", "a/../b?c=d&e\"#é");
    let job = host.job([
        name,
        ("AlarmUrl", "https://x.example.com/q?n={AlarmName}&m=1"),
    ]);
    run::<AlarmRule>(&job, &host).unwrap();
    assert_eq!(
        host.requests()[0].url,
        "https://x.example.com/q?n=a%2F..%2Fb%3Fc%3Dd%26e%22%23%C3%A9&m=1"
    );
}

#[test]
fn the_secret_stands_in_its_header_as_a_placeholder() {
    let host = FakeHost::new()
        .with_secret("ALERTS")
        .on_http(|_| Ok(answer(200, "{\"state\": \"OK\"}")));
    let secret = [("SecretName", "ALERTS"), ("SecretPrefix", "Bearer ")];
    run::<AlarmRule>(&host.job([URL, NAME, secret[0], secret[1]]), &host).unwrap();
    let value = format!("Bearer {}", FakeHost::placeholder("ALERTS"));
    let header = ("Authorization".to_owned(), value);
    assert!(host.requests()[0].headers.contains(&header));
    let denied = host.job([URL, NAME, ("SecretName", "OTHER")]);
    let failure = run::<AlarmRule>(&denied, &host).unwrap_err();
    assert_eq!(failure.kind, FailureType::PermissionError);
    assert_eq!(host.requests().len(), 1);
}

#[test]
fn a_refusal_fails_at_once_and_a_busy_service_is_asked_again() {
    use FailureType::{ConfigurationError, PermissionError};
    for (status, fails) in [
        (200, None),
        (429, None),
        (503, None),
        (301, Some(ConfigurationError)),
        (401, Some(PermissionError)),
        (404, Some(ConfigurationError)),
    ] {
        let host = FakeHost::new().on_http(move |_| {
            let body = if status == 200 {
                "{\"state\": \"ALARM\"}"
            } else {
                "no"
            };
            Ok(answer(status, body))
        });
        let job = host.job([URL, NAME, ("WaitTime", "1")]);
        match run::<AlarmRule>(&job, &host) {
            Ok(Outcome::Pending(_)) => assert_eq!(fails, None, "{status}"),
            Err(failure) => {
                assert_eq!(fails, Some(failure.kind), "{failure:?}");
                let start = format!("alarms.example.com answered {status}: no; ");
                assert!(failure.message.starts_with(&start), "{failure:?}");
            }
            other => panic!("{other:?}"),
        }
    }
    let host = FakeHost::new().on_http(|_| Err(HttpError::Timeout("silence".into())));
    let outcome = run::<AlarmRule>(&host.job([URL, NAME]), &host);
    assert!(matches!(outcome, Ok(Outcome::Pending(_))), "{outcome:?}");
    let failure = run::<AlarmRule>(&FakeHost::new().job([URL, NAME]), &FakeHost::new());
    assert_eq!(failure.unwrap_err().kind, FailureType::PermissionError);
}

#[test]
fn an_exported_rule_without_an_address_says_what_it_needs() {
    let host = FakeHost::new();
    let failure = run::<AlarmRule>(&host.job([NAME, ("WaitTime", "1")]), &host).unwrap_err();
    assert_eq!(failure.kind, FailureType::ConfigurationError);
    let start =
        "AlarmUrl: is missing, and alarms of CloudWatch itself cannot be read; write the address";
    assert!(failure.message.starts_with(start), "{}", failure.message);
    for (key, value, remedy) in [
        (
            "AlarmUrl",
            "alarms.example.com",
            "write https://host/path, with anything special as %XX",
        ),
        (
            "WaitTime",
            "86401",
            "write a whole number of minutes from 0 to 86400",
        ),
        (
            "StatePointer",
            "state",
            "write a JSON pointer, such as /state or /MetricAlarms/0/StateValue",
        ),
    ] {
        let failure = run::<AlarmRule>(&host.job([NAME, URL, (key, value)]), &host);
        let expected = format!("{key}: '{value}' will not do; {remedy}");
        assert_eq!(failure.unwrap_err().message, expected);
    }
    let secret = host.job([NAME, ("AlarmUrl", "https://me:hunter2@example.com/")]);
    let failure = run::<AlarmRule>(&secret, &host).unwrap_err();
    assert!(!failure.message.contains("hunter2"), "{}", failure.message);
}
