//! How commands end, and that nothing of them outlives the ending.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

mod running;

use lockgate_sandbox::{Command, Ending, Mount, Output, SandboxError, Stream};
use running::{python, run, sandbox, shell, try_run};
use std::path::Path;
use std::time::{Duration, Instant};

/// A command that leaves a daemon behind: its own session, orphaned, output
/// closed. The daemon holds a lock on `/work/alive` as long as it lives.
const DAEMON: &str = "import os, time, sys, fcntl
read, write = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        held = open('/work/alive', 'w')
        fcntl.flock(held, fcntl.LOCK_EX)
        null = os.open('/dev/null', os.O_RDWR)
        for fd in (0, 1, 2): os.dup2(null, fd)
        os.write(write, b'x')
        while True: time.sleep(1000)
    os._exit(0)
os.read(read, 1)
print('daemon runs', flush=True)
";

/// Waits until nobody holds the lock; hangs, and so fails, where somebody does.
async fn daemon_is_gone(work: &Path) {
    let file = std::fs::File::open(work.join("alive")).unwrap();
    let taken = tokio::task::spawn_blocking(move || file.lock());
    tokio::time::timeout(Duration::from_secs(10), taken)
        .await
        .expect("the daemon still holds its lock")
        .unwrap()
        .unwrap();
}

fn with_daemon(work: &Path, then: &str) -> Command {
    let mut command = python(&format!("{DAEMON}{then}"));
    command.mounts = vec![Mount::write(work, "/work")];
    command
}

#[tokio::test]
async fn the_exit_code_is_the_programs() {
    for code in [0, 1, 2, 77, 127, 200, 255] {
        let ran = run(shell(&format!("exit {code}"))).await;
        assert_eq!(ran.ending(), &Ending::Code(code));
    }
}

#[tokio::test]
async fn a_signal_is_told_as_one() {
    for signal in [9, 11, 15] {
        let ran = run(shell(&format!("kill -{signal} $$"))).await;
        assert_eq!(ran.ending(), &Ending::Signal(signal));
    }
}

#[tokio::test]
async fn a_program_that_is_not_there_is_an_error_with_its_name() {
    for program in ["no-such-program", "/work/no-such"] {
        let error = try_run(Command::new([program])).await.unwrap_err();
        assert!(matches!(error, SandboxError::NotFound(_)), "{error:?}");
        assert!(error.to_string().contains(program), "{error}");
    }
    let error = try_run(Command::new(["/etc/passwd"])).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot execute '/etc/passwd' in the sandbox: Permission denied"
    );
    let mut command = shell("true");
    command.working_directory = "/nowhere".into();
    let error = try_run(command).await.unwrap_err().to_string();
    assert!(error.starts_with("working directory: /nowhere"), "{error}");
}

#[tokio::test]
async fn a_program_that_prints_like_bubblewrap_is_still_a_program() {
    let ran = run(shell(
        "echo 'bwrap: execvp sh: No such file or directory' >&2; exit 1",
    ))
    .await;
    assert_eq!(ran.ending(), &Ending::Code(1));
    assert_eq!(ran.text(), "bwrap: execvp sh: No such file or directory");
}

#[tokio::test]
async fn input_is_delivered_and_ends() {
    let input: Vec<u8> = (0..300_000u32).flat_map(u32::to_le_bytes).collect();
    let mut command = Command::new(["sha256sum"]);
    command.input = input.clone().into();
    let ran = run(command).await;
    let mut command = Command::new(["cat"]);
    command.input = input.clone().into();
    command.output = Output::Capture;
    command.limits.capture_bytes = input.len();
    let back = run(command).await;
    assert_eq!(back.exit.output, input);
    assert!(!back.exit.output_cut);
    assert_eq!(ran.ending(), &Ending::Code(0));
    assert_eq!(run(shell("cat; echo end")).await.text(), "end");
}

#[tokio::test]
async fn output_comes_while_the_command_runs() {
    let work = tempfile::tempdir().unwrap();
    let mut command = shell("echo first; while [ ! -e /work/go ]; do :; done; echo second >&2");
    command.mounts = vec![Mount::write(work.path(), "/work")];
    command.timeout = Duration::from_secs(30);
    let mut lines = Vec::new();
    let exit = sandbox()
        .run(command, |stream, line| {
            if line == "first" {
                std::fs::write(work.path().join("go"), "").unwrap();
            }
            lines.push((stream, line.to_owned()));
        })
        .await
        .unwrap();
    assert_eq!(exit.ending, Ending::Code(0));
    assert_eq!(
        lines,
        [
            (Stream::Out, "first".to_owned()),
            (Stream::Err, "second".to_owned())
        ]
    );
}

#[tokio::test]
async fn a_daemon_ends_with_its_command() {
    let work = tempfile::tempdir().unwrap();
    let ran = run(with_daemon(work.path(), "")).await;
    assert_eq!(ran.ending(), &Ending::Code(0));
    assert_eq!(ran.text(), "daemon runs");
    // Not after a while: it is gone when `run` returns.
    std::fs::File::open(work.path().join("alive"))
        .unwrap()
        .try_lock()
        .unwrap();
}

#[tokio::test]
async fn a_timeout_ends_the_whole_tree() {
    let work = tempfile::tempdir().unwrap();
    let mut command = with_daemon(work.path(), "time.sleep(1000)");
    command.timeout = Duration::from_millis(700);
    let before = Instant::now();
    let ran = run(command).await;
    assert_eq!(ran.ending(), &Ending::Timeout);
    assert_eq!(ran.text(), "daemon runs");
    assert!(before.elapsed() < Duration::from_secs(5));
    std::fs::File::open(work.path().join("alive"))
        .unwrap()
        .try_lock()
        .unwrap();
}

#[tokio::test]
async fn a_command_that_ignores_signals_and_closes_its_output_is_ended() {
    let mut command = python(
        "import os, signal, time
for number in range(1, 32):
    try: signal.signal(number, signal.SIG_IGN)
    except OSError: pass
os.close(1); os.close(2)
while True: time.sleep(1000)",
    );
    command.timeout = Duration::from_millis(500);
    assert_eq!(run(command).await.ending(), &Ending::Timeout);
}

#[tokio::test]
async fn dropping_the_future_kills_the_whole_tree() {
    let work = tempfile::tempdir().unwrap();
    let (seen, ready) = tokio::sync::oneshot::channel();
    let mut seen = Some(seen);
    let command = with_daemon(work.path(), "time.sleep(1000)");
    let running = tokio::spawn(async move {
        sandbox()
            .run(command, move |_, _| {
                if let Some(seen) = seen.take() {
                    let _ = seen.send(());
                }
            })
            .await
    });
    ready.await.unwrap();
    running.abort();
    assert!(running.await.unwrap_err().is_cancelled());
    daemon_is_gone(work.path()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_future_dropped_at_any_moment_leaves_nothing_behind() {
    let work = tempfile::tempdir().unwrap();
    // Each command holds a shared lock on this file through its stay.
    std::fs::write(work.path().join("alive"), "").unwrap();
    for delay in 0..60 {
        let mut command = python(
            "import fcntl, time
held = open('/work/alive'); fcntl.flock(held, fcntl.LOCK_SH)
time.sleep(1000)",
        );
        command.mounts = vec![Mount::write(work.path(), "/work")];
        let run = sandbox().run(command, |_, _| {});
        let _ = tokio::time::timeout(Duration::from_micros(delay * 500), run).await;
    }
    // One more that ends by itself, so that what was started before it is over.
    assert_eq!(run(shell("true")).await.ending(), &Ending::Code(0));
    daemon_is_gone(work.path()).await;
}

#[tokio::test]
async fn the_kill_of_the_server_takes_the_tree_along() {
    // This test program, started again, is the server that is killed.
    if let Some(work) = std::env::var_os("SANDBOX_TEST_SERVER") {
        let _ = run(with_daemon(Path::new(&work), "time.sleep(1000)")).await;
        return;
    }
    let work = tempfile::tempdir().unwrap();
    let mut server = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "the_kill_of_the_server_takes_the_tree_along"])
        .env("SANDBOX_TEST_SERVER", work.path())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let alive = work.path().join("alive");
    let started = Instant::now();
    let held = || {
        std::fs::File::open(&alive).is_ok_and(|file| {
            rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockShared).is_err()
        })
    };
    while !held() {
        assert!(
            started.elapsed() < Duration::from_secs(20),
            "the daemon never started"
        );
        tokio::task::yield_now().await;
    }
    server.kill().unwrap();
    server.wait().unwrap();
    daemon_is_gone(work.path()).await;
}

#[tokio::test]
async fn a_command_leaves_no_descriptor_and_no_process_with_the_server() {
    let descriptors = || {
        std::fs::read_dir("/proc/self/fd")
            .unwrap()
            .filter(|entry| {
                let path = entry.as_ref().unwrap().path();
                std::fs::read_link(path).is_ok_and(|target| {
                    let target = target.to_string_lossy().into_owned();
                    target.contains("memfd:") || target.contains("pidfd")
                })
            })
            .count()
    };
    // Run alone in its own process, as other tests hold descriptors of theirs.
    if std::env::var_os("SANDBOX_TEST_ALONE").is_none() {
        let status = std::process::Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "a_command_leaves_no_descriptor_and_no_process_with_the_server",
            ])
            .env("SANDBOX_TEST_ALONE", "1")
            .stdout(std::process::Stdio::null())
            .status()
            .unwrap();
        assert!(status.success());
        return;
    }
    // As in a container, where the server inherits every orphan.
    rustix::process::set_child_subreaper(Some(rustix::process::getpid())).unwrap();
    let children = || {
        let file = format!("/proc/self/task/{}/children", std::process::id());
        std::fs::read_to_string(file).unwrap()
    };
    run(shell("true")).await;
    let before = descriptors();
    for _ in 0..20 {
        run(shell("sleep 100 & true")).await;
    }
    assert_eq!(descriptors(), before);
    assert_eq!(children(), "");
    for _ in 0..20 {
        let sleeper = sandbox().run(shell("sleep 1000"), |_, _| {});
        let _ = tokio::time::timeout(Duration::from_millis(10), sleeper).await;
    }
    let started = Instant::now();
    while !children().is_empty() || descriptors() != before {
        assert!(
            started.elapsed() < Duration::from_secs(20),
            "{}",
            children()
        );
        tokio::task::yield_now().await;
    }
}
