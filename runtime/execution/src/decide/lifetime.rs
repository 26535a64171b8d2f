//! How long an action may last, all its attempts together (user guide, "Quotas"
//! and the action references). The host's own limit on one attempt is narrower.

use lockgate_model::action_type::Category;
use lockgate_model::definition::Action;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// Seconds from its start until an action fails if it has not ended.
pub(super) fn seconds(action: &Action) -> u64 {
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
        (Category::Invoke, "Lambda") => DAY,
        (Category::Compute, "Commands") => 55 * MINUTE,
        _ if id.owner == "Custom" => DAY,
        (Category::Build | Category::Test, _) => 8 * HOUR,
        _ => HOUR,
    }
}
