//! A provider that tries everything while it only describes itself. What came
//! of each try is its summary.
#![cfg(target_family = "wasm")]
#![expect(unsafe_code, missing_docs, reason = "generated from wit/")]

wit_bindgen::generate!({ path: "../../wit", world: "action-provider", generate_all });

use exports::lockgate::action::provider::Guest;
use lockgate::action::types::{ArtifactCount, Description, Job, Outcome, Succeeded};
use lockgate::action::{artifacts, exec, invoke, log, secrets};
use wasi::http::outgoing_handler;
use wasi::http::types::{Fields, OutgoingRequest, Scheme};

struct Tries;

export!(Tries);

fn description() -> Description {
    Description {
        action_types: vec![],
        summary: String::new(),
        properties: vec![],
        input_artifacts: ArtifactCount {
            minimum: 0,
            maximum: 0,
        },
        output_artifacts: ArtifactCount {
            minimum: 0,
            maximum: 0,
        },
        output_variables: vec![],
    }
}

impl Guest for Tries {
    fn describe() -> Vec<Description> {
        log::write(log::Level::Info, "hello from describe");
        let command = exec::Command {
            arguments: vec!["true".into()],
            environment: vec![],
            working_directory: "/tmp".into(),
            input: vec![],
            timeout: None,
            output: exec::OutputMode::Stream,
        };
        let request = OutgoingRequest::new(Fields::new());
        let _ = request.set_scheme(Some(&Scheme::Http));
        let _ = request.set_authority(Some("127.0.0.1:1"));
        let _ = request.set_path_with_query(Some("/"));
        let http = outgoing_handler::handle(request, None).map(|response| {
            response.subscribe().block();
            response.get()
        });
        let http = match http {
            Ok(Some(Ok(Err(error)))) | Err(error) => format!("{error:?}"),
            Ok(_) => "answered".into(),
        };
        let mut description = description();
        description.summary = format!(
            "exec {:?}; secret {:?}; equals {:?}; signature {:?}; invoke {:?}; chmod {:?}; http {http}; read {:?}",
            exec::run(&command),
            secrets::placeholder("TOKEN"),
            secrets::equals("TOKEN", ""),
            secrets::verify_hmac_sha256("TOKEN", b"", b""),
            invoke::call(&invoke::Target::Plugin("f".into()), "{}"),
            artifacts::set_mode("/work/x", 0o777),
            std::fs::read_dir("/").map(|_| ()).map_err(|e| e.kind()),
        );
        description
            .action_types
            .push(lockgate::action::types::ActionTypeId {
                category: lockgate::action::types::Category::Build,
                owner: "Custom".into(),
                provider: "Tries".into(),
                version: "1".into(),
            });
        vec![description]
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
