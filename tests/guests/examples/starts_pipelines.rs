//! A provider that starts the pipeline that its configuration names, as often as
//! it says, and tells each answer in a variable of its own.
#![cfg(target_family = "wasm")]
#![expect(unsafe_code, missing_docs, reason = "generated from wit/")]

wit_bindgen::generate!({
    path: "../../wit",
    inline: "
        package lockgate:guests;
        world starts {
            import lockgate:action/pipelines@0.1.0;
            export lockgate:action/provider@0.1.0;
        }
    ",
    generate_all,
});

use exports::lockgate::action::provider::Guest;
use lockgate::action::pipelines::{self, RevisionType, SourceRevision};
use lockgate::action::types::{Description, Job, Outcome, Pair, Succeeded};

struct Starts;

export!(Starts);

impl Guest for Starts {
    fn describe() -> Vec<Description> {
        vec![]
    }

    fn run(job: Job) -> Outcome {
        let get = |key: &str| {
            let found = job.configuration.iter().find(|pair| pair.name == key);
            found.map_or("", |pair| pair.value.as_str())
        };
        let number = |key: &str| get(key).parse::<usize>().unwrap_or_default();
        let variables = [Pair {
            name: "Text".into(),
            value: "x".repeat(number("bytes")),
        }];
        let revisions = [SourceRevision {
            action_name: "Source".into(),
            revision_type: Some(RevisionType::CommitId),
            revision_id: "abc".into(),
        }];
        let answers = (1..=number("times")).map(|time| Pair {
            name: time.to_string(),
            value: match pipelines::start(get("pipeline"), &variables, &revisions) {
                Ok(execution) => execution,
                Err(error) => format!("{error:?}"),
            },
        });
        Outcome::Succeeded(Succeeded {
            variables: answers.collect(),
            revision: None,
            external_id: None,
            external_url: None,
            summary: None,
        })
    }
}
