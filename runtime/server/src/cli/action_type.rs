//! `lockgate action-type`: action types that job workers do.

use super::client::{Client, segment};
use super::output::{date_time, print, safe, table};
use super::run::{format_of, read_definition};
use super::{Connection, Output};
use crate::Failure;
use crate::api::ActionTypeList;
use clap::Subcommand;
use lockgate_model::definition::Format;
use lockgate_orchestrator::{CustomActionType, CustomActionTypeView};
use std::path::{Path, PathBuf};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Creates one from a file: TOML, or JSON as `aws codepipeline create-custom-action-type` takes it
    Create {
        /// The file
        file: PathBuf,
        #[command(flatten)]
        connection: Connection,
    },
    /// Lists those of this tenant
    List {
        #[command(flatten)]
        connection: Connection,
    },
    /// Deletes one; pipelines that use it keep their definitions
    Delete {
        /// Its name, such as Build/Custom/Jenkins/1
        id: String,
        #[command(flatten)]
        connection: Connection,
    },
}

pub async fn run(command: Command, output: Output) -> Result<(), Failure> {
    match command {
        Command::Create { file, connection } => {
            let made = read(&file)?;
            let client = Client::new(connection)?;
            let made: CustomActionTypeView = client.post("/action-types", &made).await?;
            print(output, &made, |made| format!("created {}", made.id));
        }
        Command::List { connection } => {
            let list: ActionTypeList = Client::new(connection)?.get("/action-types").await?;
            print(output, &list, list_text);
        }
        Command::Delete { id, connection } => {
            let parts: Vec<&str> = id.split('/').collect();
            let [category, "Custom", provider, version] = parts.as_slice() else {
                return Err(Failure::input(format!(
                    "'{id}' is no custom action type; write Category/Custom/Provider/Version, such as Build/Custom/Jenkins/1"
                )));
            };
            let path = format!(
                "/action-types/{}/{}/{}",
                segment(category),
                segment(provider),
                segment(version)
            );
            let gone: serde_json::Value = Client::new(connection)?.delete(&path).await?;
            print(output, &gone, |_| format!("deleted {}", safe(&id)));
        }
    }
    Ok(())
}

fn read(file: &Path) -> Result<CustomActionType, Failure> {
    let format = format_of(file)?;
    let text = read_definition(file)?;
    let read = match format {
        Format::Json => serde_json::from_str(&text).map_err(|error| error.to_string()),
        Format::Toml => toml::from_str(&text).map_err(|error| error.message().to_owned()),
    };
    read.map_err(|error| Failure::input(format!("{}: {error}", file.display())))
}

fn list_text(list: &ActionTypeList) -> String {
    if list.action_types.is_empty() {
        return "no custom action types; create one with: lockgate action-type create FILE"
            .to_owned();
    }
    let heading = ["ACTION TYPE", "CREATED", "POLLED BY", "PROPERTIES"];
    let mut rows = vec![heading.map(str::to_owned).to_vec()];
    rows.extend(list.action_types.iter().map(|view| {
        let properties = &view.action_type.configuration_properties;
        let names: Vec<String> = properties.iter().map(|it| safe(&it.name)).collect();
        let queryable = properties.iter().find(|it| it.queryable);
        vec![
            view.id.to_string(),
            date_time(view.created),
            queryable.map_or_else(|| "-".to_owned(), |it| safe(&it.name)),
            if names.is_empty() {
                "-".to_owned()
            } else {
                names.join(" ")
            },
        ]
    }));
    table(&rows)
}
