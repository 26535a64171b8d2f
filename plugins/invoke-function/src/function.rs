//! The name of a function, as a definition writes it, and where it leads.

use lockgate_plugin::{Failure, Job, Problem, PropertyType, Target, Value};
use std::fmt;

/// Which function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FunctionName {
    /// `plugin:name`
    Plugin(String),
    /// `Artifact::path/to/function.wasm`
    File {
        /// The input artifact.
        artifact: String,
        /// Relative, with no `..`.
        path: String,
    },
}

impl Value for FunctionName {
    const KIND: PropertyType = PropertyType::Text;

    fn read(text: &str) -> Result<Self, String> {
        let form = "plugin:name, or Artifact::path/to/function.wasm";
        if let Some((artifact, path)) = text.split_once("::") {
            let plain = path.split('/').all(|part| !matches!(part, "" | "." | ".."));
            return if !plain {
                Err(format!("{form}; the path is relative, without '..'"))
            } else if artifact.is_empty() {
                Err(form.into())
            } else {
                Ok(Self::File {
                    artifact: artifact.to_owned(),
                    path: path.to_owned(),
                })
            };
        }
        match text.strip_prefix("plugin:") {
            Some(name) if !name.is_empty() => Ok(Self::Plugin(name.to_owned())),
            _ => Err(form.into()),
        }
    }
}

/// The name of a function, as a definition for Lambda writes it: a plain name is
/// an installed plugin's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LambdaName(pub FunctionName);

impl Value for LambdaName {
    const KIND: PropertyType = PropertyType::Text;

    fn read(text: &str) -> Result<Self, String> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
        if text.bytes().all(plain) {
            return Ok(Self(FunctionName::Plugin(text.to_owned())));
        }
        FunctionName::read(text)
            .map(Self)
            .map_err(|form| format!("the name of an installed plugin, {form}"))
    }
}

impl FunctionName {
    /// Where this function lies in this job. `key` is the one that names it.
    ///
    /// # Errors
    /// There is no such input artifact.
    pub fn locate(&self, key: &str, job: &Job) -> Result<Target, Failure> {
        match self {
            Self::Plugin(name) => Ok(Target::Plugin(name.clone())),
            Self::File { artifact, path } => match job.input(artifact) {
                Some(found) => Ok(Target::File(found.path.join(path))),
                None => Err(Problem {
                    key: key.into(),
                    value: Some(self.to_string()),
                    remedy: no_such_artifact(artifact, job),
                }
                .into()),
            },
        }
    }
}

fn no_such_artifact(artifact: &str, job: &Job) -> String {
    let names: Vec<&str> = job
        .input_artifacts
        .iter()
        .map(|artifact| artifact.name.as_str())
        .collect();
    if names.is_empty() {
        format!("add {artifact} to the action's inputArtifacts: it has none")
    } else {
        format!(
            "the action's input artifacts are {}; add {artifact} to inputArtifacts or name one of them",
            names.join(", ")
        )
    }
}

impl fmt::Display for FunctionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plugin(name) => write!(f, "plugin:{name}"),
            Self::File { artifact, path } => write!(f, "{artifact}::{path}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_name_reads_back_what_it_writes() {
        for text in ["plugin:hello", "App::functions/check.wasm"] {
            assert_eq!(FunctionName::read(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_lambda_name_is_a_plugins_name_or_says_what_to_write() {
        for (text, function) in [
            ("hello", "plugin:hello"),
            ("Hello_World-1", "plugin:Hello_World-1"),
            ("plugin:hello", "plugin:hello"),
            ("App::a.wasm", "App::a.wasm"),
        ] {
            assert_eq!(LambdaName::read(text).unwrap().0.to_string(), function);
        }
        let arn = "arn:aws:lambda:eu-west-1:111122223333:function:hello";
        assert_eq!(
            LambdaName::read(arn).unwrap_err(),
            "the name of an installed plugin, plugin:name, or Artifact::path/to/function.wasm"
        );
    }

    #[test]
    fn a_function_name_that_leads_nowhere_says_what_to_write() {
        for text in [
            "hello",
            "plugin:",
            "::a.wasm",
            "App::",
            "App::/etc/passwd",
            "App::../b.wasm",
            "App::a//b.wasm",
        ] {
            let error = FunctionName::read(text).unwrap_err();
            assert!(error.starts_with("plugin:name, or Artifact::"), "{error}");
        }
    }
}
