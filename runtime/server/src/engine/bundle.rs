//! The providers that the binary carries, and what they are allowed before the
//! operator says anything: what they cannot work without, and nothing that
//! names a directory, a secret or a private address.

use lockgate_registry::{Package, PackageError};
use std::path::Path;

type Bundled = (&'static str, &'static [u8]);

static BUNDLE: &[Bundled] = include!(concat!(env!("OUT_DIR"), "/bundle.rs"));

/// Granted to the bundled providers.
pub const GRANTS: [&str; 8] = [
    "source-git http=*",
    "build-commands exec",
    "deploy-files exec",
    "invoke-function invoke",
    "run-commands exec",
    "notify-webhook http=*",
    "rule-alarm http=*",
    "source-git exec",
];

/// The packages; none where the binary was built without them.
pub fn packages() -> Result<Vec<Package>, PackageError> {
    BUNDLE
        .iter()
        .map(|(manifest, component)| {
            Package::new(
                (*manifest).to_owned(),
                (*component).into(),
                Path::new("bundled plugin"),
            )
        })
        .collect()
}
