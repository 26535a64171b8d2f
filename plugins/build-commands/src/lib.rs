//! The build-commands provider: CodeBuild's buildspec 0.2 in the sandbox of the
//! operating system. This file is what is served: the buildspec as an action of
//! our own, and CodeBuild's action and rule, which name a project besides. Knows
//! no server; the host calls it.

pub mod build;
pub mod buildspec;
pub mod cache;
pub mod collect;
pub mod plan;
pub mod primary;
pub mod report;
pub mod reports;
pub mod variables;

use build::Build;
use lockgate_plugin::{
    Category, Description, Failure, Host, Job, Outcome, Problem, Provider, configuration,
    export_provider,
};
use variables::ActionVariables;

configuration! {
    /// The configuration of a buildspec.
    pub struct BuildSpecConfiguration {
        /// Path of the buildspec in the primary source, or the buildspec itself
        /// where it has more than one line.
        "BuildSpec" => buildspec: String = "buildspec.yml",
        /// The input artifact that commands start in; needed where there are
        /// several.
        "PrimarySource" => primary_source: Option<String>,
        /// JSON array of {name, value, type}, type PLAINTEXT.
        "EnvironmentVariables" => variables: Option<ActionVariables>,
    }
}

configuration! {
    /// The configuration of CodeBuild's actions and rules.
    pub struct CodeBuildConfiguration {
        /// CodeBuild's project. There are none here: commands find the name in
        /// CODEBUILD_PROJECT, and the build is what the buildspec says.
        "ProjectName" => project: String,
        /// Path of the buildspec in the primary source, or the buildspec itself
        /// where it has more than one line.
        "BuildSpec" => buildspec: String = "buildspec.yml",
        /// The input artifact that commands start in; needed where there are
        /// several.
        "PrimarySource" => primary_source: Option<String>,
        /// Must be false: batch builds are not available.
        "BatchEnabled" => batch: bool = "false",
        /// Accepted without effect: it is about batch builds.
        "CombineArtifacts" => combine: bool = "false",
        /// JSON array of {name, value, type}, type PLAINTEXT.
        "EnvironmentVariables" => variables: Option<ActionVariables>,
    }
}

/// `Build/Custom/BuildSpec/1` and `Test/Custom/BuildSpec/1`.
pub struct BuildCommands;

/// `Build/AWS/CodeBuild/1` and `Test/AWS/CodeBuild/1`.
pub struct CodeBuild;

/// `Rule/AWS/CodeBuild/1`.
pub struct CodeBuildRule;

impl Provider for BuildCommands {
    type Configuration = BuildSpecConfiguration;

    fn describe() -> Description {
        Description::new("Runs a CodeBuild buildspec in a sandbox of the operating system")
            .serves(Category::Build, "Custom", "BuildSpec", "1")
            .serves(Category::Test, "Custom", "BuildSpec", "1")
            .inputs(1..=5)
            .outputs(0..=5)
            .variables(["*"])
    }

    fn run<H: Host>(
        job: &Job,
        configuration: BuildSpecConfiguration,
        host: &H,
    ) -> Result<Outcome, Failure> {
        Build {
            buildspec: configuration.buildspec,
            primary_source: configuration.primary_source,
            variables: configuration.variables.unwrap_or_default(),
            project: None,
        }
        .run(job, host)
    }
}

impl Provider for CodeBuild {
    type Configuration = CodeBuildConfiguration;

    fn describe() -> Description {
        Description::new("Runs the buildspec of a CodeBuild project in a sandbox of this machine")
            .serves(Category::Build, "AWS", "CodeBuild", "1")
            .serves(Category::Test, "AWS", "CodeBuild", "1")
            .inputs(1..=5)
            .outputs(0..=5)
            .variables(["*"])
    }

    fn run<H: Host>(
        job: &Job,
        configuration: CodeBuildConfiguration,
        host: &H,
    ) -> Result<Outcome, Failure> {
        configuration.build()?.run(job, host)
    }
}

impl Provider for CodeBuildRule {
    type Configuration = CodeBuildConfiguration;

    fn describe() -> Description {
        Description::new("Holds where the buildspec of a CodeBuild project succeeds")
            .serves(Category::Rule, "AWS", "CodeBuild", "1")
            .inputs(1..=5)
            .variables(["*"])
    }

    fn run<H: Host>(
        job: &Job,
        configuration: CodeBuildConfiguration,
        host: &H,
    ) -> Result<Outcome, Failure> {
        configuration.build()?.run(job, host)
    }
}

impl CodeBuildConfiguration {
    fn build(self) -> Result<Build, Failure> {
        if self.batch {
            return Err(Problem {
                key: "BatchEnabled".into(),
                value: Some("true".into()),
                remedy: "write false, and one action for each build with the same runOrder: batch builds are not available".into(),
            }
            .into());
        }
        Ok(Build {
            buildspec: self.buildspec,
            primary_source: self.primary_source,
            variables: self.variables.unwrap_or_default(),
            project: Some(self.project),
        })
    }
}

export_provider!(BuildCommands, CodeBuild, CodeBuildRule);

#[cfg(test)]
mod shells;
#[cfg(test)]
mod tests;
