//! What a provider says of itself. The properties come from its configuration
//! type, so that they cannot say something else.

use std::fmt;
use std::ops::RangeInclusive;

/// What an action does, as CodePipeline names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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
    /// Judges for a condition of a stage: succeeds where its criterion holds.
    Rule,
}

/// Names one action type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionType {
    /// What it does.
    pub category: Category,
    /// `AWS`, `ThirdParty` or `Custom`.
    pub owner: String,
    /// The provider's name in definitions.
    pub provider: String,
    /// CodePipeline's version of it, usually `1`.
    pub version: String,
}

/// As `Category/Owner/Provider/Version`.
impl fmt::Display for ActionType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?}/{}/{}/{}",
            self.category, self.owner, self.provider, self.version
        )
    }
}

/// How a configuration value is read. All arrive as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PropertyType {
    /// Any text.
    Text,
    /// A decimal number.
    Number,
    /// `true` or `false`.
    Boolean,
}

/// One key that an action's configuration may hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Property {
    /// The key.
    pub name: String,
    /// For people.
    pub description: String,
    /// How its value is read.
    pub kind: PropertyType,
    /// The definition must give it.
    pub required: bool,
    /// Shown as `****` in every view.
    pub secret: bool,
    /// Filled in where the definition leaves it out.
    pub default: Option<String>,
}

/// How many artifacts an action takes or makes; both ends count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ArtifactCount {
    /// At least so many.
    pub minimum: u32,
    /// At most so many.
    pub maximum: u32,
}

/// What a provider is, without its properties.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Description {
    /// One sentence for people.
    pub summary: String,
    /// Every action type that it serves, all alike in the rest. A plugin that
    /// serves others besides is made of several providers
    /// ([`export_provider!`](crate::export_provider)).
    pub action_types: Vec<ActionType>,
    /// Artifacts taken.
    pub inputs: ArtifactCount,
    /// Artifacts made.
    pub outputs: ArtifactCount,
    /// Names of output variables; `*` stands for names decided elsewhere.
    pub variables: Vec<String>,
}

impl Description {
    /// A provider that serves nothing yet, takes and makes no artifact.
    pub fn new(summary: impl Into<String>) -> Self {
        Self {
            summary: summary.into(),
            ..Self::default()
        }
    }

    /// Serves this action type.
    #[must_use]
    pub fn serves(
        mut self,
        category: Category,
        owner: &str,
        provider: &str,
        version: &str,
    ) -> Self {
        self.action_types.push(ActionType {
            category,
            owner: owner.into(),
            provider: provider.into(),
            version: version.into(),
        });
        self
    }

    /// Takes so many artifacts, such as `0..=5`.
    #[must_use]
    pub fn inputs(mut self, count: RangeInclusive<u32>) -> Self {
        self.inputs = count.into();
        self
    }

    /// Makes so many artifacts.
    #[must_use]
    pub fn outputs(mut self, count: RangeInclusive<u32>) -> Self {
        self.outputs = count.into();
        self
    }

    /// May set these output variables.
    #[must_use]
    pub fn variables<T: Into<String>>(mut self, names: impl IntoIterator<Item = T>) -> Self {
        self.variables = names.into_iter().map(Into::into).collect();
        self
    }
}

impl From<RangeInclusive<u32>> for ArtifactCount {
    fn from(range: RangeInclusive<u32>) -> Self {
        Self {
            minimum: *range.start(),
            maximum: *range.end(),
        }
    }
}
