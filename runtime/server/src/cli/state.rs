//! The state of a pipeline as text: a line a stage, and below them what people
//! changed and what conditions say.

use super::output::{Style, date_time, safe, table};
use super::show::condition_line;
use crate::api::{PipelineState, StageState, TransitionState};

/// What every stage is doing.
pub fn text(state: &PipelineState) -> String {
    let head = format!(
        "pipeline {}, version {}, mode {}\n",
        safe(&state.name),
        state.version,
        state.execution_mode.as_str()
    );
    if let Some(note) = &state.note {
        return head + &safe(note);
    }
    let heading = ["STAGE", "INSIDE", "WAITING", "LATEST", "TRANSITIONS"];
    let mut rows = vec![heading.map(str::to_owned).to_vec()];
    rows.extend(state.stages.iter().map(|stage| {
        let side = |name: &str, side: &TransitionState| {
            (!side.enabled).then(|| format!("{name} disabled"))
        };
        let closed: Vec<String> = [
            side("inbound", &stage.inbound),
            side("outbound", &stage.outbound),
        ]
        .into_iter()
        .flatten()
        .collect();
        vec![
            safe(&stage.name),
            stage.holder.clone().unwrap_or_else(|| "-".into()),
            if stage.waiting.is_empty() {
                "-".into()
            } else {
                stage.waiting.join(" ")
            },
            stage.latest.clone().unwrap_or_else(|| "-".into()),
            if closed.is_empty() {
                "open".into()
            } else {
                closed.join(", ")
            },
        ]
    }));
    let details: String = state.stages.iter().map(details).collect();
    format!("{head}{}{details}", table(&rows))
}

fn details(stage: &StageState) -> String {
    let mut text = String::new();
    for (name, side) in [("inbound", &stage.inbound), ("outbound", &stage.outbound)] {
        let (Some(by), Some(at)) = (&side.changed_by, side.changed_at) else {
            continue;
        };
        let word = if side.enabled { "enabled" } else { "disabled" };
        let reason = match side.reason.as_deref() {
            Some(reason) if !reason.is_empty() && !side.enabled => format!(": {}", safe(reason)),
            _ => String::new(),
        };
        text.push_str(&format!(
            "{}: {name} {word} by {} at {}{reason}\n",
            safe(&stage.name),
            safe(by),
            date_time(at)
        ));
    }
    for condition in &stage.conditions {
        text.push_str(&format!(
            "{}: {}\n",
            safe(&stage.name),
            condition_line(condition, Style::of_stdout())
        ));
    }
    text
}
