//! Makes a history that breaks a law as short as it goes, and prints it as a
//! scenario that can be kept.

use crate::history::{Found, again};
use crate::world::{Step, World, show, tell_answer};
use lockgate_model::definition::{ExecutionMode, Pipeline};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::rc::Rc;

/// The shortest history that was found to break the same law.
pub(crate) fn shrink(found: Found) -> Found {
    let mut best = found;
    loop {
        let before = size(&best);
        best = fewer_steps(best);
        best = smaller_definitions(best);
        if size(&best) == before {
            return best;
        }
    }
}

fn size(found: &Found) -> usize {
    let stages = found.definitions.values().flat_map(|d| &d.stages);
    let parts: usize = stages
        .map(|stage| {
            let conditions = usize::from(stage.before_entry.is_some())
                + usize::from(stage.on_success.is_some())
                + usize::from(stage.on_failure.is_some());
            1 + conditions + stage.actions.iter().map(weight).sum::<usize>()
        })
        .sum();
    parts + found.steps.len()
}

fn weight(action: &lockgate_model::definition::Action) -> usize {
    1 + action.configuration.len()
        + action.input_artifacts.len()
        + action.output_artifacts.len()
        + usize::from(action.namespace.is_some())
        + action.run_order as usize
}

/// The same, if it still breaks the same law.
fn tried(best: &Found, definitions: BTreeMap<String, Pipeline>, steps: Vec<Step>) -> Option<Found> {
    let broken = again(&definitions, &steps, best.by_restart)?;
    (broken.law == best.broken.law).then_some(Found {
        broken,
        definitions,
        steps,
        by_restart: best.by_restart,
    })
}

fn fewer_steps(mut best: Found) -> Found {
    let mut chunk = best.steps.len().div_ceil(2).max(1);
    loop {
        let mut at = 0;
        while at < best.steps.len() {
            let end = (at + chunk).min(best.steps.len());
            let plain: Vec<_> = [&best.steps[..at], &best.steps[end..]].concat();
            let renamed = without(&best, at, end);
            let shorter = tried(&best, best.definitions.clone(), renamed)
                .or_else(|| tried(&best, best.definitions.clone(), plain));
            match shorter {
                Some(shorter) => best = shorter,
                None => at = end,
            }
        }
        if chunk == 1 {
            return best;
        }
        chunk = chunk.div_ceil(2);
    }
}

/// The steps without some, executions called by the numbers that they have then.
fn without(found: &Found, from: usize, to: usize) -> Vec<Step> {
    let Ok(mut world) = World::new(Rc::new(found.definitions.clone()), &mut |_| Ok(())) else {
        return vec![];
    };
    let mut gone = vec![];
    for (index, step) in found.steps.iter().enumerate() {
        let before = world.started().len();
        let _ = world.play(step, &mut |_| Ok(()));
        if (from..to).contains(&index) {
            gone.extend(before + 1..=world.started().len());
        }
    }
    let kept = found.steps[..from].iter().chain(&found.steps[to..]);
    kept.filter_map(|step| {
        let mut step = step.clone();
        let number = of(&mut step);
        if let Some(number) = number {
            if gone.contains(number) {
                return None;
            }
            *number -= gone.iter().filter(|gone| *gone < number).count();
        }
        Some(step)
    })
    .collect()
}

/// The execution that a step is about.
fn of(step: &mut Step) -> Option<&mut usize> {
    match step {
        Step::Job { target, .. }
        | Step::Queue(target)
        | Step::Poll { target, .. }
        | Step::Acknowledge { target, .. }
        | Step::Approval { target, .. } => target.of.as_mut(),
        Step::Stop { of, .. }
        | Step::Retry { of, .. }
        | Step::RollBack { to: of, .. }
        | Step::Override { of, .. } => Some(of),
        _ => None,
    }
}

fn smaller_definitions(mut best: Found) -> Found {
    let files: Vec<_> = best.definitions.keys().cloned().collect();
    for file in files {
        let mut at = 0;
        while let Some(change) = changes(&best.definitions[&file]).into_iter().nth(at) {
            let mut definitions = best.definitions.clone();
            definitions.insert(file.clone(), change);
            match tried(&best, definitions, best.steps.clone()) {
                Some(smaller) => best = smaller,
                None => at += 1,
            }
        }
    }
    best
}

/// The definition with one thing less, each in turn.
fn changes(whole: &Pipeline) -> Vec<Pipeline> {
    let mut all = vec![];
    let mut add = |change: &dyn Fn(&mut Pipeline)| {
        let mut changed = whole.clone();
        change(&mut changed);
        if changed != *whole {
            all.push(changed);
        }
    };
    add(&|p| p.triggers.clear());
    add(&|p| p.variables.clear());
    add(&|p| p.execution_mode = ExecutionMode::Superseded);
    for stage in 0..whole.stages.len() {
        if whole.stages.len() > 2 && stage > 0 {
            add(&|p| {
                p.stages.remove(stage);
            });
        }
        add(&|p| p.stages[stage].before_entry = None);
        add(&|p| p.stages[stage].on_success = None);
        add(&|p| p.stages[stage].on_failure = None);
        let actions = whole.stages[stage].actions.len();
        for action in 0..actions {
            if actions > 1 {
                add(&|p| {
                    p.stages[stage].actions.remove(action);
                });
            }
            add(&|p| p.stages[stage].actions[action].input_artifacts.clear());
            add(&|p| p.stages[stage].actions[action].output_artifacts.clear());
            add(&|p| p.stages[stage].actions[action].configuration.clear());
            add(&|p| p.stages[stage].actions[action].namespace = None);
            add(&|p| p.stages[stage].actions[action].timeout_in_minutes = None);
            add(&|p| p.stages[stage].actions[action].run_order = 1);
        }
    }
    all
}

/// As files of a folder in `tests/scenarios`.
pub(crate) fn print(found: &Found, seed: u64) -> String {
    let mut text = format!(
        "seed {seed} breaks the law: {}\n  {}\n\nThe shortest history that does, as a folder of tests/scenarios:\n",
        found.broken.law, found.broken.what
    );
    let used = |file: &str| {
        file == "pipeline.toml"
            || found.steps.iter().any(|step| match step {
                Step::Update { file: other, .. } | Step::Create { file: other } => other == file,
                _ => false,
            })
    };
    for (file, definition) in found.definitions.iter().filter(|(file, _)| used(file)) {
        let toml = toml::to_string(definition)
            .unwrap_or_else(|error| format!("# {error}\n{definition:#?}\n"));
        let _ = write!(text, "\n--- {file}\n{toml}");
    }
    let _ = write!(text, "\n--- steps\n");
    for step in &found.steps {
        let _ = writeln!(text, "{step}");
    }
    let _ = write!(text, "\n--- expected, but for the law\n{}", told(found));
    text
}

/// The history as it goes now.
fn told(found: &Found) -> String {
    let Ok(mut world) = World::new(Rc::new(found.definitions.clone()), &mut |_| Ok(())) else {
        return String::new();
    };
    let mut text = String::new();
    for step in &found.steps {
        let _ = writeln!(text, "{step}");
        match world.play(step, &mut |_| Ok(())) {
            Ok(all) => all
                .iter()
                .for_each(|asked| text += &tell_answer(&world, asked)),
            Err(trouble) => text += &format!("  {trouble:?}\n"),
        }
    }
    for line in show(&world) {
        let _ = writeln!(text, "{line}");
    }
    text
}
