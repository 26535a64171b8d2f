//! Random steps that mostly make sense: what is running is answered, what failed
//! is retried, and now and then somebody does something foolish.

use crate::chance::Chance;
use crate::world::{Answer, Change, Open, Place, Step, Target, World};
use lockgate_execution::{Direction, Worker};
use lockgate_model::action_type::Category;
use lockgate_model::definition::ConditionType;
use lockgate_model::job::FailureType;
use lockgate_model::status::ExecutionStatus;

/// What somebody does next.
pub(crate) fn next(world: &World, chance: &mut Chance) -> Step {
    if !world.state.exists() && chance.percent(60) {
        return Step::Create {
            file: file(world, chance),
        };
    }
    match chance.below(1000) {
        0..130 => start(world, chance),
        130..620 => work(world, chance),
        620..700 => approve(world, chance),
        700..720 => late(world, chance),
        720..750 => stop(world, chance),
        750..820 => retry(world, chance),
        820..835 => roll_back(world, chance),
        835..860 => go_past(world, chance),
        860..880 => Step::Disable {
            stage: stage(world, chance),
            direction: direction(chance),
            words: "freeze".to_owned(),
        },
        880..915 => Step::Enable {
            stage: stage(world, chance),
            direction: direction(chance),
        },
        915..925 => Step::Update {
            file: file(world, chance),
            pin: chance.percent(50),
        },
        925..927 => Step::Delete,
        927..928 => Step::Create {
            file: file(world, chance),
        },
        928..948 => change(chance),
        948..953 => Step::Report {
            stage: "Source".to_owned(),
            action: "get0".to_owned(),
            revision: format!("w{}", chance.below(3)),
        },
        _ => pass(chance),
    }
}

/// What ends everything in the end: transitions open, everything is answered.
pub(crate) fn finish(world: &World) -> Option<Step> {
    let lived = world
        .state
        .live()
        .filter_map(|run| world.state.definition_of(run));
    for definition in world.state.definition().into_iter().chain(lived) {
        for stage in &definition.stages {
            let Some(gate) = world.state.gate(&stage.name) else {
                continue;
            };
            for (side, direction) in [
                (&gate.inbound, Direction::Inbound),
                (&gate.outbound, Direction::Outbound),
            ] {
                if !side.enabled {
                    return Some(Step::Enable {
                        stage: stage.name.clone(),
                        direction,
                    });
                }
            }
        }
    }
    let open = Open::all(&world.state).next()?;
    let of = world.number(open.execution.id);
    let target = open.target(of);
    if open.token().is_some() {
        return Some(Step::Approval {
            yes: true,
            target,
            old: false,
            by: None,
            words: String::new(),
        });
    }
    Some(match open.worker() {
        Some(Worker::Queued) => Step::Poll { target, by: None },
        Some(Worker::Dispatched { .. }) => Step::Acknowledge { target, old: false },
        Some(Worker::Acknowledged { .. }) | None => succeed(target),
    })
}

fn succeed(target: Target) -> Step {
    Step::Job {
        late: false,
        target,
        answer: Answer::Succeeds {
            artifacts: None,
            revision: None,
            sets: vec![("by".to_owned(), "x".to_owned())],
        },
    }
}

fn start(world: &World, chance: &mut Chance) -> Step {
    let mut variables = vec![];
    let declared = world
        .state
        .definition()
        .is_some_and(|d| !d.variables.is_empty());
    if declared && chance.percent(90) || chance.percent(1) {
        variables.push(("colour".to_owned(), "blue".to_owned()));
    }
    let mut revisions = vec![];
    if chance.percent(10) {
        let source = if chance.percent(95) { "get0" } else { "a10" };
        revisions.push((source.to_owned(), "r1".to_owned()));
    }
    Step::Start {
        variables,
        revisions,
        trigger: None,
    }
}

/// Something that runs is brought forward.
fn work(world: &World, chance: &mut Chance) -> Step {
    let open: Vec<_> = Open::all(&world.state)
        .filter(|open| open.job().is_some())
        .collect();
    let Some(open) = chance.of(&open) else {
        return start(world, chance);
    };
    let target = open.target(world.number(open.execution.id));
    let for_worker = open.input.action_type.provider == "Worker";
    if for_worker && !chance.percent(5) {
        match open.worker() {
            None => return Step::Queue(target),
            Some(Worker::Queued) => return Step::Poll { target, by: None },
            Some(Worker::Dispatched { .. }) => {
                return Step::Acknowledge {
                    target,
                    old: chance.percent(10),
                };
            }
            Some(Worker::Acknowledged { .. }) if chance.percent(5) => {
                return Step::Acknowledge {
                    target,
                    old: chance.percent(50),
                };
            }
            Some(Worker::Acknowledged { .. }) => {}
        }
    }
    if chance.percent(1) {
        return match chance.below(3) {
            0 => Step::Queue(target),
            1 => Step::Poll { target, by: None },
            _ => Step::Acknowledge { target, old: false },
        };
    }
    let is_rule = matches!(target.place, Place::Rule(..));
    let answer = answer(chance, is_rule, open.input.action_type.category);
    Step::Job {
        late: false,
        target,
        answer,
    }
}

fn answer(chance: &mut Chance, is_rule: bool, category: Category) -> Answer {
    let kinds = [
        FailureType::JobFailed,
        FailureType::ConfigurationError,
        FailureType::SystemUnavailable,
    ];
    let failing = if is_rule { 35 } else { 14 };
    match chance.below(100) {
        n if n < failing => Answer::Fails {
            kind: *chance.of(&kinds).unwrap_or(&FailureType::JobFailed),
            words: "it said no".to_owned(),
        },
        n if n < failing + 8 => Answer::GoesOn {
            seconds: [0, 30, 3600][chance.below(3)],
        },
        n => Answer::Succeeds {
            artifacts: match n {
                98 => Some(vec![]),
                99 => Some(vec!["odd".to_owned()]),
                _ => None,
            },
            revision: (category == Category::Source).then(|| format!("r{}", chance.below(4))),
            sets: if chance.percent(95) {
                vec![("by".to_owned(), "x".to_owned())]
            } else {
                vec![]
            },
        },
    }
}

fn approve(world: &World, chance: &mut Chance) -> Step {
    let open: Vec<_> = Open::all(&world.state)
        .filter(|open| open.token().is_some())
        .collect();
    let Some(open) = chance.of(&open) else {
        return work(world, chance);
    };
    Step::Approval {
        yes: chance.percent(80),
        target: open.target(world.number(open.execution.id)),
        old: chance.percent(5),
        by: None,
        words: String::new(),
    }
}

/// An answer to what was answered already.
fn late(world: &World, chance: &mut Chance) -> Step {
    let held: Vec<_> = world.state.executions().collect();
    let Some(run) = chance.of(&held) else {
        return start(world, chance);
    };
    let actions: Vec<_> = run
        .stages
        .iter()
        .flat_map(|stage| stage.actions.iter().map(move |action| (stage, action)))
        .collect();
    let Some((stage, action)) = chance.of(&actions) else {
        return start(world, chance);
    };
    let target = Target {
        stage: stage.name.clone(),
        place: Place::Action(action.name.clone()),
        of: world.number(run.id),
    };
    if action.input.action_type.is_manual_approval() {
        return Step::Approval {
            yes: chance.percent(50),
            target,
            old: true,
            by: None,
            words: String::new(),
        };
    }
    Step::Job {
        late: true,
        target,
        answer: answer(chance, false, Category::Build),
    }
}

fn stop(world: &World, chance: &mut Chance) -> Step {
    Step::Stop {
        of: somebody(world, chance),
        abandon: chance.percent(50),
        words: "wrong".to_owned(),
    }
}

/// Mostly one that lives.
fn somebody(world: &World, chance: &mut Chance) -> usize {
    let live: Vec<_> = world.state.live().map(|run| run.id).collect();
    let live = chance.of(&live).and_then(|id| world.number(*id));
    match live {
        Some(number) if chance.percent(90) => number,
        _ => anybody(world, chance),
    }
}

fn anybody(world: &World, chance: &mut Chance) -> usize {
    1 + chance.below(world.started().len().max(1))
}

fn retry(world: &World, chance: &mut Chance) -> Step {
    let held: Vec<_> = world
        .state
        .executions()
        .filter(|run| {
            run.status != ExecutionStatus::Succeeded
                && run.status != ExecutionStatus::Superseded
                && !run.stages.is_empty()
        })
        .collect();
    let Some(run) = chance.of(&held) else {
        return work(world, chance);
    };
    let last = run.stages.last().map(|stage| stage.name.clone());
    Step::Retry {
        stage: match last {
            Some(stage) if chance.percent(95) => stage,
            _ => stage(world, chance),
        },
        of: world.number(run.id).unwrap_or(1),
        all: chance.percent(40),
    }
}

fn roll_back(world: &World, chance: &mut Chance) -> Step {
    Step::RollBack {
        stage: stage(world, chance),
        to: anybody(world, chance),
    }
}

fn go_past(world: &World, chance: &mut Chance) -> Step {
    let judged: Vec<_> = world
        .state
        .executions()
        .flat_map(|run| run.stages.iter().map(move |stage| (run, stage)))
        .flat_map(|(run, stage)| {
            stage
                .conditions()
                .map(move |(condition, _)| (run.id, stage.name.clone(), condition))
        })
        .collect();
    match chance.of(&judged) {
        Some((id, stage, condition)) => Step::Override {
            stage: stage.clone(),
            condition: *condition,
            of: world.number(*id).unwrap_or(1),
        },
        None if chance.percent(10) => Step::Override {
            stage: stage(world, chance),
            condition: ConditionType::BeforeEntry,
            of: anybody(world, chance),
        },
        None => work(world, chance),
    }
}

fn stage(world: &World, chance: &mut Chance) -> String {
    let definition = world.state.definition();
    let stages = definition.map_or(&[][..], |definition| &definition.stages);
    match chance.of(stages) {
        Some(stage) if chance.percent(98) => stage.name.clone(),
        _ => "S9".to_owned(),
    }
}

fn direction(chance: &mut Chance) -> Direction {
    if chance.percent(65) {
        Direction::Inbound
    } else {
        Direction::Outbound
    }
}

fn file(world: &World, chance: &mut Chance) -> String {
    let files: Vec<_> = world.files().collect();
    let file = chance.of(&files).copied().unwrap_or("pipeline.toml");
    file.to_owned()
}

fn change(chance: &mut Chance) -> Step {
    Step::Changed {
        change: match chance.below(5) {
            0 => Change::Tag("v1".to_owned()),
            1 => Change::Push {
                branch: "other".to_owned(),
                new: true,
            },
            _ => Change::Push {
                branch: "main".to_owned(),
                new: false,
            },
        },
        to: Some("get0".to_owned()),
        files: match chance.below(3) {
            0 => None,
            1 => Some(vec!["docs/a.md".to_owned()]),
            _ => Some(vec!["src/a.rs".to_owned()]),
        },
        commit: Some(format!("c{}", chance.below(6))),
        unpinned: chance.percent(20),
    }
}

fn pass(chance: &mut Chance) -> Step {
    let spans = [
        1,
        30,
        301,
        1200,
        3600,
        7200,
        86_400,
        8 * 86_400,
        31 * 86_400,
    ];
    let most = if chance.percent(20) { spans.len() } else { 6 };
    Step::Pass {
        seconds: spans[chance.below(most)],
        asleep: chance.percent(20),
    }
}
