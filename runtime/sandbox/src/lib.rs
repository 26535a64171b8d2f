//! Runs one native command tree in the operating system's sandbox: bubblewrap
//! with namespaces, seccomp filters and limits of its own, driven without a
//! shell between.
//!
//! It knows no Wasm, no pipeline, no grant and no word of the model: whoever
//! calls it (the host's exec capability) has decided what may be shown. Dropping
//! the future of [`Sandbox::run`] kills the whole tree at once.
//!
//! What stays shared with the machine: its kernel, processor time, and the
//! network with loopback where [`Command::network`] is set. Where the server is
//! not root, commands run as its own user, told apart by namespaces. Memory is watched through resident sizes, so shared memory that
//! a program touches and then unmaps is not seen; the kernel's out-of-memory
//! killer is told to take sandboxes before anything else.

mod command;
mod descriptor;
mod detect;
mod filter;
mod identity;
mod layout;
mod lines;
mod mounts;
mod orphans;
mod printed;
mod request;
mod run;
mod spawn;
mod status;
mod watch;

pub use command::{Command, Ending, Exit, Limits, Mount, Output, SandboxError, Stream};
pub use detect::{Sandbox, Unavailable};
