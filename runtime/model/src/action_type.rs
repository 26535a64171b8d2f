//! Action types: what a provider says it can do, and the catalogue of all that
//! are installed for a tenant.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// What an action does (API reference, `ActionCategory`), or that the type is
/// one of a condition's rules (`RuleCategory`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Category {
    /// Brings content in.
    Source,
    /// Makes artifacts.
    Build,
    /// Tests artifacts.
    Test,
    /// Puts artifacts somewhere.
    Deploy,
    /// Calls something.
    Invoke,
    /// Waits for a yes.
    Approval,
    /// Runs commands.
    Compute,
    /// Judges whether a condition is met; stands in conditions only.
    Rule,
}

impl Category {
    /// Those of actions, in the API's order.
    pub const ACTIONS: [Self; 7] = [
        Self::Source,
        Self::Build,
        Self::Deploy,
        Self::Test,
        Self::Invoke,
        Self::Approval,
        Self::Compute,
    ];

    /// The API's spelling.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Source => "Source",
            Self::Build => "Build",
            Self::Test => "Test",
            Self::Deploy => "Deploy",
            Self::Invoke => "Invoke",
            Self::Approval => "Approval",
            Self::Compute => "Compute",
            Self::Rule => "Rule",
        }
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Names an action type (API reference, `ActionTypeId`). Printed as
/// `Category/Owner/Provider/Version`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ActionTypeId {
    /// What it does.
    pub category: Category,
    /// `AWS`, `ThirdParty` or `Custom`.
    pub owner: String,
    /// The provider's name.
    pub provider: String,
    /// CodePipeline's version of it, usually `1`.
    pub version: String,
}

impl ActionTypeId {
    /// The core's own approval, which no plugin serves.
    #[must_use]
    pub fn manual_approval() -> Self {
        Self {
            category: Category::Approval,
            owner: "AWS".into(),
            provider: "Manual".into(),
            version: "1".into(),
        }
    }

    /// Whether this is the core's own approval.
    #[must_use]
    pub fn is_manual_approval(&self) -> bool {
        self.category == Category::Approval && self.owner == "AWS" && self.provider == "Manual"
    }
}

impl fmt::Display for ActionTypeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}/{}/{}/{}",
            self.category, self.owner, self.provider, self.version
        )
    }
}

/// How a configuration value is read (API reference,
/// `ActionConfigurationPropertyType`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PropertyType {
    /// Any text.
    String,
    /// A decimal number.
    Number,
    /// `true` or `false`.
    Boolean,
}

/// One key of an action's configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Property {
    /// The key.
    pub name: String,
    /// For people.
    pub description: String,
    /// How its value is read.
    #[serde(rename = "type")]
    pub kind: PropertyType,
    /// The definition must give it.
    pub required: bool,
    /// Shown as `****` in every view.
    pub secret: bool,
    /// Filled in where the definition leaves it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
}

/// How many artifacts an action takes or makes; both ends count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArtifactCount {
    /// At least so many.
    pub minimum: u32,
    /// At most so many.
    pub maximum: u32,
}

/// An installed action type: what the definition of an action is checked
/// against.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ActionType {
    /// Its name.
    pub id: ActionTypeId,
    /// One sentence for people.
    pub summary: String,
    /// What the configuration may hold.
    pub properties: Vec<Property>,
    /// Artifacts taken.
    pub input_artifacts: ArtifactCount,
    /// Artifacts made.
    pub output_artifacts: ArtifactCount,
    /// Variables that it sets; `*` stands for names decided elsewhere.
    pub output_variables: Vec<String>,
    /// Its jobs are done by job workers, which poll for them, and not by an
    /// installed plugin.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub worker: bool,
}

/// The action types a tenant can use.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    types: BTreeMap<ActionTypeId, ActionType>,
    /// Definitions are held to AWS's own limits and get AWS's own defaults,
    /// where ours are kinder: configuration values of at most 1,000 characters,
    /// and a trigger for every source of a connection.
    pub aws_limits: bool,
}

impl Catalogue {
    /// Only the core's own approval.
    #[must_use]
    pub fn core() -> Self {
        let mut catalogue = Self::default();
        let text = |name: &str, description: &str| Property {
            name: name.into(),
            description: description.into(),
            kind: PropertyType::String,
            required: false,
            secret: false,
            default: None,
        };
        catalogue.insert(ActionType {
            id: ActionTypeId::manual_approval(),
            summary: "Waits until somebody approves or rejects".into(),
            properties: vec![
                text("CustomData", "Shown to the approver"),
                text("ExternalEntityLink", "Where to look before approving"),
                text(
                    "NotificationArn",
                    "Its last part names a notification rule, whose target is told",
                ),
                // Whoever has the address of such a webhook can post to it.
                Property {
                    secret: true,
                    ..text(
                        "NotificationUrl",
                        "Told through the webhook provider that somebody is needed",
                    )
                },
                text("NotificationFormat", "SNS, Slack, Teams or Generic"),
            ],
            input_artifacts: ArtifactCount {
                minimum: 0,
                maximum: 0,
            },
            output_artifacts: ArtifactCount {
                minimum: 0,
                maximum: 0,
            },
            output_variables: vec![],
            worker: false,
        });
        catalogue
    }

    /// Adds or replaces one.
    pub fn insert(&mut self, action_type: ActionType) {
        self.types.insert(action_type.id.clone(), action_type);
    }

    /// The one of this name.
    #[must_use]
    pub fn get(&self, id: &ActionTypeId) -> Option<&ActionType> {
        self.types.get(id)
    }

    /// All, in order of their names.
    pub fn iter(&self) -> impl Iterator<Item = &ActionType> {
        self.types.values()
    }
}
