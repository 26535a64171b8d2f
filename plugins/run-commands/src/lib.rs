//! The run-commands provider: CodePipeline's `Commands`, as an action and as a
//! rule. The commands stand in the definition and run one after the other in one
//! shell, in the sandbox of the operating system. Knows no buildspec; the host
//! calls it.

mod run;

use lockgate_plugin::{
    Category, Description, Failure, Host, Job, Outcome, Provider, choice, configuration,
    export_provider,
};

choice! {
    /// What commands are written for.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum EnvironmentType {
        /// The only one that there is here.
        Linux = "LINUX_CONTAINER",
    }
}

configuration! {
    /// What AWS asks for, and this machine has only one of.
    pub struct Configuration {
        /// LINUX_CONTAINER; other environments are not available.
        "EnvironmentType" => environment: Option<EnvironmentType>,
        /// Accepted without effect: the sandbox offers what the machine has.
        "ComputeType" => compute: Option<String>,
        /// Accepted without effect: the operator grants network or does not.
        "VpcId" => vpc: Option<String>,
        /// Accepted without effect.
        "Subnets" => subnets: Option<String>,
        /// Accepted without effect.
        "SecurityGroupIds" => security_groups: Option<String>,
    }
}

/// `Compute/AWS/Commands/1`.
pub struct Commands;

/// `Rule/AWS/Commands/1`.
pub struct CommandsRule;

impl Provider for Commands {
    type Configuration = Configuration;

    fn describe() -> Description {
        Description::new("Runs commands in a sandbox of the operating system")
            .serves(Category::Compute, "AWS", "Commands", "1")
            .inputs(1..=10)
            .outputs(0..=1)
            .variables(["*"])
    }

    fn run<H: Host>(job: &Job, _: Configuration, host: &H) -> Result<Outcome, Failure> {
        run::run(job, host)
    }
}

impl Provider for CommandsRule {
    type Configuration = Configuration;

    fn describe() -> Description {
        Description::new("Holds where every command succeeds in a sandbox of the operating system")
            .serves(Category::Rule, "AWS", "Commands", "1")
            .inputs(0..=10)
            .variables(["*"])
    }

    fn run<H: Host>(job: &Job, _: Configuration, host: &H) -> Result<Outcome, Failure> {
        run::run(job, host)
    }
}

export_provider!(Commands, CommandsRule);

#[cfg(test)]
mod tests;
