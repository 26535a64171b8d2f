//! A notification rule: whom to tell of which events of which pipelines, and
//! how (semantics 2.15). What is written is checked here, all of it at once;
//! what is stored is trusted.

use super::event_type;
use lockgate_model::glob::Glob;
use lockgate_model::id::{Principal, TenantId};
use lockgate_model::time::Timestamp;
use lockgate_store::NotificationRuleState;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Stands for a value that is not shown; given back, it keeps the value.
const MASK: &str = "****";
/// Characters of a rule's name at most.
const LONGEST_NAME: usize = 64;
/// Patterns, and event types, of one rule at most.
const MOST_ENTRIES: usize = 100;
/// Bytes of an address at most.
const LONGEST_URL: usize = 2048;

/// A notification rule as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NotificationRule {
    /// Unique in the tenant: letters, digits, `-` and `_`. An approval whose
    /// `NotificationArn` ends in it tells this rule's target.
    pub name: String,
    /// Of which pipelines: names or globs. None: of all.
    #[serde(default)]
    pub pipelines: Vec<String>,
    /// Of which events: AWS's ids, with or without `codepipeline-pipeline-`, or
    /// `all`.
    pub events: Vec<String>,
    /// How it is told.
    #[serde(default)]
    pub format: NotificationFormat,
    /// How much is told.
    #[serde(default)]
    pub detail: NotificationDetail,
    /// Where to post. Shown as `****`, which keeps it when given back.
    pub url: String,
    /// The request header that carries a secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// The secret's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_name: Option<String>,
    /// What stands before the secret in the header, such as `Bearer `.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// Off: nobody is told, and what happens meanwhile is told to nobody later.
    #[serde(default = "on")]
    pub enabled: bool,
}

fn on() -> bool {
    true
}

/// How a rule tells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum NotificationFormat {
    /// The event exactly as EventBridge has it.
    #[default]
    EventBridge,
    /// The event as AWS's notification rules send it to a topic.
    Notification,
    /// A sentence for people, as Slack takes it.
    Slack,
    /// A sentence for people, as Teams takes it.
    Teams,
    /// A sentence for people in a flat JSON object.
    Generic,
}

/// How much a rule tells (codestar-notifications API reference, `DetailType`).
/// For EventBridge's own form there is no difference.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum NotificationDetail {
    /// With what failed and why, and which revisions it was about.
    #[default]
    Full,
    /// The event alone.
    Basic,
}

/// A notification rule as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NotificationRuleView {
    /// As it was written; `url` is masked.
    #[serde(flatten)]
    pub rule: NotificationRule,
    /// As AWS would name it; stands in notifications.
    pub arn: String,
    /// Who made it.
    pub created_by: Principal,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last changed.
    pub updated: Timestamp,
    /// Notifications that arrived.
    pub delivered: u64,
    /// When the last of them did.
    pub delivered_at: Option<Timestamp>,
    /// Notifications that were given up, because they could not be delivered
    /// for too long.
    pub given_up: u64,
    /// Why the last one that failed did, arrived later or not.
    pub last_error: Option<String>,
    /// When that was.
    pub last_error_at: Option<Timestamp>,
}

/// What came of trying a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NotificationTest {
    /// The target took it.
    pub delivered: bool,
    /// What it answered, or why it could not be delivered.
    pub message: String,
}

/// What is stored of a rule.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Stored {
    pub(super) rule: NotificationRule,
    pub(super) created_by: Principal,
}

impl NotificationRule {
    /// Checks what is written, and writes event types whole.
    ///
    /// # Errors
    /// Everything that is wrong, each in a sentence that begins with the key.
    pub(super) fn check(mut self) -> Result<Self, Vec<String>> {
        let mut problems = vec![];
        if let Some(problem) = name_problem(&self.name, LONGEST_NAME, "-_") {
            problems.push(problem);
        }
        for (key, entries) in [("pipelines", &self.pipelines), ("events", &self.events)] {
            if entries.len() > MOST_ENTRIES {
                problems.push(format!(
                    "{key}: {} entries are too many; write at most {MOST_ENTRIES}, or several rules",
                    entries.len()
                ));
            }
        }
        for pattern in self.pipelines.iter().take(MOST_ENTRIES) {
            if let Err(error) = Glob::new(pattern) {
                problems.push(format!("pipelines: {error}"));
            }
        }
        if self.events.is_empty() {
            problems.push(
                "events: nothing is named; write 'all', or event types such as 'pipeline-execution-failed'"
                    .to_owned(),
            );
        }
        for event in self.events.iter_mut().take(MOST_ENTRIES) {
            match event_type::known(event) {
                Ok(id) => id.clone_into(event),
                Err(problem) => problems.push(problem),
            }
        }
        let is_web = ["http://", "https://"]
            .iter()
            .any(|scheme| self.url.starts_with(scheme));
        // The address may be a password: it is not repeated.
        if !is_web || self.url.len() > LONGEST_URL || self.url.chars().any(char::is_whitespace) {
            problems.push(
                "url: is not a web address; write https://host/path, without blanks".to_owned(),
            );
        }
        match (&self.header, &self.secret_name) {
            (Some(header), None) => problems.push(format!(
                "header: '{header}' will not do; write secretName too, or leave header out"
            )),
            (None, Some(name)) => problems.push(format!(
                "secretName: '{name}' will not do; write the header that carries it too, such as Authorization"
            )),
            _ => {}
        }
        if problems.is_empty() {
            Ok(self)
        } else {
            Err(problems)
        }
    }

    /// Takes over what was shown masked.
    pub(super) fn keep_secrets_of(&mut self, former: &Self) {
        let is_mask = self.url.len() >= MASK.len() && self.url.chars().all(|c| c == '*');
        if is_mask {
            self.url.clone_from(&former.url);
        }
    }

    /// Its patterns, which were checked when it was written.
    pub(super) fn globs(&self) -> Vec<Glob> {
        let patterns = self.pipelines.iter();
        patterns.filter_map(|text| Glob::new(text).ok()).collect()
    }

    /// Whether it tells of this pipeline.
    pub(super) fn is_about(&self, globs: &[Glob], pipeline: &str) -> bool {
        self.enabled
            && (self.pipelines.is_empty() || globs.iter().any(|glob| glob.matches(pipeline)))
    }
}

/// What is wrong with a name, and what to write instead.
pub(crate) fn name_problem(name: &str, longest: usize, marks: &str) -> Option<String> {
    let known = |c: char| c.is_ascii_alphanumeric() || marks.contains(c);
    if !name.is_empty() && name.len() <= longest && name.chars().all(known) {
        return None;
    }
    let shown: String = name.chars().take(80).collect();
    let marks: Vec<String> = marks.chars().map(String::from).collect();
    Some(format!(
        "name: '{shown}' cannot be a name; write 1 to {longest} of the characters A-Z a-z 0-9 {}",
        marks.join(" ")
    ))
}

/// As AWS would name it.
pub(super) fn arn(tenant: &TenantId, region: &str, id: Uuid) -> String {
    format!("arn:aws:codestar-notifications:{region}:{tenant}:notificationrule/{id}")
}

/// What is shown of a rule.
pub(super) fn view(
    stored: Stored,
    state: NotificationRuleState,
    region: &str,
) -> NotificationRuleView {
    let Stored {
        mut rule,
        created_by,
    } = stored;
    MASK.clone_into(&mut rule.url);
    NotificationRuleView {
        arn: arn(&state.tenant, region, state.rule.id),
        rule,
        created_by,
        created: state.rule.created,
        updated: state.rule.updated,
        delivered: state.delivered,
        delivered_at: state.delivered_at,
        given_up: state.given_up,
        last_error: state.error,
        last_error_at: state.error_at,
    }
}
