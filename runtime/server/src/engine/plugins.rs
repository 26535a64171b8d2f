//! The installed plugins, prepared: which serves which action type, which are
//! functions, and what each is allowed.

use super::bundle;
use super::pipelines::Starter;
use super::secrets::SecretStore;
use crate::Failure;
use crate::cli::Trust;
use lockgate_host::{Functions, Host, Plugin, PrepareError, Prepared};
use lockgate_model::action_type::{ActionType, ActionTypeId, Catalogue};
use lockgate_model::grant::Grant;
use lockgate_model::plugin::World;
use lockgate_registry::{Grants, Installed, Package};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// One plugin, installed and, where its grant allows it, ready to run.
pub struct InstalledPlugin {
    pub package: Package,
    pub grant: Grant,
    pub action_types: Vec<ActionType>,
    /// What its component imports.
    pub imports: Vec<String>,
    /// Ready, or the reason why not.
    pub prepared: Result<Arc<Prepared>, PrepareError>,
}

/// All plugins of this server.
pub struct Plugins {
    pub(super) host: Host,
    pub(super) secrets: SecretStore,
    pub(super) by_type: BTreeMap<ActionTypeId, Arc<InstalledPlugin>>,
    by_name: BTreeMap<String, Arc<InstalledPlugin>>,
    pub(super) functions: Functions,
    pub(super) starter: Arc<Starter>,
    pub(super) catalogue: Arc<Catalogue>,
}

impl Plugins {
    /// Installs what is bundled and what the operator adds, reads the grants,
    /// and prepares every plugin.
    pub async fn load(
        host: Host,
        directory: &Path,
        trust: &Trust,
        say: fn(&str),
    ) -> Result<Self, Failure> {
        let secrets = SecretStore::read(&trust.secrets)?;
        let mut installed = Installed::open(directory).map_err(Failure::input)?;
        let bundled = bundle::packages()?;
        if bundled.is_empty() {
            say(
                "this binary carries no providers: build it with 'cargo xtask build', or add some with --plugin",
            );
        }
        let mut grants = Grants::default();
        for line in bundle::GRANTS {
            let (plugin, _) = line.split_once(' ').unwrap_or((line, ""));
            if bundled
                .iter()
                .any(|package| package.manifest.name == plugin)
            {
                grants.add(line)?;
            }
        }
        let mut packages: BTreeMap<String, Package> = installed
            .iter()
            .map(|package| (package.manifest.name.clone(), package.clone()))
            .collect();
        let mut new = bundled;
        for path in &trust.plugins {
            new.push(Package::read(path).map_err(Failure::input)?);
        }
        for package in &new {
            packages.insert(package.manifest.name.clone(), package.clone());
        }
        if let Some(path) = &trust.grants_file {
            grants.add_file(path).map_err(Failure::input)?;
        }
        for line in &trust.grants {
            grants.add(line).map_err(Failure::input)?;
        }
        grants
            .check_names(packages.keys().map(String::as_str))
            .map_err(Failure::input)?;

        let mut plugins = Self {
            host,
            secrets,
            by_type: BTreeMap::new(),
            by_name: BTreeMap::new(),
            functions: Functions::none(),
            starter: Starter::new(),
            catalogue: Arc::default(),
        };
        let mut catalogue = Catalogue::core();
        let mut preparing = Vec::new();
        for package in packages.into_values() {
            let grant = grants.of(&package).map_err(Failure::input)?;
            let host = plugins.host.clone();
            preparing.push(tokio::spawn(async move {
                prepare(host, package, grant, say).await
            }));
        }
        for plugin in preparing {
            plugins.add(plugin.await??, &mut catalogue)?;
        }
        // Kept last: what cannot be used must not be there at the next start.
        for package in new {
            installed.install(package)?;
        }
        plugins.catalogue = Arc::new(catalogue);
        plugins.functions = plugins.callable();
        Ok(plugins)
    }

    fn add(&mut self, plugin: InstalledPlugin, catalogue: &mut Catalogue) -> Result<(), Failure> {
        let plugin = Arc::new(plugin);
        for action_type in &plugin.action_types {
            if let Some(other) = self.by_type.insert(action_type.id.clone(), plugin.clone()) {
                return Err(Failure::input(format!(
                    "the plugins '{}' and '{}' both serve {}; remove one of them",
                    other.package.manifest.name, plugin.package.manifest.name, action_type.id
                )));
            }
            catalogue.insert(action_type.clone());
        }
        self.by_name
            .insert(plugin.package.manifest.name.clone(), plugin);
        Ok(())
    }

    /// The functions that a provider may call by name.
    fn callable(&self) -> Functions {
        let functions: BTreeMap<String, Arc<Prepared>> = self
            .iter()
            .filter(|plugin| plugin.package.manifest.world == World::Function)
            .filter_map(|plugin| {
                let prepared = plugin.prepared.as_ref().ok()?.clone();
                Some((plugin.package.manifest.name.clone(), prepared))
            })
            .collect();
        Functions::new(move |name: &str| functions.get(name).cloned())
    }

    /// The plugin of this name.
    pub fn get(&self, name: &str) -> Option<&Arc<InstalledPlugin>> {
        self.by_name.get(name)
    }

    /// All, in order of their names.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<InstalledPlugin>> {
        self.by_name.values()
    }

    /// Every action type there is.
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }
}

async fn prepare(
    host: Host,
    package: Package,
    grant: Grant,
    say: fn(&str),
) -> Result<InstalledPlugin, Failure> {
    let name = package.manifest.name.clone();
    if !host.is_compiled(&package.digest) {
        say(&format!("compiling {name} for this machine (once)"));
    }
    let manifest = &package.manifest;
    let refused = |error: PrepareError| {
        Failure::input(format!("the plugin '{name}' cannot be used: {error}"))
    };
    let inspection = {
        let (host, component) = (host.clone(), package.component.clone());
        let (world, limits) = (manifest.world, manifest.limits);
        // Compiling blocks its thread for as long as it takes.
        let runtime = tokio::runtime::Handle::current();
        tokio::task::spawn_blocking(move || {
            runtime.block_on(host.inspect(&component, world, limits))
        })
        .await?
        .map_err(refused)?
    };
    let plugin = Plugin {
        name: &manifest.name,
        world: manifest.world,
        grant: &grant,
        optional: &manifest.asks.optional,
        limits: manifest.limits,
    };
    let prepared = match host.prepare(&package.component, plugin) {
        Err(error @ PrepareError::NotGranted { .. }) => Err(error),
        Err(error) => return Err(refused(error)),
        Ok(prepared) => {
            if manifest.world != World::Function {
                host.describe(&prepared).await.map_err(refused)?;
            }
            Ok(prepared)
        }
    };
    Ok(InstalledPlugin {
        action_types: inspection.action_types,
        imports: inspection.imports,
        package,
        grant,
        prepared,
    })
}
