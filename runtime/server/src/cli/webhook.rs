//! `lockgate webhook`: what a forge has to be told for its deliveries to come.

use super::client::{Client, segment};
use super::output::{line, print, safe};
use super::{Connection, Output};
use crate::Failure;
use crate::api::WebhookDocument;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Prints the address that a repository's webhook is to be set to, and what else to set there
    Url {
        /// The pipeline
        pipeline: String,
        /// The source action
        action: String,
        #[command(flatten)]
        connection: Connection,
    },
}

pub async fn run(command: Command, output: Output) -> Result<(), Failure> {
    let Command::Url {
        pipeline,
        action,
        connection,
    } = command;
    let path = format!(
        "/pipelines/{}/sources/{}/webhook",
        segment(&pipeline),
        segment(&action)
    );
    let document: WebhookDocument = Client::new(connection)?.get(&path).await?;
    print(output, &document, text);
    if output == Output::Text {
        for note in &document.notes {
            line(&format!("note: {}", safe(note)));
        }
    }
    Ok(())
}

fn text(document: &WebhookDocument) -> String {
    let secret = match &document.secret {
        Some(name) => format!("the value of the server's secret '{}'", safe(name)),
        None => "none is configured".to_owned(),
    };
    let events = |push: &str, pull: &str| {
        let wanted = [(document.pushes, push), (document.pull_requests, pull)];
        let wanted = wanted.iter().filter(|(is, _)| *is).map(|(_, name)| *name);
        wanted.collect::<Vec<_>>().join("; ")
    };
    format!(
        "{}\n\nSet up a webhook of the repository with this address and\n  content type  application/json\n  secret        {secret}\n  events        GitHub: {}\n                GitLab: {}\n                Gitea, Forgejo: {}\n                Bitbucket: {}\n",
        safe(&document.url),
        events("Pushes", "Pull requests"),
        events("Push, Tag push", "Merge request"),
        events("Push", "Pull request, Pull request synchronized"),
        events(
            "Repository push",
            "Pull request created or opened, updated, merged, declined"
        ),
    )
}
