//! CodeBuild's own action types in the real host: the buildspec of the source,
//! whatever the project is called.

use lockgate_model::job::{FailureType, Outcome};
use lockgate_test_providers::{Bench, Ran, prepare};

const SPEC: &str = "version: 0.2\nenv: {exported-variables: [P]}\nphases: {build: {commands: ['P=$CODEBUILD_PROJECT', 'test ! -e fail']}}\n";

async fn built(action_type: &str, files: &[&str], extra: &[(&str, &str)]) -> Ran {
    let configuration = [&[("ProjectName", "webshop")], extra].concat();
    let mut all = vec![("buildspec.yml", SPEC)];
    all.extend(files.iter().map(|file| (*file, "")));
    let bench = Bench::new(action_type, &configuration).takes("Source", &all);
    bench
        .run(&prepare("build-commands", &["exec"]).unwrap())
        .await
}

/// semantics 2.9
#[tokio::test]
async fn a_project_is_built_and_judged_by_the_buildspec_of_its_source() {
    for action_type in [
        "Build/AWS/CodeBuild/1",
        "Test/AWS/CodeBuild/1",
        "Rule/AWS/CodeBuild/1",
    ] {
        let ran = built(action_type, &[], &[]).await;
        assert_eq!(ran.success().variables["P"], "webshop", "{action_type}");
        let ran = built(action_type, &["fail"], &[]).await;
        let failure = ran.failure();
        assert_eq!(failure.kind, FailureType::JobFailed, "{action_type}");
        assert_eq!(
            failure.message,
            "build command 2 of 2 failed with exit code 1: test ! -e fail"
        );
    }
}

#[tokio::test]
async fn a_batch_build_and_a_buildspec_that_is_not_there_are_refused() {
    for (key, value) in [("BatchEnabled", "true"), ("BuildSpec", "absent.yml")] {
        let ran = built("Rule/AWS/CodeBuild/1", &[], &[(key, value)]).await;
        let Outcome::Failed(failure) = &ran.outcome else {
            panic!("{ran:?}");
        };
        assert_eq!(failure.kind, FailureType::ConfigurationError);
        assert!(failure.message.starts_with(key), "{failure:?}");
    }
}
