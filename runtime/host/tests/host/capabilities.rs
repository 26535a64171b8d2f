//! For every capability: not granted means refused before a job starts, with
//! the line that would allow it; taken away in mid-job means the next use is
//! denied; and in `describe` none answers.

use crate::bench::{ALL, collect, deed, grant, guest, host, prepare, small};
use lockgate_host::{Need, PrepareError};
use lockgate_model::job::{FailureType, Outcome};
use lockgate_model::plugin::World;

#[test]
fn a_component_that_imports_what_is_not_granted_is_refused_by_name() {
    for (missing, need, remedy) in [
        ("exec", Need::Exec, "misbehave exec"),
        ("invoke", Need::Invoke, "misbehave invoke"),
        ("http=granted.invalid", Need::Http, "misbehave http=<host>"),
        ("secret=TOKEN", Need::Secrets, "misbehave secret=<name>"),
    ] {
        let rest: Vec<&str> = ALL.into_iter().filter(|line| *line != missing).collect();
        let error = prepare(&rest, small()).unwrap_err();
        assert!(
            matches!(&error, PrepareError::NotGranted { need: n, .. } if *n == need),
            "{error}"
        );
        assert!(
            error
                .to_string()
                .ends_with(&format!("grant it with: {remedy}")),
            "{error}"
        );
        assert_eq!(error.failure().kind, FailureType::PermissionError);
    }
}

#[tokio::test]
async fn what_is_taken_away_later_stops_the_next_job_and_the_next_use() {
    let again = deed("");
    let prepared = again.prepare();
    let run = async || {
        let (log, _) = collect();
        host().run(&prepared, again.request(log)).await
    };
    assert!(matches!(run().await, Outcome::Succeeded(_)));
    prepared.regrant(grant(&["exec", "invoke", "secret=TOKEN"]));
    let outcome = run().await;
    assert!(
        matches!(&outcome, Outcome::Failed(f) if f.kind == FailureType::PermissionError && f.message.contains("http=<host>")),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn a_grant_withdrawn_in_mid_job_denies_the_next_use() {
    // The guest prints before it asks for the secret: that is the moment.
    let asks = deed("secret")
        .with("name", "TOKEN")
        .with("print-first", "1");
    let prepared = asks.prepare();
    let withdraw = prepared.clone();
    let log = lockgate_host::LogSink::new(move |_| {
        withdraw.regrant(grant(&["exec", "invoke", "http=granted.invalid"]));
    });
    let outcome = host().run(&prepared, asks.request(log)).await;
    assert!(
        matches!(&outcome, Outcome::Failed(f) if f.message.contains("grant it with: misbehave secret=TOKEN")),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn a_secret_that_is_not_granted_is_denied_by_name() {
    let done = deed("secret").with("name", "OTHER").run().await;
    assert!(
        done.refusal()
            .contains("grant it with: misbehave secret=OTHER"),
        "{}",
        done.refusal()
    );
    assert!(done.host_lines().contains("misbehave secret=OTHER"));
}

#[tokio::test]
async fn no_capability_answers_while_a_provider_describes_itself() {
    let inspection = host()
        .inspect(
            &guest("uses_capabilities_in_describe"),
            World::ActionProvider,
            small(),
        )
        .await
        .unwrap();
    let summary = &inspection.action_types[0].summary;
    for part in ["exec", "secret", "equals", "signature", "invoke", "chmod"] {
        assert!(
            summary.contains(&format!("{part} Err(Error::Denied(")),
            "{part}: {summary}"
        );
    }
    assert!(
        summary.contains("http ErrorCode::HttpRequestDenied"),
        "{summary}"
    );
    assert!(summary.contains("read Err("), "{summary}");
    assert_eq!(
        inspection.needs,
        [Need::Http, Need::Secrets, Need::Exec, Need::Invoke]
    );
}

#[tokio::test]
async fn commands_run_in_the_sandbox_with_the_jobs_directories() {
    let work = tempfile::tempdir().unwrap();
    std::fs::write(work.path().join("hello"), "from outside").unwrap();
    let done = deed("exec")
        .with("command", "cat /work/hello")
        .write("/work", work.path())
        .run()
        .await;
    assert_eq!(done.result(), "Ending::Code(0) from outside");
    let done = deed("exec")
        .with("command", "echo to the log")
        .with("output", "stream")
        .run()
        .await;
    assert_eq!(done.result(), "Ending::Code(0) ");
    assert!(
        done.log.iter().any(|(_, text)| text == "to the log"),
        "{:?}",
        done.log
    );
}

#[tokio::test]
async fn a_command_ends_with_its_job() {
    let started = std::time::Instant::now();
    let done = deed("exec")
        .with("command", "sleep 600")
        .limits(|limits| limits.seconds = 1)
        .run()
        .await;
    assert!(!matches!(done.outcome, Outcome::Succeeded(_)) || done.result().contains("Timeout"));
    assert!(started.elapsed() < std::time::Duration::from_secs(4));
}

#[tokio::test]
async fn commands_have_no_network_unless_it_is_granted() {
    let ask = || deed("exec").with("command", "cat /proc/net/dev");
    let without = ask().run().await;
    let with = ask().granted("exec-network").run().await;
    let lines = |text: &str| text.lines().count();
    assert!(
        lines(without.result()) < lines(with.result()),
        "{} {}",
        without.result(),
        with.result()
    );
}
