//! One history: a pipeline, random steps, and then everything is answered until
//! nothing lives any more. Or the same steps once more.

use crate::chance::Chance;
use crate::driver;
use crate::oracle::Oracle;
use crate::world::{Broken, Seen, Step, Trouble, World, parse};
use lockgate_execution::why::{Question, why};
use lockgate_execution::{PipelineState, due};
use lockgate_model::definition::Pipeline;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Steps after which everything must have ended, at the very most.
const MOST_LAST_STEPS: usize = 20_000;

/// A law that was broken, and how to break it again.
pub(crate) struct Found {
    pub(crate) broken: Broken,
    pub(crate) definitions: BTreeMap<String, Pipeline>,
    pub(crate) steps: Vec<Step>,
    /// Only a restart breaks it.
    pub(crate) by_restart: bool,
}

/// A world that is watched.
pub(crate) struct History {
    pub(crate) world: World,
    pub(crate) oracle: Oracle,
    pub(crate) taken: u64,
    /// What was seen, how often: events and refusals by their names.
    pub(crate) met: BTreeMap<&'static str, u64>,
}

/// What a step did.
pub(crate) enum Took {
    Something,
    Nothing,
}

impl History {
    pub(crate) fn new(definitions: Rc<BTreeMap<String, Pipeline>>) -> Result<Self, Broken> {
        let mut oracle = Oracle::default();
        let world = World::new(definitions, &mut |seen: Seen<'_>| oracle.see(&seen));
        let world = match world {
            Ok(world) => world,
            Err(Trouble::Broken(broken)) => return Err(broken),
            Err(Trouble::Inapplicable(why)) => {
                return Err(Broken {
                    law: "a world begins",
                    what: why.0,
                });
            }
        };
        Ok(Self {
            world,
            oracle,
            taken: 1,
            met: BTreeMap::new(),
        })
    }

    /// Takes a step; one that makes no sense does nothing.
    pub(crate) fn take(&mut self, step: &Step) -> Result<Took, Broken> {
        self.taken += 1;
        if self.taken.is_multiple_of(16) {
            check_line(step)?;
        }
        let (oracle, met) = (&mut self.oracle, &mut self.met);
        let mut watch = |seen: Seen<'_>| {
            match seen.events {
                Ok(events) => events
                    .iter()
                    .for_each(|recorded| *met.entry(recorded.event.name()).or_default() += 1),
                Err(refused) => *met.entry(refused.exception()).or_default() += 1,
            }
            oracle.see(&seen)
        };
        match self.world.play(step, &mut watch) {
            Ok(_) => Ok(Took::Something),
            Err(Trouble::Inapplicable(_)) => Ok(Took::Nothing),
            Err(Trouble::Broken(broken)) => Err(broken),
        }
    }

    /// Everything is answered and nothing is held: then everything ends.
    pub(crate) fn finish(&mut self) -> Result<(), Broken> {
        for _ in 0..MOST_LAST_STEPS {
            let step = match driver::finish(&self.world) {
                Some(step) => step,
                None if self.oracle.live() == 0 => return self.check_end(),
                None => Step::Pass {
                    seconds: 60,
                    asleep: false,
                },
            };
            let before = self.world.log.len();
            self.take(&step)?;
            if self.world.log.len() == before {
                // What ran out of time in this moment is answered by time.
                self.take(&Step::Pass {
                    seconds: 1,
                    asleep: false,
                })?;
                if self.world.log.len() == before {
                    return Err(Broken {
                        law: "every execution ends once all that it waits for is answered",
                        what: format!("{} live, and '{step}' does nothing", self.oracle.live()),
                    });
                }
            }
        }
        Err(Broken {
            law: "every execution ends once all that it waits for is answered",
            what: format!("{} live after many steps", self.oracle.live()),
        })
    }

    fn check_end(&self) -> Result<(), Broken> {
        let owed = due(&self.world.state);
        if !owed.is_empty() {
            return Err(Broken {
                law: "nothing is owed when nothing is in progress",
                what: format!("{owed:?}"),
            });
        }
        self.oracle.check_stops()?;
        self.oracle.check_rows(&self.world.state)
    }
}

/// A server that was killed at any event of the log: it folds what is there, lets
/// it go on, and everything ends all the same.
fn recover(history: &History, cut: usize) -> Result<u64, Broken> {
    let whole = &history.world;
    let world = whole.recovered(cut)?;
    let kept = serde_json::to_string(&world.state).unwrap();
    let read: PipelineState = serde_json::from_str(&kept).unwrap();
    if read != world.state {
        return Err(Broken {
            law: "a state reads back as it is written",
            what: kept,
        });
    }
    check_why(&world)?;
    let mut recovered = History {
        oracle: Oracle::after(&world.log, &world.state)?,
        world,
        taken: 0,
        met: BTreeMap::new(),
    };
    recovered.take(&Step::Pass {
        seconds: 0,
        asleep: false,
    })?;
    recovered.finish()?;
    Ok(recovered.taken)
}

/// The log alone says what every execution waits for.
fn check_why(world: &World) -> Result<(), Broken> {
    for held in world.state.live() {
        let question = Question::Execution { execution: held.id };
        let answer = why(&world.log, &question);
        if !answer.found || answer.now.status != Some(held.status) || answer.reasons.is_empty() {
            return Err(Broken {
                law: "the log says how every execution came to be as it is",
                what: format!("{answer:?}"),
            });
        }
    }
    Ok(())
}

/// A step is written as a line that reads back as the step.
fn check_line(step: &Step) -> Result<(), Broken> {
    let line = step.to_string();
    let read = parse(&line);
    if read.as_ref() == Ok(step) {
        return Ok(());
    }
    Err(Broken {
        law: "a step reads back as it is written",
        what: format!("'{line}' is {read:?} and not {step:?}"),
    })
}

/// What a history that kept all laws was like.
pub(crate) struct Kept {
    pub(crate) steps: u64,
    pub(crate) met: BTreeMap<&'static str, u64>,
}

/// Random steps in a random pipeline.
pub(crate) fn random(seed: u64) -> Result<Kept, Box<Found>> {
    let mut chance = Chance::new(seed);
    let mut definitions = BTreeMap::new();
    for file in ["pipeline.toml", "second.toml", "third.toml"] {
        definitions.insert(file.to_owned(), crate::definitions::random(&mut chance));
    }
    let shared = Rc::new(definitions);
    let mut steps = vec![];
    let mut by_restart = false;
    let mut run = || -> Result<Kept, Broken> {
        let mut history = History::new(shared.clone())?;
        for _ in 0..50 + chance.below(250) {
            let step = driver::next(&history.world, &mut chance);
            steps.push(step);
            if let Some(step) = steps.last() {
                history.take(step)?;
            }
        }
        history.finish()?;
        let cut = 1 + chance.below(history.world.log.len());
        by_restart = true;
        let recovered = recover(&history, cut)?;
        Ok(Kept {
            steps: history.taken + recovered,
            met: history.met,
        })
    };
    let result = run();
    result.map_err(|broken| {
        Box::new(Found {
            by_restart,
            broken,
            definitions: shared.as_ref().clone(),
            steps,
        })
    })
}

/// The same steps again, the end, and a restart after every event if it takes
/// one. Says what was broken.
pub(crate) fn again(
    definitions: &BTreeMap<String, Pipeline>,
    steps: &[Step],
    by_restart: bool,
) -> Option<Broken> {
    let run = || -> Result<(), Broken> {
        let mut history = History::new(Rc::new(definitions.clone()))?;
        for step in steps {
            history.take(step)?;
        }
        history.finish()?;
        if !by_restart {
            return Ok(());
        }
        (1..=history.world.log.len()).try_for_each(|cut| recover(&history, cut).map(|_| ()))
    };
    run().err()
}
