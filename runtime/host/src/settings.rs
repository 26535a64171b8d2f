//! What the operator of this machine decides about sandboxes: how many, how
//! large, where compiled code is kept. Says nothing about any one plugin.

use std::path::PathBuf;

/// How a [`crate::Host`] is built.
#[derive(Debug, Clone)]
pub struct HostSettings {
    /// Where compiled code is kept, with the key that authenticates it. Absent:
    /// every start compiles anew.
    pub cache_dir: Option<PathBuf>,
    /// Jobs that may hold a sandbox at the same time; further ones wait. Past
    /// about 9,000 the kernel's `vm.max_map_count` is met.
    pub instances: u32,
    /// The most linear memory any one sandbox can have, in bytes, whatever its
    /// plugin's limits say.
    pub memory_bytes: u64,
    /// The largest component that is accepted, in bytes.
    pub component_bytes: u64,
    /// Runs the commands of the capability `exec`. Absent: `exec` answers that
    /// this machine has no sandbox for commands.
    pub sandbox: Option<lockgate_sandbox::Sandbox>,
}

impl Default for HostSettings {
    fn default() -> Self {
        Self {
            cache_dir: None,
            instances: 1000,
            memory_bytes: 1 << 30,
            component_bytes: 64 << 20,
            sandbox: None,
        }
    }
}
