//! What a repository may cost. The host has limits of its own; these come
//! first and say which part of the repository is too large.

/// Bytes of one fetched pack.
pub const PACK_BYTES: u64 = 512 << 20;
/// Objects in one fetched pack.
pub const PACK_OBJECTS: u32 = 2_000_000;
/// Bytes of one object that has to be held in memory: trees, commits, tags and
/// everything stored as a difference. Other files are streamed.
pub const OBJECT_BYTES: u64 = 100 << 20;
/// Bytes of objects kept at a time while differences are resolved.
pub const DELTA_MEMORY: usize = 96 << 20;
/// Differences on top of each other; what Git itself refuses to exceed.
pub const DELTA_DEPTH: usize = 4095;
/// Files, links and directories of one tree (CodePipeline's own number).
pub const TREE_ENTRIES: usize = 100_000;
/// Bytes of all files of one tree.
pub const TREE_BYTES: u64 = 4 << 30;
/// Directories inside each other.
pub const TREE_DEPTH: usize = 256;
/// Bytes of one path in the tree, and of one link's target.
pub const PATH_BYTES: usize = 4095;
/// Bytes of one list of branches and tags.
pub const REFERENCE_BYTES: usize = 64 << 20;
