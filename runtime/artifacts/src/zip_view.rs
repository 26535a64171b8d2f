//! An artifact as a zip file, as AWS clients know artifacts. The same tree is
//! always the same bytes.

use crate::error::ArtifactError;
use crate::manifest::{Entry, Escaped, Node};
use crate::store::Artifacts;
use lockgate_model::artifact::Digest;
use lockgate_model::id::TenantId;
use std::io::Write;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// A file from this size on is announced as one that needs 64-bit sizes.
const LARGE: u64 = 0xffff_0000;

impl Artifacts {
    /// Writes the artifact as a zip file, with modes and links as Unix writes
    /// them, and hands the writer back. The writer may block.
    ///
    /// # Errors
    /// There is no such artifact or it is damaged; a name is not UTF-8, which a
    /// zip file cannot say; the writer fails.
    pub async fn zip<W: Write + Send + 'static>(
        &self,
        tenant: &TenantId,
        digest: Digest,
        writer: W,
    ) -> Result<W, ArtifactError> {
        self.give_out(tenant, digest, move |tree, contents| {
            let failed = |error: zip::result::ZipError| {
                ArtifactError::file(format!("zip of {digest}"), std::io::Error::other(error))
            };
            let mut zip = ZipWriter::new_stream(writer);
            for Entry { path, node } in &tree.manifest.entries {
                let name = text(digest, path)?;
                let options = SimpleFileOptions::default()
                    .compression_method(CompressionMethod::Deflated)
                    .last_modified_time(DateTime::DEFAULT);
                match node {
                    Node::Directory { mode } => zip
                        .add_directory(name, options.unix_permissions(*mode))
                        .map_err(failed)?,
                    Node::Link { target } => zip
                        .add_symlink(name, text(digest, target)?, options)
                        .map_err(failed)?,
                    Node::File {
                        mode,
                        size,
                        digest: wanted,
                    } => {
                        let options = options.unix_permissions(*mode).large_file(*size >= LARGE);
                        zip.start_file(name, options).map_err(failed)?;
                        contents
                            .next(*size, *wanted, |piece| zip.write_all(piece))
                            .map_err(|error| match error {
                                Some(error) => {
                                    ArtifactError::file(format!("zip of {digest}"), error)
                                }
                                None => ArtifactError::Damaged {
                                    digest,
                                    reason: format!("the content of '{name}' is not its own"),
                                },
                            })?;
                    }
                }
            }
            Ok(zip.finish().map_err(failed)?.into_inner())
        })
        .await
    }
}

fn text(digest: Digest, bytes: &[u8]) -> Result<&str, ArtifactError> {
    std::str::from_utf8(bytes).map_err(|_| ArtifactError::Unsuitable {
        name: digest.to_string(),
        path: format!("'{}'", Escaped(bytes)),
        reason: "the name is not UTF-8, so a zip file cannot hold it; rename it in the action that makes it".into(),
    })
}
