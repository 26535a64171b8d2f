//! A source that answers a webhook delivery, or a look, as its configuration
//! says: with what it was handed, with too much, or not at all.
#![cfg(target_family = "wasm")]
#![expect(unsafe_code, missing_docs, reason = "generated from wit/")]

wit_bindgen::generate!({ path: "../../wit", world: "source-provider", generate_all });

use exports::lockgate::action::provider::Guest as Provider;
use exports::lockgate::action::source::{
    Announcement, Author, BranchChange, Change, ChangeKind, DetectRequest, Detection, Guest,
    PullRequestChange, PullRequestEvent, WebhookRequest,
};
use lockgate::action::types::{
    ActionTypeId, ArtifactCount, Category, Description, Failure, FailureType, Job, Outcome, Pair,
    Property, PropertyType, Revision, Succeeded,
};

struct Answers;

export!(Answers);

impl Provider for Answers {
    fn describe() -> Vec<Description> {
        let none = ArtifactCount {
            minimum: 0,
            maximum: 0,
        };
        vec![Description {
            action_types: vec![ActionTypeId {
                category: Category::Source,
                owner: "Custom".into(),
                provider: "Answers".into(),
                version: "1".into(),
            }],
            summary: String::new(),
            properties: vec![Property {
                name: "do".into(),
                description: "The deed".into(),
                kind: PropertyType::Text,
                required: false,
                secret: false,
                default_value: Some("echo".into()),
            }],
            input_artifacts: none,
            output_artifacts: none,
            output_variables: vec![],
        }]
    }

    fn run(_: Job) -> Outcome {
        Outcome::Succeeded(Succeeded {
            variables: vec![],
            revision: None,
            external_id: None,
            external_url: None,
            summary: None,
        })
    }
}

impl Guest for Answers {
    fn detect(request: DetectRequest) -> Result<Detection, Failure> {
        Ok(Detection {
            newest: None,
            changes: changes(&request.configuration),
            cursor: format!("{:?}", request.watch),
        })
    }

    fn webhook(request: WebhookRequest) -> Result<Option<Announcement>, Failure> {
        let said = |summary: String| {
            Ok(Some(Announcement {
                changes: changes(&request.configuration),
                summary,
            }))
        };
        match deed(&request.configuration) {
            "nothing" => Ok(None),
            "refuse" => Err(Failure {
                kind: FailureType::PermissionError,
                message: "not genuine".into(),
                external_id: None,
                external_url: None,
            }),
            "talk" => said("x".repeat(1 << 20)),
            "loop" => loop {
                std::hint::black_box(0);
            },
            "grow" => {
                let mut all = vec![request.body.clone()];
                loop {
                    all.push(vec![1; 1 << 20]);
                    std::hint::black_box(&all);
                }
            }
            "trap" => core::arch::wasm32::unreachable(),
            _ => {
                let headers: Vec<String> = request
                    .headers
                    .iter()
                    .map(|pair| format!("{}={}", pair.name, pair.value))
                    .collect();
                said(format!(
                    "{} {:?} {} {} {}",
                    request.method,
                    request.path,
                    headers.join(","),
                    request.body.len(),
                    request.wants_files
                ))
            }
        }
    }
}

fn deed(configuration: &[Pair]) -> &str {
    let found = configuration.iter().find(|pair| pair.name == "do");
    found.map_or("", |pair| pair.value.as_str())
}

fn changes(configuration: &[Pair]) -> Vec<Change> {
    let branch = Change {
        kind: ChangeKind::Branch(BranchChange {
            name: "main".into(),
            created: true,
        }),
        revision: Revision {
            id: "1".into(),
            summary: None,
            url: None,
            created: Some(5),
        },
        files: Some(vec!["a".into()]),
        repository: Some("acme/webshop".into()),
        author: Some(Author {
            name: Some("Ada".into()),
            email: None,
            id: None,
        }),
    };
    match deed(configuration) {
        "flood" => vec![branch; 10_000],
        "files" => vec![Change {
            files: Some(vec![String::new(); 100_000]),
            ..branch
        }],
        _ => {
            let request = ChangeKind::PullRequest(PullRequestChange {
                event: PullRequestEvent::Closed,
                number: "7".into(),
                source_branch: "a".into(),
                destination_branch: "b".into(),
                merged: true,
                fork: true,
            });
            vec![
                branch.clone(),
                Change {
                    kind: request,
                    files: None,
                    repository: None,
                    author: None,
                    ..branch
                },
            ]
        }
    }
}
