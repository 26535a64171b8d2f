//! From bytes to a prepared component: what it is, its code, its imports against
//! the grant, its exports against its world.

use crate::host::Host;
use crate::imports::{self, Needs};
use crate::linker;
use crate::prepare::{Exports, Inspection, LiveGrant, Plugin, PrepareError, Prepared, mismatch};
use crate::store::JobState;
use lockgate_model::artifact::Digest;
use lockgate_model::grant::Grant;
use lockgate_model::limits::Limits;
use lockgate_model::plugin::World;
use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};
use wasmtime::component::{Component, InstancePre};
use wasmtime::{Engine, Precompiled};

impl Host {
    /// Compiles a component, or loads its code from the cache, and checks its
    /// imports and exports. Blocks for as long as compiling takes (up to half a
    /// minute for Python or JavaScript): call it where blocking is allowed.
    ///
    /// # Errors
    /// The component is refused; see [`PrepareError`].
    pub fn prepare(
        &self,
        component: &[u8],
        plugin: Plugin<'_>,
    ) -> Result<Arc<Prepared>, PrepareError> {
        let (digest, component) = self.component(component)?;
        let needs = self.needs(&component, plugin.world)?;
        if let Some(need) = needs.missing_from(plugin.grant, plugin.optional) {
            return Err(PrepareError::NotGranted {
                plugin: plugin.name.to_owned(),
                need,
            });
        }
        self.link(digest, &component, needs, plugin).map(Arc::new)
    }

    /// Looks at a component before anything is granted: what it needs, and what
    /// it says of itself. Blocks like [`Host::prepare`], and must be called
    /// within a tokio runtime.
    ///
    /// # Errors
    /// The component is refused, or `describe` fails.
    pub async fn inspect(
        &self,
        component: &[u8],
        world: World,
        limits: Limits,
    ) -> Result<Inspection, PrepareError> {
        let (digest, component) = self.component(component)?;
        let needs = self.needs(&component, world)?;
        let plugin = Plugin {
            name: "plugin",
            world,
            grant: &Grant::default(),
            optional: &BTreeSet::new(),
            limits,
        };
        let prepared = self.link(digest, &component, needs, plugin)?;
        let action_types = match world {
            World::Function => Vec::new(),
            World::ActionProvider | World::SourceProvider => self.describe(&prepared).await?,
        };
        let imports = component
            .component_type()
            .imports(&self.0.engine)
            .map(|(name, _)| name.to_owned())
            .collect();
        Ok(Inspection {
            digest,
            needs: needs.iter().collect(),
            imports,
            action_types,
        })
    }

    fn component(&self, bytes: &[u8]) -> Result<(Digest, Component), PrepareError> {
        let limit = self.0.settings.component_bytes;
        if bytes.len() as u64 > limit {
            return Err(PrepareError::TooLarge {
                bytes: bytes.len() as u64,
                limit,
            });
        }
        refuse_what_is_no_component(bytes)?;
        let digest = crate::code_cache::sha256(bytes);
        if let Some(component) = self.compiled(&digest) {
            return Ok((digest, component));
        }
        let component = self
            .0
            .cache
            .load_or_compile(&self.0.engine, &digest, bytes)?;
        self.keep_compiled(digest, component.clone());
        Ok((digest, component))
    }

    fn needs(&self, component: &Component, world: World) -> Result<Needs, PrepareError> {
        let ty = component.component_type();
        imports::needs(ty.imports(&self.0.engine).map(|(name, _)| name), world)
    }

    fn link(
        &self,
        digest: Digest,
        component: &Component,
        needs: Needs,
        plugin: Plugin<'_>,
    ) -> Result<Prepared, PrepareError> {
        let pre = self.instance_pre(component, needs)?;
        let ty = component.component_type();
        let exports = Exports::of(
            &pre,
            |name| ty.get_export(&self.0.engine, name).is_some(),
            plugin.world,
        )?;
        let limits = Limits {
            memory_bytes: plugin.limits.memory_bytes.min(self.0.settings.memory_bytes),
            ..plugin.limits
        };
        Ok(Prepared {
            name: plugin.name.into(),
            world: plugin.world,
            digest,
            limits,
            grant: LiveGrant::new(plugin.grant.clone()),
            needs,
            optional: plugin.optional.clone(),
            pre,
            exports,
            action_types: OnceLock::new(),
        })
    }

    fn instance_pre(
        &self,
        component: &Component,
        needs: Needs,
    ) -> Result<InstancePre<JobState>, PrepareError> {
        let slot = self.0.linkers.get(needs.index());
        let fresh;
        let linker = match slot.and_then(OnceLock::get) {
            Some(linker) => linker,
            None => {
                fresh = linker::linker(&self.0.engine, needs).map_err(|e| mismatch(&e))?;
                match slot {
                    Some(slot) => slot.get_or_init(|| fresh),
                    None => &fresh,
                }
            }
        };
        linker.instantiate_pre(component).map_err(|e| mismatch(&e))
    }
}

/// A component starts with the magic number, version 13 and layer 1.
fn refuse_what_is_no_component(bytes: &[u8]) -> Result<(), PrepareError> {
    let refuse = |found, remedy| Err(PrepareError::NotAComponent { found, remedy });
    if bytes.starts_with(b"\0asm\x0d\0\x01\0") {
        return Ok(());
    }
    if let Some(Precompiled::Component | Precompiled::Module) = Engine::detect_precompiled(bytes) {
        return refuse(
            "compiled code (.cwasm)",
            "hand over the .wasm file that it was compiled from; this host compiles for itself",
        );
    }
    if bytes.starts_with(b"\0asm\x01\0\0\0") {
        return refuse(
            "a core WebAssembly module",
            "build for the target wasm32-wasip2, or wrap it with `wasm-tools component new`",
        );
    }
    if bytes.starts_with(b"\x7fELF") {
        return refuse(
            "a native program (ELF)",
            "build for the target wasm32-wasip2",
        );
    }
    if bytes.is_empty() {
        return refuse("an empty file", "build it again");
    }
    refuse(
        "something else",
        "hand over the .wasm file that the build for wasm32-wasip2 made",
    )
}
