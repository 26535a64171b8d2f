//! The environment that commands start with: what is set, and above it
//! CodeBuild's own variables. Knows no shell: names and values go to the sandbox
//! as they are.

use super::sources::Sources;
use crate::Job;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

/// Variables in the making: a later one takes the place of an earlier one of the
/// same name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Variables(Vec<(String, String)>);

impl Variables {
    /// `HOME` alone, which is [`home`].
    #[must_use]
    pub fn new(job: &Job) -> Self {
        let mut variables = Self::default();
        variables.set("HOME", home(job).display().to_string());
        variables
    }

    /// Sets one.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.0.retain(|(known, _)| known != name);
        self.0.push((name.to_owned(), value.into()));
    }

    /// Sets those of the action's own `environmentVariables`.
    ///
    /// # Errors
    /// One of them cannot be set; says what to write instead.
    pub fn set_environment(&mut self, job: &Job) -> Result<(), String> {
        for (name, value) in &job.environment_variables {
            if let Some(remedy) = refused(name, value) {
                return Err(format!("environmentVariables: write {remedy}"));
            }
            self.set(name, value);
        }
        Ok(())
    }

    /// Sets last what nobody else may set, and gives out the whole.
    #[must_use]
    pub fn finish(
        mut self,
        job: &Job,
        sources: &Sources,
        now: SystemTime,
    ) -> Vec<(String, String)> {
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
            self.set(name, value);
        }
        for (name, value) in sources.variables() {
            self.set(&name, value);
        }
        self.0
    }
}

/// The home directory of a job's commands: on the disk and the same for all its
/// shells, unlike the sandbox's own.
#[must_use]
pub fn home(job: &Job) -> PathBuf {
    job.work.join("home")
}

/// Why a variable cannot be set, as what to write instead.
#[must_use]
pub fn refused(name: &str, value: &str) -> Option<String> {
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

/// Whether a shell can hold a variable of this name.
#[must_use]
pub fn is_variable_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes
        .next()
        .is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && name.len() <= 256
}

/// What to say of a name that no shell takes.
#[must_use]
pub fn not_a_name(name: &str) -> String {
    format!(
        "'{}' is not a variable's name; use letters, digits and underscores, not beginning with a digit",
        name.escape_debug()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::FakeHost;

    #[test]
    fn what_is_set_later_counts_and_what_the_build_sets_counts_most() {
        let host = FakeHost::new();
        let mut job = host.job([]);
        job.environment_variables = vec![("A".into(), "action".into()), ("CI".into(), "no".into())];
        let sources = Sources::copy(&job, None, &host).unwrap();
        let mut variables = Variables::new(&job);
        variables.set("A", "first");
        variables.set_environment(&job).unwrap();
        let all = variables.finish(&job, &sources, UNIX_EPOCH);
        let value = |name: &str| {
            let mut found = all.iter().filter(|(known, _)| known == name);
            let value = found.next().map(|(_, value)| value.as_str());
            assert!(found.next().is_none(), "{name} is there twice");
            value
        };
        assert_eq!(value("A"), Some("action"));
        assert_eq!(value("CI"), Some("true"));
        assert_eq!(value("CODEBUILD_INITIATOR"), Some("codepipeline/Demo"));
        assert_eq!(value("CODEBUILD_START_TIME"), Some("0"));
        assert_eq!(value("CODEBUILD_RESOLVED_SOURCE_VERSION"), None);
        job.environment_variables = vec![("A B".into(), String::new())];
        let error = Variables::new(&job).set_environment(&job).unwrap_err();
        assert!(
            error.starts_with("environmentVariables: write another name: 'A B'"),
            "{error}"
        );
    }
}
