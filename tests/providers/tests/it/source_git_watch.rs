//! What changed since the last look: branches and tags that moved or appeared,
//! over HTTP and on this machine, through the component in the real host.

use crate::forge::Forge;
use lockgate_host::Prepared;
use lockgate_model::change::ChangeKind;
use lockgate_model::job::{Detection, FailureType, Watch};
use lockgate_test_providers::{Bench, prepare};
use std::sync::Arc;

const ALL: Watch = Watch {
    all_branches: true,
    tags: true,
    files: true,
};

/// The forge's repository over HTTP, and as a directory.
fn ways(forge: &Forge) -> Vec<(Bench, Arc<Prepared>)> {
    let path = forge.bare();
    let read = prepare("source-git", &[&format!("read={path}")]).unwrap();
    vec![
        (forge.with(&[]), forge.provider()),
        (forge.with(&[("RepositoryUrl", &path)]), read),
    ]
}

/// One line for each change: what, whether its commit is the named one, files.
fn told(forge: &Forge, detection: &Detection) -> Vec<String> {
    let line = |change: &lockgate_model::change::SourceChange| {
        let (kind, reference) = match &change.kind {
            ChangeKind::Branch { name, created } => {
                let kind = if *created { "new" } else { "moved" };
                (format!("{kind} {name}"), format!("refs/heads/{name}"))
            }
            ChangeKind::Tag { name } => (format!("tag {name}"), format!("refs/tags/{name}")),
            ChangeKind::PullRequest { number, .. } => (format!("request {number}"), "HEAD".into()),
        };
        let commit = format!("{reference}^{{commit}}");
        let bare = forge.bare();
        let id = forge
            .repository
            .git(&["--git-dir", &bare, "rev-parse", &commit]);
        assert_eq!(change.revision.id, id, "{kind}");
        match &change.files {
            Some(files) => format!("{kind}: {}", files.join(" ")),
            None => kind,
        }
    };
    detection.changes.iter().map(line).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_look_remembers_and_the_next_tells_what_moved() {
    let forge = Forge::new();
    for (bench, provider) in ways(&forge) {
        forge.repository.git(&["checkout", "-q", "main"]);
        let first = bench.watch(&provider, None, ALL).await.unwrap();
        assert_eq!(first.changes, []);
        assert!(first.newest.is_some());
        let again = bench.watch(&provider, Some(&first.cursor), ALL).await;
        let again = again.unwrap();
        assert_eq!(again.changes, []);
        assert_eq!(again.cursor, first.cursor);

        let run = forge.server.requests();
        forge.push(&[("src/main.rs", Some(&format!("{run}\n")))]);
        forge.branch(&format!("feature/{run}"));
        forge.push(&[("src/cart/total.rs", Some(&format!("{run}\n")))]);
        let tag = format!("v{run}");
        forge.repository.git(&["tag", "-a", "-m", "one", &tag]);
        forge.repository.git(&["push", "-q", "origin", &tag]);
        let next = bench.watch(&provider, Some(&first.cursor), ALL).await;
        let next = next.unwrap();
        assert_eq!(
            told(&forge, &next),
            [
                "moved main: src/main.rs".to_owned(),
                format!("new feature/{run}: src/cart/total.rs"),
                format!("tag {tag}"),
            ]
        );
        let author = next.changes[0].author.as_ref().unwrap();
        assert_eq!(author.email.as_deref(), Some("ada@example.com"));
        let summary = next.changes[0].revision.summary.as_deref();
        assert_eq!(summary, Some("Raise the limit"));
        let after = bench.watch(&provider, Some(&next.cursor), ALL).await;
        assert_eq!(after.unwrap().changes, []);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn unasked_only_the_configured_branch_is_told_and_the_cursor_is_its_commit() {
    let forge = Forge::new();
    let (bench, provider) = (forge.with(&[]), forge.provider());
    let first = bench.detect(&provider).await.unwrap();
    forge.branch("other");
    forge.push(&[("x", Some("x"))]);
    let watch = Watch::default();
    let same = bench.watch(&provider, Some(&first.cursor), watch).await;
    assert_eq!(same.unwrap().changes, []);
    forge.repository.git(&["checkout", "-q", "main"]);
    let (_, after) = forge.push(&[("y", Some("y"))]);
    let next = bench.watch(&provider, Some(&first.cursor), watch).await;
    let next = next.unwrap();
    assert_eq!(told(&forge, &next), ["moved main"]);
    assert_eq!(next.cursor, after);
    // Watching more from here on starts with what is there by then.
    let more = bench.watch(&provider, Some(&first.cursor), ALL).await;
    let more = more.unwrap();
    assert_eq!(told(&forge, &more), ["moved main: y"]);
    let after = bench.watch(&provider, Some(&more.cursor), ALL).await;
    assert_eq!(after.unwrap().changes, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_that_was_moved_is_told_again_and_one_that_was_deleted_is_not() {
    let forge = Forge::new();
    let (bench, provider) = (forge.with(&[]), forge.provider());
    let push = |names: &[&str]| {
        let arguments = [&["push", "-q", "--force", "origin"], names].concat();
        forge.repository.git(&arguments);
    };
    forge.repository.git(&["tag", "v1"]);
    forge.repository.git(&["tag", "v2"]);
    push(&["v1", "v2"]);
    let first = bench.watch(&provider, None, ALL).await.unwrap();
    let (_, _) = forge.push(&[("x", Some("x"))]);
    forge.repository.git(&["tag", "-f", "v1"]);
    push(&["v1", ":v2"]);
    let next = bench.watch(&provider, Some(&first.cursor), ALL).await;
    let next = next.unwrap();
    assert_eq!(told(&forge, &next), ["moved main: x", "tag v1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_tag_that_is_configured_is_a_change_of_a_tag() {
    let forge = Forge::new();
    let (bench, provider) = (forge.with(&[("TagName", "v*")]), forge.provider());
    let tag = |name: &str| {
        forge.repository.git(&["tag", name]);
        forge.repository.git(&["push", "-q", "origin", name]);
    };
    tag("v1.9");
    let watch = Watch::default();
    let first = bench.watch(&provider, None, watch).await.unwrap();
    forge.push(&[("x", Some("x"))]);
    tag("w2");
    tag("v1.10");
    let next = bench.watch(&provider, Some(&first.cursor), watch).await;
    assert_eq!(told(&forge, &next.unwrap()), ["tag v1.10"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_answer_does_not_take_comes_with_the_next() {
    let forge = Forge::new();
    let (bench, provider) = (forge.with(&[]), forge.provider());
    let watch = Watch {
        files: false,
        ..ALL
    };
    let first = bench.watch(&provider, None, watch).await.unwrap();
    let names: Vec<String> = (0..130).map(|n| format!("refs/heads/b{n:03}")).collect();
    let update: String = names.iter().map(|n| format!("create {n} HEAD\n")).collect();
    let bare = forge.bare();
    let arguments = ["--git-dir", &bare, "update-ref", "--stdin"];
    forge.repository.git_with(&arguments, update.as_bytes());
    let mut cursor = first.cursor;
    let mut seen = Vec::new();
    let mut counts = Vec::new();
    for _ in 0..3 {
        let found = bench.watch(&provider, Some(&cursor), watch).await.unwrap();
        counts.push(found.changes.len());
        seen.extend(told(&forge, &found));
        cursor = found.cursor;
    }
    assert_eq!(counts, [100, 30, 0]);
    let expected: Vec<String> = (0..130).map(|n| format!("new b{n:03}")).collect();
    assert_eq!(seen, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn more_branches_than_can_be_remembered_are_refused_with_a_remedy() {
    let forge = Forge::new();
    let (bench, provider) = (forge.with(&[]), forge.provider());
    let long = "x".repeat(100);
    let update: String = (0..4000)
        .map(|n| format!("create refs/heads/{long}{n} HEAD\n"))
        .collect();
    let bare = forge.bare();
    let arguments = ["--git-dir", &bare, "update-ref", "--stdin"];
    forge.repository.git_with(&arguments, update.as_bytes());
    let failure = bench.watch(&provider, None, ALL).await.unwrap_err();
    assert_eq!(failure.kind, FailureType::JobFailed);
    assert!(failure.message.contains("4001 branches"), "{failure:?}");
    assert!(failure.message.contains("webhook"), "{failure:?}");
    bench.detect(&provider).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn every_commit_that_a_change_can_name_can_be_taken() {
    let forge = Forge::new();
    let main = forge.repository.git(&["rev-parse", "main"]);
    forge.branch("cards");
    let (_, branch) = forge.push(&[("src/cards.rs", Some("1"))]);
    forge.repository.git(&["tag", "-a", "-m", "one", "v1"]);
    forge.repository.git(&["push", "-q", "origin", "v1"]);
    let object = forge.repository.git(&["rev-parse", "v1"]);
    let of_request = forge.repository.commit("On no branch");
    for reference in ["refs/pull/7/head", "refs/merge-requests/7/head"] {
        let refspec = format!("{of_request}:{reference}");
        forge.repository.git(&["push", "-q", "origin", &refspec]);
    }
    for (mut bench, provider) in ways(&forge) {
        for (asked, taken) in [
            (&main, &main),
            (&branch, &branch),
            (&object, &branch),
            (&of_request, &of_request),
        ] {
            bench.job.revision = Some(asked.clone());
            let fresh = bench.output("Source");
            std::fs::remove_dir_all(&fresh).unwrap();
            std::fs::create_dir(&fresh).unwrap();
            let ran = bench.run(&provider).await;
            assert_eq!(ran.success().variables.get("CommitId"), Some(taken));
        }
    }
}
