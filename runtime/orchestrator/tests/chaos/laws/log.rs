//! A pipeline's log as it is on disk, and when each event got there.

use crate::house::tenant;
use crate::journal::What;
use crate::people::PIPELINES;
use crate::probe::read;
use crate::world::World;
use lockgate_execution::Recorded;
use lockgate_store::Store;

pub(crate) struct Log {
    pub(crate) pipeline: String,
    /// The first has number 1.
    pub(crate) events: Vec<Recorded>,
    /// Where in the journal each came to the disk, and whether it was the first
    /// of its decision.
    pub(crate) on_disk: Vec<(usize, bool)>,
    /// Where in the journal this pipeline begins: one of that name may have been
    /// deleted before.
    pub(crate) begins: usize,
    /// Somebody asked to delete it, perhaps the one before.
    pub(crate) deleted: bool,
}

/// The pipelines that are there in the end.
pub(crate) async fn read_all(store: &Store, world: &World, wrong: &mut Vec<String>) -> Vec<Log> {
    let mut logs = vec![];
    for number in 0..PIPELINES {
        let name = format!("p{number}");
        let stored = store.pipeline_events(&tenant(), &name, 0, u32::MAX).await;
        let stored = stored.unwrap();
        if stored.is_empty() {
            let state = world.state();
            let made = state.journal.entries().any(|(_, _, what)| {
                matches!(what, What::Committed { pipeline, .. } if *pipeline == name)
            });
            if made && !state.deleted.contains(&name) {
                wrong.push(format!("{name} is gone, and nobody deleted it"));
            }
            continue;
        }
        for (stored, number) in stored.iter().zip(1..) {
            if stored.sequence != number {
                wrong.push(format!("{name}: event {number} is missing"));
            }
        }
        let mut log = Log {
            events: stored.iter().map(read).collect(),
            on_disk: vec![],
            begins: 0,
            deleted: world.state().deleted.contains(&name),
            pipeline: name,
        };
        log.find(world, wrong);
        logs.push(log);
    }
    logs
}

impl Log {
    fn find(&mut self, world: &World, wrong: &mut Vec<String>) {
        let name = &self.pipeline;
        let state = world.state();
        for (index, _, what) in state.journal.entries() {
            let What::Committed {
                pipeline, from, to, ..
            } = what
            else {
                continue;
            };
            if pipeline != name {
                continue;
            }
            if *from == 0 {
                self.begins = index;
                self.on_disk.clear();
            }
            if self.on_disk.len() as u64 != *from {
                wrong.push(format!("{name}: {from}..{to} overwrites something"));
                return;
            }
            for number in *from..*to {
                self.on_disk.push((index, number == *from));
            }
        }
        if self.on_disk.len() != self.events.len() {
            let (taken, there) = (self.on_disk.len(), self.events.len());
            wrong.push(format!(
                "{name}: the disk took {taken} events and has {there}"
            ));
            self.on_disk.resize(there, (usize::MAX, true));
        }
    }
}
