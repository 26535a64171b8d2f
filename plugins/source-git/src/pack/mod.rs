//! Pack files: reading one object of a pack on disk by its id, and indexing a
//! pack that a server sent. Works on files with seeks, because a guest has no
//! `mmap` and a pack may be larger than its memory; small packs may be in it. Knows no repository and no
//! network.

mod data;
mod delta;
mod entry;
mod index;
mod inflate;
mod read;
mod receive;
mod resolve;
mod window;

pub use data::Data;
pub use index::Index;
pub(crate) use read::Found;
pub use read::Pack;
pub use receive::receive;
