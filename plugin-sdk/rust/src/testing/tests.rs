//! The fake host denies what it was not told to allow, and does with files what
//! the contract says.

use super::FakeHost;
use crate::{
    ArtifactError, Command, Ending, ExecError, Host, HttpError, InvokeError, PipelineError,
    PipelineStart, Request, Response, SecretError, Target,
};
use std::fs;
use std::os::unix::fs::symlink;

#[test]
fn what_has_no_script_is_denied_and_still_remembered() {
    let host = FakeHost::new();
    let exec = host.exec(&Command::new(["git", "fetch"]));
    assert!(matches!(exec, Err(ExecError::Denied(_))));
    let http = host.http(&Request::get("https://example.com"));
    assert!(matches!(http, Err(HttpError::Denied(_))));
    let invoke = host.invoke(&Target::Plugin("hello".into()), "{}");
    assert!(matches!(invoke, Err(InvokeError::Denied(_))));
    let secret = host.secret_placeholder("TOKEN");
    assert!(matches!(secret, Err(SecretError::Denied(_))));
    assert_eq!(host.commands()[0].arguments, ["git", "fetch"]);
    assert_eq!(host.requests()[0].url, "https://example.com");
    assert_eq!(host.calls().len(), 1);
    let start = PipelineStart {
        pipeline: "Deploy".into(),
        ..PipelineStart::default()
    };
    let pipeline = host.start_pipeline(&start);
    assert!(matches!(pipeline, Err(PipelineError::Denied(_))));
    assert_eq!(host.pipeline_starts(), [start]);
}

#[test]
fn a_response_longer_than_the_limit_reaches_no_sink() {
    let host = FakeHost::new().on_http(|_| {
        Ok(Response {
            status: 200,
            body: vec![0; 100],
            ..Response::default()
        })
    });
    let mut sink = Vec::new();
    let request = Request::get("https://example.com").limit(99);
    let error = host.http_to(&request, &mut sink).unwrap_err();
    assert!(matches!(error, HttpError::TooLong { limit: 99, .. }));
    assert!(sink.is_empty());
    let response = host.http(&request.limit(100)).unwrap();
    assert_eq!(response.body.len(), 100);
}

#[test]
fn commands_can_really_run_in_the_directory_for_work() {
    let host = FakeHost::new().running_commands();
    let command = Command::new(["sh", "-c", "cat; pwd; exit $CODE"])
        .variable("CODE", "3")
        .input("in\n")
        .capture();
    let exit = host.exec(&command).unwrap();
    assert_eq!(exit.ending, Ending::Code(3));
    let work = host.work().canonicalize().unwrap();
    let expected = format!("in\n{}\n", work.display());
    assert_eq!(String::from_utf8(exit.output).unwrap(), expected);
    let absent = host.exec(&Command::new(["no-such-program"]));
    assert!(matches!(absent, Err(ExecError::NotFound(_))));
}

#[test]
fn a_tree_is_copied_with_its_modes_and_links() {
    let host = FakeHost::new();
    let source = host
        .input("App", &[("bin/run", "#!/bin/sh"), ("data", "1")])
        .path;
    symlink("bin/run", source.join("start")).unwrap();
    let copy = host.work().join("copy");
    host.copy_tree(&source, &copy).unwrap();
    host.set_executable(&copy.join("bin/run"), true).unwrap();
    assert_eq!(host.mode(&copy.join("bin/run")).unwrap() & 0o111, 0o111);
    assert_eq!(
        fs::read_link(copy.join("start")).unwrap().to_str(),
        Some("bin/run")
    );
    let again = host.output("Out").path;
    host.copy_tree(&copy, &again).unwrap();
    assert_eq!(host.mode(&again.join("bin/run")).unwrap() & 0o111, 0o111);
    let full = host.copy_tree(&source, &copy);
    assert!(matches!(full, Err(ArtifactError::Failed(_))), "{full:?}");
}

#[test]
fn a_link_is_replaced_in_one_step_and_a_directory_never() {
    let host = FakeHost::new();
    let (current, next) = (host.work().join("current"), host.work().join("next"));
    host.make_symlink("releases/1", &current).unwrap();
    host.make_symlink("releases/2", &next).unwrap();
    host.replace(&next, &current).unwrap();
    assert_eq!(
        fs::read_link(&current).unwrap().to_str(),
        Some("releases/2")
    );
    fs::create_dir(host.work().join("folder")).unwrap();
    let refused = host.replace(&current, &host.work().join("folder"));
    assert!(
        matches!(refused, Err(ArtifactError::Failed(_))),
        "{refused:?}"
    );
}

#[test]
fn inputs_are_read_only_and_the_rest_of_the_machine_is_out_of_reach() {
    let elsewhere = tempfile::TempDir::new().unwrap();
    let host = FakeHost::new();
    let input = host.input("App", &[("data", "1")]).path.join("data");
    assert!(host.mode(&input).is_ok());
    let written = host.set_mode(&input, 0o600);
    assert!(
        matches!(written, Err(ArtifactError::Denied(_))),
        "{written:?}"
    );
    let outside = host.mode(elsewhere.path());
    assert!(
        matches!(outside, Err(ArtifactError::Denied(_))),
        "{outside:?}"
    );
    let host = host.with_directory(elsewhere.path());
    assert!(host.mode(elsewhere.path()).is_ok());
}

#[test]
fn a_signature_fits_where_the_test_says_so_and_the_secret_is_granted() {
    let host = FakeHost::new()
        .with_secret("HOOK")
        .with_signature(b"message", b"signature");
    let fits = |message: &[u8], signature: &[u8]| {
        host.verify_hmac_sha256("HOOK", message, signature).unwrap()
    };
    assert!(fits(b"message", b"signature"));
    assert!(!fits(b"message", b"other") && !fits(b"other", b"signature"));
    let own = FakeHost::placeholder("HOOK");
    assert!(host.secret_equals("HOOK", &own).unwrap());
    assert!(!host.secret_equals("HOOK", "guess").unwrap());
    for answer in [
        host.verify_hmac_sha256("OTHER", b"message", b"signature"),
        host.secret_equals("OTHER", ""),
    ] {
        assert!(matches!(answer, Err(SecretError::Denied(_))));
    }
}
