//! What an execution has made so far: artifacts by their names, variables by
//! namespace. One shelf for each stage, so that a copy shares all but the one
//! that is being filled.

use lockgate_model::artifact::Artifact;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Output variables of one action.
pub(crate) type Variables = Arc<BTreeMap<String, String>>;

/// Everything that the actions of an execution have made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Products(Vec<Arc<Shelf>>);

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Shelf {
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    artifacts: BTreeMap<String, Arc<Artifact>>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    namespaces: BTreeMap<String, Variables>,
}

impl Products {
    /// The newest artifact of this name.
    #[must_use]
    pub fn artifact(&self, name: &str) -> Option<&Arc<Artifact>> {
        self.0
            .iter()
            .rev()
            .find_map(|shelf| shelf.artifacts.get(name))
    }

    /// The variables under this namespace.
    #[must_use]
    pub fn variables(&self, namespace: &str) -> Option<&Arc<BTreeMap<String, String>>> {
        self.0
            .iter()
            .rev()
            .find_map(|shelf| shelf.namespaces.get(namespace))
    }

    /// The next stage has a shelf of its own.
    pub(crate) fn next_shelf(&mut self) {
        self.0.push(Arc::default());
    }

    pub(crate) fn put_artifact(&mut self, artifact: Arc<Artifact>) {
        if let Some(shelf) = self.last() {
            shelf.artifacts.insert(artifact.name.clone(), artifact);
        }
    }

    pub(crate) fn put_variables(&mut self, namespace: String, variables: Variables) {
        if let Some(shelf) = self.last() {
            shelf.namespaces.insert(namespace, variables);
        }
    }

    fn last(&mut self) -> Option<&mut Shelf> {
        if self.0.is_empty() {
            self.next_shelf();
        }
        self.0.last_mut().map(Arc::make_mut)
    }
}
