//! `lockgate plugin`: what is installed, what it asks for, what it may.

use super::client::{Client, segment};
use super::output::{print, safe, table};
use super::{Connection, Output};
use crate::Failure;
use crate::api::{PluginDocument, PluginList};
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Lists the installed plugins
    List {
        #[command(flatten)]
        connection: Connection,
    },
    /// Shows what a plugin serves, asks for, imports and is granted
    Inspect {
        /// The plugin
        name: String,
        #[command(flatten)]
        connection: Connection,
    },
}

pub async fn run(command: Command, output: Output) -> Result<(), Failure> {
    match command {
        Command::List { connection } => {
            let list: PluginList = Client::new(connection)?.get("/plugins").await?;
            print(output, &list, list_text);
        }
        Command::Inspect { name, connection } => {
            let path = format!("/plugins/{}", segment(&name));
            let document: PluginDocument = Client::new(connection)?.get(&path).await?;
            print(output, &document, document_text);
        }
    }
    Ok(())
}

fn list_text(list: &PluginList) -> String {
    let mut rows = vec![
        ["NAME", "VERSION", "SERVES", "STATE"]
            .map(str::to_owned)
            .to_vec(),
    ];
    rows.extend(list.plugins.iter().map(|plugin| {
        let serves = if plugin.serves.is_empty() {
            "(a function)".to_owned()
        } else {
            plugin.serves.join(" ")
        };
        let state = plugin
            .refused
            .as_deref()
            .map_or_else(|| "ready".to_owned(), safe);
        vec![
            safe(&plugin.name),
            safe(&plugin.version),
            safe(&serves),
            state,
        ]
    }));
    table(&rows)
}

fn document_text(document: &PluginDocument) -> String {
    use std::fmt::Write;
    let summary = &document.summary;
    let mut text = format!(
        "{} {}\n{}\ndigest {}\n",
        safe(&summary.name),
        safe(&summary.version),
        safe(&summary.description),
        summary.digest
    );
    if let Some(refused) = &summary.refused {
        let _ = writeln!(text, "cannot be used: {}", safe(refused));
    }
    let asks = [
        ("http", &document.asks.http),
        ("secret", &document.asks.secrets),
        ("read", &document.asks.read),
        ("write", &document.asks.write),
        ("exec", &document.asks.exec),
        ("exec-network", &document.asks.exec_network),
        ("invoke", &document.asks.invoke),
        ("pipeline", &document.asks.pipelines),
    ];
    let _ = writeln!(text, "\nasks for");
    for (name, reason) in asks {
        if let Some(reason) = reason {
            let _ = writeln!(text, "  {name:<13} {}", safe(reason));
        }
    }
    let _ = writeln!(text, "\nis granted");
    for line in document.grant.lines() {
        let _ = writeln!(text, "  {}", safe(&line.to_string()));
    }
    let _ = writeln!(text, "\nimports");
    for import in &document.imports {
        let _ = writeln!(text, "  {}", safe(import));
    }
    for action_type in &document.action_types {
        let _ = writeln!(
            text,
            "\n{}\n  {}",
            action_type.id,
            safe(&action_type.summary)
        );
        let _ = writeln!(
            text,
            "  artifacts: {} to {} in, {} to {} out",
            action_type.input_artifacts.minimum,
            action_type.input_artifacts.maximum,
            action_type.output_artifacts.minimum,
            action_type.output_artifacts.maximum
        );
        for property in &action_type.properties {
            let need = if property.required { " (required)" } else { "" };
            let default = property
                .default
                .as_deref()
                .map(|default| format!(" [default: {}]", safe(default)))
                .unwrap_or_default();
            let _ = writeln!(
                text,
                "  {:<24} {}{need}{default}",
                safe(&property.name),
                safe(&property.description)
            );
        }
    }
    text
}
