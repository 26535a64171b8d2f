//! A real `sshd` on loopback, one process for each connection, with keys of its
//! own. It logs in the user who runs the tests, and nobody without the key.

use std::fs::{self, File};
use std::io::Write;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use tempfile::TempDir;

/// Where systems have it; it is in nobody's `PATH`.
const PROGRAMS: [&str; 3] = ["/usr/sbin/sshd", "/usr/local/sbin/sshd", "/usr/bin/sshd"];

/// Lets clients in until it is dropped.
pub struct SshServer {
    directory: TempDir,
    address: SocketAddr,
    user: String,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl SshServer {
    /// Starts one. Without `sshd` on the machine there is none, which is said
    /// where nobody can miss it.
    ///
    /// # Panics
    /// It cannot be started; or `sshd` is missing in CI, where every test runs.
    #[must_use]
    pub fn start() -> Option<Self> {
        let Some(program) = PROGRAMS.into_iter().find(|path| Path::new(path).exists()) else {
            let missing = "there is no sshd on this machine; install openssh-server";
            assert!(std::env::var_os("CI").is_none(), "{missing}");
            // Past the capture of the test harness.
            let line = format!("\nNOT RUN: a test against a real sshd: {missing}\n");
            drop(std::io::stderr().write_all(line.as_bytes()));
            return None;
        };
        let directory = TempDir::new().expect("a temporary directory is made");
        let root = directory.path();
        let user = printed(Command::new("id").arg("-un"));
        fs::create_dir(root.join("client")).expect("a directory is made");
        for key in ["host", "client/key", "client/stranger"] {
            printed(
                Command::new("ssh-keygen")
                    .args(["-q", "-t", "ed25519", "-N", "", "-C", "test", "-f"])
                    .arg(root.join(key)),
            );
        }
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("it has an address");
        let public = |key: &str| fs::read_to_string(root.join(key)).expect("a key is made");
        let known = format!("[127.0.0.1]:{} {}", address.port(), public("host.pub"));
        write(root, "client/known_hosts", &known);
        let authorized = format!("restrict {}", public("client/key.pub"));
        write(root, "authorized_keys", &authorized);
        let shown = root.display();
        let config = format!(
            "HostKey {shown}/host\nAuthorizedKeysFile {shown}/authorized_keys\nPidFile none\n\
             StrictModes no\nUsePAM no\nAuthenticationMethods publickey\n\
             PermitRootLogin prohibit-password\nLogLevel VERBOSE\n"
        );
        write(root, "config", &config);
        if fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0) {
            // A system's service manager makes it when it starts the service.
            fs::create_dir_all("/run/sshd").expect("root makes sshd's directory");
        }
        let stop = Arc::new(AtomicBool::new(false));
        let (stopping, root) = (Arc::clone(&stop), root.to_owned());
        let thread = std::thread::spawn(move || {
            let mut running = Vec::new();
            for stream in listener.incoming() {
                if stopping.load(Ordering::SeqCst) {
                    break;
                }
                let stream: OwnedFd = stream.expect("a connection is taken").into();
                running.push(serve(program, &root, stream));
            }
            for mut child in running {
                drop(child.wait());
            }
        });
        Some(Self {
            directory,
            address,
            user,
            stop,
            thread: Some(thread),
        })
    }

    /// `127.0.0.1` and this port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The URL of a repository of this machine.
    #[must_use]
    pub fn url(&self, repository: &Path) -> String {
        let path = repository.display();
        format!("ssh://{}@{}{path}", self.user, self.address)
    }

    /// What a client has: `key`, which is let in, `stranger`, which is not, and
    /// `known_hosts`.
    #[must_use]
    pub fn client(&self, file: &str) -> PathBuf {
        self.directory.path().join("client").join(file)
    }

    /// What `sshd` wrote so far.
    ///
    /// # Panics
    /// Nobody has connected yet.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.directory.path().join("log")).expect("sshd has a log")
    }
}

impl Drop for SshServer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(self.address));
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

/// One connection, as `inetd` would hand it over.
fn serve(program: &str, root: &Path, stream: OwnedFd) -> std::process::Child {
    let log = File::options()
        .create(true)
        .append(true)
        .open(root.join("log"));
    let other = stream.try_clone().expect("a descriptor is copied");
    Command::new(program)
        .args(["-i", "-e", "-f"])
        .arg(root.join("config"))
        .stdin(Stdio::from(stream))
        .stdout(Stdio::from(other))
        .stderr(log.expect("a log is opened"))
        .spawn()
        .expect("sshd starts")
}

fn write(root: &Path, file: &str, text: &str) {
    fs::write(root.join(file), text).expect("a file is written");
}

/// What a program prints, without the line break.
fn printed(command: &mut Command) -> String {
    let output = command.output();
    let output = output.unwrap_or_else(|error| panic!("{command:?}: {error}; install it"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
    String::from_utf8_lossy(&output.stdout)
        .trim_end()
        .to_owned()
}
