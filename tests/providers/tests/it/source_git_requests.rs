//! Deliveries of pull requests of every forge: what they announce.

use crate::deliveries::{cards, files, github, pull_request, request};
use crate::forge::{Forge, SECRET, hmac, signed};
use lockgate_model::definition::PullRequestEvent;

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
