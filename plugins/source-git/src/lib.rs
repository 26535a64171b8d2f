//! The source-git provider: takes the tree of one commit, with or without its
//! history, from a Git repository behind https, behind ssh or on this machine,
//! and tells what changed there. This file is the contract's side; `take`, `look`
//! and `delivery` do the work, and the modules below them know nothing of
//! actions.

mod ancestry;
mod checkout;
mod compare;
mod cursor;
mod delivery;
mod history;
mod limits;
mod listing;
mod local;
mod location;
mod login;
mod look;
mod object;
mod objects;
mod pack;
mod packet;
mod place;
mod reference;
mod report;
mod settings;
mod smart;
mod spool;
mod ssh;
mod staging;
mod take;
mod tree_diff;
mod trouble;
mod version;

use lockgate_plugin::{
    Announcement, Category, Delivery, Description, Detection, Failure, Host, Job, Outcome,
    Provider, Source, Watch, choice, configuration, export_source,
};

choice! {
    /// What the output artifact holds.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum Format {
        /// The files of the commit.
        Tree = "Tree",
        /// The files, and a `.git` directory with their history.
        FullHistory = "FullHistory",
    }
}

choice! {
    /// How the secret is presented.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum Scheme {
        /// The secret is base64 of `user:password`.
        Basic = "Basic",
        /// The secret is a token.
        Bearer = "Bearer",
    }
}

choice! {
    /// Which files the first push of a branch changes.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum FirstPush {
        /// Those since it left the default branch.
        Compare = "compare",
        /// It is not told, and no filter on files passes.
        None = "none",
    }
}

configuration! {
    /// The action's configuration.
    #[derive(Debug, Clone)]
    pub struct Configuration {
        /// Where the repository is: https://host/path, ssh://user@host/path,
        /// user@host:path, or an absolute path on the server's machine.
        "RepositoryUrl" => repository_url: String,
        /// The branch to take. Left out: the repository's default branch.
        "BranchName" => branch_name: Option<String>,
        /// Take the newest tag that fits this glob instead, such as v1.*;
        /// newest is the highest version number.
        "TagName" => tag_name: Option<String>,
        /// Tree for the files, FullHistory for the files and a .git directory.
        "OutputArtifactFormat" => output_artifact_format: Format = "Tree",
        /// Whether the repository is asked for new commits; where it is not,
        /// webhooks still start the pipeline.
        "PollForSourceChanges" => poll_for_source_changes: bool = "true",
        /// For private repositories over https: the name of the server's
        /// secret that goes into the Authorization header.
        "SecretName" => secret_name: Option<String>,
        /// Basic where the secret is base64 of user:password, Bearer where it
        /// is a token.
        "AuthorizationScheme" => authorization_scheme: Scheme = "Basic",
        /// For ssh: absolute path of the private key, in a granted directory.
        "SshKeyFile" => ssh_key_file: Option<String>,
        /// For ssh: absolute path of the known_hosts file, in a granted
        /// directory.
        "SshKnownHostsFile" => ssh_known_hosts_file: Option<String>,
        /// The name of the server's secret that webhook deliveries are signed
        /// with. Without it they are refused.
        "WebhookSecret" => webhook_secret: Option<String>,
        /// Believe webhook deliveries of anybody, where WebhookSecret is left
        /// out.
        "WebhookUnauthenticated" => webhook_unauthenticated: bool = "false",
        /// Which files the first push of a branch changes: compare counts from
        /// where it left the default branch, none leaves it open.
        "FirstPushFiles" => first_push_files: FirstPush = "compare",
    }
}

/// The provider.
#[derive(Debug)]
pub struct SourceGit;

impl Provider for SourceGit {
    type Configuration = Configuration;

    fn describe() -> Description {
        Description::new("Takes the files of a commit from a Git repository")
            .serves(Category::Source, "Custom", "Git", "1")
            .outputs(1..=1)
            .variables(report::VARIABLES)
    }

    fn run<H: Host>(job: &Job, configuration: Configuration, host: &H) -> Result<Outcome, Failure> {
        take::take(job, &configuration, host).map_err(report::failure)
    }
}

impl Source for SourceGit {
    fn detect<H: Host>(
        configuration: Configuration,
        cursor: Option<&str>,
        watch: Watch,
        host: &H,
    ) -> Result<Detection, Failure> {
        look::look(&configuration, cursor, watch, host).map_err(report::failure)
    }

    fn webhook<H: Host>(
        configuration: Configuration,
        delivery: &Delivery,
        host: &H,
    ) -> Result<Option<Announcement>, Failure> {
        delivery::receive(&configuration, delivery, host).map_err(report::failure)
    }
}

export_source!(SourceGit);
