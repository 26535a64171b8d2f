//! The caches of actions: one directory for each action of each pipeline of
//! each tenant, given to one attempt at a time, bounded, and removed with its
//! pipeline. Knows nothing of what providers keep there; attempts take and
//! settle caches, owners remove them.

use crate::orchestrator::Settings;
use lockgate_artifacts::{TreeLimits, remove_tree};
use lockgate_model::id::TenantId;
use std::collections::BTreeMap;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What the cache of one action may hold from one attempt to the next.
pub const CACHE_LIMITS: TreeLimits = TreeLimits {
    bytes: 5 << 30,
    entries: 200_000,
};
/// `st_blocks` counts in these, whatever the filesystem's own blocks are.
const BLOCK_BYTES: u64 = 512;

/// All caches of a server.
pub(crate) struct Caches {
    root: PathBuf,
    /// Emptied at the start of a server; on the same filesystem.
    work: PathBuf,
    limits: TreeLimits,
    lent: Arc<Lent>,
}

/// The caches that attempts have now, and whether their pipelines are deleted.
#[derive(Default)]
struct Lent(Mutex<BTreeMap<PathBuf, Deleted>>);

type Deleted = bool;

impl Lent {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<PathBuf, Deleted>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it has to be removed first, and then given back again.
    fn give_back(&self, path: &Path) -> bool {
        let mut lent = self.lock();
        if let Some(deleted @ true) = lent.get_mut(path) {
            *deleted = false;
            return true;
        }
        lent.remove(path);
        false
    }
}

/// The cache of one attempt's action. Nobody else gets it while this lives.
pub(crate) struct Cache {
    path: PathBuf,
    limits: TreeLimits,
    lent: Arc<Lent>,
}

/// Another attempt at the same action has the cache.
pub(crate) struct Busy;

impl Caches {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            root: settings.caches.clone(),
            work: settings.work.clone(),
            limits: settings.cache_limits,
            lent: Arc::default(),
        }
    }

    /// Takes the cache of an action, and makes nothing. None where a name
    /// cannot name a directory.
    pub(crate) fn take(
        &self,
        tenant: &TenantId,
        [pipeline, stage, action]: [&str; 3],
    ) -> Result<Option<Cache>, Busy> {
        let Some(pipeline) = self.of_pipeline(tenant, pipeline) else {
            return Ok(None);
        };
        if !names_a_directory(stage) || !names_a_directory(action) {
            return Ok(None);
        }
        let path = pipeline.join(stage).join(action);
        let mut lent = self.lent.lock();
        if lent.contains_key(&path) {
            return Err(Busy);
        }
        lent.insert(path.clone(), false);
        Ok(Some(Cache {
            path,
            limits: self.limits,
            lent: self.lent.clone(),
        }))
    }

    /// Removes all caches of a pipeline that is being deleted. Those that
    /// ending attempts still have are removed again when they are settled. What
    /// cannot be removed is left, and the server's own log says so.
    pub(crate) async fn remove(&self, tenant: &TenantId, pipeline: &str) {
        let Some(path) = self.of_pipeline(tenant, pipeline) else {
            return;
        };
        for (lent, deleted) in self.lent.lock().iter_mut() {
            *deleted |= lent.starts_with(&path);
        }
        // None were made, as for most pipelines: no thread is needed for that.
        if !path.exists() {
            return;
        }
        let aside = self.work.join(format!("deleted-{}", uuid::Uuid::now_v7()));
        let removed = tokio::task::spawn_blocking(move || {
            // Out of the way at once: what a dying command still makes in its
            // cache comes along. The next start removes what stays there.
            let path = match std::fs::rename(&path, &aside) {
                Ok(()) => aside,
                Err(_) => path,
            };
            if let Err(error) = remove_tree(&path) {
                left_behind(&path, &error);
            }
        });
        let _ = removed.await;
    }

    fn of_pipeline(&self, tenant: &TenantId, pipeline: &str) -> Option<PathBuf> {
        names_a_directory(pipeline).then(|| self.root.join(tenant.as_str()).join(pipeline))
    }
}

impl Cache {
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// To be called when the attempt has ended. Empties a cache that holds too
    /// much or cannot be read, and lets the next attempt have it. What is said
    /// in return is for the attempt's log.
    pub(crate) async fn settle(self) -> Option<String> {
        // Gone at once where it is empty: most providers never keep anything,
        // and a thread for this would cost them more than it does.
        if std::fs::remove_dir(&self.path).is_ok() {
            return None;
        }
        let settled = tokio::task::spawn_blocking(move || self.settle_now());
        settled.await.ok().flatten()
    }

    fn settle_now(self) -> Option<String> {
        let reason = measure(&self.path, self.limits).err();
        if reason.is_some() {
            self.empty();
        }
        reason.map(|reason| {
            format!("the action's cache {reason}: it was emptied, and the next attempt starts without it")
        })
    }

    fn empty(&self) {
        if let Err(error) = remove_tree(&self.path) {
            left_behind(&self.path, &error);
        }
    }
}

impl Drop for Cache {
    fn drop(&mut self) {
        while self.lent.give_back(&self.path) {
            self.empty();
            // The directories of its stage, pipeline and tenant, while they
            // are empty.
            for above in self.path.ancestors().skip(1).take(3) {
                if std::fs::remove_dir(above).is_err() {
                    break;
                }
            }
        }
    }
}

/// Names are checked where they come in; a path is never built on that alone.
fn names_a_directory(name: &str) -> bool {
    !matches!(name, "" | "." | "..") && !name.contains(['/', '\0'])
}

fn left_behind(path: &Path, error: &io::Error) {
    tracing::warn!(path = %path.display(), %error, "a cache is left behind");
}

/// Why a cache cannot be kept as it is. Follows no link; what lies too deep or
/// is closed to the server is not kept. Blocks.
fn measure(root: &Path, limits: TreeLimits) -> Result<(), String> {
    let mut left = limits;
    let mut open = vec![root.to_owned()];
    while let Some(directory) = open.pop() {
        let entries = match std::fs::read_dir(&directory) {
            Err(error) if directory == root && error.kind() == io::ErrorKind::NotFound => {
                return Ok(());
            }
            entries => entries.map_err(unreadable)?,
        };
        for entry in entries {
            let entry = entry.map_err(unreadable)?;
            let metadata = entry.metadata().map_err(unreadable)?;
            // What is really on the disk: a file's holes take no room there.
            let bytes = metadata.blocks().saturating_mul(BLOCK_BYTES);
            left.bytes = left
                .bytes
                .checked_sub(bytes)
                .ok_or_else(|| format!("holds more than {} bytes", limits.bytes))?;
            left.entries = left
                .entries
                .checked_sub(1)
                .ok_or_else(|| format!("holds more than {} files", limits.entries))?;
            if metadata.is_dir() {
                open.push(entry.path());
            }
        }
    }
    Ok(())
}

fn unreadable(error: io::Error) -> String {
    format!("cannot be measured ({error})")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_lead_elsewhere_name_no_cache() {
        for name in ["", ".", "..", "a/b", "/", "a\0"] {
            assert!(!names_a_directory(name), "{name:?}");
        }
        for name in ["a", "...", "..a", "A.b@c-d_e"] {
            assert!(names_a_directory(name), "{name:?}");
        }
    }

    #[tokio::test]
    async fn a_cache_is_lent_once_and_given_back_without_what_a_deletion_left() {
        let directory = tempfile::tempdir().unwrap();
        let caches = Caches {
            root: directory.path().join("caches"),
            work: directory.path().join("work"),
            limits: CACHE_LIMITS,
            lent: Arc::default(),
        };
        let tenant: TenantId = "111122223333".parse().unwrap();
        let take = |action: &str| caches.take(&tenant, ["p", "s", action]);
        let Ok(Some(cache)) = take("a") else {
            panic!("nobody has it");
        };
        assert!(take("a").is_err());
        assert!(matches!(take("b"), Ok(Some(_))));
        assert!(matches!(take(".."), Ok(None)));
        // Its attempt is being ended, and makes it after all.
        caches.remove(&tenant, "p").await;
        std::fs::create_dir_all(cache.path().join("left")).unwrap();
        assert!(take("a").is_err());
        assert_eq!(cache.settle().await, None);
        assert!(!caches.root.join("111122223333").exists());
        assert!(matches!(take("a"), Ok(Some(_))));
    }

    #[test]
    fn links_are_counted_and_not_followed_and_holes_are_free() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().join("cache");
        let many = TreeLimits {
            bytes: 1 << 20,
            entries: 3,
        };
        assert_eq!(measure(&root, many), Ok(()));
        std::fs::create_dir(&root).unwrap();
        std::os::unix::fs::symlink("/usr", root.join("link")).unwrap();
        std::os::unix::fs::symlink(&root, root.join("round")).unwrap();
        let sparse = std::fs::File::create(root.join("sparse")).unwrap();
        sparse.set_len(1 << 30).unwrap();
        assert_eq!(measure(&root, many), Ok(()));
        std::fs::write(root.join("one more"), "").unwrap();
        assert_eq!(measure(&root, many), Err("holds more than 3 files".into()));
        let few = TreeLimits {
            bytes: 1 << 10,
            entries: 100,
        };
        assert_eq!(measure(&root, few), Ok(()));
        std::fs::write(root.join("large"), vec![1; 1 << 20]).unwrap();
        assert_eq!(
            measure(&root, few),
            Err("holds more than 1024 bytes".into())
        );
    }
}
