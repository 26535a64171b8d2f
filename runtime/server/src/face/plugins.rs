//! What is installed, as the catalogue shows it.

use super::Face;
use super::auth::Caller;
use super::path::Path;
use super::refusal::Refused;
use crate::api::{PluginDocument, PluginList, PluginSummary};
use crate::engine::InstalledPlugin;
use axum::Json;
use axum::extract::State;

pub(super) async fn list(_caller: Caller, State(face): State<Face>) -> Json<PluginList> {
    Json(PluginList {
        plugins: face.plugins.iter().map(|plugin| summary(plugin)).collect(),
    })
}

pub(super) async fn inspect(
    _caller: Caller,
    State(face): State<Face>,
    Path(name): Path<String>,
) -> Result<Json<PluginDocument>, Refused> {
    let plugin = face.plugins.get(&name).ok_or_else(|| {
        let names: Vec<&str> = face
            .plugins
            .iter()
            .map(|plugin| plugin.package.manifest.name.as_str())
            .collect();
        Refused::not_found(
            "ResourceNotFoundException",
            format!(
                "no plugin '{name}' is installed; installed are {}",
                names.join(", ")
            ),
        )
    })?;
    Ok(Json(PluginDocument {
        summary: summary(plugin),
        asks: plugin.package.manifest.asks.clone(),
        imports: plugin.imports.clone(),
        grant: plugin.grant.clone(),
        limits: plugin.package.manifest.limits,
        action_types: plugin.action_types.clone(),
    }))
}

fn summary(plugin: &InstalledPlugin) -> PluginSummary {
    let manifest = &plugin.package.manifest;
    PluginSummary {
        name: manifest.name.clone(),
        version: manifest.version.clone(),
        description: manifest.description.clone(),
        digest: plugin.package.digest.to_string(),
        world: manifest.world,
        serves: plugin
            .action_types
            .iter()
            .map(|t| t.id.to_string())
            .collect(),
        refused: plugin.prepared.as_ref().err().map(ToString::to_string),
    }
}
