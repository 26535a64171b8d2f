//! What a command sees of the machine: nothing that it was not shown.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

mod running;

use lockgate_sandbox::{Ending, Mount, SandboxError};
use running::{python, run, shell, try_run};
use std::fs;
use std::io::Write;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

#[tokio::test]
async fn there_is_no_network_but_the_commands_own_loopback() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let ran = run(python(&format!(
        "import os, socket
print(sorted(os.listdir('/proc/self/net/../net')) and [l.split(':')[0].strip() for l in open('/proc/self/net/dev') if ':' in l])
for address in [('127.0.0.1', {port}), ('192.0.2.1', 80), ('169.254.169.254', 80)]:
    try:
        socket.create_connection(address, 2); print('connected', address)
    except OSError as error: print('refused')
here = socket.create_server(('127.0.0.1', 0)); socket.create_connection(here.getsockname()); print('own')"
    )))
    .await;
    assert_eq!(ran.text(), "['lo']\nrefused\nrefused\nrefused\nown");
}

#[tokio::test]
async fn a_granted_network_reaches_the_machines_network_but_not_its_unix_sockets() {
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::net::{SocketAddr, UnixListener};

    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let name = format!("lockgate-test-{}", std::process::id());
    let address = SocketAddr::from_abstract_name(&name).unwrap();
    let _abstract_socket = UnixListener::bind_addr(&address).unwrap();
    let mut command = python(&format!(
        "import socket
socket.create_connection(('127.0.0.1', {port}), 5); print('tcp')
try:
    socket.socket(socket.AF_UNIX).connect('\\0{name}'); print('unix')
except PermissionError: print('no unix')"
    ));
    command.network = true;
    assert_eq!(run(command).await.text(), "tcp\nno unix");
}

#[tokio::test]
async fn nothing_of_the_servers_environment_arrives() {
    let mut command = shell("env; tr '\\0' '\\n' </proc/1/environ; tr '\\0' ' ' </proc/1/cmdline");
    command
        .environment
        .insert("TOKEN".into(), "a b=c\n'd'".into());
    command.environment.insert("LANG".into(), "de_DE".into());
    let text = run(command).await.text();
    // Cargo sets these for every test.
    assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some());
    assert!(!text.contains("CARGO"), "{text}");
    for wanted in [
        "TOKEN=a b=c\n'd'",
        "LANG=de_DE",
        "HOME=/home/build",
        "CI=true",
        "PATH=/usr/local/bin:/usr/bin:/bin",
    ] {
        assert!(text.contains(wanted), "{wanted} in {text}");
    }
    assert_eq!(text.matches("TOKEN").count(), 1, "{text}");
}

#[tokio::test]
async fn other_processes_and_directories_of_the_machine_do_not_exist() {
    let database = tempfile::tempdir().unwrap();
    fs::write(database.path().join("lockgate.db"), "x").unwrap();
    let ran = run(shell(&format!(
        "ls -d /proc/[0-9]* | wc -l; ls -A {} /root /home /var /srv /run /sys /etc/shadow /work 2>&1; ls -A / /home; id",
        database.path().display()
    )))
    .await;
    let text = ran.text();
    let processes: u32 = text.lines().next().unwrap().parse().unwrap();
    assert!(processes <= 5, "{text}");
    assert_eq!(text.matches("No such file").count(), 8, "{text}");
    assert!(!text.contains("lockgate.db"), "{text}");
    assert!(text.contains("/home:\nbuild"), "{text}");
    assert!(text.contains("uid=1000(build) gid=1000(build)"), "{text}");
}

#[tokio::test]
async fn only_writable_mounts_and_scratch_directories_can_be_written() {
    let readable = tempfile::tempdir().unwrap();
    let writable = tempfile::tempdir().unwrap();
    fs::write(readable.path().join("file"), "kept").unwrap();
    fs::set_permissions(
        readable.path().join("file"),
        fs::Permissions::from_mode(0o666),
    )
    .unwrap();
    let mut command = shell(
        "for place in / /usr /usr/bin /etc /dev /proc /home /in; do
            touch $place/x 2>/dev/null && echo wrote $place
        done
        echo x > /in/file
        ln /in/file /work/link
        chmod 777 /in/file
        for place in /work /tmp /dev/shm $HOME; do touch $place/x && echo can write $place; done",
    );
    command.mounts = vec![
        Mount::read(readable.path(), "/in"),
        Mount::write(writable.path(), "/work"),
    ];
    let text = run(command).await.text();
    assert!(!text.contains("wrote"), "{text}");
    assert_eq!(text.matches("can write").count(), 4, "{text}");
    assert_eq!(
        fs::read_to_string(readable.path().join("file")).unwrap(),
        "kept"
    );
    assert!(!writable.path().join("link").exists());
}

#[tokio::test]
async fn what_a_command_writes_belongs_to_the_server() {
    let outside = tempfile::tempdir().unwrap();
    // Closed to everyone else, as the server's data is.
    fs::set_permissions(outside.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let work = outside.path().join("jobs/1/work");
    fs::create_dir_all(&work).unwrap();
    fs::write(work.join("given"), "before").unwrap();
    fs::set_permissions(work.join("given"), fs::Permissions::from_mode(0o600)).unwrap();
    let mut command = shell(
        "cat given && echo after > given && mkdir -p a/b && echo made > a/b/c && chmod 700 a a/b && chmod 600 a/b/c && ln -s /etc/passwd link && ls -ln given",
    );
    command.mounts = vec![Mount::write(&work, "/work")];
    command.working_directory = "/work".into();
    let ran = run(command).await;
    assert_eq!(ran.ending(), &Ending::Code(0), "{}", ran.text());
    assert!(
        ran.text().starts_with("before-rw------- 1 1000 1000"),
        "{}",
        ran.text()
    );
    let us = fs::metadata(outside.path()).unwrap().uid();
    for file in ["given", "a", "a/b", "a/b/c", "link"] {
        assert_eq!(
            fs::symlink_metadata(work.join(file)).unwrap().uid(),
            us,
            "{file}"
        );
    }
    assert_eq!(fs::read_to_string(work.join("a/b/c")).unwrap(), "made\n");
    fs::remove_dir_all(&work).unwrap();
}

#[tokio::test]
async fn no_file_leaves_the_sandbox_with_the_servers_user_on_it() {
    let work = tempfile::tempdir().unwrap();
    let mut command = python(
        "import os
os.chdir('/work')
open('program', 'w').close()
for attempt in [
    lambda: os.chmod('program', 0o4755),
    lambda: os.chmod('program', 0o2755),
    lambda: os.fchmod(os.open('program', os.O_RDONLY), 0o6755),
    lambda: os.close(os.open('second', os.O_CREAT | os.O_WRONLY, 0o4755)),
    lambda: os.mknod('third', 0o104755),
    lambda: os.mknod('null', 0o20666, os.makedev(1, 3)),
]:
    try: attempt(); print('made')
    except PermissionError: print('refused')
os.chmod('program', 0o755)",
    );
    command.mounts = vec![Mount::write(work.path(), "/work")];
    let ran = run(command).await;
    assert_eq!(ran.ending(), &Ending::Code(0), "{}", ran.text());
    assert_eq!(ran.text().matches("refused").count(), 6, "{}", ran.text());
    for entry in fs::read_dir(work.path()).unwrap() {
        assert_eq!(entry.unwrap().metadata().unwrap().mode() & 0o6000, 0);
    }
}

#[tokio::test]
async fn no_way_leads_to_more_rights() {
    let ran = run(python(
        "import ctypes, os, socket, fcntl, struct
libc = ctypes.CDLL(None, use_errno=True)
def call(name, *arguments):
    ctypes.set_errno(0)
    answer = libc.syscall(*arguments)
    print(name, os.strerror(ctypes.get_errno()) if answer < 0 else 'allowed')
call('clone3', 435, None, 0)
call('unshare user', 272, 0x10000000)
call('unshare net', 272, 0x40000000)
call('clone user', 56, 0x10000000 | 17, None, None, None, None)
call('mount', 165, b'x', b'/tmp', b'tmpfs', 0, None)
call('open_tree', 428, -100, b'/tmp', 1)
call('pivot_root', 155, b'/tmp', b'/tmp')
call('chroot', 161, b'/tmp')
call('bpf', 321, 0, None, 0)
call('keyctl', 250, 0, 0)
call('userfaultfd', 323, 0)
call('io_uring_setup', 425, 1, None)
call('perf_event_open', 298, None, 0, -1, -1, 0)
call('kexec_load', 246, 0, 0, None, 0)
call('memfd_create', 319, b'x', 0)
call('openat2', 437, -100, b'/tmp', None, 0)
call('x32 getpid', 0x40000000 + 39)
call('TIOCSTI', 16, 0, 0x5412, b'x')
call('TIOCSTI wide', 16, 0, ctypes.c_long(0x100005412), b'x')
call('TIOCLINUX', 16, 0, 0x541c, b'x')
call('setuid root', 105, 0)
for family in ['AF_VSOCK', 'AF_ALG', 'AF_PACKET']:
    try: socket.socket(getattr(socket, family), socket.SOCK_SEQPACKET if family == 'AF_ALG' else socket.SOCK_DGRAM); print(family, 'allowed')
    except OSError as error: print(family, error.strerror)
print([line.split()[1] for line in open('/proc/self/status') if line.startswith(('Cap', 'NoNewPrivs', 'Seccomp:'))])",
    ))
    .await;
    let text = ran.text();
    assert!(!text.contains("allowed"), "{text}");
    assert_eq!(
        text.matches("Function not implemented").count(),
        5,
        "{text}"
    );
    assert_eq!(
        text.matches("Operation not permitted").count(),
        18,
        "{text}"
    );
    let none = "'0000000000000000', ".repeat(5);
    assert!(text.ends_with(&format!("[{none}'1', '2']")), "{text}");
}

#[tokio::test]
async fn descriptors_of_the_server_are_not_inherited() {
    let mut secret = tempfile::tempfile().unwrap();
    secret.write_all(b"the server's").unwrap();
    // Without close-on-exec, as a careless library would open it.
    let leaked = rustix::io::dup(&secret).unwrap();
    assert!(rustix::io::fcntl_getfd(&leaked).unwrap().is_empty());
    let ran = run(shell(
        "ls /proc/self/fd | tr '\\n' ' '; ls -l /proc/self/fd",
    ))
    .await;
    // 3 is the directory that `ls` itself reads.
    assert!(
        ran.text().starts_with("0 1 2 3 "),
        "{} {}",
        leaked.as_raw_fd(),
        ran.text()
    );
    assert!(ran.text().lines().count() <= 6, "{}", ran.text());
}

#[tokio::test]
async fn a_link_in_a_mount_leads_nowhere_outside() {
    let secret = tempfile::tempdir().unwrap();
    fs::write(secret.path().join("secret"), "of the machine").unwrap();
    let work = tempfile::tempdir().unwrap();
    symlink(secret.path(), work.path().join("link")).unwrap();
    let mut command = shell("cat /work/link/secret /work/link /work/../../../etc/shadow");
    command.mounts = vec![Mount::write(work.path(), "/work")];
    let ran = run(command).await;
    assert!(!ran.text().contains("of the machine"), "{}", ran.text());
    assert_eq!(
        ran.text().matches("No such file").count(),
        3,
        "{}",
        ran.text()
    );
}

#[tokio::test]
async fn standard_streams_can_be_opened_by_name() {
    let mut command = shell("echo out >/dev/stdout; echo err >/dev/stderr; cat /dev/stdin");
    command.input = "in".into();
    let mut text: Vec<String> = run(command).await.lines.into_iter().map(|l| l.1).collect();
    text.sort();
    assert_eq!(text, ["err", "in", "out"]);
}

#[tokio::test]
async fn a_single_file_and_a_nested_directory_can_be_shown() {
    let outer = tempfile::tempdir().unwrap();
    fs::create_dir(outer.path().join("inner")).unwrap();
    fs::write(outer.path().join("file"), "alone").unwrap();
    fs::write(outer.path().join("inner/deep"), "deep").unwrap();
    let mut command =
        shell("cat /opt/tool/file; cat /srv/inner/deep; touch /srv/inner/new; touch /srv/x");
    command.mounts = vec![
        Mount::read(outer.path().join("file"), "/opt/tool/file"),
        Mount::write(outer.path().join("inner"), "/srv/inner"),
        Mount::read(outer.path(), "/srv"),
    ];
    let ran = run(command).await;
    assert!(
        ran.text().contains("alone") && ran.text().contains("deep"),
        "{}",
        ran.text()
    );
    assert!(outer.path().join("inner/new").exists());
    assert!(!outer.path().join("x").exists());
}

#[tokio::test]
async fn a_mount_that_is_not_there_is_an_error_with_its_path() {
    let mut command = shell("true");
    command.mounts = vec![Mount::read("/does/not/exist", "/in")];
    let error = try_run(command).await.unwrap_err();
    assert!(matches!(error, SandboxError::Invalid(_)), "{error:?}");
    assert!(error.to_string().contains("'/does/not/exist'"), "{error}");
}

#[tokio::test]
async fn a_toolchain_that_is_shown_read_only_builds_a_program() {
    let rustc = std::env::var("RUSTC").unwrap_or("rustc".into());
    let root = std::process::Command::new(rustc)
        .args(["--print", "sysroot"])
        .output()
        .unwrap()
        .stdout;
    let root = String::from_utf8(root).unwrap();
    let work = tempfile::tempdir().unwrap();
    fs::write(
        work.path().join("main.rs"),
        "fn main() { std::thread::spawn(|| println!(\"built inside\")).join().unwrap(); }",
    )
    .unwrap();
    let mut command = shell("rustc main.rs && ./main");
    command.mounts = vec![
        Mount::read(root.trim(), "/opt/rust"),
        Mount::write(work.path(), "/work"),
    ];
    command.working_directory = "/work".into();
    command
        .environment
        .insert("PATH".into(), "/opt/rust/bin:/usr/bin".into());
    let ran = run(command).await;
    assert_eq!(ran.text(), "built inside");
    assert_eq!(ran.ending(), &Ending::Code(0));
}
