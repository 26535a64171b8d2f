//! Who is in front of which stage and who is inside, as the events tell it.

use lockgate_execution::Direction;
use lockgate_model::definition::Pipeline;
use lockgate_model::id::ExecutionId;
use std::collections::{BTreeMap, BTreeSet};

/// All stages, by their names.
#[derive(Default)]
pub(super) struct Gates {
    closed: BTreeSet<(String, bool)>,
    /// Closed when an update took the stage away: whether that is remembered
    /// when it comes back is nobody's law.
    faded: BTreeSet<(String, bool)>,
    pub(super) holders: BTreeMap<String, ExecutionId>,
    pub(super) latest: BTreeMap<String, ExecutionId>,
    queues: BTreeMap<String, Vec<ExecutionId>>,
}

fn inbound(direction: Direction) -> bool {
    direction == Direction::Inbound
}

fn is_in(set: &BTreeSet<(String, bool)>, definition: &Pipeline, index: usize) -> bool {
    let closed = |index: usize, inbound: bool| {
        definition
            .stages
            .get(index)
            .is_some_and(|stage| set.contains(&(stage.name.clone(), inbound)))
    };
    closed(index, true)
        || index
            .checked_sub(1)
            .is_some_and(|before| closed(before, false))
}

impl Gates {
    pub(super) fn close(&mut self, stage: &str, direction: Direction) {
        self.faded.remove(&(stage.to_owned(), inbound(direction)));
        self.closed.insert((stage.to_owned(), inbound(direction)));
    }

    pub(super) fn open(&mut self, stage: &str, direction: Direction) {
        self.faded.remove(&(stage.to_owned(), inbound(direction)));
        self.closed.remove(&(stage.to_owned(), inbound(direction)));
    }

    /// Whether a transition certainly keeps executions of this definition out of a
    /// stage.
    pub(super) fn keeps_out(&self, definition: &Pipeline, index: usize) -> bool {
        is_in(&self.closed, definition, index)
    }

    /// Whether it may.
    pub(super) fn may_keep_out(&self, definition: &Pipeline, index: usize) -> bool {
        self.keeps_out(definition, index) || is_in(&self.faded, definition, index)
    }

    /// An update took the other stages away.
    pub(super) fn fade(&mut self, keep: impl Fn(&str) -> bool) {
        let gone = self.closed.extract_if(.., |(stage, _)| !keep(stage));
        self.faded.extend(gone);
    }

    pub(super) fn queue(&self, stage: &str) -> &[ExecutionId] {
        self.queues.get(stage).map_or(&[], Vec::as_slice)
    }

    pub(super) fn queues(&self) -> impl Iterator<Item = (&str, &[ExecutionId])> {
        self.queues
            .iter()
            .map(|(stage, queue)| (stage.as_str(), queue.as_slice()))
    }

    pub(super) fn arrive(&mut self, stage: &str, id: ExecutionId, first: bool) {
        let queue = self.queues.entry(stage.to_owned()).or_default();
        queue.insert(if first { 0 } else { queue.len() }, id);
    }

    /// It waits nowhere any more.
    pub(super) fn leave_queues(&mut self, id: ExecutionId) {
        for queue in self.queues.values_mut() {
            queue.retain(|waiting| *waiting != id);
        }
    }

    pub(super) fn leave(&mut self, stage: &str, id: ExecutionId) {
        if self.holders.get(stage) == Some(&id) {
            self.holders.remove(stage);
        }
    }
}
