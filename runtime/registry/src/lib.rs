//! Plugins as packages: a manifest and a component, read, checked, installed
//! under a directory, and matched with the operator's grants. Knows no Wasm: a
//! component is bytes with a digest until the host prepares it. The server
//! calls it.

mod grants;
mod install;
mod package;

pub use grants::{Grants, GrantsError};
pub use install::{InstallError, Installed};
pub use package::{Package, PackageError};
