//! What a repository may cost. The host has limits of its own; these come
//! first and say which part of the repository is too large.

/// Bytes of one fetched pack.
pub const PACK_BYTES: u64 = 512 << 20;
/// Bytes of a pack that is fetched where there is no directory for work: the
/// trees of a few commits, or a stretch of history.
pub const MEMORY_PACK_BYTES: u64 = 48 << 20;
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
/// Commits that are looked through for where two branches parted.
pub const COMMITS: usize = 10_000;
/// The same, where they have to be fetched.
pub const FETCHED_COMMITS: u32 = 1_000;
/// The same, where the server cannot leave out files.
pub const FETCHED_COMMITS_WITH_FILES: u32 = 50;
/// Changed files in one answer.
pub const CHANGED_FILES: usize = 10_000;
/// Bytes of the names of changed files in one answer.
pub const CHANGED_BYTES: usize = 384 << 10;
/// Changes in one answer.
pub const CHANGES: usize = 100;
/// Changes in one answer, where their files are wanted: each may take several
/// requests. What is left comes with the next answer.
pub const CHANGES_WITH_FILES: usize = 20;
/// Bytes of what is kept from one look to the next.
pub const CURSOR_BYTES: usize = 384 << 10;
