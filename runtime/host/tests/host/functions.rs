//! Function components: called by the host, by a guest from a file, and by a
//! guest by name; each in a sandbox of its own.

use crate::bench::{NONE, collect, deed, guest, host, small};
use lockgate_host::{Functions, InvokeError, LogSink, Plugin, Prepared};
use lockgate_model::grant::Grant;
use lockgate_model::limits::Limits;
use lockgate_model::plugin::World;
use std::sync::Arc;

fn function(limits: Limits) -> Arc<Prepared> {
    let plugin = Plugin {
        name: "function",
        world: World::Function,
        grant: &Grant::default(),
        optional: &NONE,
        limits,
    };
    host().prepare(&guest("function"), plugin).unwrap()
}

#[tokio::test]
async fn a_function_answers_fails_and_faults() {
    let function = function(Limits {
        seconds: 1,
        ..small()
    });
    let (log, lines) = collect();
    let answer = host().call_function(&function, "{}", log).await;
    assert_eq!(answer.unwrap(), "[{}]");
    assert_eq!(lines.lock().unwrap()[0].text, "event: {}");
    let call = async |event: &str| {
        host()
            .call_function(&function, event, LogSink::discard())
            .await
            .unwrap_err()
    };
    assert_eq!(
        call("\"fail\"").await,
        InvokeError::Failed("as you wish".into())
    );
    assert!(
        matches!(call("\"panic\"").await, InvokeError::Faulted(why) if why.contains("a function that panics"))
    );
    assert!(
        matches!(call("\"loop\"").await, InvokeError::Faulted(why) if why.contains("time was over"))
    );
}

#[tokio::test]
async fn a_guest_calls_a_function_from_a_file_of_its_job_and_sees_its_log() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("f.wasm"), guest("function")).unwrap();
    std::fs::write(dir.path().join("bad.wasm"), "no component").unwrap();
    std::os::unix::fs::symlink("f.wasm", dir.path().join("link.wasm")).unwrap();
    let call = |file: &str, event: &str| {
        deed("invoke")
            .with("file", file)
            .with("event", event)
            .read("/in/app", dir.path())
    };
    let done = call("/in/app/f.wasm", "{\"a\":1}").run().await;
    assert_eq!(done.result(), "[{\"a\":1}]");
    assert!(done.log.iter().any(|(_, text)| text == "event: {\"a\":1}"));
    // It sees none of the job's directories.
    assert_eq!(
        call("/in/app/f.wasm", "\"files\"").run().await.result(),
        "false"
    );
    for (file, event, expected) in [
        (
            "/in/app/f.wasm",
            "\"fail\"",
            "Error::Failed(\"as you wish\")",
        ),
        ("/in/app/f.wasm", "\"panic\"", "Error::Faulted("),
        ("/in/app/bad.wasm", "", "not a WebAssembly component"),
        ("/in/app/link.wasm", "", "Error::Denied("),
        ("/in/app/none.wasm", "", "Error::NotFound("),
        ("/in/app/../f.wasm", "", "Error::Denied("),
        ("/etc/passwd", "", "Error::Denied("),
        ("/in/app", "", "Error::"),
    ] {
        let done = call(file, event).run().await;
        assert!(
            done.refusal().contains(expected),
            "{file}: {}",
            done.refusal()
        );
    }
}

#[tokio::test]
async fn a_function_has_no_more_time_than_the_job_that_called_it() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("f.wasm"), guest("function")).unwrap();
    let started = std::time::Instant::now();
    deed("invoke")
        .with("file", "/in/app/f.wasm")
        .with("event", "\"loop\"")
        .read("/in/app", dir.path())
        .limits(|limits| limits.seconds = 2)
        .run()
        .await;
    assert!(started.elapsed() < std::time::Duration::from_secs(5));
}

#[tokio::test]
async fn a_guest_calls_an_installed_function_by_name() {
    let function = function(small());
    let functions = Functions::new(move |name| (name == "greet").then(|| function.clone()));
    let call = |name: &str| {
        deed("invoke")
            .with("plugin", name)
            .with("event", "1")
            .functions(functions.clone())
    };
    assert_eq!(call("greet").run().await.result(), "[1]");
    let missing = call("other").run().await;
    assert!(
        missing.refusal().contains("no plugin 'other'"),
        "{}",
        missing.refusal()
    );
}
