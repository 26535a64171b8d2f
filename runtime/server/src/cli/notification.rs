//! `lockgate notification`: who is told of which events.

use super::client::{Client, segment};
use super::output::{date_time, print, safe, table};
use super::{Connection, Output};
use crate::Failure;
use crate::api::NotificationRuleList;
use clap::{Args, Subcommand, ValueEnum};
use lockgate_orchestrator::{
    NotificationDetail, NotificationFormat, NotificationRule, NotificationRuleView,
    NotificationTest,
};
use std::io::Read;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Creates a notification rule, which tells of what happens from now on
    Create(Box<Create>),
    /// Lists rules, with what became of their notifications
    List {
        #[command(flatten)]
        connection: Connection,
    },
    /// Shows a rule
    Show(Named),
    /// Deletes a rule; what it has not told yet, nobody is told
    Delete(Named),
    /// Posts a notification that says it is a test, once
    Test(Named),
    /// Switches a rule on
    Enable(Named),
    /// Switches a rule off: what happens meanwhile is told to nobody later
    Disable(Named),
}

#[derive(Debug, Args)]
pub struct Create {
    /// The rule's name; an approval whose NotificationArn ends in it tells this target
    name: String,
    /// Where to post; '-' reads it from standard input, where nobody sees it
    #[arg(long, value_name = "URL")]
    url: String,
    /// An event, such as 'pipeline-execution-failed', or 'all'; may be repeated
    #[arg(long = "event", required = true, value_name = "ID")]
    events: Vec<String>,
    /// A pipeline, or a glob such as 'web-*'; may be repeated; left out: all
    #[arg(long = "pipeline", value_name = "NAME")]
    pipelines: Vec<String>,
    /// How it is told
    #[arg(long, value_enum, default_value_t = Format::EventBridge)]
    format: Format,
    /// Leaves out what failed and why, and which revisions it was about
    #[arg(long)]
    basic: bool,
    /// The request header that carries a secret
    #[arg(long, value_name = "HEADER", requires = "secret_name")]
    header: Option<String>,
    /// The secret's name
    #[arg(long, value_name = "NAME", requires = "header")]
    secret_name: Option<String>,
    /// What stands before the secret in the header, such as 'Bearer '
    #[arg(long, value_name = "TEXT", requires = "header")]
    prefix: Option<String>,
    /// Creates it switched off
    #[arg(long)]
    disabled: bool,
    #[command(flatten)]
    connection: Connection,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// The event exactly as EventBridge has it
    #[value(name = "eventbridge")]
    EventBridge,
    /// As AWS's notification rules send it to a topic
    Notification,
    /// A sentence for people in Slack
    Slack,
    /// A sentence for people in Teams
    Teams,
    /// A sentence for people in a flat JSON object
    Generic,
}

#[derive(Debug, Args)]
pub struct Named {
    /// The rule
    name: String,
    #[command(flatten)]
    connection: Connection,
}

pub async fn run(command: Command, output: Output) -> Result<(), Failure> {
    match command {
        Command::Create(create) => {
            let (rule, connection) = create.rule()?;
            let client = Client::new(connection)?;
            let made: NotificationRuleView = client.post("/notification-rules", &rule).await?;
            print(output, &made, |made| {
                let name = safe(&made.rule.name);
                format!("created {name}; try it with: lockgate notification test {name}")
            });
        }
        Command::List { connection } => {
            let client = Client::new(connection)?;
            let list: NotificationRuleList = client.get("/notification-rules").await?;
            print(output, &list, list_text);
        }
        Command::Show(Named { name, connection }) => {
            let rule: NotificationRuleView = Client::new(connection)?.get(&path(&name)).await?;
            print(output, &rule, show_text);
        }
        Command::Delete(Named { name, connection }) => {
            let client = Client::new(connection)?;
            let gone: serde_json::Value = client.delete(&path(&name)).await?;
            print(output, &gone, |_| format!("deleted {}", safe(&name)));
        }
        Command::Test(Named { name, connection }) => {
            let client = Client::new(connection)?;
            let path = format!("{}/test", path(&name));
            let test: NotificationTest = client.post(&path, &serde_json::json!({})).await?;
            if !test.delivered {
                return Err(Failure::input(format!(
                    "{name} was not delivered: {}",
                    test.message
                )));
            }
            print(output, &test, |test| {
                format!("delivered: {}", safe(&test.message))
            });
        }
        Command::Enable(named) => switch(named, true, output).await?,
        Command::Disable(named) => switch(named, false, output).await?,
    }
    Ok(())
}

fn path(name: &str) -> String {
    format!("/notification-rules/{}", segment(name))
}

/// The address that is shown as stars keeps its value when it is given back.
async fn switch(named: Named, enabled: bool, output: Output) -> Result<(), Failure> {
    let Named { name, connection } = named;
    let client = Client::new(connection)?;
    let mut rule = client.get::<NotificationRuleView>(&path(&name)).await?.rule;
    rule.enabled = enabled;
    let changed: NotificationRuleView = client.put(&path(&name), &rule).await?;
    let word = if enabled { "enabled" } else { "disabled" };
    print(output, &changed, |_| format!("{word} {}", safe(&name)));
    Ok(())
}

impl Create {
    fn rule(self) -> Result<(NotificationRule, Connection), Failure> {
        let url = match self.url.as_str() {
            "-" => {
                let mut text = String::new();
                // An address is not longer; whatever is will be refused.
                std::io::stdin().take(1 << 16).read_to_string(&mut text)?;
                text.trim().to_owned()
            }
            _ => self.url,
        };
        let rule = NotificationRule {
            name: self.name,
            pipelines: self.pipelines,
            events: self.events,
            format: match self.format {
                Format::EventBridge => NotificationFormat::EventBridge,
                Format::Notification => NotificationFormat::Notification,
                Format::Slack => NotificationFormat::Slack,
                Format::Teams => NotificationFormat::Teams,
                Format::Generic => NotificationFormat::Generic,
            },
            detail: if self.basic {
                NotificationDetail::Basic
            } else {
                NotificationDetail::Full
            },
            url,
            header: self.header,
            secret_name: self.secret_name,
            prefix: self.prefix,
            enabled: !self.disabled,
        };
        Ok((rule, self.connection))
    }
}

fn list_text(list: &NotificationRuleList) -> String {
    if list.notification_rules.is_empty() {
        return "no notification rules; create one with: lockgate notification create NAME --url URL --event ID".to_owned();
    }
    let heading = ["NAME", "PIPELINES", "DELIVERED", "GIVEN UP", "STATE"];
    let mut rows = vec![heading.map(str::to_owned).to_vec()];
    rows.extend(list.notification_rules.iter().map(|view| {
        vec![
            safe(&view.rule.name),
            pipelines(view),
            view.delivered.to_string(),
            view.given_up.to_string(),
            state(view),
        ]
    }));
    table(&rows)
}

fn pipelines(view: &NotificationRuleView) -> String {
    if view.rule.pipelines.is_empty() {
        "all".to_owned()
    } else {
        safe(&view.rule.pipelines.join(" "))
    }
}

/// Whether it is on, and how the last failure was, where nothing has arrived
/// since.
fn state(view: &NotificationRuleView) -> String {
    if !view.rule.enabled {
        return "disabled".to_owned();
    }
    match (&view.last_error, view.last_error_at) {
        (Some(error), at) if at > view.delivered_at => format!("failing: {}", safe(error)),
        _ => "enabled".to_owned(),
    }
}

fn show_text(view: &NotificationRuleView) -> String {
    use std::fmt::Write;
    let rule = &view.rule;
    let mut text = String::new();
    let mut line = |key: &str, value: &str| {
        let _ = writeln!(text, "{key:<10} {value}");
    };
    line("rule", &safe(&rule.name));
    line("arn", &safe(&view.arn));
    line("state", &state(view));
    line("pipelines", &pipelines(view));
    for event in &rule.events {
        line("event", &safe(event));
    }
    let detail = match rule.detail {
        NotificationDetail::Full => "FULL",
        NotificationDetail::Basic => "BASIC",
    };
    line("format", &format!("{:?}, {detail}", rule.format));
    line("url", &safe(&rule.url));
    if let (Some(header), Some(secret)) = (&rule.header, &rule.secret_name) {
        let prefix = rule.prefix.as_deref().unwrap_or_default();
        line(
            "header",
            &format!("{}: {}<{}>", safe(header), safe(prefix), safe(secret)),
        );
    }
    line("created", &by(view));
    let at = view
        .delivered_at
        .map(|at| format!(", last {}", date_time(at)));
    let delivered = format!("{}{}", view.delivered, at.unwrap_or_default());
    line("delivered", &delivered);
    line("given up", &view.given_up.to_string());
    if let (Some(error), Some(at)) = (&view.last_error, view.last_error_at) {
        line("error", &format!("{} {}", date_time(at), safe(error)));
    }
    text
}

fn by(view: &NotificationRuleView) -> String {
    format!(
        "{} by {}",
        date_time(view.created),
        safe(&view.created_by.to_string())
    )
}
