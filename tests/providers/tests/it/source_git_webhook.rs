//! Webhook deliveries of every forge, through the component in the real host:
//! what they announce, and what is refused.

use crate::forge::{Forge, Header, SECRET, hmac, signed};
use lockgate_model::change::{ChangeKind, SourceChange};
use lockgate_model::definition::PullRequestEvent;
use lockgate_model::job::{Failure, FailureType};
use lockgate_test_providers::prepare;

const ZERO: &str = "0000000000000000000000000000000000000000";

fn github<'a>(event: &'a str, signature: &'a str) -> [Header<'a>; 4] {
    [
        ("Content-Type", "application/json"),
        ("User-Agent", "GitHub-Hookshot/044aadd"),
        ("X-GitHub-Event", event),
        ("X-Hub-Signature-256", signature),
    ]
}

fn files(change: &SourceChange) -> Vec<&str> {
    let files = change.files.as_ref().unwrap();
    files.iter().map(String::as_str).collect()
}

fn branch(name: &str, created: bool) -> ChangeKind {
    ChangeKind::Branch {
        name: name.into(),
        created,
    }
}

fn tag(name: &str) -> ChangeKind {
    ChangeKind::Tag { name: name.into() }
}

fn request(event: PullRequestEvent, merged: bool, fork: bool) -> ChangeKind {
    ChangeKind::PullRequest {
        event,
        number: "7".into(),
        source_branch: "cards".into(),
        destination_branch: "main".into(),
        merged,
        fork,
    }
}

fn refused(failure: &Failure, kind: FailureType, part: &str) {
    assert_eq!(failure.kind, kind, "{}", failure.message);
    assert!(failure.message.contains(part), "{}", failure.message);
}

/// A push as GitHub tells it; the words of `more` come first.
fn github_push(forge: &Forge, before: &str, after: &str, more: &[(&str, &str)]) -> Vec<u8> {
    let words = [
        ("REF", "refs/heads/main"),
        ("COMMITS", "[]"),
        ("CREATED", "false"),
        ("DELETED", "false"),
        ("FORCED", "false"),
        ("BEFORE", before),
        ("AFTER", after),
    ];
    forge.payload("github_push", &[more, &words].concat())
}

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

/// The words of GitHub's and Gitea's pull requests.
fn pull_request<'a>(action: &'a str, head: &'a str, base: &'a str) -> [(&'a str, &'a str); 7] {
    [
        ("ACTION", action),
        ("HEAD_SHA", head),
        ("BASE_SHA", base),
        ("HEAD_REPOSITORY", "acme/webshop"),
        ("STATE", "open"),
        ("MERGED", "false"),
        ("MERGE", "null"),
    ]
}

/// A branch `cards` whose base went on after it had left.
fn cards(forge: &Forge) -> (String, String) {
    forge.branch("cards");
    let (_, head) = forge.push(&[("src/cards.rs", Some("fn cards() {}\n"))]);
    forge.repository.git(&["checkout", "-q", "main"]);
    let (_, base) = forge.push(&[("README.md", Some("# Shop\n"))]);
    (head, base)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pull_request_of_github_announces_what_it_alone_changes() {
    for forge in [Forge::new(), Forge::without_filters()] {
        let (head, base) = cards(&forge);
        for (action, event) in [
            ("opened", PullRequestEvent::Open),
            ("reopened", PullRequestEvent::Open),
            ("synchronize", PullRequestEvent::Updated),
            ("closed", PullRequestEvent::Closed),
        ] {
            let words = pull_request(action, &head, &base);
            let body = forge.payload("github_pull_request", &words);
            let signature = signed(&body);
            let headers = github("pull_request", &signature);
            let change = forge.change(&headers, &body).await;
            assert_eq!(change.kind, request(event, false, false));
            assert_eq!(change.revision.id, head);
            assert_eq!(change.revision.summary.as_deref(), Some("Take cards"));
            assert_eq!(change.author.as_ref().unwrap().id.as_deref(), Some("ada"));
            assert_eq!(files(&change), ["src/cards.rs"], "{action}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merged_pull_request_announces_the_merge_and_the_files_of_the_request() {
    let forge = Forge::new();
    let (head, base) = cards(&forge);
    forge
        .repository
        .git(&["merge", "-q", "--no-ff", "-m", "Merge", "cards"]);
    let (_, merge) = forge.push(&[]);
    let merge = forge.repository.git(&["rev-parse", &format!("{merge}^")]);
    let quoted = format!("\"{merge}\"");
    let closed = [("MERGED", "true"), ("MERGE", &*quoted)];
    let words = [&closed[..], &pull_request("closed", &head, &base)].concat();
    let body = forge.payload("github_pull_request", &words);
    let change = forge
        .change(&github("pull_request", &signed(&body)), &body)
        .await;
    let closed = PullRequestEvent::Closed;
    assert_eq!(change.kind, request(closed, true, false));
    assert_eq!(change.revision.id, merge);
    assert_eq!(files(&change), ["src/cards.rs"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pull_request_from_a_fork_says_so_and_its_commit_can_be_taken() {
    let forge = Forge::new();
    let base = forge.repository.git(&["rev-parse", "main"]);
    // As GitHub keeps it: in the repository, but on none of its branches.
    forge.repository.write("src/cards.rs", b"fn cards() {}\n");
    let head = forge.repository.commit("Take cards");
    let reference = format!("{head}:refs/pull/7/head");
    forge.repository.git(&["push", "-q", "origin", &reference]);
    let fork = [("HEAD_REPOSITORY", "ada/webshop")];
    let words = [&fork[..], &pull_request("opened", &head, &base)].concat();
    let body = forge.payload("github_pull_request", &words);
    let change = forge
        .change(&github("pull_request", &signed(&body)), &body)
        .await;
    let open = PullRequestEvent::Open;
    assert_eq!(change.kind, request(open, false, true));
    assert_eq!(files(&change), ["src/cards.rs"]);
    let mut action = forge.action();
    action.job.revision = Some(change.revision.id);
    let ran = action.run(&forge.provider()).await;
    assert_eq!(ran.success().variables.get("CommitId"), Some(&head));
    assert!(action.output("Source").join("src/cards.rs").is_file());
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
async fn a_merge_request_of_gitlab_announces_what_it_alone_changes() {
    let forge = Forge::new();
    let (head, _) = cards(&forge);
    let headers = [
        ("X-Gitlab-Event", "Merge Request Hook"),
        ("X-Gitlab-Token", SECRET),
    ];
    let payload = |action: &str, oldrev: &str, merge: &str| {
        let words = [
            ("ACTION", action),
            ("OLDREV", oldrev),
            ("HEAD_SHA", &*head),
            ("MERGE", merge),
        ];
        forge.payload("gitlab_merge_request", &words)
    };
    let old = format!(", \"oldrev\": \"{head}\"");
    for (action, oldrev, event) in [
        ("open", "", PullRequestEvent::Open),
        ("update", &*old, PullRequestEvent::Updated),
        ("close", "", PullRequestEvent::Closed),
    ] {
        let body = payload(action, oldrev, "null");
        let change = forge.change(&headers, &body).await;
        assert_eq!(change.kind, request(event, false, true));
        assert_eq!(change.revision.id, head);
        assert_eq!(files(&change), ["src/cards.rs"]);
    }
    // Labels or words changed.
    let body = payload("update", "", "null");
    assert_eq!(forge.deliver(&headers, &body).await, Ok(None));
    forge.repository.git(&["merge", "-q", "--squash", "cards"]);
    let (_, merge) = forge.push(&[]);
    let body = payload("merge", "", &format!("\"{merge}\""));
    let change = forge.change(&headers, &body).await;
    let closed = PullRequestEvent::Closed;
    assert_eq!(change.kind, request(closed, true, true));
    assert_eq!(change.revision.id, merge);
    assert_eq!(files(&change), ["src/cards.rs"]);
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
async fn a_pull_request_of_gitea_names_where_it_parted() {
    let forge = Forge::new();
    let (head, base) = cards(&forge);
    let parted = forge.repository.git(&["merge-base", &head, &base]);
    for (action, event) in [
        ("opened", PullRequestEvent::Open),
        ("synchronized", PullRequestEvent::Updated),
    ] {
        let at = [("MERGE_BASE", &*parted)];
        let words = [&at[..], &pull_request(action, &head, &base)].concat();
        let body = forge.payload("gitea_pull_request", &words);
        let signature = hmac(SECRET, &body);
        let headers = [
            ("X-Gitea-Event", "pull_request"),
            ("X-Gitea-Signature", &*signature),
        ];
        let change = forge.change(&headers, &body).await;
        assert_eq!(change.kind, request(event, false, false));
        assert_eq!(files(&change), ["src/cards.rs"]);
    }
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
async fn the_short_ids_of_bitbuckets_pull_requests_are_made_whole() {
    let forge = Forge::new();
    let (head, base) = cards(&forge);
    let short = |id: &str| id[..12].to_owned();
    let (head_short, base_short) = (short(&head), short(&base));
    for (event, expected) in [
        ("pullrequest:created", PullRequestEvent::Open),
        ("pullrequest:updated", PullRequestEvent::Updated),
        ("pullrequest:rejected", PullRequestEvent::Closed),
    ] {
        let words = [
            ("HEAD_SHORT", &*head_short),
            ("BASE_SHORT", &*base_short),
            ("MERGE", "null"),
        ];
        let body = forge.payload("bitbucket_pull_request", &words);
        let signature = signed(&body);
        let headers = [("X-Event-Key", event), ("X-Hub-Signature", &*signature)];
        let change = forge.change(&headers, &body).await;
        assert_eq!(change.kind, request(expected, false, false));
        assert_eq!(change.revision.id, head);
        assert_eq!(files(&change), ["src/cards.rs"]);
    }
    forge.repository.git(&["merge", "-q", "--squash", "cards"]);
    let (_, merge) = forge.push(&[]);
    let made = format!(r#"{{"type": "commit", "hash": "{}"}}"#, short(&merge));
    let words = [
        ("HEAD_SHORT", &*head_short),
        ("BASE_SHORT", &*base_short),
        ("MERGE", &*made),
    ];
    let body = forge.payload("bitbucket_pull_request", &words);
    let signature = signed(&body);
    let headers = [
        ("X-Event-Key", "pullrequest:fulfilled"),
        ("X-Hub-Signature", &*signature),
    ];
    let change = forge.change(&headers, &body).await;
    let closed = PullRequestEvent::Closed;
    assert_eq!(change.kind, request(closed, true, false));
    assert_eq!(change.revision.id, merge);
    assert_eq!(files(&change), ["src/cards.rs"]);
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
async fn githubs_own_example_of_a_signature_is_taken() {
    let forge = Forge::new();
    let signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    let body = b"Hello, World!";
    let failure = forge.deliver(&github("push", signature), body).await;
    // It goes on to be read, and is no JSON.
    refused(&failure.unwrap_err(), FailureType::JobFailed, "JSON");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_of_somebody_who_does_not_know_the_secret_is_refused() {
    let forge = Forge::new();
    let (before, after) = forge.push(&[("src/main.rs", Some("one\n"))]);
    let body = github_push(&forge, &before, &after, &[]);
    let right = signed(&body);
    let denied = FailureType::PermissionError;
    let requests = forge.server.requests();
    let other = format!("sha256={}", hmac("another secret", &body));
    let empty = format!("sha256={}", hmac("", &body));
    for wrong in [
        &*other,
        &empty,
        &right[..right.len() - 2],
        &format!("{right}00"),
        "sha256=zz",
        "sha256=é",
        "nonsense",
    ] {
        let failure = forge
            .deliver(&github("push", wrong), &body)
            .await
            .unwrap_err();
        refused(&failure, denied, "not signed with the secret 'HOOK'");
        assert!(!failure.message.contains(SECRET), "{}", failure.message);
    }
    for absent in ["", "sha256="] {
        let failure = forge.deliver(&github("push", absent), &body).await;
        refused(&failure.unwrap_err(), denied, "X-Hub-Signature-256");
    }
    let failure = forge.deliver(&github("push", "")[..3], &body).await;
    refused(&failure.unwrap_err(), denied, "X-Hub-Signature-256");
    // SHA-1, which GitHub sends besides, does not count.
    let sha1 = [("X-GitHub-Event", "push"), ("X-Hub-Signature", &*right)];
    let failure = forge.deliver(&sha1, &body).await.unwrap_err();
    refused(&failure, denied, "X-Hub-Signature-256");
    let mut changed = body.clone();
    changed.push(b' ');
    let failure = forge.deliver(&github("push", &right), &changed).await;
    refused(&failure.unwrap_err(), denied, "not signed");
    assert_eq!(forge.server.requests(), requests);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_secret_a_delivery_is_refused_unless_the_definition_says_otherwise() {
    let forge = Forge::new();
    let (before, after) = forge.push(&[("src/main.rs", Some("one\n"))]);
    let body = github_push(&forge, &before, &after, &[]);
    let headers = [("X-GitHub-Event", "push")];
    let provider = forge.provider();
    let failure = forge
        .with(&[])
        .webhook(&provider, &headers, &body, false)
        .await
        .unwrap_err();
    refused(&failure, FailureType::PermissionError, "WebhookSecret");
    let open = forge.with(&[("WebhookUnauthenticated", "true")]);
    let said = open.webhook(&provider, &headers, &body, false).await;
    assert!(said.unwrap().is_some());
    let both = [
        ("WebhookUnauthenticated", "true"),
        ("WebhookSecret", "HOOK"),
    ];
    let both = forge.with(&both);
    let said = both.webhook(&provider, &headers, &body, false).await;
    refused(
        &said.unwrap_err(),
        FailureType::PermissionError,
        "X-Hub-Signature-256",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_is_not_granted_or_not_there_is_named() {
    let forge = Forge::new();
    let body = forge.payload("github_ping", &[]);
    let signature = signed(&body);
    let headers = github("ping", &signature);
    let ungranted = prepare("source-git", &["http=example.com"]).unwrap();
    let action = forge.action();
    let failure = action.webhook(&ungranted, &headers, &body, false).await;
    let denied = FailureType::PermissionError;
    refused(&failure.unwrap_err(), denied, "source-git secret=HOOK");
    let granted = prepare("source-git", &["secret=OTHER"]).unwrap();
    let other = forge.with(&[("WebhookSecret", "OTHER")]);
    let failure = other.webhook(&granted, &headers, &body, false).await;
    refused(
        &failure.unwrap_err(),
        FailureType::ConfigurationError,
        "no secret named 'OTHER'",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_about_another_repository_is_not_ours() {
    let forge = Forge::new();
    let (before, after) = forge.push(&[("src/main.rs", Some("one\n"))]);
    let elsewhere = [
        ("CLONE_URL", "https://github.com/acme/other.git"),
        (
            "git@127.0.0.1:acme/webshop.git",
            "git@github.com:acme/other.git",
        ),
        ("HTML_URL", "https://github.com/acme/other"),
    ];
    let body = github_push(&forge, &before, &after, &elsewhere);
    let signature = signed(&body);
    let said = forge.deliver(&github("push", &signature), &body).await;
    assert_eq!(said, Ok(None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_body_is_refused_in_one_sentence() {
    let forge = Forge::new();
    let deep = |open: &str| {
        format!(
            "{{\"ref\":\"refs/heads/main\",\"x\":{}",
            open.repeat(1 << 20)
        )
    };
    let long = "x".repeat(10 << 20);
    for body in [
        deep("[").into_bytes(),
        deep("{\"a\":").into_bytes(),
        format!("{{\"commits\":{}", "[".repeat(1 << 20)).into_bytes(),
        b"{\"ref\": \"refs/heads/\xff\xfe\"}".to_vec(),
        b"\xff\xfe\x00".to_vec(),
        Vec::new(),
        b"null".to_vec(),
        b"[]".to_vec(),
        br#"{"after": 5}"#.to_vec(),
        br#"{"ref": "refs/heads/main", "after": "../../../etc/passwd"}"#.to_vec(),
        br#"{"ref": "refs/heads/../x", "after": "1234567890123456789012345678901234567890"}"#
            .to_vec(),
        format!(r#"{{"after": "{long}", "ref": "refs/heads/main"}}"#).into_bytes(),
        format!(r#"{{"ref": "refs/heads/{long}"#).into_bytes(),
    ] {
        let signature = signed(&body);
        let start = String::from_utf8_lossy(&body[..body.len().min(40)]).into_owned();
        // Of no repository at all, or refused.
        match forge.deliver(&github("push", &signature), &body).await {
            Ok(said) => assert_eq!(said, None, "{start}"),
            Err(failure) => {
                assert_eq!(failure.kind, FailureType::JobFailed, "{start}: {failure:?}");
                assert!(failure.message.len() < 1000, "{start}");
            }
        }
    }
    let form = b"payload=%7B%22ref%22%7D";
    let failure = forge.deliver(&github("push", &signed(form)), form).await;
    refused(
        &failure.unwrap_err(),
        FailureType::ConfigurationError,
        "application/json",
    );
    let huge = vec![b' '; 13 << 20];
    let failure = forge.deliver(&github("push", "x"), &huge).await;
    refused(
        &failure.unwrap_err(),
        FailureType::ConfigurationError,
        "more than the limit",
    );
    let failure = forge.deliver(&[("X-Other", "x")], b"{}").await;
    refused(
        &failure.unwrap_err(),
        FailureType::ConfigurationError,
        "X-GitHub-Event",
    );
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
