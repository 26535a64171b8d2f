//! One rule and one pipeline: the events after the last one that was seen to,
//! each delivered before the next, until there are no more. What was delivered
//! is noted afterwards, so that a crash between the two delivers again, with the
//! same id.

use super::delivery::{self, Subject};
use super::event_bridge::{Notice, Origin, notices};
use super::lanes::{ActiveRule, Ear};
use super::letter::letter;
use super::story::{Story, ends};
use crate::commit::recorded;
use crate::error::OrchestratorError;
use crate::shared::Shared;
use lockgate_execution::Recorded;
use lockgate_model::definition::Pipeline;
use lockgate_model::id::ExecutionId;
use lockgate_model::job::FailureType;
use lockgate_model::time::Timestamp;
use lockgate_store::{Progress, Seen, StoreError};
use std::collections::VecDeque;
use std::sync::Arc;
use uuid::Uuid;

/// Events that are read at a time.
const PAGE: u32 = 100;
/// Events that were told to nobody until it is noted that they were seen.
const UNNOTED: u64 = 200;
/// Executions that are remembered at a time; others are read again.
const STORIES: usize = 32;
/// Seconds until the disk is tried again.
const RETRY_SECONDS: u64 = 5;
/// Seconds after the first failure; twice as many after each further one.
const FIRST_WAIT: u64 = 30;
/// Seconds at most.
const LONGEST_WAIT: u64 = 30 * 60;
/// Tries before an event is given up, however old it is.
const FEWEST_TRIES: u64 = 2;
/// Seconds after which an event that its target refuses is given up.
const REFUSED_SECONDS: u64 = 60 * 60;
/// Seconds after which an event is given up whose target is away, or may not be
/// reached as things are granted.
const AWAY_SECONDS: u64 = 24 * 60 * 60;

pub(super) struct Lane {
    shared: Arc<Shared>,
    active: Arc<ActiveRule>,
    pipeline: String,
    seen: Option<Seen>,
    /// What the disk knows of `seen`.
    noted: u64,
    /// The one that something happened to last stands last.
    stories: VecDeque<Story>,
    definition: Option<(u32, Arc<Pipeline>)>,
}

/// How far a lane has come.
enum Went {
    /// There may be more.
    On,
    /// There is no more.
    ToTheEnd,
    /// There is no such pipeline.
    Nowhere,
}

impl Lane {
    pub(super) fn new(shared: Arc<Shared>, active: Arc<ActiveRule>, pipeline: String) -> Self {
        Self {
            shared,
            active,
            pipeline,
            seen: None,
            noted: 0,
            stories: VecDeque::new(),
            definition: None,
        }
    }

    /// Delivers whatever there is, whenever there is something.
    pub(super) async fn work(mut self, ear: Arc<Ear>) {
        loop {
            ear.heard().await;
            loop {
                match self.go().await {
                    Ok(Went::On) => {}
                    Ok(Went::ToTheEnd) => break,
                    Ok(Went::Nowhere) => {
                        let lanes = &self.shared.lanes;
                        if lanes.leave(self.active.id, &self.pipeline, &ear) {
                            return;
                        }
                        break;
                    }
                    Err(OrchestratorError::Store(StoreError::Closed)) => return,
                    Err(error) => {
                        tracing::error!(
                            rule = self.active.rule.name,
                            pipeline = self.pipeline,
                            %error,
                            "notifications wait for the disk"
                        );
                        let clock = self.shared.clock;
                        let again = clock.now().plus_seconds(RETRY_SECONDS);
                        clock.sleep_until(again).await;
                    }
                }
            }
        }
    }

    async fn go(&mut self) -> Result<Went, OrchestratorError> {
        let store = &self.shared.store;
        let (tenant, id) = (&self.active.tenant, self.active.id);
        let unseen = store
            .unseen_events(tenant, id, &self.pipeline, self.seen, PAGE)
            .await?;
        let Some(unseen) = unseen else {
            return Ok(Went::Nowhere);
        };
        if self.seen != Some(unseen.seen) {
            // The first look, or another pipeline of the same name.
            self.noted = unseen.seen.sequence;
            self.stories.clear();
            self.definition = None;
        }
        let mut seen = unseen.seen;
        self.seen = Some(seen);
        if unseen.events.is_empty() {
            return Ok(Went::ToTheEnd);
        }
        for stored in &unseen.events {
            match recorded(stored) {
                Ok(event) => self.see(seen, stored.sequence, &event).await?,
                Err(error) => tracing::error!(
                    pipeline = self.pipeline,
                    sequence = stored.sequence,
                    %error,
                    "an event cannot be read and is told to nobody"
                ),
            }
            seen.sequence = stored.sequence;
            self.seen = Some(seen);
        }
        if seen.sequence.saturating_sub(self.noted) >= UNNOTED {
            self.note(seen, 0, 0).await?;
        }
        Ok(Went::On)
    }

    /// Tells of one event, where it is one to tell of.
    async fn see(
        &mut self,
        seen: Seen,
        sequence: u64,
        event: &Recorded,
    ) -> Result<(), OrchestratorError> {
        let Some(execution) = event.event.execution() else {
            return Ok(());
        };
        let Some(mut story) = self.take_story(execution, sequence, event).await? else {
            return Ok(());
        };
        let definition = self.definition(story.version).await?;
        let origin = Origin {
            tenant: &self.active.tenant,
            pipeline: &self.pipeline,
            region: &self.shared.settings.region,
            definition: definition.as_deref(),
        };
        let events = &self.active.rule.events;
        let told: Vec<Notice> = notices(origin, &story, sequence, event)
            .into_iter()
            .filter(|notice| notice.change.is_among(events, notice.category))
            .collect();
        for notice in &told {
            let delivered = self.deliver(&story, notice, event.at).await;
            let (delivered, given_up) = if delivered { (1, 0) } else { (0, 1) };
            // Where an event is two changes, the second keeps it from being seen.
            let last = told.last().is_some_and(|last| last.id == notice.id);
            let sequence = if last { sequence } else { seen.sequence };
            let upto = Seen { sequence, ..seen };
            self.note(upto, delivered, given_up).await?;
        }
        story.told(&event.event);
        if !ends(&event.event) {
            self.stories.push_back(story);
            if self.stories.len() > STORIES {
                self.stories.pop_front();
            }
        }
        Ok(())
    }

    /// The story of an execution up to and with this event.
    async fn take_story(
        &mut self,
        execution: ExecutionId,
        sequence: u64,
        event: &Recorded,
    ) -> Result<Option<Story>, OrchestratorError> {
        let catalogue = self.shared.catalogue(&self.active.tenant);
        let known = self.stories.iter();
        let known = known
            .enumerate()
            .find(|(_, story)| story.execution == execution)
            .map(|(index, _)| index);
        if let Some(mut story) = known.and_then(|index| self.stories.remove(index)) {
            story.tell(event, &catalogue);
            return Ok(Some(story));
        }
        if let Some(story) = Story::begin(event) {
            return Ok(Some(story));
        }
        let mut story: Option<Story> = None;
        let mut after = 0;
        loop {
            let store = &self.shared.store;
            let page = store.execution_events(&self.active.tenant, execution, after, PAGE);
            let page = page.await?;
            if page.is_empty() {
                return Ok(story);
            }
            for stored in page.iter().filter(|stored| stored.sequence <= sequence) {
                let Ok(event) = recorded(stored) else {
                    continue;
                };
                match &mut story {
                    Some(story) => story.tell(&event, &catalogue),
                    None => story = Story::begin(&event),
                }
                if let Some(story) = story.as_mut().filter(|_| stored.sequence < sequence) {
                    story.told(&event.event);
                }
            }
            after = page.last().map_or(u64::MAX, |stored| stored.sequence);
            if after >= sequence {
                return Ok(story);
            }
        }
    }

    async fn definition(
        &mut self,
        version: u32,
    ) -> Result<Option<Arc<Pipeline>>, OrchestratorError> {
        if let Some((known, definition)) = &self.definition
            && *known == version
        {
            return Ok(Some(definition.clone()));
        }
        let store = &self.shared.store;
        let stored = store
            .definition(&self.active.tenant, &self.pipeline, Some(version))
            .await?;
        let definition = stored.and_then(|stored| serde_json::from_str(&stored.json).ok());
        self.definition = definition.map(|definition| (version, Arc::new(definition)));
        Ok(self
            .definition
            .as_ref()
            .map(|(_, definition)| definition.clone()))
    }

    /// Tries until it is delivered, or given up: false.
    async fn deliver(&self, story: &Story, notice: &Notice, at: Timestamp) -> bool {
        let Self { shared, active, .. } = self;
        let name = &active.rule.name;
        let subject = Subject {
            tenant: active.tenant.clone(),
            pipeline: self.pipeline.clone(),
            execution: story.execution,
            stage: notice.change.stage.clone().unwrap_or_default(),
            action: notice.change.action.clone().unwrap_or_default(),
            // Two rules may post to one target.
            key: Uuid::new_v5(&notice.id, active.id.as_bytes()),
        };
        let letter = letter(&active.rule, &active.arn, story, notice);
        let mut job = delivery::job(subject, letter);
        let mut wait = FIRST_WAIT;
        for tries in 1.. {
            job.continuation = None;
            let turns = [&active.posts, &shared.lanes.posts];
            let Err(failure) = delivery::deliver(shared, &mut job, &turns).await else {
                return true;
            };
            let now = shared.clock.now();
            let noted = shared
                .store
                .note_notification_error(&active.tenant, active.id, &failure.message, now)
                .await;
            if let Err(error) = noted {
                tracing::warn!(rule = name, %error, "a failure was not noted");
            }
            let patience = match failure.kind {
                FailureType::JobFailed => REFUSED_SECONDS,
                _ => AWAY_SECONDS,
            };
            let (pipeline, reason) = (&self.pipeline, &failure.message);
            // What happened while no server ran is old at the first try.
            if tries >= FEWEST_TRIES && now.since(at) >= patience * 1000 {
                tracing::error!(rule = name, pipeline, event = %notice.id, reason, "a notification is given up");
                return false;
            }
            tracing::warn!(
                rule = name,
                pipeline,
                reason,
                again_in = wait,
                "a notification failed"
            );
            shared.clock.sleep_until(now.plus_seconds(wait)).await;
            wait = wait.saturating_mul(2).min(LONGEST_WAIT);
        }
        false
    }

    async fn note(
        &mut self,
        seen: Seen,
        delivered: u64,
        given_up: u64,
    ) -> Result<(), OrchestratorError> {
        let progress = Progress {
            rule: self.active.id,
            pipeline: self.pipeline.clone(),
            seen,
            delivered,
            given_up,
            at: self.shared.clock.now(),
        };
        let (store, tenant) = (self.shared.store.clone(), self.active.tenant.clone());
        // On its own, so that it is also noted where the rule is changed just
        // now: what has arrived need not arrive again.
        let noting = self.shared.tasks.spawn(async move {
            let noted = store.note_progress(&tenant, progress).await;
            noted.map_err(OrchestratorError::from)
        });
        noting
            .await
            .unwrap_or(Err(OrchestratorError::ShuttingDown))?;
        self.noted = seen.sequence;
        Ok(())
    }
}
