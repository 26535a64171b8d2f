//! `lockgate why` and `why-not`: answers from the log, sentence by sentence.

use super::client::{Client, segment};
use super::output::{Style, date_time, print, safe};
use super::{Connection, Output};
use crate::Failure;
use clap::Args;
use lockgate_execution::why::{Answer, Journey, Present, Reason, RevisionAnswer};

#[derive(Debug, Args)]
pub struct Why {
    /// The execution
    execution: String,
    /// One stage of it
    stage: Option<String>,
    /// One action of that stage
    action: Option<String>,
    #[command(flatten)]
    connection: Connection,
}

#[derive(Debug, Args)]
pub struct WhyNot {
    /// The pipeline
    pipeline: String,
    /// The revision, or its beginning
    revision: String,
    #[command(flatten)]
    connection: Connection,
}

pub async fn why(asked: Why, output: Output) -> Result<(), Failure> {
    let mut path = format!("/executions/{}/why", segment(&asked.execution));
    if let Some(stage) = &asked.stage {
        path.push_str(&format!("?stage={}", segment(stage)));
    }
    if let Some(action) = &asked.action {
        path.push_str(&format!("&action={}", segment(action)));
    }
    let answer: Answer = Client::new(asked.connection)?.get(&path).await?;
    print(output, &answer, |answer| {
        reasons(&answer.reasons, "") + &now(&answer.now, "")
    });
    Ok(())
}

pub async fn why_not(asked: WhyNot, output: Output) -> Result<(), Failure> {
    let path = format!(
        "/pipelines/{}/why-not?revision={}",
        segment(&asked.pipeline),
        segment(&asked.revision)
    );
    let answer: RevisionAnswer = Client::new(asked.connection)?.get(&path).await?;
    print(output, &answer, not_text);
    Ok(())
}

fn not_text(answer: &RevisionAnswer) -> String {
    let mut text = format!("{}\n", safe(&answer.sentence));
    if !answer.ignored.is_empty() {
        text.push_str("\nstarted nothing:\n");
        text.push_str(&reasons(&answer.ignored, "  "));
    }
    for journey in &answer.executions {
        text.push('\n');
        text.push_str(&self::journey(journey));
    }
    text
}

fn journey(journey: &Journey) -> String {
    let style = Style::of_stdout();
    let stages: Vec<String> = journey
        .stages
        .iter()
        .map(|stop| {
            let status = match stop.status {
                Some(status) => style.status(status.as_str()),
                None => "-".to_owned(),
            };
            format!("{} {status}", safe(&stop.stage))
        })
        .collect();
    format!(
        "execution {} took it from {}: {}\n{}{}",
        journey.execution,
        safe(&journey.source_action),
        stages.join(", "),
        reasons(&journey.reasons, "  "),
        now(&journey.now, "  ")
    )
}

fn reasons(reasons: &[Reason], indent: &str) -> String {
    reasons
        .iter()
        .map(|reason| {
            format!(
                "{indent}{}  {}  {}\n",
                date_time(reason.at),
                safe(&reason.by.to_string()),
                safe(&reason.sentence)
            )
        })
        .collect()
}

/// What holds, and each thing that is waited for where there are several.
fn now(present: &Present, indent: &str) -> String {
    let style = Style::of_stdout();
    if present.waits.len() < 2 {
        return format!(
            "{indent}{} {}\n",
            style.bold("now:"),
            safe(&present.sentence)
        );
    }
    let waits: String = present
        .waits
        .iter()
        .map(|wait| format!("{indent}  - {}\n", safe(&wait.sentence)))
        .collect();
    format!("{indent}{} it waits\n{waits}", style.bold("now:"))
}
