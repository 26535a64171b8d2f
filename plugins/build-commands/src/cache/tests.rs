//! Caches from build to build, with real shells and real files.

use crate::BuildCommands;
use lockgate_plugin::testing::FakeHost;
use lockgate_plugin::{Failure, FailureType, Outcome};
use std::fs;

/// One build of an action with these `cache.paths`, in a fresh working
/// directory as every job has one. The source holds `src/own.txt`.
fn build(host: &FakeHost<'_>, paths: &str, commands: &str) -> Result<Outcome, Failure> {
    fs::remove_dir_all(host.work()).unwrap();
    fs::create_dir(host.work()).unwrap();
    let spec = format!(
        "version: 0.2\nphases: {{build: {{commands: [{commands}]}}}}\ncache: {{paths: [{paths}]}}\n"
    );
    let mut job = host.job([("BuildSpec", spec.as_str())]);
    job.input_artifacts = vec![host.input("App", &[("own.txt", "own"), ("deps/own", "own")])];
    lockgate_plugin::run::<BuildCommands>(&job, host)
}

#[test]
fn what_a_build_keeps_the_next_one_finds_with_modes_and_links() {
    let host = FakeHost::new().running_commands().with_cache();
    let paths = "'deps/**/*', '/root/.m2/**/*', 'out/*.o', build.cache, none";
    build(
        &host,
        paths,
        "'test ! -e deps/a && test ! -e ~/.m2', \
         'mkdir -p deps/d ~/.m2/r out && echo 1 > deps/a && echo x > deps/d/x && ln -s a deps/link', \
         'echo jar > ~/.m2/r/jar && chmod 700 ~/.m2/r/jar && chmod 500 ~/.m2/r', \
         'echo o > out/a.o && echo c > out/a.c && echo b > build.cache && echo n > not-kept'",
    )
    .unwrap();
    assert!(host.log_text().contains("Cache: nothing is kept yet"));
    build(
        &host,
        paths,
        "'test \"$(cat deps/a deps/d/x deps/own)\" = \"$(printf \"1\\nx\\nown\")\"', \
         'test \"$(readlink deps/link)\" = a && test -x ~/.m2/r/jar && test $(stat -c %a ~/.m2/r) = 500', \
         'test -f out/a.o && test ! -e out/a.c && test -f build.cache && test ! -e not-kept', \
         'echo 2 > deps/a && rm build.cache'",
    )
    .unwrap_or_else(|failure| panic!("{}\n{}", failure.message, host.log_text()));
    // What is gone is kept no more, and nothing is left of earlier caches.
    build(
        &host,
        paths,
        "'test \"$(cat deps/a)\" = 2 && test ! -e build.cache'",
    )
    .unwrap();
    let left: Vec<_> = fs::read_dir(host.cache()).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
    let log = host.log_text();
    let line = "Cache: restored deps/**/*, /root/.m2/**/*, out/*.o, build.cache";
    assert!(log.lines().any(|l| l == line), "{log}");
}

#[test]
fn a_build_that_fails_keeps_nothing_new() {
    let host = FakeHost::new().running_commands().with_cache();
    build(&host, "deps/a", "'echo 1 > deps/a'").unwrap();
    build(&host, "deps/a", "'echo 2 > deps/a', 'false'").unwrap_err();
    build(&host, "deps/a", "'test \"$(cat deps/a)\" = 1'").unwrap();
}

#[test]
fn what_the_source_has_is_stronger_than_what_is_kept() {
    let host = FakeHost::new().running_commands().with_cache();
    let all = "'**/*', deps, 'deps/*', 'deps/o*'";
    build(
        &host,
        all,
        "'echo changed > own.txt; echo changed > deps/own; echo new > deps/new'",
    )
    .unwrap();
    build(
        &host,
        all,
        "'test \"$(cat own.txt deps/own deps/new)\" = ownownnew'",
    )
    .unwrap_or_else(|failure| panic!("{}\n{}", failure.message, host.log_text()));
}

#[test]
fn without_a_cache_a_build_runs_and_its_log_says_so() {
    let host = FakeHost::new().running_commands();
    build(&host, "deps", "'true'").unwrap();
    assert!(host.log_text().contains("Cache: this job has none"));
    assert!(!host.cache().exists());
}

#[test]
fn a_cache_that_cannot_be_kept_or_restored_is_a_warning() {
    let host = FakeHost::new().running_commands().with_cache();
    // A name that cannot be matched; the build is as good without it.
    build(
        &host,
        "deps/**/*.x",
        "'touch \"$(printf \"deps/\\377.x\")\"'",
    )
    .unwrap();
    let log = host.log_text();
    assert!(log.contains("Cache: nothing is kept: "), "{log}");
    assert!(!host.cache().join("next").exists());
}

#[test]
fn paths_that_are_not_kept_are_refused_all_at_once() {
    let host = FakeHost::new();
    let failure = build(
        &host,
        "/var/cache/**, /rooted, ../x, 'a/../../b', '*', /root, '~/**/*'",
        "'true'",
    )
    .unwrap_err();
    assert_eq!(failure.kind, FailureType::ConfigurationError);
    assert!(host.commands().is_empty());
    let root = host.root().display().to_string();
    insta::assert_snapshot!(
        failure
            .message
            .replace(&root, "")
            .replace("; line", "\nline")
    );

    let work = host.work().display().to_string();
    let own = format!("'{work}/session/x', '{work}/*', '{work}'");
    let failure = build(&host, &own, "'true'").unwrap_err();
    assert_eq!(failure.message.matches("the build's own files").count(), 3);
}
