//! A real server in a process of its own.

use crate::client::{Answer, request};
use crate::program::{Ran, below_target, command};
use crate::{Place, lockgate, plugin_folder, until};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus, Stdio};
use std::sync::OnceLock;

/// How a server is started.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where it keeps everything.
    pub data: PathBuf,
    /// Where its log goes.
    pub log: PathBuf,
    /// Everything else.
    pub arguments: Vec<String>,
}

impl Settings {
    /// With the function `hello`, the provider `NoOp` and every grant of the
    /// place, polling nothing.
    #[must_use]
    pub fn of(place: &Place) -> Self {
        let mut settings = Self::bare(place.root());
        for name in ["function-hello", "noop"] {
            settings = settings.with("--plugin", plugin_folder(name).to_str().unwrap());
        }
        for grant in place.grants() {
            settings = settings.with("--grant", &grant);
        }
        settings
    }

    /// With the bundled providers alone.
    #[must_use]
    pub fn bare(root: &Path) -> Self {
        Self {
            data: root.join("data"),
            log: root.join("server.log"),
            arguments: vec![],
        }
        .with("--poll", "0")
    }

    /// With one more option; of those that can be given once, the last counts.
    #[must_use]
    pub fn with(mut self, option: &str, value: &str) -> Self {
        let repeated = ["--grant", "--plugin", "--secret"].contains(&option);
        let known = self.arguments.iter().position(|known| known == option);
        match known.filter(|_| !repeated) {
            Some(at) => value.clone_into(self.arguments.get_mut(at + 1).unwrap()),
            None => self.arguments.extend([option.to_owned(), value.to_owned()]),
        }
        self
    }

    /// The whole command line.
    #[must_use]
    pub fn line(&self) -> Vec<String> {
        let data = self.data.to_str().unwrap().to_owned();
        let cache = cache().to_str().unwrap().to_owned();
        let mut line = ["serve", "--dev", "--listen", "127.0.0.1:0"]
            .map(str::to_owned)
            .to_vec();
        line.extend(["--data".to_owned(), data, "--cache".to_owned(), cache]);
        line.extend(self.arguments.iter().cloned());
        line
    }

    /// Starts it, and waits until it says where it listens.
    #[track_caller]
    #[must_use]
    pub fn start(&self) -> Server {
        let log = File::options()
            .create(true)
            .append(true)
            .open(&self.log)
            .unwrap();
        let mut child = command(&self.line()).stderr(log).spawn().unwrap();
        let mut url = String::new();
        let stdout = child.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut url).unwrap();
        let server = Server {
            child,
            url: url.trim().to_owned(),
            settings: self.clone(),
        };
        assert!(!url.is_empty(), "the server ended:\n{}", server.log());
        server
    }

    /// Starts it and does not wait for anything.
    #[must_use]
    pub fn spawn(&self) -> Child {
        command(&self.line())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    }
}

/// The code cache that all servers share, filled once.
#[must_use]
pub fn cache() -> &'static Path {
    static CACHE: OnceLock<PathBuf> = OnceLock::new();
    CACHE.get_or_init(|| {
        let cache = below_target("tmp/lockgate-test-server/cache");
        let data = tempfile::tempdir().unwrap();
        // A definition that is wrong: everything is compiled, nothing runs.
        let file = data.path().join("wrong.toml");
        std::fs::write(&file, "name = 1\n").unwrap();
        let ran = lockgate(&[
            "run".as_ref(),
            file.as_os_str(),
            "--data".as_ref(),
            data.path().join("run").as_os_str(),
            "--cache".as_ref(),
            cache.as_os_str(),
            "--plugin".as_ref(),
            plugin_folder("noop").as_os_str(),
            "--plugin".as_ref(),
            plugin_folder("function-hello").as_os_str(),
        ]);
        assert_eq!(ran.code, Some(2), "{}", ran.stderr);
        cache
    })
}

/// A running server; killed when dropped.
#[derive(Debug)]
pub struct Server {
    child: Child,
    /// Such as `http://127.0.0.1:43210`.
    pub url: String,
    /// How it was started.
    pub settings: Settings,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    /// A command of the client, sent to this server.
    #[must_use]
    pub fn cli(&self, arguments: &[&str]) -> Ran {
        let mut line = arguments.to_vec();
        line.extend(["--server", &self.url]);
        lockgate(&line)
    }

    /// The same, which succeeds and prints one JSON document.
    #[track_caller]
    #[must_use]
    pub fn json(&self, arguments: &[&str]) -> Value {
        let mut line = arguments.to_vec();
        line.extend(["--output", "json"]);
        self.cli(&line).good().json()
    }

    /// A command of the client that goes on.
    #[must_use]
    pub fn cli_child(&self, arguments: &[&str]) -> Child {
        let mut line = arguments.to_vec();
        line.extend(["--server", &self.url]);
        command(&line).spawn().unwrap()
    }

    /// One request to the API.
    ///
    /// # Errors
    /// Where the connection breaks.
    pub fn api(&self, method: &str, path: &str, body: &str) -> std::io::Result<Answer> {
        request(&self.url, method, &format!("/api/v1{path}"), body)
    }

    /// One request to anything.
    #[must_use]
    pub fn get(&self, path: &str) -> Answer {
        request(&self.url, "GET", path, "").unwrap()
    }

    /// Creates the pipeline of this file; `None` where creating starts nothing.
    #[track_caller]
    pub fn create(&self, file: &Path) -> Option<String> {
        let created = self.json(&["pipeline", "create", file.to_str().unwrap()]);
        created["pipelineExecutionId"].as_str().map(str::to_owned)
    }

    /// The execution as `execution show` prints it.
    #[track_caller]
    #[must_use]
    pub fn execution(&self, id: &str) -> Value {
        let answer = self.api("GET", &format!("/executions/{id}"), "").unwrap();
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()
    }

    /// Waits until the execution has this status. Any other final one fails.
    #[track_caller]
    pub fn wait(&self, id: &str, status: &str) -> Value {
        until(&format!("execution {id} is {status}"), || {
            let document = self.execution(id);
            let found = document["execution"]["status"].as_str().unwrap().to_owned();
            let over = !["InProgress", "Stopping"].contains(&found.as_str());
            assert!(
                found == status || !over,
                "execution {id} is {found}, not {status}: {document:#}\n{}",
                self.log()
            );
            (found == status).then_some(document)
        })
    }

    /// Waits until an approval of this pipeline is open.
    #[track_caller]
    pub fn wait_for_approval(&self, pipeline: &str) -> Value {
        until("an approval waits", || {
            let path = format!("/pipelines/{pipeline}/approvals");
            let list = self.api("GET", &path, "").unwrap().json();
            let first = list["approvals"].as_array().unwrap().first();
            first.cloned()
        })
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Resident memory in MiB.
    #[must_use]
    pub fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib: u64 = line
            .unwrap()
            .split_whitespace()
            .next()
            .unwrap()
            .parse()
            .unwrap();
        kib / 1024
    }

    /// What it logged.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.settings.log).unwrap_or_default()
    }

    /// Asks it to end and waits for that.
    #[must_use]
    pub fn terminate(mut self) -> ExitStatus {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, Signal::TERM).unwrap();
        self.child.wait().unwrap()
    }

    /// Kills it as `kill -9` does.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}
