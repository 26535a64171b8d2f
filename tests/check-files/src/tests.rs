use super::CheckFiles;
use lockgate_plugin::testing::FakeHost;
use lockgate_plugin::{Outcome, run};

#[test]
fn an_artifact_with_what_it_should_hold_passes() {
    let host = FakeHost::new();
    let mut job = host.job([]);
    job.input_artifacts
        .push(host.input("App", &[("README.md", "# App"), ("src/main.rs", "")]));
    let Ok(Outcome::Succeeded(success)) = run::<CheckFiles>(&job, &host) else {
        panic!("did not pass");
    };
    assert_eq!(success.variables, [("Files".into(), "2".into())]);
}

#[test]
fn a_file_that_is_too_large_fails_the_action_and_is_logged() {
    let host = FakeHost::new();
    let mut job = host.job([("MaximumBytes", "3")]);
    job.input_artifacts
        .push(host.input("App", &[("README.md", "# App")]));
    let failure = run::<CheckFiles>(&job, &host).unwrap_err();
    assert!(failure.message.starts_with("more than 3 bytes: "));
    assert!(host.log_text().ends_with("README.md has 5 bytes"));
}

#[test]
fn a_mistake_in_the_configuration_is_named() {
    let host = FakeHost::new();
    let failure = run::<CheckFiles>(&host.job([("MaximumBytes", "1 MB")]), &host).unwrap_err();
    assert_eq!(
        failure.message,
        "MaximumBytes: '1 MB' will not do; write a whole number from 0 to 18446744073709551615"
    );
}
