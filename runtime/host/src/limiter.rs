//! Linear memory, tables and instances of one store. Called by the engine at
//! every growth; remembers what it refused, so that the trap that usually
//! follows can be explained.

use crate::engine::{CORE_INSTANCES, MEMORIES, TABLE_ELEMENTS, TABLES};
use wasmtime::ResourceLimiter;

/// All memories of a store count together.
#[derive(Debug)]
pub(crate) struct Limiter {
    memory_limit: usize,
    memory_used: usize,
    /// What the guest asked for in vain, if it did.
    pub(crate) refused: Option<Refused>,
}

/// A growth that was not granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    Memory,
    Table,
}

impl Limiter {
    pub(crate) fn new(memory_bytes: u64) -> Self {
        Self {
            memory_limit: usize::try_from(memory_bytes).unwrap_or(usize::MAX),
            memory_used: 0,
            refused: None,
        }
    }
}

impl ResourceLimiter for Limiter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let used = self
            .memory_used
            .saturating_add(desired.saturating_sub(current));
        if used > self.memory_limit || maximum.is_some_and(|maximum| desired > maximum) {
            self.refused = Some(Refused::Memory);
            return Ok(false);
        }
        self.memory_used = used;
        Ok(true)
    }

    fn memory_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        self.refused = Some(Refused::Memory);
        Ok(())
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if desired > TABLE_ELEMENTS || maximum.is_some_and(|maximum| desired > maximum) {
            self.refused = Some(Refused::Table);
            return Ok(false);
        }
        Ok(true)
    }

    fn table_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        self.refused = Some(Refused::Table);
        Ok(())
    }

    fn instances(&self) -> usize {
        CORE_INSTANCES as usize
    }

    fn tables(&self) -> usize {
        TABLES as usize
    }

    fn memories(&self) -> usize {
        MEMORIES as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_page_past_the_cap_is_refused_over_all_memories_together() {
        let page = 65536;
        let mut limiter = Limiter::new(4 * page as u64);
        assert!(limiter.memory_growing(0, 2 * page, None).unwrap());
        assert!(limiter.memory_growing(0, 2 * page, None).unwrap());
        assert!(!limiter.memory_growing(2 * page, 3 * page, None).unwrap());
        assert_eq!(limiter.refused, Some(Refused::Memory));
    }
}
