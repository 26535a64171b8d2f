//! A step as a request to the machine: whose job is meant, with which token,
//! under which id.

use super::ask::{World, spot};
use super::outcome::outcome;
use super::pick::Open;
use super::step::{Answer, Change, Place, Step, Target};
use super::trouble::Inapplicable;
use lockgate_execution::{Command, Event, Recorded, UpdatePolicy, Work, Worker, fold};
use lockgate_model::action_type::Category;
use lockgate_model::change::{Author, ChangeKind, SourceChange};
use lockgate_model::definition::{Pipeline, PullRequestEvent, RetryMode};
use lockgate_model::id::{ExecutionId, JobId, Nonce};
use lockgate_model::job::Revision;
use lockgate_model::time::Timestamp;
use lockgate_model::trigger::{SourceRevision, Trigger, TriggerType};

/// Until a dispatched job is offered again.
const ACKNOWLEDGE_WITHIN: u64 = 300;

impl World {
    pub(super) fn command(&mut self, step: &Step) -> Result<(String, Command), Inapplicable> {
        let ann = "ann".to_owned();
        let server = "lockgate".to_owned();
        Ok(match step {
            Step::Start {
                variables,
                revisions,
                trigger,
            } => (
                ann,
                Command::StartExecution {
                    id: self.fresh(),
                    trigger: trigger_of(trigger.as_ref())?,
                    variables: variables.iter().cloned().collect(),
                    source_revisions: revisions
                        .iter()
                        .map(|(action, revision)| SourceRevision {
                            action_name: action.clone(),
                            revision_id: revision.clone(),
                            revision_type: None,
                        })
                        .collect(),
                },
            ),
            Step::Job {
                late,
                target,
                answer,
            } => (server, self.answer(*late, target, answer)?),
            Step::Queue(target) => {
                let job = self.awaited(target)?.0;
                (server, Command::QueueJob { job })
            }
            Step::Poll { target, by } => {
                let job = self.awaited(target)?.0;
                let nonce = Nonce(self.fresh().0);
                self.nonces.entry(job).or_default().push(nonce);
                (
                    by.clone().unwrap_or_else(|| "worker".to_owned()),
                    Command::DispatchJob {
                        job,
                        nonce,
                        acknowledge_within: ACKNOWLEDGE_WITHIN,
                    },
                )
            }
            Step::Acknowledge { target, old } => {
                let open = self.open(target)?;
                let (job, _) = open.job().ok_or_else(|| nothing(target, "has no job"))?;
                let known = self.nonces.get(&job).map_or(&[][..], Vec::as_slice);
                let current = open.worker().and_then(Worker::nonce);
                let nonce = if *old {
                    known.iter().rev().find(|nonce| Some(**nonce) != current)
                } else {
                    current.as_ref().or(known.last())
                };
                let nonce = *nonce.ok_or_else(|| nothing(target, "was never polled"))?;
                ("worker".to_owned(), Command::AcknowledgeJob { job, nonce })
            }
            Step::Approval {
                yes,
                target,
                old,
                by,
                words,
            } => (
                by.clone().unwrap_or(ann),
                self.approval(*yes, target, *old, words)?,
            ),
            Step::Stop { of, abandon, words } => (
                ann,
                Command::StopExecution {
                    id: self.id(*of)?,
                    abandon: *abandon,
                    reason: words.clone(),
                },
            ),
            Step::Retry { stage, of, all } => (
                ann,
                Command::RetryStage {
                    id: self.id(*of)?,
                    stage: stage.clone(),
                    mode: if *all {
                        RetryMode::AllActions
                    } else {
                        RetryMode::FailedActions
                    },
                },
            ),
            Step::RollBack { stage, to } => {
                let target = self.id(*to)?;
                let created = |r: &Recorded| matches!(r.event, Event::PipelineCreated { .. });
                let from = self.log.iter().rposition(created).unwrap_or(0);
                let target = fold(&self.state, [], target, &self.log[from..])
                    .ok_or_else(|| Inapplicable(format!("{to} is not in this pipeline's log")))?;
                (
                    ann,
                    Command::RollbackStage {
                        id: self.fresh(),
                        stage: stage.clone(),
                        target: Box::new(target),
                    },
                )
            }
            Step::Override {
                stage,
                condition,
                of,
            } => (
                ann,
                Command::OverrideCondition {
                    id: self.id(*of)?,
                    stage: stage.clone(),
                    condition: *condition,
                },
            ),
            Step::Disable {
                stage,
                direction,
                words,
            } => (
                ann,
                Command::DisableTransition {
                    stage: stage.clone(),
                    direction: *direction,
                    reason: words.clone(),
                },
            ),
            Step::Enable { stage, direction } => (
                ann,
                Command::EnableTransition {
                    stage: stage.clone(),
                    direction: *direction,
                },
            ),
            Step::Create { file } => (
                ann,
                Command::CreatePipeline {
                    definition: self.read(file)?,
                },
            ),
            Step::Update { file, pin } => (
                ann,
                Command::UpdatePipeline {
                    definition: self.read(file)?,
                    policy: if *pin {
                        UpdatePolicy::Pin
                    } else {
                        UpdatePolicy::Cancel
                    },
                },
            ),
            Step::Delete => (ann, Command::DeletePipeline),
            Step::Pass { .. } => (server, Command::TimePassed),
            Step::Changed {
                change,
                to,
                files,
                commit,
                unpinned,
            } => (
                server,
                Command::SourceChanged {
                    id: self.fresh(),
                    source_action: match to {
                        Some(to) => to.clone(),
                        None => self.only_source()?,
                    },
                    trigger: Trigger {
                        trigger_type: TriggerType::WebhookV2,
                        trigger_detail: change.to_string(),
                    },
                    change: Box::new(source_change(change, files, commit)),
                    pin: !unpinned,
                },
            ),
            Step::Report {
                stage,
                action,
                revision,
            } => (
                "worker".to_owned(),
                Command::PutActionRevision {
                    id: self.fresh(),
                    stage: stage.clone(),
                    action: action.clone(),
                    revision: revision_of(revision),
                },
            ),
        })
    }

    fn answer(
        &self,
        late: bool,
        target: &Target,
        answer: &Answer,
    ) -> Result<Command, Inapplicable> {
        if !late {
            let open = self.open(target)?;
            let (job, attempt) = open.job().ok_or_else(|| nothing(target, "has no job"))?;
            return Ok(Command::JobFinished {
                job,
                attempt,
                outcome: outcome(answer, job, open.input),
            });
        }
        let number = target.of.unwrap_or(1);
        let key = (number, target.stage.clone(), spot(&target.place));
        let ever = self.jobs.get(&key).map_or(&[][..], Vec::as_slice);
        let awaited: Vec<_> = Open::all(&self.state).filter_map(Open::job).collect();
        let (job, attempt) = ever
            .iter()
            .rev()
            .find(|job| !awaited.contains(job))
            .ok_or_else(|| nothing(target, "has no job that ended"))?;
        let action = self
            .state
            .execution(self.id(number)?)
            .and_then(|execution| execution.stage(&target.stage))
            .and_then(|stage| match &target.place {
                Place::Action(name) => stage.action(name).map(|run| run.input.clone()),
                Place::Rule(condition, name) => {
                    let rule = stage.condition(*condition)?.rule(name)?;
                    Some(rule.input.clone())
                }
            });
        let input = action.ok_or_else(|| nothing(target, "is forgotten"))?;
        Ok(Command::JobFinished {
            job: *job,
            attempt: *attempt,
            outcome: outcome(answer, *job, &input),
        })
    }

    fn approval(
        &self,
        yes: bool,
        target: &Target,
        old: bool,
        words: &str,
    ) -> Result<Command, Inapplicable> {
        let Place::Action(action) = &target.place else {
            return Err(nothing(target, "is not an approval"));
        };
        let open = self
            .open(target)
            .ok()
            .filter(|open| matches!(open.work, Work::Approval { .. }));
        let token = match open {
            Some(open) if !old => open.token(),
            _ if !old => None,
            _ => {
                let key = (target.of.unwrap_or(1), target.stage.clone(), action.clone());
                let current = open.and_then(Open::token);
                let ever = self.tokens.get(&key).map_or(&[][..], Vec::as_slice);
                ever.iter().rev().find(|t| Some(**t) != current).copied()
            }
        };
        Ok(Command::AnswerApproval {
            stage: target.stage.clone(),
            action: action.clone(),
            token: token.ok_or_else(|| nothing(target, "has no such token"))?,
            approved: yes,
            summary: words.to_owned(),
        })
    }

    fn awaited(&self, target: &Target) -> Result<(JobId, u32), Inapplicable> {
        let open = self.open(target)?;
        open.job().ok_or_else(|| nothing(target, "has no job"))
    }

    /// The one running action or rule that a step means.
    fn open(&self, target: &Target) -> Result<Open<'_>, Inapplicable> {
        let wanted = target.of.map(|number| self.id(number)).transpose()?;
        let mut found = Open::all(&self.state)
            .filter(|open| open.is_at(target))
            .filter(|open| wanted.is_none_or(|id| open.execution.id == id));
        let first = found
            .next()
            .ok_or_else(|| nothing(target, "does not run"))?;
        if found.next().is_some() {
            return Err(nothing(target, "runs in several executions: say of which"));
        }
        Ok(first)
    }

    fn id(&self, number: usize) -> Result<ExecutionId, Inapplicable> {
        number
            .checked_sub(1)
            .and_then(|index| self.ids.get(index))
            .copied()
            .ok_or_else(|| Inapplicable(format!("there never was an execution {number}")))
    }

    /// An id that nobody had yet.
    fn fresh(&self) -> ExecutionId {
        let mut seed = [0xa5; 16];
        seed[..8].copy_from_slice(&self.requests.to_le_bytes());
        ExecutionId::following(Timestamp(self.now.0 + 1), seed, "fresh")
    }

    fn read(&self, file: &str) -> Result<Box<Pipeline>, Inapplicable> {
        let definition = self.definitions.get(file);
        let definition = definition.ok_or_else(|| Inapplicable(format!("there is no {file}")))?;
        Ok(Box::new(definition.clone()))
    }

    fn only_source(&self) -> Result<String, Inapplicable> {
        let definition = self.state.definition();
        let mut sources = definition
            .iter()
            .flat_map(|definition| &definition.stages)
            .flat_map(|stage| &stage.actions)
            .filter(|action| action.action_type_id.category == Category::Source);
        match (sources.next(), sources.next()) {
            (Some(only), None) => Ok(only.name.clone()),
            _ => Err(Inapplicable("say to which source action".to_owned())),
        }
    }
}

fn nothing(target: &Target, why: &str) -> Inapplicable {
    Inapplicable(format!("{target} {why}"))
}

fn trigger_of(given: Option<&(String, String)>) -> Result<Trigger, Inapplicable> {
    let Some((kind, words)) = given else {
        return Ok(Trigger {
            trigger_type: TriggerType::StartPipelineExecution,
            trigger_detail: "ann".to_owned(),
        });
    };
    let trigger_type = serde_json::from_value(serde_json::Value::String(kind.clone()))
        .map_err(|_| Inapplicable(format!("'{kind}' is not a trigger type")))?;
    Ok(Trigger {
        trigger_type,
        trigger_detail: words.clone(),
    })
}

fn source_change(
    change: &Change,
    files: &Option<Vec<String>>,
    commit: &Option<String>,
) -> SourceChange {
    SourceChange {
        kind: match change {
            Change::Push { branch, new } => ChangeKind::Branch {
                name: branch.clone(),
                created: *new,
            },
            Change::Tag(name) => ChangeKind::Tag { name: name.clone() },
            Change::Pull {
                number,
                what,
                from,
                into,
            } => ChangeKind::PullRequest {
                event: match *what {
                    "opened" => PullRequestEvent::Open,
                    "updated" => PullRequestEvent::Updated,
                    _ => PullRequestEvent::Closed,
                },
                number: number.clone(),
                source_branch: from.clone(),
                destination_branch: into.clone(),
                merged: *what == "merged",
                fork: false,
            },
        },
        revision: revision_of(commit.as_deref().unwrap_or("1f2e3d4c")),
        files: files.clone(),
        repository: Some("acme/webshop".to_owned()),
        author: Some(Author {
            name: Some("Bob".to_owned()),
            ..Author::default()
        }),
    }
}

fn revision_of(id: &str) -> Revision {
    Revision {
        id: id.to_owned(),
        summary: None,
        url: None,
        created: None,
    }
}
