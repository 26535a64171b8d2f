//! The Wasm engine's settings: the one place that turns proposals on or off and
//! sizes the pool. Knows no job. Only [`crate::Host`] and the bench build
//! engines.

use crate::settings::HostSettings;
use std::num::NonZeroUsize;
use std::time::Duration;
use wasmtime::{
    Config, Engine, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig, Strategy,
    WasmFeatures,
};

/// How often a running guest looks up: it yields to others and meets its
/// deadline at this grain.
pub(crate) const TICK: Duration = Duration::from_millis(10);

/// Core instances, memories and tables that one component may have. Rust
/// components have four, one and two; Python's have some fifty instances.
pub(crate) const CORE_INSTANCES: u32 = 128;
pub(crate) const MEMORIES: u32 = 4;
pub(crate) const TABLES: u32 = 16;
/// Elements of one table; a component's tables hold its functions.
pub(crate) const TABLE_ELEMENTS: usize = 100_000;

const KEEP_RESIDENT: usize = 2 << 20;
const WASM_STACK: usize = 512 << 10;

/// Functions that jobs call have a pool of their own, so that jobs that wait
/// for functions can never keep those functions from starting.
pub(crate) fn function_instances(settings: &HostSettings) -> u32 {
    (settings.instances / 4).max(4)
}

/// Everything that must hold for strangers' code, asserted by a test below.
pub(crate) fn config(settings: &HostSettings) -> Config {
    let mut config = Config::new();
    config
        .strategy(Strategy::Cranelift)
        .cranelift_opt_level(OptLevel::Speed)
        .consume_fuel(true)
        .epoch_interruption(true)
        .max_wasm_stack(WASM_STACK)
        .async_stack_size(WASM_STACK * 4)
        .concurrency_support(false)
        .shared_memory(false)
        .wasm_features(WasmFeatures::THREADS, false)
        .wasm_shared_everything_threads(false)
        .wasm_memory64(false)
        .wasm_custom_page_sizes(false)
        .wasm_stack_switching(false)
        .wasm_component_model(true)
        .wasm_backtrace_max_frames(NonZeroUsize::new(8))
        .generate_address_map(false)
        .native_unwind_info(false)
        .memory_init_cow(true)
        .allocation_strategy(pool(settings));
    config
}

fn pool(settings: &HostSettings) -> InstanceAllocationStrategy {
    let instances = settings
        .instances
        .saturating_add(function_instances(settings));
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(instances)
        .total_stacks(instances)
        .total_core_instances(instances.saturating_mul(CORE_INSTANCES))
        .total_memories(instances.saturating_mul(MEMORIES))
        .total_tables(instances.saturating_mul(TABLES))
        .max_core_instances_per_component(CORE_INSTANCES)
        .max_memories_per_component(MEMORIES)
        .max_tables_per_component(TABLES)
        .table_elements(TABLE_ELEMENTS)
        .max_memory_size(usize::try_from(settings.memory_bytes).unwrap_or(usize::MAX))
        .linear_memory_keep_resident(KEEP_RESIDENT)
        .table_keep_resident(KEEP_RESIDENT)
        .max_unused_warm_slots(64);
    InstanceAllocationStrategy::Pooling(pool)
}

/// Starts the thread that makes running guests look up. It ends by itself when
/// the engine is gone.
pub(crate) fn start_ticker(engine: &Engine) -> std::io::Result<()> {
    let engine = engine.weak();
    std::thread::Builder::new()
        .name("lockgate-epoch".into())
        .spawn(move || {
            while let Some(engine) = engine.upgrade() {
                engine.increment_epoch();
                drop(engine);
                std::thread::sleep(TICK);
            }
        })
        .map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_strangers_code_must_never_have_is_off_and_what_holds_it_is_on() {
        let settings = HostSettings::default();
        // As the engine itself sees them, after all defaults.
        let engine = Engine::new(&config(&settings)).unwrap();
        assert_eq!(engine.get_strategy(), Some(Strategy::Cranelift));
        assert!(engine.get_consume_fuel() && engine.get_epoch_interruption());
        assert!(!engine.get_shared_memory());
        assert!(!engine.get_concurrency_support());
        assert!(!engine.get_guest_debug());
        assert_eq!(engine.get_max_wasm_stack(), WASM_STACK);
        assert!(engine.get_async_stack_size() > 2 * WASM_STACK);
        let on = engine.get_wasm_features();
        for off in [
            WasmFeatures::THREADS,
            WasmFeatures::SHARED_EVERYTHING_THREADS,
            WasmFeatures::MEMORY64,
            WasmFeatures::CUSTOM_PAGE_SIZES,
            WasmFeatures::STACK_SWITCHING,
            WasmFeatures::GC_TYPES,
            WasmFeatures::EXCEPTIONS,
            WasmFeatures::CM_ASYNC,
        ] {
            assert!(!on.contains(off), "{off:?} is on");
        }
        let pool = engine.get_pooling_config().unwrap();
        assert_eq!(pool.get_memory_keep_resident(), KEEP_RESIDENT);
        assert_eq!(pool.get_table_keep_resident(), KEEP_RESIDENT);
        assert_eq!(pool.get_max_memory_size() as u64, settings.memory_bytes);
        // One component that takes all it may leaves enough for all others.
        let sandboxes = settings.instances + function_instances(&settings);
        assert_eq!(pool.get_total_component_instances(), sandboxes);
        assert_eq!(pool.get_total_core_instances(), sandboxes * CORE_INSTANCES);
        assert_eq!(pool.get_total_memories(), sandboxes * MEMORIES);
        assert_eq!(pool.get_total_tables(), sandboxes * TABLES);
        assert_eq!(pool.get_total_stacks(), sandboxes);
    }
}
