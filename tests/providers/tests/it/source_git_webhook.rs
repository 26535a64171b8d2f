//! Deliveries of pushes and tags of every forge, through the component in the
//! real host: what they announce.

use crate::deliveries::{
    ZERO, branch, cards, files, github, github_push, pull_request, refused, request, tag,
};
use crate::forge::{Forge, SECRET, hmac, signed};
use lockgate_model::definition::PullRequestEvent;
use lockgate_model::job::FailureType;
use lockgate_test_providers::prepare;

/// What a commit of GitHub's payload looks like.
fn github_commit(id: &str, lists: &str) -> String {
    format!(
        r#"[{{"id": "{id}", "tree_id": "f9d2a07e9488b91af2641b26b9407fe22a451433", "distinct": true,
            "message": "Raise the limit", "timestamp": "2026-01-02T03:04:05+02:00",
            "author": {{"name": "Ada Lovelace", "email": "ada@example.com", "username": "ada"}}{lists}}}]"#
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_of_github_announces_its_branch_commit_author_and_files() {
    let forge = Forge::new();
    let (before, after) = forge.push(&[
        ("src/cart/total.rs", Some("fn total() -> u64 { 1 }\n")),
        ("src/cart/new.rs", Some("")),
        ("src/main.rs", None),
    ]);
    let body = github_push(&forge, &before, &after, &[]);
    let change = forge.change(&github("push", &signed(&body)), &body).await;
    assert_eq!(change.kind, branch("main", false));
    assert_eq!(change.revision.id, after);
    assert_eq!(change.revision.summary.as_deref(), Some("Raise the limit"));
    assert_eq!(change.revision.created.unwrap().0, 1_767_315_845_000);
    assert_eq!(change.repository.as_deref(), Some("acme/webshop"));
    let author = change.author.as_ref().unwrap();
    assert_eq!(author.name.as_deref(), Some("Ada Lovelace"));
    assert_eq!(author.email.as_deref(), Some("ada@example.com"));
    assert_eq!(author.id.as_deref(), Some("ada"));
    assert_eq!(
        files(&change),
        ["src/cart/new.rs", "src/cart/total.rs", "src/main.rs"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_told_the_same_by_a_server_that_cannot_leave_files_out() {
    let forge = Forge::without_filters();
    let (before, after) = forge.push(&[("src/cart/total.rs", Some("changed\n"))]);
    let body = github_push(&forge, &before, &after, &[]);
    let change = forge.change(&github("push", &signed(&body)), &body).await;
    assert_eq!(files(&change), ["src/cart/total.rs"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payload_that_names_all_files_saves_asking_the_repository() {
    let forge = Forge::new();
    let (before, after) = forge.push(&[("src/main.rs", Some("changed\n"))]);
    let lists = r#", "added": ["b"], "modified": ["a"], "removed": ["c"]"#;
    let commits = github_commit(&after, lists);
    let body = github_push(&forge, &before, &after, &[("COMMITS", &commits)]);
    let change = forge.change(&github("push", &signed(&body)), &body).await;
    assert_eq!(files(&change), ["a", "b", "c"]);
    assert_eq!(forge.server.requests(), 0);
    // Without the lists, or after a forced push, it is asked.
    for more in [
        [
            ("COMMITS", &*github_commit(&after, "")),
            ("FORCED", "false"),
        ],
        [("COMMITS", &*commits), ("FORCED", "true")],
    ] {
        let body = github_push(&forge, &before, &after, &more);
        let change = forge.change(&github("push", &signed(&body)), &body).await;
        assert_eq!(files(&change), ["src/main.rs"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_files_are_not_wanted_nobody_is_asked() {
    let forge = Forge::new();
    let (before, after) = forge.push(&[("src/main.rs", Some("changed\n"))]);
    let body = github_push(&forge, &before, &after, &[]);
    let signature = signed(&body);
    let announced = forge
        .action()
        .webhook(&forge.provider(), &github("push", &signature), &body, false)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(announced.changes[0].files, None);
    assert_eq!(announced.summary, "GitHub: a push to main, in acme/webshop");
    assert_eq!(forge.server.requests(), 0);
}

/// Section 5.12.
#[tokio::test(flavor = "multi_thread")]
async fn the_first_push_of_a_branch_is_compared_with_where_it_left_the_default_branch() {
    for forge in [Forge::new(), Forge::without_filters()] {
        forge.branch("feature/cards");
        let (_, after) = forge.push(&[("src/cards.rs", Some("fn cards() {}\n"))]);
        // The default branch went on meanwhile.
        forge.repository.git(&["checkout", "-q", "main"]);
        forge.push(&[("README.md", Some("# Shop\n"))]);
        let created = [("REF", "refs/heads/feature/cards"), ("CREATED", "true")];
        let body = github_push(&forge, ZERO, &after, &created);
        let signature = signed(&body);
        let headers = github("push", &signature);
        let change = forge.change(&headers, &body).await;
        assert_eq!(change.kind, branch("feature/cards", true));
        assert_eq!(files(&change), ["src/cards.rs"]);
        let none = [("WebhookSecret", "HOOK"), ("FirstPushFiles", "none")];
        let announced = forge
            .with(&none)
            .webhook(&forge.provider(), &headers, &body, true)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(announced.changes[0].files, None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_push_of_the_default_branch_brings_all_of_its_files() {
    let forge = Forge::new();
    let after = forge.repository.git(&["rev-parse", "main"]);
    let body = github_push(&forge, ZERO, &after, &[("CREATED", "true")]);
    let change = forge.change(&github("push", &signed(&body)), &body).await;
    assert_eq!(
        files(&change),
        ["README.md", "src/cart/total.rs", "src/main.rs"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forced_push_is_compared_with_the_commit_that_it_replaced() {
    let forge = Forge::new();
    let (first, before) = forge.push(&[("src/main.rs", Some("one\n"))]);
    forge.repository.git(&["reset", "-q", "--hard", &first]);
    let (_, after) = forge.push(&[("README.md", Some("two\n"))]);
    let body = github_push(&forge, &before, &after, &[("FORCED", "true")]);
    let change = forge.change(&github("push", &signed(&body)), &body).await;
    assert_eq!(files(&change), ["README.md", "src/main.rs"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_commit_before_is_gone_the_files_are_not_told_and_the_rest_is() {
    let forge = Forge::new();
    let (_, after) = forge.push(&[("src/main.rs", Some("one\n"))]);
    let gone = "1234567890123456789012345678901234567890";
    let body = github_push(&forge, gone, &after, &[]);
    let change = forge.change(&github("push", &signed(&body)), &body).await;
    assert_eq!(change.revision.id, after);
    assert_eq!(change.files, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_of_github_announces_its_commit_and_no_files() {
    let forge = Forge::new();
    let (_, commit) = forge.push(&[("src/main.rs", Some("one\n"))]);
    forge.repository.git(&["tag", "-a", "-m", "one", "v1.0"]);
    let object = forge.repository.git(&["rev-parse", "v1.0"]);
    assert_ne!(object, commit);
    let body = github_push(&forge, ZERO, &object, &[("REF", "refs/tags/v1.0")]);
    // The commit is in the payload beside the tag.
    let text = String::from_utf8(body).unwrap();
    let head = format!("\"id\": \"{object}\"");
    let body = text
        .replace(&head, &format!("\"id\": \"{commit}\""))
        .into_bytes();
    let change = forge.change(&github("push", &signed(&body)), &body).await;
    assert_eq!(change.kind, tag("v1.0"));
    assert_eq!(change.revision.id, commit);
    assert_eq!(change.files, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_says_nothing_announces_nothing() {
    let forge = Forge::new();
    let main = forge.repository.git(&["rev-parse", "main"]);
    let deleted = github_push(&forge, &main, ZERO, &[("DELETED", "true")]);
    let note = github_push(&forge, &main, &main, &[("REF", "refs/notes/commits")]);
    let labelled = forge.payload(
        "github_pull_request",
        &pull_request("labeled", &main, &main),
    );
    for (event, body) in [
        ("push", deleted),
        ("push", note),
        ("pull_request", labelled),
        ("ping", forge.payload("github_ping", &[])),
        ("create", forge.payload("github_ping", &[])),
        ("star", b"{}".to_vec()),
    ] {
        let signature = signed(&body);
        let said = forge.deliver(&github(event, &signature), &body).await;
        assert_eq!(said, Ok(None), "{event}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn gitlab_is_known_by_its_token() {
    let forge = Forge::new();
    let (before, after) = forge.push(&[("src/main.rs", Some("one\n"))]);
    let (quoted, zero) = (format!("\"{after}\""), ZERO);
    let words = |total| {
        [
            ("KIND", "push"),
            ("BEFORE", &*before),
            ("AFTER", &*after),
            ("REF", "refs/heads/main"),
            ("CHECKOUT", &*quoted),
            ("TOTAL", total),
        ]
    };
    let headers = [
        ("X-Gitlab-Event", "Push Hook"),
        ("X-Gitlab-Token", SECRET),
        ("X-Gitlab-Instance", "https://gitlab.example.com"),
    ];
    // Here the payload has every commit…
    let change = forge
        .change(&headers, &forge.payload("gitlab_push", &words("1")))
        .await;
    assert_eq!(change.kind, branch("main", false));
    assert_eq!(change.revision.id, after);
    let told = ["app/controller/application.rb", "told/by/the/payload.rs"];
    assert_eq!(files(&change), told);
    let author = change.author.unwrap();
    assert_eq!(author.id.as_deref(), Some("ada"));
    // … and here 20 of more.
    let body = forge.payload("gitlab_push", &words("21"));
    let change = forge.change(&headers, &body).await;
    assert_eq!(files(&change), ["src/main.rs"]);
    let wrong = [headers[0], ("X-Gitlab-Token", "guess")];
    let failure = forge.deliver(&wrong, &body).await.unwrap_err();
    refused(&failure, FailureType::PermissionError, "not signed");
    let failure = forge.deliver(&headers[..1], &body).await.unwrap_err();
    refused(&failure, FailureType::PermissionError, "X-Gitlab-Token");
    let tagged = [
        ("KIND", "tag_push"),
        ("REF", "refs/tags/v1"),
        ("BEFORE", zero),
    ];
    let body = forge.payload("gitlab_push", &[&tagged[..], &words("1")].concat());
    let headers = [("X-Gitlab-Event", "Tag Push Hook"), headers[1]];
    let change = forge.change(&headers, &body).await;
    assert_eq!(change.kind, tag("v1"));
    assert_eq!(change.revision.id, after);
}

#[tokio::test(flavor = "multi_thread")]
async fn gitea_and_forgejo_sign_with_headers_of_their_own() {
    let forge = Forge::new();
    let (before, after) = forge.push(&[("src/main.rs", Some("one\n"))]);
    let words = |total| {
        [
            ("BEFORE", &*before),
            ("AFTER", &*after),
            ("REF", "refs/heads/main"),
            ("TOTAL", total),
        ]
    };
    let body = forge.payload("gitea_push", &words("1"));
    let signature = hmac(SECRET, &body);
    let hub = signed(&body);
    let gitea = [
        ("X-GitHub-Event", "push"),
        ("X-Gogs-Event", "push"),
        ("X-Gitea-Event", "push"),
        ("X-Gitea-Event-Type", "push"),
        ("X-Gitea-Signature", &*signature),
        ("X-Hub-Signature-256", &*hub),
    ];
    let forgejo = [
        ("X-Forgejo-Event", "push"),
        ("X-GitHub-Event", "push"),
        ("X-Forgejo-Signature", &*signature),
    ];
    for headers in [&gitea[..], &forgejo] {
        let change = forge.change(headers, &body).await;
        assert_eq!(change.kind, branch("main", false));
        assert_eq!(change.revision.id, after);
        assert_eq!(files(&change), ["told/by/the/payload.rs"]);
    }
    // It lists five of more.
    let body = forge.payload("gitea_push", &words("6"));
    let signature = hmac(SECRET, &body);
    let headers = [
        ("X-Gitea-Event", "push"),
        ("X-Gitea-Signature", &*signature),
    ];
    let change = forge.change(&headers, &body).await;
    assert_eq!(files(&change), ["src/main.rs"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn bitbucket_tells_ids_and_the_repository_the_rest() {
    let forge = Forge::new();
    let (before, after) = forge.push(&[("src/main.rs", Some("one\n"))]);
    let old = format!(
        r#"{{"type": "branch", "name": "main", "target": {{"type": "commit", "hash": "{before}"}}}}"#
    );
    for (kind, name, old, expected) in [
        ("branch", "main", &*old, branch("main", false)),
        ("tag", "v1", "null", tag("v1")),
    ] {
        let words = [
            ("KIND", kind),
            ("NAME", name),
            ("OLD", old),
            ("AFTER", &*after),
            ("BEFORE", &*before),
        ];
        let body = forge.payload("bitbucket_push", &words);
        let signature = signed(&body);
        let headers = [
            ("X-Event-Key", "repo:push"),
            ("X-Hub-Signature", &*signature),
        ];
        let change = forge.change(&headers, &body).await;
        assert_eq!(change.revision.id, after);
        assert_eq!(change.revision.summary.as_deref(), Some("Raise the limit"));
        let files = change.files.clone();
        assert_eq!(files.is_some(), kind == "branch");
        assert!(files.is_none_or(|files| files == ["src/main.rs"]));
        assert_eq!(change.kind, expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bitbucket_server_is_known_by_its_events() {
    let forge = Forge::new();
    let (head, base) = cards(&forge);
    let (before, after) = forge.push(&[("src/main.rs", Some("one\n"))]);
    let pushed = [("BEFORE", &*before), ("AFTER", &*after)];
    let asked = [("HEAD_SHA", &*head), ("BASE_SHA", &*base)];
    for (event, body, kind, expected) in [
        (
            "repo:refs_changed",
            forge.payload("bitbucket_server_push", &pushed),
            branch("main", false),
            "src/main.rs",
        ),
        (
            "pr:opened",
            forge.payload("bitbucket_server_pull_request", &asked),
            request(PullRequestEvent::Open, false, false),
            "src/cards.rs",
        ),
        (
            "pr:from_ref_updated",
            forge.payload("bitbucket_server_pull_request", &asked),
            request(PullRequestEvent::Updated, false, false),
            "src/cards.rs",
        ),
    ] {
        let signature = signed(&body);
        let headers = [("X-Event-Key", event), ("X-Hub-Signature", &*signature)];
        let change = forge.change(&headers, &body).await;
        assert_eq!(change.kind, kind);
        assert_eq!(files(&change), [expected]);
    }
    let test = [("X-Event-Key", "diagnostics:ping")];
    let said = forge.deliver(&test, b"{\"test\": true}").await;
    assert_eq!(said, Ok(None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repository_on_this_machine_is_known_by_the_end_of_its_path() {
    let forge = Forge::new();
    let (before, after) = forge.push(&[("src/main.rs", Some("one\n"))]);
    let path = forge.bare();
    let read = format!("read={path}");
    let provider = prepare("source-git", &[&read, "secret=HOOK"]).unwrap();
    let local = [("RepositoryUrl", &*path), ("WebhookSecret", "HOOK")];
    let body = github_push(&forge, &before, &after, &[]);
    let signature = signed(&body);
    let said = forge
        .with(&local)
        .webhook(&provider, &github("push", &signature), &body, true)
        .await;
    let announced = said.unwrap().unwrap();
    assert_eq!(files(&announced.changes[0]), ["src/main.rs"]);
    assert_eq!(forge.server.requests(), 0);
}
