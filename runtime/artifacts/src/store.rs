//! The artifact store: trees in and out of an object store. The way in reads
//! files on a blocking thread and writes blobs here as they fill; the way out is
//! the same in reverse. Nothing is held but one or two blobs.

use crate::content::{Contents, Packer, Tree};
use crate::error::ArtifactError;
use crate::manifest::Node;
use crate::materialise;
use crate::scan::{self, Intake};
use bytes::Bytes;
use lockgate_model::artifact::{Artifact, Digest};
use lockgate_model::id::TenantId;
use object_store::local::LocalFileSystem;
use object_store::path::Path as Key;
use object_store::{ObjectStore, ObjectStoreExt};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::{RwLock, mpsc};

/// A blob that was stored longer ago than this is stored again when another
/// tree needs it, so that no collector takes it for forgotten.
const RENEW: Duration = Duration::from_secs(60 * 60);

/// Trees of files, kept by content. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Artifacts {
    pub(crate) store: Arc<dyn ObjectStore>,
    /// Held for reading while a tree is stored, for writing while forgotten
    /// blobs are collected.
    pub(crate) storing: Arc<RwLock<()>>,
}

/// What one tree may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TreeLimits {
    /// Bytes of all its files.
    pub bytes: u64,
    /// Files, links and directories.
    pub entries: u64,
}

impl Artifacts {
    /// Keeps artifacts in a directory of this machine, which is made where it is
    /// not there. What is stored is on disk when the call returns.
    ///
    /// # Errors
    /// The directory cannot be made.
    pub fn open(directory: &Path) -> Result<Self, ArtifactError> {
        std::fs::create_dir_all(directory)
            .map_err(|error| ArtifactError::file(directory.display(), error))?;
        let store = LocalFileSystem::new_with_prefix(directory)?.with_fsync(true);
        Ok(Self::over(Arc::new(store)))
    }

    /// Keeps artifacts in any object store.
    #[must_use]
    pub fn over(store: Arc<dyn ObjectStore>) -> Self {
        Self {
            store,
            storing: Arc::default(),
        }
    }

    /// Stores what is in a directory as the artifact `name`. Nothing may write
    /// to the directory meanwhile. A file's owner can always read it in the
    /// artifact; setuid, setgid and sticky bits, owners and times are not kept.
    ///
    /// # Errors
    /// The tree is too large, holds something that artifacts do not, or cannot
    /// be read; or the store fails. Nothing is half stored then.
    pub async fn store_tree(
        &self,
        tenant: &TenantId,
        name: &str,
        directory: &Path,
        limits: TreeLimits,
    ) -> Result<Artifact, ArtifactError> {
        let directory = directory.to_owned();
        self.take_in(tenant, name, limits, move |intake| {
            scan::scan(&directory, intake)
        })
        .await
    }

    /// Stores what `fill` puts into the intake, on a blocking thread.
    pub(crate) async fn take_in(
        &self,
        tenant: &TenantId,
        name: &str,
        limits: TreeLimits,
        fill: impl FnOnce(&mut Intake<'_>) -> Result<(), ArtifactError> + Send + 'static,
    ) -> Result<Artifact, ArtifactError> {
        let _storing = self.storing.read().await;
        let (sender, mut blobs) = mpsc::channel::<(Digest, Bytes)>(1);
        let owned_name = name.to_owned();
        let reading = tokio::task::spawn_blocking(move || {
            let mut intake = Intake::new(&owned_name, limits, Packer::new(sender));
            fill(&mut intake)?;
            let Intake {
                manifest, packer, ..
            } = intake;
            let packed = packer.finish().map_err(|_| ArtifactError::Stopping)?;
            Ok::<_, ArtifactError>((manifest, packed))
        });
        while let Some((digest, blob)) = blobs.recv().await {
            self.put(blob_key(tenant, digest), blob).await?;
        }
        let (manifest, packed) = reading.await.map_err(|_| ArtifactError::Stopping)??;
        let files = manifest
            .entries
            .iter()
            .filter(|entry| !matches!(entry.node, Node::Directory { .. }))
            .count() as u64;
        let (digest, object) = Tree::write(&manifest, &packed);
        self.put(tree_key(tenant, digest), object.into()).await?;
        Ok(Artifact {
            name: name.to_owned(),
            digest,
            bytes: manifest.bytes(),
            files,
            revision: None,
        })
    }

    /// Stores an object under the name of its content, unless it is there and
    /// was not stored too long ago.
    async fn put(&self, key: Key, object: Bytes) -> Result<(), ArtifactError> {
        let young = match self.store.head(&key).await {
            Ok(found) => {
                let age = SystemTime::now().duration_since(found.last_modified.into());
                found.size == object.len() as u64 && age.is_ok_and(|age| age < RENEW)
            }
            Err(object_store::Error::NotFound { .. }) => false,
            Err(error) => return Err(error.into()),
        };
        if !young {
            self.store.put(&key, object.into()).await?;
        }
        Ok(())
    }

    /// Does this tenant have this artifact?
    ///
    /// # Errors
    /// The store fails.
    pub async fn contains(&self, tenant: &TenantId, digest: Digest) -> Result<bool, ArtifactError> {
        match self.store.head(&tree_key(tenant, digest)).await {
            Ok(_) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Writes the tree into a directory, which is made, or is empty. Every file
    /// is a copy of its own, checked against its digest, with its mode; links
    /// are as they were stored, wherever they lead: whoever shows the tree to
    /// somebody keeps them from leading out. Remove it with
    /// [`crate::remove_tree`].
    ///
    /// # Errors
    /// There is no such artifact, the directory is not empty, the disk is full
    /// or the stored content is damaged. The directory is removed then.
    pub async fn materialise(
        &self,
        tenant: &TenantId,
        digest: Digest,
        into: &Path,
    ) -> Result<(), ArtifactError> {
        let into = into.to_owned();
        self.give_out(tenant, digest, move |tree, contents| {
            materialise::materialise(tree, digest, contents, &into)
        })
        .await
    }

    /// Hands a tree and its contents to `take`, on a blocking thread.
    pub(crate) async fn give_out<T: Send + 'static>(
        &self,
        tenant: &TenantId,
        digest: Digest,
        take: impl FnOnce(&Tree, &mut Contents) -> Result<T, ArtifactError> + Send + 'static,
    ) -> Result<T, ArtifactError> {
        let tree = self.tree(tenant, digest).await?;
        let blobs = tree.blobs.clone();
        let (sender, receiver) = mpsc::channel(1);
        let inline = tree.inline.clone();
        let taking = tokio::task::spawn_blocking(move || take(&tree, &mut Contents::new(receiver)));
        let mut missing = None;
        for (blob, _) in blobs {
            match self.get(&blob_key(tenant, blob)).await {
                Ok(bytes) => {
                    if sender.send(bytes).await.is_err() {
                        break;
                    }
                }
                Err(error) => {
                    missing = Some(error);
                    break;
                }
            }
        }
        if missing.is_none() && !inline.is_empty() {
            let _ = sender.send(inline).await;
        }
        drop(sender);
        let taken = taking.await.map_err(|_| ArtifactError::Stopping)?;
        match missing {
            None => taken,
            Some(object_store::Error::NotFound { .. }) => Err(ArtifactError::Damaged {
                digest,
                reason: "a blob is missing".into(),
            }),
            Some(error) => Err(error.into()),
        }
    }

    pub(crate) async fn tree(
        &self,
        tenant: &TenantId,
        digest: Digest,
    ) -> Result<Tree, ArtifactError> {
        let object = match self.get(&tree_key(tenant, digest)).await {
            Err(object_store::Error::NotFound { .. }) => {
                return Err(ArtifactError::NotFound(digest));
            }
            object => object?,
        };
        Tree::read(&object, digest).map_err(|reason| ArtifactError::Damaged { digest, reason })
    }

    async fn get(&self, key: &Key) -> object_store::Result<Bytes> {
        // Asked for as a range, a local file arrives in one piece.
        let size = self.store.head(key).await?.size;
        if size == 0 {
            return Ok(Bytes::new());
        }
        self.store.get_range(key, 0..size).await
    }
}

pub(crate) fn tree_prefix(tenant: &TenantId) -> Key {
    Key::from_iter([tenant.as_str(), "tree"])
}

pub(crate) fn blob_prefix(tenant: &TenantId) -> Key {
    Key::from_iter([tenant.as_str(), "blob"])
}

pub(crate) fn tree_key(tenant: &TenantId, digest: Digest) -> Key {
    Key::from_iter([tenant.as_str(), "tree", &digest.hex()])
}

fn blob_key(tenant: &TenantId, digest: Digest) -> Key {
    let hex = digest.hex();
    let first = hex.get(..2).unwrap_or_default();
    Key::from_iter([tenant.as_str(), "blob", first, &hex])
}
