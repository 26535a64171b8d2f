//! The `env` part of a buildspec: variables, the shell, and what is given out.

use super::Reader;
use lockgate_plugin::commands::{is_variable_name, not_a_name};
use lockgate_plugin::yaml::Node;

/// `env`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Environment {
    /// Which shell runs the commands.
    pub shell: Shell,
    /// `env.variables`, in their order. Names are valid; values verbatim.
    pub variables: Vec<(String, String)>,
    /// `env.exported-variables`: become the action's output variables.
    pub exported: Vec<String>,
}

/// The shell that runs all commands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Shell {
    /// `/bin/sh`, CodeBuild's default.
    #[default]
    Sh,
    /// `/bin/bash`.
    Bash,
}

impl Shell {
    /// Its path in the sandbox.
    #[must_use]
    pub fn program(self) -> &'static str {
        match self {
            Self::Sh => "/bin/sh",
            Self::Bash => "/bin/bash",
        }
    }
}

impl Reader {
    pub(super) fn environment(&mut self, node: &Node) -> Environment {
        let mut environment = Environment::default();
        for entry in self.problems.map(node, "env") {
            let place = format!("env.{}", entry.key);
            match entry.key.as_str() {
                "shell" => match self.problems.text(&entry.value, &place) {
                    Some("sh" | "/bin/sh") | None => {}
                    Some("bash" | "/bin/bash") => environment.shell = Shell::Bash,
                    Some(other) => self.problems.add(
                        entry.line,
                        &place,
                        format!("'{other}' is not available; write bash or sh"),
                    ),
                },
                "variables" => {
                    for variable in self.problems.map(&entry.value, &place) {
                        let place = format!("env.variables.{}", variable.key);
                        self.variable_name(variable.line, &place, &variable.key);
                        let empty = variable.value.value == lockgate_plugin::yaml::Value::Null;
                        let value = if empty {
                            Some("")
                        } else {
                            self.problems.text(&variable.value, &place)
                        };
                        if let Some(value) = value {
                            environment
                                .variables
                                .push((variable.key.clone(), value.to_owned()));
                        }
                    }
                }
                "exported-variables" => {
                    for (line, name) in self.problems.texts(&entry.value, &place) {
                        if !is_variable_name(&name) {
                            self.problems.add(line, &place, not_a_name(&name));
                        } else if !environment.exported.contains(&name) {
                            environment.exported.push(name);
                        }
                    }
                }
                "parameter-store" => self.problems.add(
                    entry.line,
                    &place,
                    "AWS Systems Manager is not available here; give the values as EnvironmentVariables of the action",
                ),
                "secrets-manager" => self.problems.add(
                    entry.line,
                    &place,
                    "AWS Secrets Manager is not available here, and secrets of this server never enter a build; let an action that calls the service with a granted secret follow instead",
                ),
                "git-credential-helper" => {
                    if self.problems.boolean(&entry.value, &place) == Some(true) {
                        self.problems.add(
                            entry.line,
                            &place,
                            "credentials never enter the sandbox, so there is no helper; write no, and fetch other repositories with a source action",
                        );
                    }
                }
                _ => self.problems.unknown(
                    entry,
                    "env",
                    &[
                        "shell",
                        "variables",
                        "exported-variables",
                        "git-credential-helper",
                    ],
                ),
            }
        }
        environment
    }

    fn variable_name(&mut self, line: usize, place: &str, name: &str) {
        if !is_variable_name(name) {
            self.problems.add(line, place, not_a_name(name));
        } else if name.starts_with("CODEBUILD_") {
            self.problems.add(
                line,
                place,
                format!("'{name}' is set by the build itself; choose a name that does not begin with CODEBUILD_"),
            );
        }
    }
}
