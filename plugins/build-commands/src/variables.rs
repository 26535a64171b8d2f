//! The environment that commands start with: CodeBuild's own variables, the
//! buildspec's, the action's. Knows no shell: names and values go to the
//! sandbox as they are.

use crate::buildspec::{Environment, is_variable_name, not_a_name};
use crate::cache::home;
use crate::sources::Sources;
use lockgate_plugin::{Job, PropertyType, Value};
use std::time::{SystemTime, UNIX_EPOCH};

/// `EnvironmentVariables` of the action: CodeBuild's JSON array of
/// `{name, value, type}`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ActionVariables(pub Vec<(String, String)>);

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    name: String,
    value: String,
    #[serde(rename = "type", default)]
    kind: Option<String>,
}

impl Value for ActionVariables {
    const KIND: PropertyType = PropertyType::Text;

    fn read(text: &str) -> Result<Self, String> {
        let given: Vec<Given> = serde_json::from_str(text).map_err(|error| {
            format!(
                r#"a JSON array such as [{{"name":"STAGE","value":"test","type":"PLAINTEXT"}}] ({error})"#
            )
        })?;
        let mut wrong = vec![];
        for variable in &given {
            let name = variable.name.escape_debug();
            if let Some(why) = refused(&variable.name, &variable.value) {
                wrong.push(why);
            }
            match variable.kind.as_deref() {
                None | Some("PLAINTEXT") => {}
                Some(kind @ ("PARAMETER_STORE" | "SECRETS_MANAGER")) => wrong.push(format!(
                    "'{name}' as PLAINTEXT: {kind} is not available here"
                )),
                Some(kind) => wrong.push(format!("'{name}' as PLAINTEXT instead of '{kind}'")),
            }
        }
        if wrong.is_empty() {
            Ok(Self(given.into_iter().map(|v| (v.name, v.value)).collect()))
        } else {
            Err(wrong.join("; "))
        }
    }
}

/// Why a variable cannot be set, as what to write instead.
fn refused(name: &str, value: &str) -> Option<String> {
    if !is_variable_name(name) {
        Some(format!("another name: {}", not_a_name(name)))
    } else if name.starts_with("CODEBUILD_") {
        Some(format!(
            "another name than '{name}': the build sets those that begin with CODEBUILD_"
        ))
    } else if value.contains('\0') {
        Some(format!("'{name}' without a zero byte"))
    } else {
        None
    }
}

/// All variables, later ones in the place of earlier ones of the same name: the
/// home directory, the buildspec's, the action's environment,
/// `EnvironmentVariables`, and last those that the build itself sets.
///
/// # Errors
/// The name of a variable in the action's environment will not do.
pub fn all(
    job: &Job,
    spec: &Environment,
    given: &ActionVariables,
    sources: &Sources,
    now: SystemTime,
) -> Result<Vec<(String, String)>, String> {
    let mut variables: Vec<(String, String)> = vec![];
    let mut set = |name: &str, value: &str| {
        variables.retain(|(known, _)| known != name);
        variables.push((name.to_owned(), value.to_owned()));
    };
    set("HOME", &home(job).display().to_string());
    for (name, value) in &spec.variables {
        set(name, value);
    }
    for (name, value) in &job.environment_variables {
        if let Some(remedy) = refused(name, value) {
            return Err(format!("environmentVariables: write {remedy}"));
        }
        set(name, value);
    }
    for (name, value) in &given.0 {
        set(name, value);
    }
    let milliseconds = now
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_millis());
    for (name, value) in [
        ("CI", "true".to_owned()),
        ("CODEBUILD_CI", "true".to_owned()),
        ("CODEBUILD_BUILD_ID", format!("{}:{}", job.pipeline, job.id)),
        ("CODEBUILD_BUILD_SUCCEEDING", "1".to_owned()),
        (
            "CODEBUILD_INITIATOR",
            format!("codepipeline/{}", job.pipeline),
        ),
        ("CODEBUILD_START_TIME", milliseconds.to_string()),
    ] {
        set(name, &value);
    }
    for (name, value) in sources.variables() {
        set(&name, &value);
    }
    Ok(variables)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_of_the_action_are_codebuilds_json() {
        let text = r#"[{"name":"A","value":"1 '\n","type":"PLAINTEXT"},{"name":"_b","value":""}]"#;
        assert_eq!(
            ActionVariables::read(text).unwrap().0,
            [
                ("A".to_owned(), "1 '\n".to_owned()),
                ("_b".to_owned(), String::new())
            ]
        );
    }

    #[test]
    fn variables_that_cannot_be_set_are_all_named() {
        let text = r#"[{"name":"A;rm","value":""},{"name":"S","value":"x","type":"SECRETS_MANAGER"},
            {"name":"CODEBUILD_X","value":""},{"name":"N","value":"a\u0000b"},{"name":"K","value":"","type":"plain"}]"#;
        insta::assert_snapshot!(ActionVariables::read(text).unwrap_err());
        let error = ActionVariables::read("A=1").unwrap_err();
        assert!(error.starts_with("a JSON array such as"), "{error}");
    }
}
