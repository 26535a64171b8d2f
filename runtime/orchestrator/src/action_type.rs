//! Action types that a tenant makes for its own job workers (user guide, "Create
//! and add a custom action in CodePipeline"): what one says, what is wrong with
//! it, and the catalogue with them in it.

use crate::error::OrchestratorError;
use crate::orchestrator::Orchestrator;
use crate::shared::Shared;
use lockgate_model::action_type::{
    ActionType, ActionTypeId, ArtifactCount, Catalogue, Category, Property, PropertyType,
};
use lockgate_model::id::TenantId;
use lockgate_model::time::Timestamp;
use lockgate_store::CustomActionType as Row;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

mod check;

/// Action types of a tenant at most (user guide, "Quotas").
const MOST: usize = 50;

/// An action type that job workers do, as `CreateCustomActionType` has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CustomActionType {
    /// `Source`, `Build`, `Deploy`, `Test` or `Invoke`.
    pub category: Category,
    /// The provider's name.
    pub provider: String,
    /// Its version.
    pub version: String,
    /// Where people look.
    #[serde(default)]
    pub settings: ActionTypeSettings,
    /// What the configuration of an action may hold.
    #[serde(default)]
    pub configuration_properties: Vec<ConfigurationProperty>,
    /// Artifacts taken.
    pub input_artifact_details: ArtifactDetails,
    /// Artifacts made.
    pub output_artifact_details: ArtifactDetails,
}

/// Pages about an action, with `{Config:name}` and `{ExternalExecutionId}` in
/// them; kept as they are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ActionTypeSettings {
    /// Where the worker's own configuration is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub third_party_configuration_url: Option<String>,
    /// About what the action works on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entity_url_template: Option<String>,
    /// About one execution of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub execution_url_template: Option<String>,
    /// About a revision.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision_url_template: Option<String>,
}

/// A key of an action's configuration (API reference,
/// `ActionConfigurationProperty`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConfigurationProperty {
    /// The key.
    pub name: String,
    /// The definition must give it.
    #[serde(default)]
    pub required: bool,
    /// It says what the action works on.
    #[serde(default)]
    pub key: bool,
    /// Shown to nobody but the worker.
    #[serde(default)]
    pub secret: bool,
    /// Workers poll for jobs by its value.
    #[serde(default)]
    pub queryable: bool,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// How its value is read; text where nothing is said.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<PropertyType>,
}

/// How many artifacts (API reference, `ArtifactDetails`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ArtifactDetails {
    /// At least.
    pub minimum_count: u32,
    /// At most.
    pub maximum_count: u32,
}

/// An action type as it is listed.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CustomActionTypeView {
    /// Its whole name, as definitions write it.
    pub id: ActionTypeId,
    /// When it was made.
    pub created: Timestamp,
    /// What it says.
    pub action_type: CustomActionType,
}

impl CustomActionType {
    /// Its whole name.
    #[must_use]
    pub fn id(&self) -> ActionTypeId {
        ActionTypeId {
            category: self.category,
            owner: "Custom".to_owned(),
            provider: self.provider.clone(),
            version: self.version.clone(),
        }
    }

    /// The key by whose value workers poll.
    pub(crate) fn queryable(&self) -> Option<&str> {
        let mut properties = self.configuration_properties.iter();
        let found = properties.find(|property| property.queryable)?;
        Some(&found.name)
    }

    fn action_type(&self) -> ActionType {
        let count = |details: ArtifactDetails| ArtifactCount {
            minimum: details.minimum_count,
            maximum: details.maximum_count,
        };
        ActionType {
            id: self.id(),
            summary: "Done by job workers, which poll for its jobs".to_owned(),
            properties: self
                .configuration_properties
                .iter()
                .map(|property| Property {
                    name: property.name.clone(),
                    description: property.description.clone().unwrap_or_default(),
                    kind: property.kind.unwrap_or(PropertyType::String),
                    required: property.required,
                    secret: property.secret,
                    default: None,
                })
                .collect(),
            input_artifacts: count(self.input_artifact_details),
            output_artifacts: count(self.output_artifact_details),
            output_variables: vec!["*".to_owned()],
            worker: true,
        }
    }
}

/// The custom action types of every tenant, and their catalogues.
#[derive(Default)]
pub(crate) struct ActionTypes(Mutex<BTreeMap<TenantId, Own>>);

#[derive(Default)]
struct Own {
    types: BTreeMap<ActionTypeId, (Timestamp, CustomActionType)>,
    /// The runner's catalogue, and the same with these in it.
    merged: Option<(Arc<Catalogue>, Arc<Catalogue>)>,
}

impl ActionTypes {
    /// What the store has.
    pub(crate) async fn load(store: &lockgate_store::Store) -> Result<Self, OrchestratorError> {
        let mut all: BTreeMap<TenantId, Own> = BTreeMap::new();
        for row in store.action_types().await? {
            let made: CustomActionType =
                serde_json::from_str(&row.json).map_err(|error| OrchestratorError::Damaged {
                    what: format!(
                        "action type {}/Custom/{}/{}",
                        row.category, row.provider, row.version
                    ),
                    reason: error.to_string(),
                })?;
            let own = all.entry(row.tenant).or_default();
            own.types.insert(made.id(), (row.created, made));
        }
        Ok(Self(Mutex::new(all)))
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<TenantId, Own>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The installed types of a tenant together with its own.
    fn with(&self, tenant: &TenantId, installed: Arc<Catalogue>) -> Arc<Catalogue> {
        let mut all = self.all();
        let Some(own) = all.get_mut(tenant).filter(|own| !own.types.is_empty()) else {
            return installed;
        };
        if let Some((base, merged)) = &own.merged
            && Arc::ptr_eq(base, &installed)
        {
            return merged.clone();
        }
        let mut catalogue = Catalogue::clone(&installed);
        for (id, (_, made)) in &own.types {
            // What is installed meanwhile goes first.
            if installed.get(id).is_none() {
                catalogue.insert(made.action_type());
            }
        }
        let catalogue = Arc::new(catalogue);
        own.merged = Some((installed, catalogue.clone()));
        catalogue
    }

    pub(crate) fn get(&self, tenant: &TenantId, id: &ActionTypeId) -> Option<CustomActionType> {
        let all = self.all();
        let (_, made) = all.get(tenant)?.types.get(id)?;
        Some(made.clone())
    }
}

impl Shared {
    /// The action types a tenant can use: those that are installed, and its own.
    pub(crate) fn catalogue(&self, tenant: &TenantId) -> Arc<Catalogue> {
        self.action_types
            .with(tenant, self.runner.catalogue(tenant))
    }
}

impl Orchestrator {
    /// The action types a tenant can use: those that are installed, and its own.
    #[must_use]
    pub fn catalogue(&self, tenant: &TenantId) -> Arc<Catalogue> {
        self.shared.catalogue(tenant)
    }

    /// A tenant's own action types, in order of their names.
    #[must_use]
    pub fn action_types(&self, tenant: &TenantId) -> Vec<CustomActionTypeView> {
        let all = self.shared.action_types.all();
        let own = all.get(tenant);
        own.into_iter()
            .flat_map(|own| &own.types)
            .map(|(id, (created, made))| CustomActionTypeView {
                id: id.clone(),
                created: *created,
                action_type: made.clone(),
            })
            .collect()
    }

    /// Makes an action type that job workers do.
    ///
    /// # Errors
    /// `Invalid` with everything that is wrong with it; `NameInUse`;
    /// `LimitExceeded`.
    pub async fn create_action_type(
        &self,
        tenant: &TenantId,
        made: CustomActionType,
    ) -> Result<CustomActionTypeView, OrchestratorError> {
        let problems = made.problems();
        if !problems.is_empty() {
            return Err(OrchestratorError::Invalid(problems));
        }
        let id = made.id();
        let in_use = || {
            OrchestratorError::NameInUse(format!(
                "there is an action type {id} already; take another provider or version"
            ))
        };
        if self.shared.catalogue(tenant).get(&id).is_some() {
            return Err(in_use());
        }
        if self.action_types(tenant).len() >= MOST {
            return Err(OrchestratorError::LimitExceeded(format!(
                "there are {MOST} custom action types, which is the most; delete one first"
            )));
        }
        let created = self.shared.clock.now();
        let row = Row {
            tenant: tenant.clone(),
            category: made.category.as_str().to_owned(),
            provider: made.provider.clone(),
            version: made.version.clone(),
            created,
            json: serde_json::to_string(&made).unwrap_or_default(),
        };
        if !self.store().create_action_type(row).await? {
            return Err(in_use());
        }
        let mut all = self.shared.action_types.all();
        let own = all.entry(tenant.clone()).or_default();
        own.types.insert(id.clone(), (created, made.clone()));
        own.merged = None;
        Ok(CustomActionTypeView {
            id,
            created,
            action_type: made,
        })
    }

    /// Removes an action type. Pipelines that use it keep their definitions;
    /// their actions of this type fail when they start.
    ///
    /// # Errors
    /// `ActionTypeNotFound`.
    pub async fn delete_action_type(
        &self,
        tenant: &TenantId,
        id: &ActionTypeId,
    ) -> Result<(), OrchestratorError> {
        let deleted = id.owner == "Custom"
            && self
                .store()
                .delete_action_type(tenant, id.category.as_str(), &id.provider, &id.version)
                .await?;
        if !deleted {
            return Err(unknown(id));
        }
        let mut all = self.shared.action_types.all();
        if let Some(own) = all.get_mut(tenant) {
            own.types.remove(id);
            own.merged = None;
        }
        Ok(())
    }
}

pub(crate) fn unknown(id: &ActionTypeId) -> OrchestratorError {
    OrchestratorError::ActionTypeNotFound(format!(
        "there is no custom action type {id}; list them with: lockgate action-type list"
    ))
}
