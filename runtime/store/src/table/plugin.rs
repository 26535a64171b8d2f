//! `plugin` and `plugin_grant`: what is installed, and what it is allowed.

use super::{execute, list, parse};
use crate::installation::{InstalledPlugin, PluginWithGrant};
use lockgate_model::id::TenantId;
use lockgate_model::time::Timestamp;
use rusqlite::{Connection, params};

const PUT: &str = "INSERT INTO plugin \
    (tenant, name, version, digest, manifest, action_types, installed_at) \
    VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (tenant, name) DO UPDATE SET \
    version = excluded.version, digest = excluded.digest, manifest = excluded.manifest, \
    action_types = excluded.action_types, installed_at = excluded.installed_at";
const PUT_GRANT: &str = "INSERT INTO plugin_grant (tenant, plugin, json) VALUES ($1, $2, $3) \
    ON CONFLICT (tenant, plugin) DO UPDATE SET json = excluded.json";
const LIST: &str = "SELECT p.name, p.version, p.digest, p.manifest, p.action_types, \
    p.installed_at, g.json FROM plugin p LEFT JOIN plugin_grant g \
    ON g.tenant = p.tenant AND g.plugin = p.name WHERE p.tenant = $1 ORDER BY p.name";
const DELETE: &str = "DELETE FROM plugin WHERE tenant = $1 AND name = $2";
const DELETE_GRANT: &str = "DELETE FROM plugin_grant WHERE tenant = $1 AND plugin = $2";

/// Installs or replaces.
pub(crate) fn put(
    connection: &Connection,
    tenant: &TenantId,
    plugin: &InstalledPlugin,
) -> rusqlite::Result<()> {
    // Action types hold no line break: it separates them.
    let action_types = plugin.action_types.join("\n");
    execute(
        connection,
        PUT,
        params![
            tenant.as_str(),
            plugin.name,
            plugin.version,
            plugin.digest.to_string(),
            plugin.manifest,
            action_types,
            plugin.installed.0
        ],
    )?;
    Ok(())
}

/// Sets a grant.
pub(crate) fn put_grant(
    connection: &Connection,
    tenant: &TenantId,
    plugin: &str,
    grant: &str,
) -> rusqlite::Result<()> {
    execute(
        connection,
        PUT_GRANT,
        params![tenant.as_str(), plugin, grant],
    )?;
    Ok(())
}

/// A tenant's plugins by name.
pub(crate) fn list_of(
    connection: &Connection,
    tenant: &TenantId,
) -> rusqlite::Result<Vec<PluginWithGrant>> {
    list(connection, LIST, params![tenant.as_str()], |row| {
        let action_types: String = row.get(4)?;
        Ok(PluginWithGrant {
            plugin: InstalledPlugin {
                name: row.get(0)?,
                version: row.get(1)?,
                digest: parse(2, row.get::<_, String>(2)?.parse())?,
                manifest: row.get(3)?,
                action_types: action_types.lines().map(str::to_owned).collect(),
                installed: Timestamp(row.get(5)?),
            },
            grant: row.get(6)?,
        })
    })
}

/// Removes a plugin and its grant; says whether there was one.
pub(crate) fn delete(
    connection: &Connection,
    tenant: &TenantId,
    name: &str,
) -> rusqlite::Result<bool> {
    let rows = execute(connection, DELETE, params![tenant.as_str(), name])?;
    execute(connection, DELETE_GRANT, params![tenant.as_str(), name])?;
    Ok(rows > 0)
}
