//! `lockgate approve`: answers a manual approval on a server.

use super::client::{Client, segment};
use super::output::{date_time, print, safe};
use super::{Connection, Output};
use crate::Failure;
use crate::api::{ApprovalAnswer, ApprovalList, OpenApproval};
use clap::Args;

#[derive(Debug, Args)]
pub struct Options {
    /// The pipeline
    pub pipeline: String,
    /// The approval action; may be left out where only one waits
    pub action: Option<String>,
    /// The stage, where approvals of the same name wait in several
    #[arg(long)]
    pub stage: Option<String>,
    /// Answers no
    #[arg(long)]
    pub reject: bool,
    /// What you have to say to it
    #[arg(long, default_value = "")]
    pub summary: String,
    /// Only prints what waits
    #[arg(long)]
    pub list: bool,
    #[command(flatten)]
    pub connection: Connection,
}

pub async fn run(options: Options, output: Output) -> Result<(), Failure> {
    let client = Client::new(options.connection.clone())?;
    let path = format!("/pipelines/{}/approvals", segment(&options.pipeline));
    let list: ApprovalList = client.get(&path).await?;
    if options.list {
        print(output, &list, |list| {
            list.approvals.iter().map(text).collect()
        });
        return Ok(());
    }
    let approval = choose(&options, &list)?;
    let answer = ApprovalAnswer {
        stage: approval.stage.clone(),
        action: approval.action.clone(),
        token: approval.token.clone(),
        approved: !options.reject,
        summary: options.summary,
    };
    let done: serde_json::Value = client.post(&path, &answer).await?;
    let word = if options.reject {
        "rejected"
    } else {
        "approved"
    };
    print(output, &done, |_| {
        format!(
            "{word} {} in stage {}",
            safe(&approval.action),
            safe(&approval.stage)
        )
    });
    Ok(())
}

fn choose<'a>(options: &Options, list: &'a ApprovalList) -> Result<&'a OpenApproval, Failure> {
    let fits = |approval: &&OpenApproval| {
        options
            .action
            .as_ref()
            .is_none_or(|action| *action == approval.action)
            && options
                .stage
                .as_ref()
                .is_none_or(|stage| *stage == approval.stage)
    };
    let found: Vec<&OpenApproval> = list.approvals.iter().filter(fits).collect();
    match found.as_slice() {
        [one] => Ok(one),
        [] if list.approvals.is_empty() => Err(Failure::input(format!(
            "nothing in pipeline '{}' waits for approval",
            options.pipeline
        ))),
        [] => Err(Failure::input(
            std::iter::once("no such approval waits; these do:\n".to_owned())
                .chain(list.approvals.iter().map(text))
                .collect::<String>(),
        )),
        many => Err(Failure::input(
            std::iter::once(
                "several approvals wait; name the action, and the stage with --stage:\n".to_owned(),
            )
            .chain(many.iter().map(|approval| text(approval)))
            .collect::<String>(),
        )),
    }
}

fn text(approval: &OpenApproval) -> String {
    let mut text = format!(
        "{} in stage {}, execution {}, since {}\n",
        safe(&approval.action),
        safe(&approval.stage),
        approval.pipeline_execution_id,
        date_time(approval.opened)
    );
    for more in [&approval.detail.custom_data, &approval.detail.link]
        .into_iter()
        .flatten()
    {
        text.push_str(&format!("  {}\n", safe(more)));
    }
    text
}
