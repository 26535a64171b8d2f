//! What a caller asks of the sandbox and what it gets back. Values only; the
//! caller has already decided what is granted, and `check` refuses what could
//! not be shown to a command safely.

use bytes::Bytes;
use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

/// One command to run in a sandbox of its own.
#[derive(Debug, Clone)]
pub struct Command {
    /// The program and its arguments; no shell is put between. A program
    /// without a slash is looked up in the sandbox's `PATH`.
    pub arguments: Vec<String>,
    /// Added to (and stronger than) the fixed environment: `PATH`, `HOME`,
    /// `TMPDIR`, `LANG`, `CI`, `USER`. Nothing of the server's is inherited.
    pub environment: BTreeMap<String, String>,
    /// Absolute path inside the sandbox; must exist there.
    pub working_directory: PathBuf,
    /// What the command sees besides the system's programs.
    pub mounts: Vec<Mount>,
    /// Shares the machine's network, loopback included. Unix sockets of the
    /// machine stay out of reach.
    pub network: bool,
    /// Its standard input, which then ends.
    pub input: Bytes,
    /// The tree is ended after so long.
    pub timeout: Duration,
    /// What it may use.
    pub limits: Limits,
    /// Where its standard output goes.
    pub output: Output,
}

impl Command {
    /// A command with no mounts, no network, no input, the default limits, an
    /// hour, and its output streamed.
    pub fn new(arguments: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self {
            arguments: arguments.into_iter().map(Into::into).collect(),
            environment: BTreeMap::new(),
            working_directory: PathBuf::from("/tmp"),
            mounts: Vec::new(),
            network: false,
            input: Bytes::new(),
            timeout: Duration::from_secs(60 * 60),
            limits: Limits::default(),
            output: Output::Stream,
        }
    }
}

/// A directory or file of the machine, shown inside the sandbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// Absolute path on the machine; must exist.
    pub host_path: PathBuf,
    /// Absolute path inside the sandbox.
    pub sandbox_path: PathBuf,
    /// May the command change it?
    pub writable: bool,
}

impl Mount {
    /// A mount that the command can read.
    pub fn read(host_path: impl Into<PathBuf>, sandbox_path: impl Into<PathBuf>) -> Self {
        Self {
            host_path: host_path.into(),
            sandbox_path: sandbox_path.into(),
            writable: false,
        }
    }

    /// A mount that the command can read and write. What it writes belongs to
    /// the server's user, or can at least be read and removed by it.
    pub fn write(host_path: impl Into<PathBuf>, sandbox_path: impl Into<PathBuf>) -> Self {
        Self {
            writable: true,
            ..Self::read(host_path, sandbox_path)
        }
    }
}

/// Where standard output goes. Standard error always goes to the sink.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    /// To the sink, line by line, as it comes.
    Stream,
    /// Into `Exit::output`, up to `Limits::capture_bytes`.
    Capture,
}

/// Which of the command's streams a line was written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
    /// The sandbox itself speaking, of output that it dropped.
    Sandbox,
}

/// What one command tree may use. Every default is finite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of resident memory over the whole tree, page cache not counted.
    pub memory_bytes: u64,
    /// Processes and threads at a time.
    pub processes: u64,
    /// Bytes of any one file.
    pub file_bytes: u64,
    /// Open files of one process.
    pub open_files: u64,
    /// Bytes of output handed to the sink; the rest is dropped and the sink
    /// told so.
    pub output_bytes: u64,
    /// Bytes of one line; longer lines are cut into several.
    pub line_bytes: usize,
    /// Bytes of standard output kept with `Output::Capture`.
    pub capture_bytes: usize,
    /// Bytes of each of `/tmp`, `/dev/shm` and the home directory. They are
    /// memory that `memory_bytes` does not count.
    pub scratch_bytes: u64,
    /// The tree is ended when a filesystem that it can write to has less than
    /// this many bytes free.
    pub free_disk_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        const MIB: u64 = 1 << 20;
        Self {
            memory_bytes: 8192 * MIB,
            processes: 1024,
            file_bytes: 10_240 * MIB,
            open_files: 4096,
            output_bytes: 16 * MIB,
            line_bytes: 16 << 10,
            capture_bytes: 1 << 20,
            scratch_bytes: 512 * MIB,
            free_disk_bytes: 256 * MIB,
        }
    }
}

/// How a command ended, and what it printed where that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exit {
    /// How it ended.
    pub ending: Ending,
    /// With `Output::Capture`: its standard output. Empty otherwise.
    pub output: Bytes,
    /// Standard output was longer than `Limits::capture_bytes`.
    pub output_cut: bool,
}

/// How a command tree ended. Nothing of it runs any more in any of these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// The program ended by itself with this code.
    Code(u8),
    /// A signal ended the program. As in a shell, a program that ends itself
    /// with the code 128 + n counts as ended by signal n (1 to 31).
    Signal(u8),
    /// `Command::timeout` passed.
    Timeout,
    /// It used more than `Limits` allow; the text says of what.
    Limit(String),
}

/// The command could not be run at all.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The request itself is wrong.
    #[error("{0}")]
    Invalid(String),
    /// There is no such program in the sandbox.
    #[error(
        "there is no program '{0}' in the sandbox: it sees the machine's /usr and the directories of the job, so install it there or write its path"
    )]
    NotFound(String),
    /// The program is there but cannot be executed.
    #[error("cannot execute '{program}' in the sandbox: {reason}")]
    NotExecutable {
        /// As the command names it.
        program: String,
        /// The system's words.
        reason: String,
    },
    /// The machine would not make the sandbox.
    #[error("cannot set up the sandbox: {0}")]
    Setup(String),
}

/// Paths that are the sandbox's own: nothing is mounted on or below them.
const OWN: [&str; 3] = ["/proc", "/dev", "/sys"];
/// Paths that are the sandbox's own, though a mount below them is fine.
const OWN_ROOTS: [&str; 8] = [
    "/", "/usr", "/etc", "/bin", "/sbin", "/lib", "/lib64", "/home",
];
/// As many as one list of bubblewrap arguments takes with room to spare.
const MAX_VARIABLES: usize = 1500;
const MAX_MOUNTS: usize = 256;

impl Command {
    /// Refuses what the sandbox cannot show or pass on, and puts the mounts in
    /// an order in which outer ones come first.
    pub(crate) fn check(mut self) -> Result<Self, SandboxError> {
        let invalid = |text: String| Err(SandboxError::Invalid(text));
        if self.arguments.first().is_none_or(String::is_empty) {
            return invalid("arguments: the list is empty; write the program first".into());
        }
        if let Some(text) = self.arguments.iter().find(|text| text.contains('\0')) {
            return invalid(format!(
                "arguments: {text:?} holds a NUL character, which no program can take; leave it out"
            ));
        }
        for (name, value) in &self.environment {
            if name.is_empty() || name.contains(['=', '\0']) {
                return invalid(format!(
                    "environment: {name:?} is not a variable's name; write one without '=' and NUL"
                ));
            }
            if value.contains('\0') {
                return invalid(format!(
                    "environment: the value of {name} holds a NUL character; leave it out"
                ));
            }
        }
        if self.environment.len() > MAX_VARIABLES {
            return invalid(format!(
                "environment: {} variables; a command takes up to {MAX_VARIABLES}",
                self.environment.len()
            ));
        }
        if self.mounts.len() > MAX_MOUNTS {
            return invalid(format!(
                "mounts: {} directories; a command takes up to {MAX_MOUNTS}",
                self.mounts.len()
            ));
        }
        if !is_plain_absolute(&self.working_directory) {
            return invalid(format!(
                "working directory: '{}' is not an absolute path without '..'; write one such as /work",
                self.working_directory.display()
            ));
        }
        for mount in &self.mounts {
            check_mount(mount)?;
        }
        self.mounts = nest(self.mounts)?;
        Ok(self)
    }
}

fn is_plain_absolute(path: &Path) -> bool {
    path.is_absolute()
        && !path.as_os_str().as_encoded_bytes().contains(&0)
        && path
            .components()
            .all(|part| matches!(part, Component::RootDir | Component::Normal(_)))
}

fn check_mount(mount: &Mount) -> Result<(), SandboxError> {
    let path = &mount.sandbox_path;
    for path in [path, &mount.host_path] {
        if !is_plain_absolute(path) {
            return Err(SandboxError::Invalid(format!(
                "mount: '{}' is not an absolute path without '..'; write it in full",
                path.display()
            )));
        }
    }
    let own = OWN.iter().any(|own| path.starts_with(own))
        || OWN_ROOTS.iter().any(|own| path == Path::new(own));
    if own {
        return Err(SandboxError::Invalid(format!(
            "mount: '{}' is the sandbox's own directory; mount at another path",
            path.display()
        )));
    }
    Ok(())
}

/// Outer mounts first. A command could replace a directory inside a writable
/// mount by a link, so nothing is mounted inside one: an inner mount that shows
/// the same directory as the outer one does is dropped, any other is refused.
fn nest(mut mounts: Vec<Mount>) -> Result<Vec<Mount>, SandboxError> {
    mounts.sort_by(|a, b| {
        (&a.sandbox_path, !a.writable, &a.host_path).cmp(&(
            &b.sandbox_path,
            !b.writable,
            &b.host_path,
        ))
    });
    let mut kept: Vec<Mount> = Vec::with_capacity(mounts.len());
    for mount in mounts {
        let outer = kept.iter().find(|outer| {
            mount.sandbox_path == outer.sandbox_path
                || (outer.writable && mount.sandbox_path.starts_with(&outer.sandbox_path))
        });
        let Some(outer) = outer else {
            kept.push(mount);
            continue;
        };
        let inside = mount.sandbox_path.strip_prefix(&outer.sandbox_path);
        if inside.is_ok_and(|inside| {
            let mut shown = outer.host_path.clone();
            shown.extend(inside);
            shown == mount.host_path
        }) {
            continue;
        }
        return Err(SandboxError::Invalid(format!(
            "mount: '{}' lies inside the writable mount '{}', where the command could move it; mount it beside",
            mount.sandbox_path.display(),
            outer.sandbox_path.display()
        )));
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(command: Command) -> String {
        command.check().unwrap_err().to_string()
    }

    #[test]
    fn a_command_that_cannot_be_passed_on_is_refused_with_the_place() {
        assert!(refused(Command::new([] as [&str; 0])).starts_with("arguments: "));
        assert!(refused(Command::new([""])).starts_with("arguments: "));
        assert!(refused(Command::new(["a", "b\0c"])).contains("NUL"));
        let mut command = Command::new(["true"]);
        command.environment.insert("A=B".into(), "x".into());
        assert!(refused(command).contains("\"A=B\""));
        let mut command = Command::new(["true"]);
        command.working_directory = "relative".into();
        assert!(refused(command).contains("'relative'"));
    }

    #[test]
    fn nothing_is_mounted_over_the_sandboxs_own_directories() {
        for path in [
            "/",
            "/proc",
            "/proc/self",
            "/dev/shm",
            "/usr",
            "/etc",
            "rel",
            "/a/../b",
        ] {
            let mut command = Command::new(["true"]);
            command.mounts.push(Mount::read("/srv", path));
            assert!(refused(command).starts_with("mount: "), "{path}");
        }
    }

    #[test]
    fn nothing_is_mounted_where_a_command_could_plant_a_link() {
        let mut command = Command::new(["true"]);
        command.mounts = vec![
            Mount::read("/elsewhere", "/work/in"),
            Mount::write("/jobs/1", "/work"),
        ];
        assert!(refused(command).contains("'/work/in' lies inside"));

        let mut command = Command::new(["true"]);
        command.mounts = vec![
            Mount::write("/srv/www", "/srv/www"),
            Mount::read("/srv", "/srv"),
            Mount::read("/srv/www/static", "/srv/www/static"),
            Mount::read("/srv/www", "/srv/www"),
        ];
        assert_eq!(
            command.check().unwrap().mounts,
            [
                Mount::read("/srv", "/srv"),
                Mount::write("/srv/www", "/srv/www")
            ]
        );
    }
}
