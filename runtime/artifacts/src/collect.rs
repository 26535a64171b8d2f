//! Forgets trees that nobody refers to, and blobs that no tree refers to.

use crate::error::ArtifactError;
use crate::store::{Artifacts, blob_prefix, tree_key, tree_prefix};
use futures::StreamExt;
use lockgate_model::artifact::Digest;
use lockgate_model::id::TenantId;
use object_store::path::Path as Key;
use object_store::{ObjectMeta, ObjectStoreExt};
use std::collections::{BTreeSet, HashSet};
use std::time::{Duration, SystemTime};

/// What a collection took away.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Collected {
    /// Trees.
    pub trees: u64,
    /// Blobs.
    pub blobs: u64,
    /// Bytes of both.
    pub bytes: u64,
}

impl Artifacts {
    /// Forgets one artifact. The room that its files take comes back with the
    /// next [`Artifacts::collect`].
    ///
    /// # Errors
    /// There is no such artifact, or the store fails.
    pub async fn remove(&self, tenant: &TenantId, digest: Digest) -> Result<(), ArtifactError> {
        if !self.contains(tenant, digest).await? {
            return Err(ArtifactError::NotFound(digest));
        }
        Ok(self.store.delete(&tree_key(tenant, digest)).await?)
    }

    /// Forgets every artifact of a tenant that is not in `keep`, and every blob
    /// that none of the others needs, if it was stored longer than `grace` ago.
    /// Waits until nothing is being stored through this handle and its clones;
    /// servers that share a store give a grace of at least two hours, and more
    /// than their longest job.
    ///
    /// # Errors
    /// The store fails, or a tree to keep is damaged: nothing that it may refer
    /// to is taken away then.
    pub async fn collect(
        &self,
        tenant: &TenantId,
        keep: &BTreeSet<Digest>,
        grace: Duration,
    ) -> Result<Collected, ArtifactError> {
        let _alone = self.storing.write().await;
        let now = SystemTime::now();
        let old = |object: &ObjectMeta| {
            let age = now.duration_since(object.last_modified.into());
            grace.is_zero() || age.is_ok_and(|age| age >= grace)
        };
        let mut collected = Collected::default();
        let mut needed = HashSet::new();
        for object in self.list(tree_prefix(tenant)).await? {
            // A name that is no digest is not ours to judge.
            let Some(digest) = digest_of(&object.location) else {
                continue;
            };
            if keep.contains(&digest) || !old(&object) {
                let tree = self.tree(tenant, digest).await?;
                needed.extend(tree.blobs.into_iter().map(|(blob, _)| blob));
            } else {
                self.store.delete(&object.location).await?;
                collected.trees += 1;
                collected.bytes += object.size;
            }
        }
        for object in self.list(blob_prefix(tenant)).await? {
            let wanted = digest_of(&object.location).is_none_or(|blob| needed.contains(&blob));
            if !wanted && old(&object) {
                self.store.delete(&object.location).await?;
                collected.blobs += 1;
                collected.bytes += object.size;
            }
        }
        Ok(collected)
    }

    async fn list(&self, prefix: Key) -> Result<Vec<ObjectMeta>, ArtifactError> {
        let mut listed = self.store.list(Some(&prefix));
        let mut objects = Vec::new();
        while let Some(object) = listed.next().await {
            objects.push(object?);
        }
        Ok(objects)
    }
}

fn digest_of(location: &Key) -> Option<Digest> {
    format!("sha256:{}", location.filename()?).parse().ok()
}
