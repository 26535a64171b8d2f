//! Whole deployments against the fake host, with real directories and scripts.

mod world;

use lockgate_plugin::FailureType;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use world::{Ended, World, names};

const URL: &str = "http://127.0.0.1:8080/health";

#[test]
fn an_artifact_without_an_appspec_is_the_release() {
    let world = World::new();
    let ended = world.deploy("e1", &[("index.html", "one"), ("a/b", "c")]);
    let success = ended.success();
    assert_eq!(world.read("current/index.html"), "one");
    assert_eq!(world.read("current/a/b"), "c");
    let release = world.target().join("releases/e1").display().to_string();
    assert_eq!(
        success.variables,
        [
            ("ReleaseId".to_owned(), "e1".to_owned()),
            ("ReleasePath".to_owned(), release),
            ("PreviousReleaseId".to_owned(), String::new())
        ]
    );
    let second = world.deploy("e2", &[("index.html", "two")]).success();
    assert_eq!(world.read("current/index.html"), "two");
    assert_eq!(second.variables[2].1, "e1");
    assert_eq!(
        fs::metadata(world.target().join("releases/e2"))
            .unwrap()
            .permissions()
            .mode()
            & 0o777,
        0o755
    );
}

#[test]
fn the_same_job_twice_is_one_release() {
    let world = World::new();
    world.deploy("e1", &[("a", "1")]).success();
    let first = world.deploy("e2", &[("a", "2")]).success();
    let again = world.deploy("e2", &[("a", "2")]).success();
    assert_eq!(first, again);
    assert_eq!(world.releases(), ["e1", "e2"]);
}

#[test]
fn what_a_killed_attempt_left_is_made_anew() {
    let world = World::new();
    world.deploy("e1", &[("a", "1")]).success();
    // As it is after a kill in the middle of copying: begun, half there.
    let target = world.target();
    fs::create_dir_all(target.join("releases/e2/half")).unwrap();
    fs::set_permissions(
        target.join("releases/e2/half"),
        fs::Permissions::from_mode(0o500),
    )
    .unwrap();
    fs::write(
        target.join(".lockgate/site.json"),
        r#"{"good":["e1"],"begun":["e0","e2"]}"#,
    )
    .unwrap();
    fs::create_dir(target.join("releases/e0")).unwrap();
    std::os::unix::fs::symlink("releases/e2", target.join(".lockgate/next")).unwrap();
    world.deploy("e2", &[("a", "2")]).success();
    assert_eq!(names(&target.join("releases/e2")), ["a"]);
    assert_eq!(world.releases(), ["e1", "e2"]);
}

#[test]
fn an_attempt_killed_after_the_switch_is_finished_and_not_copied_again() {
    let world = World::new().with("HealthCheckUrl", URL);
    world.deploy("e1", &[("a", "1")]).success();
    world.answers.borrow_mut().push(503);
    world.deploy("e2", &[("a", "2")]).pending();
    // The continuation was lost with the attempt; the site knows enough.
    world.continuation.take();
    fs::write(world.target().join("releases/e2/mark"), "").unwrap();
    world.deploy("e2", &[("a", "2")]).success();
    assert!(world.target().join("current/mark").exists());
}

#[test]
fn old_releases_go_but_never_the_current_or_the_one_before() {
    let world = World::new().with("KeepReleases", "1");
    for execution in ["e1", "e2", "e3", "e4"] {
        world.deploy(execution, &[("a", execution)]).success();
    }
    assert_eq!(world.releases(), ["e3", "e4"]);
    assert_eq!(world.current().as_deref(), Some("e4"));
}

const APPSPEC: &str = r#"
version: 0.0
os: linux
files:
  - source: site
    destination: /
  - source: conf/app.conf
    destination: TARGET/etc
  - source: conf
    destination: etc/extra
permissions:
  - object: /
    pattern: '*.sh'
    except: ['keep.sh']
    mode: 750
    type: [file]
  - object: TARGET/etc
    mode: 700
    type: [directory]
hooks:
  ApplicationStop: [{location: h.sh}]
  BeforeInstall: [{location: h.sh}]
  AfterInstall: [{location: h.sh}]
  ApplicationStart: [{location: h.sh}]
  ValidateService: [{location: h.sh, timeout: 5}]
"#;

/// Says when it runs and what it sees, and fails where the artifact says so.
const HOOK: &str = r#"#!/bin/sh
present=no; [ -e "$RELEASE_PATH/index.html" ] && present=yes
current=$(readlink "$TARGET_DIRECTORY/current")
echo "$LIFECYCLE_EVENT of $(cat name) app=$APPLICATION_NAME/$DEPLOYMENT_GROUP_NAME id=$DEPLOYMENT_ID installed=$present $current"
[ "$LIFECYCLE_EVENT" != "$(cat fail)" ]
"#;

fn hooked(world: &World, name: &str, fail: &str) -> Ended {
    let spec = APPSPEC.replace("TARGET", &world.target().display().to_string());
    world.deploy(
        name,
        &[
            ("appspec.yml", &spec),
            ("h.sh", HOOK),
            ("name", name),
            ("fail", fail),
            ("site/index.html", name),
            ("site/run.sh", ""),
            ("site/keep.sh", ""),
            ("conf/app.conf", "x"),
        ],
    )
}

fn said(log: &str) -> Vec<&str> {
    log.lines().filter(|line| line.contains(" app=")).collect()
}

#[test]
fn files_modes_and_hooks_are_as_the_appspec_says() {
    let world = World::new().with("ApplicationName", "shop");
    let ended = hooked(&world, "e1", "");
    assert_eq!(
        said(&ended.log),
        [
            "BeforeInstall of e1 app=shop/Action id=e1 installed=no ",
            "AfterInstall of e1 app=shop/Action id=e1 installed=yes ",
            "ApplicationStart of e1 app=shop/Action id=e1 installed=yes releases/e1",
            "ValidateService of e1 app=shop/Action id=e1 installed=yes releases/e1",
        ]
    );
    ended.success();
    let current = world.target().join("current");
    assert_eq!(names(&current), ["etc", "index.html", "keep.sh", "run.sh"]);
    let mode = |path: &str| {
        let metadata = fs::metadata(current.join(path)).unwrap();
        metadata.permissions().mode() & 0o777
    };
    assert_eq!(mode("run.sh"), 0o750);
    assert_ne!(mode("keep.sh"), 0o750);
    assert_eq!(mode("etc/extra"), 0o700);
    assert_eq!(world.read("current/etc/app.conf"), "x");
    assert_eq!(world.read("current/etc/extra/app.conf"), "x");

    let ended = hooked(&world, "e2", "");
    assert_eq!(
        said(&ended.log)[0],
        "ApplicationStop of e1 app=shop/Action id=e2 installed=yes releases/e1"
    );
    ended.success();
}

#[test]
fn a_failure_before_the_switch_changes_nothing() {
    for event in ["BeforeInstall", "AfterInstall"] {
        let world = World::new();
        hooked(&world, "e1", "").success();
        let before = world.read(".lockgate/site.json");
        let ended = hooked(&world, "e2", event);
        let log = said(&ended.log)
            .last()
            .copied()
            .unwrap_or_default()
            .to_owned();
        assert!(log.starts_with("ApplicationStart of e1"), "{log}");
        let failure = ended.failure();
        assert_eq!(
            failure.message,
            format!("hook {event} (h.sh) failed with exit code 1; nothing was switched")
        );
        assert_eq!(world.current().as_deref(), Some("e1"));
        assert_eq!(world.releases(), ["e1"]);
        assert_eq!(world.read(".lockgate/site.json"), before);
        assert_eq!(names(&world.target().join(".lockgate/archives")), ["e1"]);
    }
}

#[test]
fn a_failure_after_the_switch_returns_to_the_last_good_release() {
    for event in ["ApplicationStart", "ValidateService"] {
        let world = World::new();
        hooked(&world, "e1", "").success();
        let ended = hooked(&world, "e2", event);
        let log = said(&ended.log)
            .last()
            .copied()
            .unwrap_or_default()
            .to_owned();
        assert!(
            log.starts_with("ApplicationStart of e1") && log.ends_with("releases/e1"),
            "{log}"
        );
        let failure = ended.failure();
        assert_eq!(failure.kind, FailureType::JobFailed);
        assert_eq!(
            failure.message,
            format!("hook {event} (h.sh) failed with exit code 1; release e1 is current again")
        );
        assert_eq!(world.current().as_deref(), Some("e1"));
        assert_eq!(world.releases(), ["e1"]);
        hooked(&world, "e2", "").success();
        assert_eq!(world.current().as_deref(), Some("e2"));
    }
}

#[test]
fn a_first_release_that_fails_leaves_none() {
    let world = World::new();
    let failure = hooked(&world, "e1", "ValidateService").failure();
    assert!(
        failure
            .message
            .ends_with("there is no earlier release, so none is current now"),
        "{}",
        failure.message
    );
    assert_eq!(world.current(), None);
    assert!(world.releases().is_empty());
}

#[test]
fn a_health_check_is_asked_again_until_it_is_good() {
    let world = World::new().with("HealthCheckUrl", URL);
    world.answers.replace(vec![0, 503]);
    let pending = world.deploy("e1", &[("a", "1")]).pending();
    assert_eq!(pending.poll_after, 1);
    assert_eq!(pending.external_url.as_deref(), Some(URL));
    assert!(pending.summary.unwrap().contains("nobody listens"));
    assert_eq!(world.current().as_deref(), Some("e1"));
    world.deploy("e1", &[("a", "1")]).pending();
    let success = world.deploy("e1", &[("a", "1")]).success();
    assert_eq!(success.external_url.as_deref(), Some(URL));
    assert_eq!(world.asked.get(), 3);
}

#[test]
fn a_health_check_that_stays_bad_returns_to_the_last_good_release() {
    let world = World::new()
        .with("HealthCheckUrl", URL)
        .with("HealthCheckTimeoutSeconds", "0");
    world.deploy("e1", &[("a", "1")]).success();
    world.answers.replace(vec![500]);
    let failure = world.deploy("e2", &[("a", "2")]).failure();
    assert_eq!(
        failure.message,
        "the health check http://127.0.0.1:8080/health was not good within 0 seconds: it answers 500; release e1 is current again"
    );
    assert_eq!(failure.external_url.as_deref(), Some(URL));
    assert_eq!(world.current().as_deref(), Some("e1"));
    assert_eq!(world.read("current/a"), "1");
}

#[test]
fn a_health_check_past_its_time_fails_when_it_is_asked_again() {
    let world = World::new().with("HealthCheckUrl", URL);
    world.deploy("e1", &[("a", "1")]).success();
    world.answers.replace(vec![500, 500]);
    world.deploy("e2", &[("a", "2")]).pending();
    let late = r#"{"release":"e2","until":1,"asked":7}"#;
    world.continuation.replace(Some(late.into()));
    let failure = world.deploy("e2", &[("a", "2")]).failure();
    assert!(
        failure
            .message
            .contains("within 60 seconds: it answers 500")
    );
    assert_eq!(world.current().as_deref(), Some("e1"));
}

#[test]
fn a_health_check_that_is_not_granted_is_no_health_check() {
    let world = World::new().with("HealthCheckUrl", URL);
    world.deploy("e1", &[("a", "1")]).success();
    world.answers.replace(vec![1]);
    let failure = world.deploy("e2", &[("a", "2")]).failure();
    assert_eq!(failure.kind, FailureType::PermissionError);
    assert!(
        failure
            .message
            .contains("HealthCheckUrl: http=x is not granted")
    );
    assert_eq!(world.current().as_deref(), Some("e1"));
}

#[test]
fn a_release_that_was_never_checked_is_not_one_to_return_to() {
    let world = World::new()
        .with("HealthCheckUrl", URL)
        .with("HealthCheckTimeoutSeconds", "5");
    world.deploy("e1", &[("a", "1")]).success();
    world.answers.replace(vec![500]);
    world.deploy("e2", &[("a", "2")]).pending();
    // Nobody comes back for e2; e3 is deployed over it.
    world.continuation.take();
    let success = world.deploy("e3", &[("a", "3")]).success();
    assert_eq!(success.variables[2].1, "e1");
    assert_eq!(world.releases(), ["e1", "e3"]);
}

#[test]
fn what_is_wrong_is_said_before_anything_is_done() {
    let appspec = "version: 0.0\nos: linux\nfiles:\n  - source: dist\n    destination: /\nhooks:\n  AfterInstall:\n    - location: none.sh\n";
    let mut messages = vec![];
    for (key, value) in [
        ("AppSpec", "none.yml"),
        ("AppSpec", "../x.yml"),
        ("HealthCheckUrl", "localhost:80"),
        ("KeepReleases", "-1"),
        ("ApplicationName", "x"),
    ] {
        let world = World::new().with(key, value);
        let failure = world
            .deploy("e1", &[("appspec.yml", appspec), ("a", "1")])
            .failure();
        assert_eq!(failure.kind, FailureType::ConfigurationError, "{failure:?}");
        assert!(!world.target().exists());
        messages.push(failure.message);
    }
    insta::assert_snapshot!(messages.join("\n"));
}

#[test]
fn two_entries_for_one_file_and_modes_for_nothing_are_refused() {
    for (rest, said) in [
        (
            "files: [{source: a, destination: /}, {source: x/a, destination: /}]\n",
            "line 3: files: two entries copy to ",
        ),
        (
            "files: [{source: a, destination: /}]\npermissions: [{object: b, mode: 644}]\n",
            "line 4: permissions: the object 'b' is not in the release",
        ),
    ] {
        let world = World::new();
        let spec = format!("version: 0.0\nos: linux\n{rest}");
        let failure = world
            .deploy("e1", &[("appspec.yml", &spec), ("a", "1"), ("x/a", "2")])
            .failure();
        assert!(failure.message.starts_with(said), "{}", failure.message);
        assert!(world.releases().is_empty());
    }
}

#[test]
fn a_target_that_cannot_be_used_names_the_grant() {
    let world = World::new();
    fs::write(world.target(), "a file").unwrap();
    let failure = world.deploy("e1", &[("a", "1")]).failure();
    assert_eq!(failure.kind, FailureType::PermissionError);
    assert!(
        failure.message.contains("'deploy-files write="),
        "{}",
        failure.message
    );

    let world = World::new();
    fs::create_dir_all(world.target().join("current")).unwrap();
    let failure = world.deploy("e1", &[("a", "1")]).failure();
    assert!(
        failure.message.contains("move it away"),
        "{}",
        failure.message
    );
}
