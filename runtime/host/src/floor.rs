//! The engine's own floor: what one call of a component costs where nothing but
//! the engine is in the way. The bench compares the host with it.

use crate::contract::exports;
use crate::contract::to_guest;
use crate::settings::HostSettings;
use lockgate_model::job::Job;
use std::time::{Duration, Instant};
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, Linker, ResourceTable};
use wasmtime::{Config, Engine, Result, Store};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

struct Bare {
    wasi: WasiCtx,
    table: ResourceTable,
}

impl WasiView for Bare {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

/// Runs `job` through a provider `iterations` times on a bare engine and
/// returns how long each took: fresh store, instantiate, call, drop. The engine
/// has the pooling allocator and nothing that the host adds: no fuel, no
/// epochs, no limits, no grants, no log.
///
/// # Errors
/// The bytes are no provider that needs only WASI, or it failed.
pub async fn floor(component: &[u8], job: &Job, iterations: usize) -> Result<Vec<Duration>> {
    let mut config: Config = crate::engine::config(&HostSettings::default());
    config.consume_fuel(false).epoch_interruption(false);
    let engine = Engine::new(&config)?;
    let component = Component::from_binary(&engine, component)?;
    let mut linker = Linker::<Bare>::new(&engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    stub_ours(&mut linker, &component)?;
    let pre = linker.instantiate_pre(&component)?;
    let provider = exports::provider::GuestIndices::new(&pre)?;
    let mut times = Vec::with_capacity(iterations);
    for _ in 0..iterations {
        let job = to_guest::job(job.clone(), None, 0);
        let started = Instant::now();
        let bare = Bare {
            wasi: WasiCtx::builder().build(),
            table: ResourceTable::new(),
        };
        let mut store = Store::new(&engine, bare);
        let instance = pre.instantiate_async(&mut store).await?;
        let guest = provider.load(&mut store, &instance)?;
        guest.call_run(&mut store, &job).await?;
        drop(store);
        times.push(started.elapsed());
    }
    Ok(times)
}

/// Interfaces of ours answer with a trap: a bench calls none.
fn stub_ours(linker: &mut Linker<Bare>, component: &Component) -> Result<()> {
    let engine = linker.engine().clone();
    for (name, import) in component.component_type().imports(&engine) {
        let ComponentItem::ComponentInstance(instance) = import.ty else {
            continue;
        };
        if !name.starts_with("lockgate:") {
            continue;
        }
        let mut stubs = linker.instance(name)?;
        for (function, export) in instance.exports(&engine) {
            if let ComponentItem::ComponentFunc(_) = export.ty {
                stubs.func_new(function, |_, _, _, _| {
                    Err(wasmtime::format_err!("the floor has no capabilities"))
                })?;
            }
        }
    }
    Ok(())
}
