//! What a command sees, as bubblewrap's arguments. Knows the machine's system
//! directories and no process.

use crate::command::{Command, Mount};
use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Bubblewrap's arguments, NUL between them, as `--args` reads them. Passed in a
/// file so that no other process of the machine can read them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Arguments(Vec<u8>);

impl Arguments {
    pub(crate) fn add<'a>(&mut self, words: impl IntoIterator<Item = &'a (impl AsArgument + 'a)>) {
        for word in words {
            self.0.extend_from_slice(word.bytes());
            self.0.push(0);
        }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// A word of the command line: text or a path.
pub(crate) trait AsArgument {
    fn bytes(&self) -> &[u8];
}

impl AsArgument for &str {
    fn bytes(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl AsArgument for String {
    fn bytes(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl AsArgument for OsString {
    fn bytes(&self) -> &[u8] {
        self.as_os_str().as_bytes()
    }
}

/// The user's home inside the sandbox.
const HOME: &str = "/home/build";

/// Small files that every command sees: path and content.
pub(crate) const FILES: [(&str, &str); 3] = [
    (
        "/etc/passwd",
        "root:x:0:0:root:/root:/usr/sbin/nologin\nbuild:x:1000:1000:build:/home/build:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
    ),
    ("/etc/group", "root:x:0:\nbuild:x:1000:\nnogroup:x:65534:\n"),
    (
        "/etc/nsswitch.conf",
        "passwd: files\ngroup: files\nhosts: files dns\n",
    ),
];

/// What a command without the machine's network sees as `/etc/hosts`.
pub(crate) const HOSTS: (&str, &str) = ("/etc/hosts", "127.0.0.1 localhost build\n::1 localhost\n");

/// Shown read-only where the machine has them: how programs are found, loaded
/// and configured; certificates; nothing that names users or secrets.
const ETC: [&str; 16] = [
    "/etc/alternatives",
    "/etc/ca-certificates",
    "/etc/debian_version",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/etc/magic",
    "/etc/maven",
    "/etc/mime.types",
    "/etc/perl",
    "/etc/pki/ca-trust/extracted",
    "/etc/pki/tls/certs",
    "/etc/protocols",
    "/etc/services",
    "/etc/ssl/certs",
    "/etc/ssl/openssl.cnf",
    "/etc/timezone",
];

/// What is the same for every command on this machine.
pub(crate) fn system(disable_userns: bool) -> Arguments {
    let mut arguments = Arguments::default();
    arguments.add(&[
        "--unshare-user",
        "--unshare-pid",
        "--unshare-ipc",
        "--unshare-uts",
        "--unshare-cgroup-try",
        "--die-with-parent",
        "--new-session",
        "--uid",
        "1000",
        "--gid",
        "1000",
        "--hostname",
        "build",
        "--cap-drop",
        "ALL",
        "--clearenv",
        "--ro-bind",
        "/usr",
        "/usr",
    ]);
    if disable_userns {
        arguments.add(&["--disable-userns"]);
    }
    for name in ["bin", "sbin", "lib", "lib32", "lib64", "libx32"] {
        let path = Path::new("/").join(name);
        if let Ok(target) = fs::read_link(&path) {
            arguments.add(&[
                OsString::from("--symlink"),
                target.into_os_string(),
                path.into_os_string(),
            ]);
        } else if path.is_dir() {
            show(&mut arguments, "--ro-bind", &path);
        }
    }
    arguments.add(&["--dir", "/etc"]);
    for path in ETC.iter().map(Path::new).filter(|path| path.exists()) {
        show(&mut arguments, "--ro-bind", path);
    }
    // Java keeps half of each installation there.
    for entry in fs::read_dir("/etc").into_iter().flatten().flatten() {
        if entry.file_name().as_bytes().starts_with(b"java-") {
            show(&mut arguments, "--ro-bind", &entry.path());
        }
    }
    arguments.add(&["--proc", "/proc", "--dev", "/dev"]);
    arguments
}

fn show(arguments: &mut Arguments, how: &str, path: &Path) {
    arguments.add(&[how.into(), path.as_os_str().to_owned(), path.into()]);
}

/// What this command adds. `sources` are the places where its mounts are found,
/// one for each.
pub(crate) fn own(arguments: &mut Arguments, command: &Command, sources: &[PathBuf]) {
    if command.network {
        // Both may be links into places that the sandbox does not have.
        for path in ["/etc/resolv.conf", "/etc/hosts"] {
            arguments.add(&["--ro-bind-try", path, path]);
        }
    } else {
        arguments.add(&["--unshare-net"]);
    }
    let size = command.limits.scratch_bytes.to_string();
    for path in ["/dev/shm", "/tmp", HOME] {
        let mounted = |mount: &Mount| mount.sandbox_path == Path::new(path);
        if !command.mounts.iter().any(mounted) {
            arguments.add(&["--size", &size, "--tmpfs", path]);
        }
    }
    for (mount, source) in command.mounts.iter().zip(sources) {
        arguments.add(&[
            OsString::from(if mount.writable {
                "--bind"
            } else {
                "--ro-bind"
            }),
            source.into(),
            mount.sandbox_path.clone().into_os_string(),
        ]);
    }
    // Both are memory without a size of their own.
    arguments.add(&["--remount-ro", "/dev", "--remount-ro", "/"]);
    arguments.add(&[
        OsString::from("--chdir"),
        command.working_directory.clone().into_os_string(),
    ]);
    let fixed = [
        ("PATH", "/usr/local/bin:/usr/bin:/bin"),
        ("HOME", HOME),
        ("USER", "build"),
        ("TMPDIR", "/tmp"),
        ("LANG", "C.UTF-8"),
        ("CI", "true"),
    ];
    for (name, value) in fixed {
        arguments.add(&["--setenv", name, value]);
    }
    for (name, value) in &command.environment {
        arguments.add(&["--setenv", name, value]);
    }
}
