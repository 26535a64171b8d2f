//! `lockgate serve`: the server, until it is told to end.

use super::Trust;
use super::interrupt::Interrupts;
use crate::Failure;
use crate::engine::{DEV_TENANT, Engine, Plan, REGION};
use crate::face;
use anyhow::Context;
use clap::{Args, ValueEnum};
use lockgate_execution::UpdatePolicy;
use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::Notify;

/// The one fixed key of `--dev`.
pub const DEV_ACCESS_KEY: &str = "LOCKGATEDEV";
/// Its secret, which is no secret.
pub const DEV_SECRET: &str = "lockgate-dev-secret";

#[derive(Debug, Args)]
pub struct Options {
    /// For trying things out: loopback only, one tenant (111122223333), and the access key LOCKGATEDEV with the secret lockgate-dev-secret
    #[arg(long)]
    pub dev: bool,
    /// Where everything is kept
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// Where compiled plugins are kept; servers may share one [default: cache in the data directory]
    #[arg(long, value_name = "DIR")]
    pub cache: Option<PathBuf>,
    /// Where to listen; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDRESS:PORT")]
    pub listen: SocketAddr,
    /// Seconds between two looks at each source; 0 looks never
    #[arg(long, default_value_t = 60, value_name = "SECONDS")]
    pub poll: u64,
    /// Jobs that run at a time
    #[arg(long, default_value_t = 256, value_name = "COUNT")]
    pub jobs: usize,
    /// The region in ARNs and events, as AWS's clients expect one
    #[arg(long, default_value = REGION, value_name = "REGION")]
    pub region: String,
    /// Where people reach the server, for links in notifications [default: where it listens]
    #[arg(long, value_name = "URL")]
    pub public_url: Option<String>,
    /// What becomes of executions in progress when their pipeline's definition changes
    #[arg(long, value_enum, default_value_t = OnUpdate::Cancel, value_name = "POLICY")]
    pub update_policy: OnUpdate,
    #[command(flatten)]
    pub trust: Trust,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OnUpdate {
    /// As AWS: they are cancelled once their running actions have ended, and no rollback goes back behind the change
    Cancel,
    /// They go on under the definition that they started with, and can be rolled back to
    Pin,
}

pub async fn serve(options: Options) -> Result<(), Failure> {
    if !options.dev {
        return Err(Failure::input(
            "'serve' knows only the fixed access key of --dev in this version; add --dev to try things out on loopback",
        ));
    }
    if !options.listen.ip().is_loopback() {
        return Err(Failure::input(format!(
            "--listen {}: the access key of --dev is public, so it serves on loopback only; write 127.0.0.1:{}",
            options.listen,
            options.listen.port()
        )));
    }
    if options.jobs == 0 {
        return Err(Failure::input(
            "--jobs 0: no action could ever run; give at least 1",
        ));
    }
    if let Some(url) = &options.public_url
        && !["http://", "https://"]
            .iter()
            .any(|scheme| url.starts_with(scheme))
    {
        return Err(Failure::input(format!(
            "--public-url {url}: write a URL such as https://lockgate.example"
        )));
    }
    let in_region = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if options.region.is_empty() || !options.region.chars().all(in_region) {
        return Err(Failure::input(format!(
            "--region '{}': write a region such as {REGION}",
            options.region
        )));
    }
    log("info");
    // Bound first: an address in use is said before anything is loaded.
    let listener = TcpListener::bind(options.listen)
        .await
        .map_err(|error| Failure::input(format!("--listen {}: {error}", options.listen)))?;
    let address = listener.local_addr()?;
    let mut interrupts = Interrupts::listen()?;
    let start = Engine::start(Plan {
        cache: options.cache.unwrap_or_else(|| options.data.join("cache")),
        data: options.data.clone(),
        trust: options.trust,
        poll_seconds: Some(options.poll).filter(|seconds| *seconds > 0),
        jobs: options.jobs,
        region: options.region,
        address: Some(
            options
                .public_url
                .unwrap_or_else(|| format!("http://{address}")),
        ),
        update_policy: match options.update_policy {
            OnUpdate::Cancel => UpdatePolicy::Cancel,
            OnUpdate::Pin => UpdatePolicy::Pin,
        },
        say: |text| tracing::info!("{text}"),
    });
    let engine = tokio::select! {
        engine = start => engine?,
        // Nothing was promised to anybody yet.
        () = interrupts.next() => return Ok(()),
    };
    tracing::info!(data = %options.data.display(), tenant = DEV_TENANT, "listening on http://{address}");
    // For whoever started us with port 0.
    println!("http://{address}");
    let keys = face::Keys::dev(DEV_ACCESS_KEY, DEV_SECRET, DEV_TENANT.parse()?);
    let router = face::router(engine.orchestrator.clone(), engine.plugins.clone(), keys);
    let end = Arc::new(Notify::new());
    let told = end.clone();
    let served =
        axum::serve(listener, router).with_graceful_shutdown(async move { told.notified().await });
    let ending = async {
        interrupts.next().await;
        end.notify_one();
        // A feed may be open for days: it does not hold up the end.
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        served = served.into_future() => served.context("the server ended")?,
        () = ending => {}
    }
    tracing::info!("shutting down; what is in progress carries on at the next start");
    engine.orchestrator.shut_down().await;
    Ok(())
}

/// Requests that are being answered get so long when the server is told to end.
const GRACE: std::time::Duration = std::time::Duration::from_secs(2);

/// What this process has to say goes to standard error; `LOCKGATE_LOG` says how
/// much of it.
pub fn log(otherwise: &str) {
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_env("LOCKGATE_LOG")
                .unwrap_or_else(|_| otherwise.into()),
        )
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none())
        .init();
}
