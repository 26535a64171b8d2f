//! A state as lines for people: the stages with who is inside and who waits, and
//! the executions that are held, as the rows of the API show them.

use super::ask::World;
use super::tell::pairs;
use super::words::spell_condition;
use lockgate_execution::{Execution, ExecutionView, Transition};
use lockgate_model::definition::{ExecutionMode, Stage};
use lockgate_model::id::ExecutionId;

/// The state as it is, one line for each thing.
pub(crate) fn show(world: &World) -> Vec<String> {
    let state = &world.state;
    let mut lines = vec![];
    match state.definition() {
        None => lines.push("there is no pipeline".to_owned()),
        Some(definition) => {
            let mode = match definition.execution_mode {
                ExecutionMode::Superseded => "SUPERSEDED",
                ExecutionMode::Queued => "QUEUED",
                ExecutionMode::Parallel => "PARALLEL",
            };
            lines.push(format!("version {}, {mode}", definition.version));
            lines.extend(definition.stages.iter().map(|s| stage(world, s)));
        }
    }
    for held in state.executions() {
        execution(world, held, &mut lines);
    }
    lines.iter().map(|line| world.readable(line)).collect()
}

fn stage(world: &World, stage: &Stage) -> String {
    let number = |id: ExecutionId| {
        world
            .number(id)
            .map_or_else(|| "?".to_owned(), |number| number.to_string())
    };
    let Some(gate) = world.state.gate(&stage.name) else {
        return format!("stage {}", stage.name);
    };
    let mut line = match gate.holder {
        Some(id) => format!("stage {} holds {}", stage.name, number(id)),
        None => format!("stage {} is free", stage.name),
    };
    if !gate.waiting.is_empty() {
        let waiting: Vec<_> = gate.waiting.iter().map(|w| number(w.execution)).collect();
        line += &format!(", {} waiting", waiting.join(" and "));
    }
    let mut closed = |side: &Transition, name: &str| {
        if !side.enabled {
            let by = side.changed_by.as_ref().map_or("", |by| by.0.as_str());
            let reason = side.reason.as_deref().unwrap_or("");
            line += &format!(", {name} disabled by {by}: {reason}");
        }
    };
    closed(&gate.inbound, "inbound");
    closed(&gate.outbound, "outbound");
    line
}

fn execution(world: &World, execution: &Execution, lines: &mut Vec<String>) {
    let view = ExecutionView::of(&world.state, execution);
    let mut line = format!("execution {}: {}", view.id, view.status);
    if let Some(stage) = &view.stage {
        line += &format!(", in {stage}");
    }
    if let Some(stage) = &view.waiting_for {
        line += &format!(", waiting for {stage}");
    }
    if let Some(by) = view.superseded_by {
        line += &format!(", superseded by {by}");
    }
    if let Some(summary) = &view.status_summary {
        line += &format!(", {summary}");
    }
    if execution.attempt > 1 {
        line += &format!(", attempt {}", execution.attempt);
    }
    if let Some(rollback) = &execution.rollback {
        line += &format!(", rolls {} back to {}", rollback.stage, rollback.target);
    }
    if let Some(by) = execution.rolled_back_by {
        line += &format!(", rolled back by {by}");
    }
    line += &pairs(", with", &view.variables);
    lines.push(line);
    for stage in &execution.stages {
        let mut line = format!("  {}: {}", stage.name, stage.status);
        if stage.attempt > 1 {
            line += &format!(
                ", attempt {} ({} automatic, {} by hand)",
                stage.attempt, stage.retries.automatic, stage.retries.manual
            );
        }
        let actions = stage
            .actions
            .iter()
            .map(|run| format!("{} {}", run.name, run.status));
        let conditions = stage.conditions().map(|(which, run)| {
            let rules: Vec<_> = run
                .rules
                .iter()
                .map(|rule| format!("{} {}", rule.name, rule.status))
                .collect();
            format!(
                "{} condition {} ({})",
                spell_condition(which),
                run.status,
                rules.join(", ")
            )
        });
        let parts: Vec<_> = conditions.chain(actions).collect();
        if !parts.is_empty() {
            line += &format!("; {}", parts.join(", "));
        }
        lines.push(line);
    }
}
