//! The environment that commands start with: CodeBuild's own variables, the
//! buildspec's, the action's. Knows no shell: names and values go to the
//! sandbox as they are.

use crate::buildspec::Environment;
use lockgate_plugin::commands::{Sources, Variables, refused};
use lockgate_plugin::{Job, PropertyType, Value};
use std::time::SystemTime;

/// What CodeBuild would call its project.
const PROJECT: &str = "CODEBUILD_PROJECT";

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

/// All variables, later ones in the place of earlier ones of the same name: the
/// home directory, the buildspec's, the action's environment,
/// `EnvironmentVariables`, the project's name, and last those that every build
/// has.
///
/// # Errors
/// The name of a variable in the action's environment will not do.
pub fn all(
    job: &Job,
    spec: &Environment,
    given: &ActionVariables,
    project: Option<&str>,
    sources: &Sources,
) -> Result<Vec<(String, String)>, String> {
    let mut variables = Variables::new(job);
    for (name, value) in &spec.variables {
        variables.set(name, value);
    }
    variables.set_environment(job)?;
    for (name, value) in &given.0 {
        variables.set(name, value);
    }
    if let Some(project) = project {
        variables.set(PROJECT, project);
    }
    Ok(variables.finish(job, sources, SystemTime::now()))
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
