//! How long an action or a rule may last, all its attempts together (user guide,
//! "Quotas" and the action references). The host's own limit on one attempt is
//! narrower.

use lockgate_model::action_type::Category;
use lockgate_model::definition::{Action, Rule};
use std::collections::BTreeMap;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// Seconds from its start until an action fails if it has not ended.
pub(super) fn of_action(action: &Action) -> u64 {
    let id = &action.action_type_id;
    if id.is_manual_approval() {
        return action
            .timeout_in_minutes
            .map_or(7 * DAY, |minutes| u64::from(minutes) * MINUTE);
    }
    match (id.category, id.provider.as_str()) {
        (_, "CodeBuild") => 36 * HOUR,
        (_, "CodeDeploy" | "CodeDeployToECS") => 5 * DAY,
        (_, "CloudFormation" | "CloudFormationStackSet" | "CloudFormationStackInstances") => {
            3 * DAY
        }
        (_, "StepFunctions") => 7 * DAY,
        (Category::Deploy, "S3") => 90 * MINUTE,
        (Category::Deploy, "ECS") => minutes(&action.configuration, "DeploymentTimeout")
            .map_or(HOUR, |asked| (asked * MINUTE).clamp(MINUTE, HOUR)),
        (Category::Invoke, "Lambda") => DAY,
        (Category::Compute, "Commands") => 55 * MINUTE,
        _ if id.owner == "Custom" => DAY,
        (Category::Build | Category::Test, _) => 8 * HOUR,
        _ => HOUR,
    }
}

/// Seconds from its start until a rule fails if it has not ended. `resolved` is
/// its configuration with variables replaced.
pub(super) fn of_rule(rule: &Rule, resolved: &BTreeMap<String, String>) -> u64 {
    if let Some(minutes) = rule.timeout_in_minutes {
        return u64::from(minutes) * MINUTE;
    }
    match rule.rule_type_id.provider.as_str() {
        // It waits for its window.
        "DeploymentWindow" => DAY,
        "CodeBuild" => 36 * HOUR,
        "Commands" => 55 * MINUTE,
        // It watches for so long, and has to say so.
        "CloudWatchAlarm" => minutes(resolved, "WaitTime").map_or(HOUR, |watched| {
            (watched * MINUTE).saturating_add(HOUR).min(60 * DAY)
        }),
        _ => HOUR,
    }
}

/// A number of minutes small enough to reckon with.
fn minutes(configuration: &BTreeMap<String, String>, key: &str) -> Option<u64> {
    configuration.get(key)?.parse::<u32>().ok().map(u64::from)
}
