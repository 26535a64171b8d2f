//! Answering a manual approval.

use super::Decision;
use crate::event::Event;
use crate::execution::Execution;
use crate::rejected::Rejected;
use crate::stage::{ActionRun, Work};
use lockgate_model::id::ApprovalToken;
use lockgate_model::status::ActionStatus;

impl Decision<'_> {
    pub(super) fn answer(
        &mut self,
        stage: &str,
        action: &str,
        token: ApprovalToken,
        approved: bool,
        summary: &str,
    ) -> Result<(), Rejected> {
        self.definition()?;
        let Some((execution, run)) = self.approval(stage, action, token) else {
            let (_, declared) = self.stage(stage)?;
            return Err(if declared.action(action).is_some() {
                Rejected::InvalidApprovalToken {
                    stage: stage.to_owned(),
                    action: action.to_owned(),
                }
            } else {
                Rejected::ActionNotFound {
                    stage: stage.to_owned(),
                    action: action.to_owned(),
                    actions: declared.actions.iter().map(|a| a.name.clone()).collect(),
                }
            });
        };
        if let Some(how) = self.completed(run) {
            return Err(Rejected::ApprovalAlreadyCompleted {
                stage: stage.to_owned(),
                action: action.to_owned(),
                how,
            });
        }
        let execution = execution.id;
        self.record(Event::ApprovalAnswered {
            execution,
            stage: stage.to_owned(),
            action: action.to_owned(),
            approved,
            summary: summary.to_owned(),
        })
    }

    /// The approval with this token, open or not.
    fn approval(
        &self,
        stage: &str,
        action: &str,
        wanted: ApprovalToken,
    ) -> Option<(&Execution, &ActionRun)> {
        self.state.executions().find_map(|execution| {
            let run = execution.stage(stage)?.action(action)?;
            match run.work {
                Work::Approval { token, .. } if token == wanted => Some((execution, run)),
                _ => None,
            }
        })
    }

    /// What became of an approval that can no longer be answered.
    fn completed(&self, run: &ActionRun) -> Option<String> {
        match &run.work {
            Work::Approval {
                answer: Some(answer),
                ..
            } => {
                let verb = if answer.approved {
                    "approved"
                } else {
                    "rejected"
                };
                Some(format!("was {verb} by {}", answer.by))
            }
            _ if run.expires <= self.request.at => Some("expired".to_owned()),
            _ if run.status != ActionStatus::InProgress => {
                Some("was withdrawn when its execution ended".to_owned())
            }
            _ => None,
        }
    }
}
