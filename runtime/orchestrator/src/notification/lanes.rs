//! Which rules there are, and the lane of each with each pipeline it tells of. A
//! lane delivers in order and waits for nobody but its own target, so that no
//! rule and no pipeline holds up another. Whoever decides something rings, and
//! never waits here.

use super::lane::Lane;
use super::rule::{NotificationRule, Stored, arn};
use crate::background::Background;
use crate::error::OrchestratorError;
use crate::owners::Key;
use crate::shared::Shared;
use lockgate_model::glob::Glob;
use lockgate_model::id::TenantId;
use lockgate_store::NotificationRuleState;
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, Semaphore};
use uuid::Uuid;

/// Notifications that are posted at a time, all rules together.
const POSTS: usize = 32;
/// Of these, one rule's: a target that answers slowly leaves room for others.
const POSTS_OF_A_RULE: usize = 4;
/// Pipelines that are looked through at a time.
const PAGE: u32 = 500;

/// All rules that are on, and their lanes.
pub(crate) struct Lanes {
    state: Mutex<State>,
    pub(super) posts: Semaphore,
    /// Held while a rule is changed.
    pub(super) changing: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    closed: bool,
    rules: BTreeMap<TenantId, Vec<Arc<ActiveRule>>>,
    lanes: HashMap<(Uuid, String), Track>,
}

/// A rule that is on.
pub(crate) struct ActiveRule {
    pub(super) tenant: TenantId,
    pub(super) id: Uuid,
    pub(super) arn: String,
    pub(super) rule: NotificationRule,
    globs: Vec<Glob>,
    pub(super) posts: Semaphore,
}

struct Track {
    ear: Arc<Ear>,
    _task: Background,
}

/// How a lane hears that there is something new.
#[derive(Default)]
pub(super) struct Ear {
    rung: AtomicBool,
    bell: Notify,
}

impl Ear {
    fn ring(&self) {
        self.rung.store(true, Ordering::Release);
        self.bell.notify_one();
    }

    /// Waits for a ring since the last one that was heard.
    pub(super) async fn heard(&self) {
        while !self.rung.swap(false, Ordering::AcqRel) {
            self.bell.notified().await;
        }
    }
}

impl Default for Lanes {
    fn default() -> Self {
        Self {
            state: Mutex::default(),
            posts: Semaphore::new(POSTS),
            changing: tokio::sync::Mutex::new(()),
        }
    }
}

impl Lanes {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something happened in a pipeline, and is on disk.
    pub(crate) fn ring(shared: &Arc<Shared>, (tenant, pipeline): &Key) {
        let mut state = shared.lanes.state();
        let State { closed, rules, .. } = &*state;
        if *closed {
            return;
        }
        let Some(rules) = rules.get(tenant) else {
            return;
        };
        let told: Vec<Arc<ActiveRule>> = rules
            .iter()
            .filter(|active| active.rule.is_about(&active.globs, pipeline))
            .cloned()
            .collect();
        for active in told {
            state.ring(shared, active, pipeline);
        }
    }

    /// The rule of this name, where it is on.
    pub(crate) fn find(&self, tenant: &TenantId, name: &str) -> Option<Arc<ActiveRule>> {
        let state = self.state();
        let mut rules = state.rules.get(tenant)?.iter();
        rules.find(|active| active.rule.name == name).cloned()
    }

    /// Ends the lanes of a rule. What was being posted is posted again when the
    /// rule is on again.
    pub(super) fn remove(&self, tenant: &TenantId, id: Uuid) {
        let mut state = self.state();
        if let Some(rules) = state.rules.get_mut(tenant) {
            rules.retain(|active| active.id != id);
        }
        state.lanes.retain(|(rule, _), _| *rule != id);
    }

    /// A lane whose pipeline is not there leaves, unless it was just rung.
    pub(super) fn leave(&self, rule: Uuid, pipeline: &str, ear: &Ear) -> bool {
        let mut state = self.state();
        let leaves = !ear.rung.load(Ordering::Acquire);
        if leaves {
            state.lanes.remove(&(rule, pipeline.to_owned()));
        }
        leaves
    }

    /// Ends all lanes for good.
    pub(crate) fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        state.lanes.clear();
        state.rules.clear();
    }
}

impl State {
    fn ring(&mut self, shared: &Arc<Shared>, active: Arc<ActiveRule>, pipeline: &str) {
        let key = (active.id, pipeline.to_owned());
        let track = self.lanes.entry(key).or_insert_with(|| {
            let ear = Arc::new(Ear::default());
            let lane = Lane::new(shared.clone(), active, pipeline.to_owned());
            let task = shared.tasks.spawn(lane.work(ear.clone()));
            Track {
                ear,
                _task: Background::new(&task),
            }
        });
        track.ear.ring();
    }
}

/// Every rule that is on goes on where it was.
pub(crate) async fn start(shared: &Arc<Shared>) -> Result<(), OrchestratorError> {
    for state in shared.store.notification_rules(None).await? {
        let (tenant, name) = (state.tenant.clone(), state.rule.name.clone());
        match read(&state) {
            Ok(stored) => add(shared, &tenant, state.rule.id, stored.rule).await?,
            Err(error) => {
                tracing::error!(%tenant, rule = name, %error, "a notification rule tells nobody");
            }
        }
    }
    Ok(())
}

/// What is stored of a rule.
pub(super) fn read(state: &NotificationRuleState) -> Result<Stored, OrchestratorError> {
    serde_json::from_str(&state.rule.json).map_err(|error| OrchestratorError::Damaged {
        what: format!("notification rule '{}'", state.rule.name),
        reason: error.to_string(),
    })
}

/// A rule that was made, changed or loaded; does nothing where it is off.
pub(super) async fn add(
    shared: &Arc<Shared>,
    tenant: &TenantId,
    id: Uuid,
    rule: NotificationRule,
) -> Result<(), OrchestratorError> {
    if !rule.enabled {
        return Ok(());
    }
    let active = Arc::new(ActiveRule {
        tenant: tenant.clone(),
        id,
        arn: arn(tenant, &shared.settings.region, id),
        globs: rule.globs(),
        rule,
        posts: Semaphore::new(POSTS_OF_A_RULE),
    });
    {
        let mut state = shared.lanes.state();
        if state.closed {
            return Ok(());
        }
        let rules = state.rules.entry(tenant.clone()).or_default();
        rules.push(active.clone());
    }
    // Of what happened before, nobody rang.
    let mut after = String::new();
    loop {
        let page = shared.store.pipelines_unseen(tenant, id, &after, PAGE);
        let page = page.await?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        after.clone_from(last);
        let mut state = shared.lanes.state();
        if state.closed {
            return Ok(());
        }
        for pipeline in page {
            if active.rule.is_about(&active.globs, &pipeline) {
                state.ring(shared, active.clone(), &pipeline);
            }
        }
    }
}
