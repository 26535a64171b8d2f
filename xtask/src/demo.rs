//! The demonstration: `demo/pipeline.toml` on a real repository, run by the
//! binary as a user would run it. A small web server on loopback shows what was
//! deployed and takes the announcement.

use crate::command::{ask, root, target};
use crate::{bundle, tools};
use anyhow::{Context, Result, bail};
use std::io::{BufRead, BufReader, IsTerminal, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;

#[derive(clap::Args)]
pub struct Options {
    /// The git repository that is released; this checkout where it is left out
    #[arg(long, value_name = "DIR")]
    repo: Option<PathBuf>,
    /// Approves without asking
    #[arg(long)]
    yes: bool,
}

pub fn run(options: &Options) -> Result<()> {
    tools::ensure()?;
    let repository = repository(options.repo.as_deref())?;
    bundle::build()?;
    let binary = bundle::build_binary(true)?;

    let folder = target().join("demo");
    let deployed = folder.join("www");
    std::fs::create_dir_all(&deployed)?;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}", listener.local_addr()?);
    let shown = deployed.join("current");
    std::thread::spawn(move || serve(&listener, &shown));

    let definition = folder.join("pipeline.toml");
    let text = std::fs::read_to_string(root().join("demo/pipeline.toml"))?
        .replace("@REPOSITORY@", &repository.display().to_string())
        .replace("@TARGET@", &deployed.display().to_string())
        .replace("@URL@", &url);
    std::fs::write(&definition, text)?;

    let host = url.trim_start_matches("http://");
    let mut command = Command::new(&binary);
    command
        .arg("run")
        .arg(&definition)
        .arg("--plugin")
        .arg(bundle::extra("tests/function-hello"));
    for grant in [
        format!("source-git read={}", repository.display()),
        format!("deploy-files write={}", deployed.display()),
        format!("deploy-files http={host}"),
        format!("notify-webhook http={host}"),
    ] {
        command.args(["--grant", &grant]);
    }
    if options.yes {
        command.arg("--yes");
    }
    crate::command::run(&mut command)?;

    let page = deployed.join("current/index.html");
    println!();
    println!("Deployed:   {}", page.display());
    println!("Definition: {}", definition.display());
    println!("Next:       {} serve --dev --data DIR", binary.display());
    println!("            docs/README.md, docs/first-plugin.md");
    if !options.yes && std::io::stdin().is_terminal() {
        println!("Open {url}/ (press Enter to end)");
        std::io::stdin().lock().read_line(&mut String::new())?;
    } else {
        println!("See it:     curl file://{}", page.display());
    }
    Ok(())
}

/// The top of the repository, absolute: that is what the grant names.
fn repository(given: Option<&Path>) -> Result<PathBuf> {
    let given = given.map_or_else(root, Path::to_owned);
    let path = given
        .canonicalize()
        .with_context(|| format!("--repo {}: no such directory", given.display()))?;
    let text = path.display().to_string();
    match ask("git", &["-C", &text, "rev-parse", "--show-toplevel"]) {
        Some(top) if ask("git", &["-C", &text, "rev-parse", "HEAD"]).is_some() => {
            Ok(PathBuf::from(top.trim()))
        }
        Some(_) => bail!("--repo {text}: the repository has no commit yet; make one first"),
        None => bail!("--repo {text}: not a git repository; name the folder of a checkout"),
    }
}

/// Answers every request until the process ends: GET with the deployed page,
/// POST with thanks.
fn serve(listener: &TcpListener, shown: &Path) {
    for stream in listener.incoming().flatten() {
        let shown = shown.to_owned();
        std::thread::spawn(move || answer(&stream, &shown));
    }
}

fn answer(mut stream: &TcpStream, shown: &Path) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut request = String::new();
    reader.read_line(&mut request)?;
    let mut length = 0;
    loop {
        let mut header = String::new();
        if reader.read_line(&mut header)? == 0 || header.trim().is_empty() {
            break;
        }
        if let Some(("content-length", value)) = header.to_ascii_lowercase().split_once(':') {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    let (status, kind, body) = if request.starts_with("POST ") {
        let mut body = vec![0; usize::min(length, 1 << 16)];
        reader.read_exact(&mut body)?;
        println!(
            "\x1b[36mannounced:\x1b[0m {}",
            String::from_utf8_lossy(&body)
                .escape_debug()
                .to_string()
                .replace("\\\"", "\"")
        );
        ("200 OK", "text/plain", b"thanks\n".to_vec())
    } else {
        match std::fs::read(shown.join("index.html")) {
            Ok(page) => ("200 OK", "text/html; charset=utf-8", page),
            Err(_) => (
                "404 Not Found",
                "text/plain",
                b"nothing is deployed\n".to_vec(),
            ),
        }
    };
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    )?;
    stream.write_all(&body)
}
