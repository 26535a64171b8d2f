//! `lockgate schedule`: pipelines that start by the clock.

use super::client::{Client, segment};
use super::output::{date_time, print, safe, table};
use super::run::pairs;
use super::{Connection, Output};
use crate::Failure;
use crate::api::ScheduleList;
use clap::{Args, Subcommand};
use lockgate_orchestrator::{Schedule, ScheduleView};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Creates a schedule
    Create(Create),
    /// Lists schedules, with when they are due
    List {
        #[command(flatten)]
        connection: Connection,
    },
    /// Shows a schedule
    Show(Named),
    /// Deletes a schedule; what it started goes on
    Delete(Named),
    /// Switches a schedule on
    Enable(Named),
    /// Switches a schedule off
    Disable(Named),
}

#[derive(Debug, Args)]
pub struct Create {
    /// The schedule's name
    name: String,
    /// The pipeline that it starts; the schedule goes with it
    pipeline: String,
    /// When: 'cron(0 9 ? * MON-FRI *)' or 'rate(5 minutes)', as EventBridge reads it
    expression: String,
    /// In whose time, such as Europe/Berlin
    #[arg(long, default_value = "UTC")]
    zone: String,
    /// Value of a pipeline variable; may be repeated
    #[arg(long = "variable", value_name = "NAME=VALUE")]
    variables: Vec<String>,
    /// Revision that a source action takes instead of the newest; may be repeated
    #[arg(long = "revision", value_name = "ACTION=REVISION")]
    revisions: Vec<String>,
    /// Creates it switched off
    #[arg(long)]
    disabled: bool,
    #[command(flatten)]
    connection: Connection,
}

#[derive(Debug, Args)]
pub struct Named {
    /// The schedule
    name: String,
    #[command(flatten)]
    connection: Connection,
}

pub async fn run(command: Command, output: Output) -> Result<(), Failure> {
    match command {
        Command::Create(create) => {
            let schedule = Schedule {
                name: create.name,
                pipeline: create.pipeline,
                expression: create.expression,
                zone: create.zone,
                enabled: !create.disabled,
                variables: pairs("--variable", &create.variables)?,
                source_revisions: pairs("--revision", &create.revisions)?,
            };
            let client = Client::new(create.connection)?;
            let made: ScheduleView = client.post("/schedules", &schedule).await?;
            print(output, &made, |made| {
                format!("created {}, {}", safe(&made.schedule.name), due(made))
            });
        }
        Command::List { connection } => {
            let list: ScheduleList = Client::new(connection)?.get("/schedules").await?;
            print(output, &list, list_text);
        }
        Command::Show(Named { name, connection }) => {
            let schedule: ScheduleView = Client::new(connection)?.get(&path(&name)).await?;
            print(output, &schedule, show_text);
        }
        Command::Delete(Named { name, connection }) => {
            let client = Client::new(connection)?;
            let gone: serde_json::Value = client.delete(&path(&name)).await?;
            print(output, &gone, |_| format!("deleted {}", safe(&name)));
        }
        Command::Enable(named) => switch(named, "enable", output).await?,
        Command::Disable(named) => switch(named, "disable", output).await?,
    }
    Ok(())
}

fn path(name: &str) -> String {
    format!("/schedules/{}", segment(name))
}

async fn switch(named: Named, verb: &str, output: Output) -> Result<(), Failure> {
    let Named { name, connection } = named;
    let path = format!("{}/{verb}", path(&name));
    let client = Client::new(connection)?;
    let changed: ScheduleView = client.post(&path, &serde_json::json!({})).await?;
    print(output, &changed, |changed| {
        format!("{verb}d {}, {}", safe(&name), due(changed))
    });
    Ok(())
}

fn due(view: &ScheduleView) -> String {
    match view.next_due {
        Some(at) => format!("next due {}", date_time(at)),
        None if view.schedule.enabled => "never due".to_owned(),
        None => "switched off".to_owned(),
    }
}

fn list_text(list: &ScheduleList) -> String {
    if list.schedules.is_empty() {
        return "no schedules; create one with: lockgate schedule create NAME PIPELINE EXPRESSION"
            .to_owned();
    }
    let heading = ["NAME", "PIPELINE", "EXPRESSION", "ZONE", "NEXT", "LAST"];
    let mut rows = vec![heading.map(str::to_owned).to_vec()];
    rows.extend(list.schedules.iter().map(|view| {
        let schedule = &view.schedule;
        let next = match view.next_due {
            Some(at) => date_time(at),
            None if schedule.enabled => "never".to_owned(),
            None => "disabled".to_owned(),
        };
        vec![
            safe(&schedule.name),
            safe(&schedule.pipeline),
            safe(&schedule.expression),
            safe(&schedule.zone),
            next,
            last(view),
        ]
    }));
    table(&rows)
}

/// When it was last due, and what came of it.
fn last(view: &ScheduleView) -> String {
    let Some(at) = view.last_due else {
        return "-".to_owned();
    };
    let at = date_time(at);
    match (&view.last_execution, &view.last_error) {
        (Some(id), _) => format!("{at} {id}"),
        (None, Some(error)) => format!("{at} started nothing: {}", safe(error)),
        (None, None) => at,
    }
}

fn show_text(view: &ScheduleView) -> String {
    use std::fmt::Write;
    let schedule = &view.schedule;
    let mut text = String::new();
    let mut line = |key: &str, value: &str| {
        let _ = writeln!(text, "{key:<10} {value}");
    };
    line("schedule", &safe(&schedule.name));
    line("arn", &safe(&view.arn));
    line("pipeline", &safe(&schedule.pipeline));
    line("expression", &safe(&schedule.expression));
    line("zone", &safe(&schedule.zone));
    for (name, value) in &schedule.variables {
        line("variable", &safe(&format!("{name}={value}")));
    }
    for (action, revision) in &schedule.source_revisions {
        line("revision", &safe(&format!("{action}={revision}")));
    }
    let by = safe(&view.created_by.to_string());
    line("created", &format!("{} by {by}", date_time(view.created)));
    line(
        "next",
        &match view.next_due {
            Some(at) => date_time(at),
            None if schedule.enabled => "never".to_owned(),
            None => "disabled".to_owned(),
        },
    );
    line("last", &last(view));
    text
}
