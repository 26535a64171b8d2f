//! How one pipeline starts another: the door that the host gives to jobs whose
//! plugin may start pipelines, in front of the orchestrator. Keeps pipelines
//! that start each other from doing so without end. Knows no plugin.

use futures::FutureExt;
use futures::future::BoxFuture;
use lockgate_execution::Rejected;
use lockgate_host::{PipelineStart, PipelineStartError, Pipelines};
use lockgate_model::id::{ActionExecutionId, ExecutionId, Principal, TenantId};
use lockgate_model::job::Job;
use lockgate_model::trigger::{Trigger, TriggerType};
use lockgate_orchestrator::{ExecutionDetail, Orchestrator, OrchestratorError};
use lockgate_orchestrator::{Start, WeakOrchestrator};
use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// Pipelines that start each other, one after the other.
const LONGEST_CHAIN: u32 = 10;
/// Starts of one pipeline by others within [`SPAN`]: what a chain's length does
/// not bound, such as a rollback that starts its own pipeline again.
const MOST_STARTS: usize = 100;
const SPAN: Duration = Duration::from_secs(600);
/// Jobs carry on at a start before there is an orchestrator to ask.
const PATIENCE: Duration = Duration::from_secs(60);

/// Starts pipelines for jobs. There before the orchestrator, which it is given
/// later and does not keep alive.
pub(super) struct Starter {
    orchestrator: watch::Sender<Option<WeakOrchestrator>>,
    recent: Mutex<HashMap<(TenantId, String), Recent>>,
}

/// Starts of one pipeline by others: when, and by which action execution.
type Recent = VecDeque<(Instant, ActionExecutionId)>;

/// The job that asks.
#[derive(Clone)]
struct Asker {
    tenant: TenantId,
    pipeline: String,
    execution: ExecutionId,
    action_execution: ActionExecutionId,
}

impl Starter {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            orchestrator: watch::Sender::new(None),
            recent: Mutex::default(),
        })
    }

    /// From now on pipelines can be started.
    pub(super) fn open(&self, orchestrator: &Orchestrator) {
        self.orchestrator
            .send_replace(Some(orchestrator.downgrade()));
    }

    /// The door of one job.
    pub(super) fn door(self: &Arc<Self>, job: &Job) -> Pipelines {
        let starter = Arc::clone(self);
        let asker = Asker {
            tenant: job.tenant.clone(),
            pipeline: job.pipeline.clone(),
            execution: job.execution,
            action_execution: job.action_execution,
        };
        Pipelines::new(move |start| -> BoxFuture<'static, _> {
            let (starter, asker) = (Arc::clone(&starter), asker.clone());
            async move { starter.start(&asker, start).await }.boxed()
        })
    }

    async fn start(
        &self,
        asker: &Asker,
        start: PipelineStart,
    ) -> Result<String, PipelineStartError> {
        let orchestrator = self.orchestrator().await?;
        let place = asker.place(&orchestrator).await?;
        if place > LONGEST_CHAIN {
            return Err(PipelineStartError::Invalid(format!(
                "the pipeline '{}' is not started: {LONGEST_CHAIN} pipelines have started each other one after the other already, the last of them '{}'; let one of them end without starting another",
                start.pipeline, asker.pipeline
            )));
        }
        self.take_turn(asker, &start.pipeline)?;
        let by = Principal(format!("pipeline/{}", asker.pipeline));
        let link = Link {
            pipeline: asker.pipeline.clone(),
            execution: asker.execution,
            place,
        };
        let pipeline = start.pipeline;
        let start = Start {
            trigger: Trigger {
                trigger_type: TriggerType::StartPipelineExecution,
                trigger_detail: link.to_string(),
            },
            variables: start.variables,
            source_revisions: start.source_revisions,
            // No client of the API can send this: theirs have no blanks.
            token: Some(format!("invoked by {}", asker.action_execution)),
        };
        match orchestrator
            .start_execution(&asker.tenant, &pipeline, start, &by)
            .await
        {
            Ok(execution) => Ok(execution.to_string()),
            Err(error) => {
                self.give_turn_back(asker, &pipeline);
                Err(refusal(&error))
            }
        }
    }

    async fn orchestrator(&self) -> Result<Orchestrator, PipelineStartError> {
        let mut opened = self.orchestrator.subscribe();
        let there = tokio::time::timeout(PATIENCE, opened.wait_for(Option::is_some)).await;
        let weak = match there {
            Ok(Ok(weak)) => weak.clone(),
            Ok(Err(_)) | Err(_) => None,
        };
        weak.and_then(|weak| weak.upgrade()).ok_or_else(|| {
            PipelineStartError::Failed(
                "the server is starting or shutting down; retry the stage when it is there".into(),
            )
        })
    }

    /// Counts one start. The same action execution counts once.
    fn take_turn(&self, asker: &Asker, pipeline: &str) -> Result<(), PipelineStartError> {
        let now = Instant::now();
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent.retain(|_, starts| {
            while starts
                .front()
                .is_some_and(|(at, _)| now.duration_since(*at) >= SPAN)
            {
                starts.pop_front();
            }
            !starts.is_empty()
        });
        let starts = recent
            .entry((asker.tenant.clone(), pipeline.to_owned()))
            .or_default();
        if starts.iter().any(|(_, by)| *by == asker.action_execution) {
            return Ok(());
        }
        if starts.len() >= MOST_STARTS {
            return Err(PipelineStartError::Invalid(format!(
                "the pipeline '{pipeline}' is not started: other pipelines have started it {MOST_STARTS} times within {} minutes; look whether pipelines start each other without end, or retry the stage later",
                SPAN.as_secs() / 60
            )));
        }
        starts.push_back((now, asker.action_execution));
        Ok(())
    }

    /// What was not started does not count, and no name that is no pipeline's is
    /// remembered.
    fn give_turn_back(&self, asker: &Asker, pipeline: &str) {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (asker.tenant.clone(), pipeline.to_owned());
        if let Some(starts) = recent.get_mut(&key) {
            starts.retain(|(_, by)| *by != asker.action_execution);
            if starts.is_empty() {
                recent.remove(&key);
            }
        }
    }
}

impl Asker {
    /// Which place in a chain the execution would have that it starts.
    async fn place(&self, orchestrator: &Orchestrator) -> Result<u32, PipelineStartError> {
        let failed = |why: &dyn fmt::Display| {
            tracing::error!(execution = %self.execution, error = %why, "an execution cannot be read");
            PipelineStartError::Failed(format!(
                "what started execution {} cannot be read; the server's log says why",
                self.execution
            ))
        };
        let row = orchestrator
            .store()
            .execution(&self.tenant, self.execution)
            .await
            .map_err(|error| failed(&error))?;
        let Some(row) = row else {
            return Err(failed(&"it is not in the store"));
        };
        let detail: ExecutionDetail =
            serde_json::from_str(&row.execution.json).map_err(|error| failed(&error))?;
        let link = match detail.trigger.trigger_type {
            TriggerType::StartPipelineExecution => detail.trigger.trigger_detail.parse().ok(),
            _ => None,
        };
        Ok(link.map_or(1, |link: Link| link.place.saturating_add(1)))
    }
}

/// What started an execution, as its trigger's detail says it: the text is for
/// people and read again, so that a chain is counted across restarts.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Link {
    pipeline: String,
    execution: ExecutionId,
    /// Counts from 1.
    place: u32,
}

const FROM: &str = "invoked by pipeline ";
const OF: &str = ", execution ";
const PLACE: &str = ", start ";
const REST: &str = " in a chain";

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            pipeline,
            execution,
            place,
        } = self;
        write!(f, "{FROM}{pipeline}{OF}{execution}{PLACE}{place}{REST}")
    }
}

impl FromStr for Link {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let rest = text.strip_prefix(FROM).ok_or(())?;
        let rest = rest.strip_suffix(REST).ok_or(())?;
        let (rest, place) = rest.rsplit_once(PLACE).ok_or(())?;
        let (pipeline, execution) = rest.rsplit_once(OF).ok_or(())?;
        Ok(Self {
            pipeline: pipeline.to_owned(),
            execution: execution.parse().map_err(|_| ())?,
            place: place.parse().map_err(|_| ())?,
        })
    }
}

fn refusal(error: &OrchestratorError) -> PipelineStartError {
    match error {
        OrchestratorError::Rejected(Rejected::PipelineNotFound { .. }) => {
            PipelineStartError::NotFound(error.to_string())
        }
        OrchestratorError::Store(_)
        | OrchestratorError::Damaged { .. }
        | OrchestratorError::ShuttingDown => {
            tracing::error!(%error, "a pipeline cannot be started for another");
            PipelineStartError::Failed(
                "the pipeline cannot be started; the server's log says why".to_owned(),
            )
        }
        _ => PipelineStartError::Invalid(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn asker(number: u128) -> Asker {
        Asker {
            tenant: "111122223333".parse().unwrap(),
            pipeline: "site".into(),
            execution: ExecutionId(Uuid::from_u128(1)),
            action_execution: ActionExecutionId(Uuid::from_u128(number)),
        }
    }

    #[test]
    fn a_link_of_a_chain_reads_back_what_it_writes_and_takes_nothing_else_for_one() {
        let link = Link {
            pipeline: "Deploy.1@eu_x-y".into(),
            execution: ExecutionId(Uuid::from_u128(7)),
            place: 3,
        };
        assert_eq!(link.to_string().parse(), Ok(link));
        for other in [
            "",
            "arn:aws:iam::111122223333:user/dev",
            "invoked by pipeline site",
            "invoked by pipeline site, execution 7, start 1 in a chain",
            "invoked by pipeline site, execution 00000000-0000-0000-0000-000000000007, start x in a chain",
        ] {
            assert_eq!(other.parse::<Link>(), Err(()), "{other}");
        }
    }

    #[test]
    fn a_pipeline_is_started_by_others_so_often_in_a_span_and_an_attempt_counts_once() {
        let starter = Starter::new();
        for number in 0..MOST_STARTS as u128 {
            for _attempt in 0..3 {
                starter.take_turn(&asker(number), "a").unwrap();
            }
        }
        let error = starter.take_turn(&asker(1000), "a").unwrap_err();
        assert!(
            matches!(&error, PipelineStartError::Invalid(why) if why.contains("100 times within 10 minutes")),
            "{error}"
        );
        starter.take_turn(&asker(1000), "b").unwrap();
        starter.take_turn(&asker(5), "a").unwrap();
        starter.give_turn_back(&asker(5), "a");
        starter.take_turn(&asker(1000), "a").unwrap();
    }

    #[test]
    fn names_that_are_no_pipelines_are_not_remembered() {
        let starter = Starter::new();
        for number in 0..1000 {
            let name = number.to_string();
            starter.take_turn(&asker(number), &name).unwrap();
            starter.give_turn_back(&asker(number), &name);
        }
        assert!(starter.recent.lock().unwrap().is_empty());
    }
}
