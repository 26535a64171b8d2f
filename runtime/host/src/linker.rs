//! What components can be linked against: one linker for every set of granted
//! capabilities, so that what was not granted is not even there. Built on first
//! use; the host keeps them.

use crate::contract::imports::{artifacts, exec, invoke, log, pipelines, secrets, types};
use crate::imports::Needs;
use crate::store::JobState;
use lockgate_model::plugin::Import as Need;
use wasmtime::component::{HasData, HasSelf, Linker, ResourceTable};
use wasmtime::{Engine, Result};
use wasmtime_wasi::WasiView;
use wasmtime_wasi::cli::{WasiCli, WasiCliView};
use wasmtime_wasi::clocks::{WasiClocks, WasiClocksView};
use wasmtime_wasi::filesystem::{WasiFilesystem, WasiFilesystemView};
use wasmtime_wasi::p2::bindings::{cli, clocks, filesystem, io, random};
use wasmtime_wasi::random::{WasiRandom, WasiRandomView};

type Me = HasSelf<JobState>;

struct Io;

impl HasData for Io {
    type Data<'a> = &'a mut ResourceTable;
}

/// A linker with what every component may have, and with `needs` besides.
pub(crate) fn linker(engine: &Engine, needs: Needs) -> Result<Linker<JobState>> {
    let mut linker = Linker::new(engine);
    wasi(&mut linker)?;
    types::add_to_linker::<_, Me>(&mut linker, |state| state)?;
    log::add_to_linker::<_, Me>(&mut linker, |state| state)?;
    artifacts::add_to_linker::<_, Me>(&mut linker, |state| state)?;
    for need in needs.iter() {
        match need {
            Need::Http => wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?,
            Need::Secrets => secrets::add_to_linker::<_, Me>(&mut linker, |state| state)?,
            Need::Exec => exec::add_to_linker::<_, Me>(&mut linker, |state| state)?,
            Need::Invoke => invoke::add_to_linker::<_, Me>(&mut linker, |state| state)?,
            Need::Pipelines => pipelines::add_to_linker::<_, Me>(&mut linker, |state| state)?,
        }
    }
    Ok(linker)
}

/// WASI without sockets.
fn wasi(l: &mut Linker<JobState>) -> Result<()> {
    type T = JobState;
    io::error::add_to_linker::<T, Io>(l, |state| state.ctx().table)?;
    io::poll::add_to_linker::<T, Io>(l, |state| state.ctx().table)?;
    io::streams::add_to_linker::<T, Io>(l, |state| state.ctx().table)?;
    clocks::wall_clock::add_to_linker::<T, WasiClocks>(l, T::clocks)?;
    clocks::monotonic_clock::add_to_linker::<T, WasiClocks>(l, T::clocks)?;
    filesystem::types::add_to_linker::<T, WasiFilesystem>(l, T::filesystem)?;
    filesystem::preopens::add_to_linker::<T, WasiFilesystem>(l, T::filesystem)?;
    random::random::add_to_linker::<T, WasiRandom>(l, T::random)?;
    random::insecure::add_to_linker::<T, WasiRandom>(l, T::random)?;
    random::insecure_seed::add_to_linker::<T, WasiRandom>(l, T::random)?;
    cli::exit::add_to_linker::<T, WasiCli>(l, T::cli)?;
    cli::environment::add_to_linker::<T, WasiCli>(l, T::cli)?;
    cli::stdin::add_to_linker::<T, WasiCli>(l, T::cli)?;
    cli::stdout::add_to_linker::<T, WasiCli>(l, T::cli)?;
    cli::stderr::add_to_linker::<T, WasiCli>(l, T::cli)?;
    cli::terminal_input::add_to_linker::<T, WasiCli>(l, T::cli)?;
    cli::terminal_output::add_to_linker::<T, WasiCli>(l, T::cli)?;
    cli::terminal_stdin::add_to_linker::<T, WasiCli>(l, T::cli)?;
    cli::terminal_stdout::add_to_linker::<T, WasiCli>(l, T::cli)?;
    cli::terminal_stderr::add_to_linker::<T, WasiCli>(l, T::cli)?;
    Ok(())
}
