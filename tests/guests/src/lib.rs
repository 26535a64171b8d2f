//! A provider that does what its configuration says, mostly wrong: `do` names
//! the deed, the other keys its particulars. What comes of it is told in the
//! variable `result`, or as a failure of type JobFailed. Written against the
//! contract itself, without the guest kit, so that every fault can be said.
//! Native builds leave it empty.
#![cfg(target_family = "wasm")]
#![expect(unsafe_code, missing_docs, reason = "generated from wit/")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "this guest is here to fail"
)]

mod files;
mod http;
mod waste;

wit_bindgen::generate!({
    path: "../../wit",
    world: "action-provider",
    generate_all,
});

/// What Rust's own library does not show of WASI.
mod machine {
    wit_bindgen::generate!({
        path: "../../wit",
        inline: "
            package lockgate:guests;
            world machine {
                import wasi:random/random@0.2.12;
                import wasi:filesystem/preopens@0.2.12;
            }
        ",
        generate_all,
    });
}

use exports::lockgate::action::provider::Guest;
use lockgate::action::types::{
    ActionTypeId, ArtifactCount, Category, Description, Failure, FailureType, Job, Outcome, Pair,
    Property, PropertyType, Succeeded,
};
use lockgate::action::{exec, invoke, log, secrets};

struct Misbehave;

export!(Misbehave);

/// What a definition may set; the host's own tests set more.
const PARTICULARS: [&str; 8] = [
    "do", "bytes", "depth", "message", "name", "text", "url", "verb",
];

fn property(name: &str, default: Option<&str>) -> Property {
    Property {
        name: name.into(),
        description: "A particular of the deed".into(),
        kind: PropertyType::Text,
        required: false,
        secret: false,
        default_value: default.map(Into::into),
    }
}

impl Guest for Misbehave {
    fn describe() -> Vec<Description> {
        vec![Description {
            action_types: vec![ActionTypeId {
                category: Category::Build,
                owner: "Custom".into(),
                provider: "Misbehave".into(),
                version: "1".into(),
            }],
            summary: "Does what its configuration says".into(),
            properties: std::iter::once(property("greeting", Some("hello")))
                .chain(PARTICULARS.map(|name| property(name, None)))
                .collect(),
            input_artifacts: ArtifactCount {
                minimum: 0,
                maximum: 5,
            },
            output_artifacts: ArtifactCount {
                minimum: 0,
                maximum: 5,
            },
            output_variables: vec!["*".into()],
        }]
    }

    fn run(job: Job) -> Outcome {
        let set = Settings(job.configuration);
        match deed(&set) {
            Ok(result) => Outcome::Succeeded(Succeeded {
                variables: vec![Pair {
                    name: "result".into(),
                    value: result,
                }],
                revision: None,
                external_id: None,
                external_url: None,
                summary: None,
            }),
            Err(message) => Outcome::Failed(Failure {
                kind: FailureType::JobFailed,
                message,
                external_id: None,
                external_url: None,
            }),
        }
    }
}

/// The configuration.
pub(crate) struct Settings(Vec<Pair>);

impl Settings {
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|pair| pair.name == name)
            .map(|pair| pair.value.as_str())
    }

    pub(crate) fn text(&self, name: &str) -> &str {
        self.get(name).unwrap_or_default()
    }

    pub(crate) fn number(&self, name: &str) -> usize {
        self.text(name).parse().unwrap()
    }
}

/// Asks so many times whether a text is the secret, or signs with it; tells the
/// last answers.
fn guess(set: &Settings) -> String {
    let (name, text) = (set.text("name"), set.text("text"));
    let mut answers = String::new();
    for _ in 0..set.number("bytes") {
        let equal = secrets::equals(name, text);
        let signed = secrets::verify_hmac_sha256(name, b"message", text.as_bytes());
        answers = format!("{equal:?} {signed:?}");
    }
    answers
}

fn deed(set: &Settings) -> Result<String, String> {
    if set.get("print-first").is_some() {
        log::write(log::Level::Info, "about to");
    }
    match set.text("do") {
        "" => Ok(format!(
            "{} {}",
            set.text("greeting"),
            std::env::vars().count()
        )),
        "trap" => core::arch::wasm32::unreachable(),
        "panic" => panic!("a guest that {} on purpose", set.text("verb")),
        "exit" => std::process::exit(3),
        "loop" => waste::time(),
        "sleep" => waste::sleep(),
        "block" => waste::block(),
        "memory" => waste::memory(),
        "recursion" => Ok(waste::stack(set.number("depth")).to_string()),
        "handles" => waste::handles(),
        "random" => waste::randomness(set.number("bytes")),
        "print" => waste::print(set.number("bytes")),
        "print-error" => {
            eprintln!("one\ntwo");
            eprint!("unfinished");
            Ok(String::new())
        }
        "log" => {
            waste::log(set.number("bytes"));
            Ok(String::new())
        }
        "log-entry" => {
            log::write(log::Level::Info, &"x".repeat(set.number("bytes")));
            Ok(String::new())
        }
        "answer" => Ok("x".repeat(set.number("bytes"))),
        "fail" => Err(set.text("message").to_owned()),
        "secret" => secrets::placeholder(set.text("name")).map_err(|e| format!("{e:?}")),
        "guess" => Ok(guess(set)),
        "exec" => run_command(set),
        "invoke" => {
            let target = match set.get("file") {
                Some(path) => invoke::Target::File(path.into()),
                None => invoke::Target::Plugin(set.text("plugin").into()),
            };
            invoke::call(&target, set.text("event")).map_err(|e| format!("{e:?}"))
        }
        "http" => http::send(set),
        other => files::touch(other, set),
    }
}

fn run_command(set: &Settings) -> Result<String, String> {
    let exit = exec::run(&exec::Command {
        arguments: set.text("command").split(' ').map(Into::into).collect(),
        environment: vec![],
        working_directory: set.get("in").unwrap_or("/tmp").into(),
        input: vec![],
        timeout: None,
        output: match set.text("output") {
            "stream" => exec::OutputMode::Stream,
            _ => exec::OutputMode::Capture,
        },
    })
    .map_err(|e| format!("{e:?}"))?;
    Ok(format!(
        "{:?} {}",
        exit.ended,
        String::from_utf8_lossy(&exit.output)
    ))
}
