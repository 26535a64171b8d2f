//! A command cannot take more than its limits.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

mod running;

use lockgate_sandbox::{Command, Ending, Mount, Output, Stream};
use running::{python, run, shell};
use std::time::{Duration, Instant};

const MIB: u64 = 1 << 20;

fn limit_of(ending: &Ending) -> &str {
    match ending {
        Ending::Limit(text) => text,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_memory_hog_is_ended() {
    let mut command = python("x = bytearray(600 << 20)\nimport time; time.sleep(1000)");
    command.limits.memory_bytes = 200 * MIB;
    let ran = run(command).await;
    let text = limit_of(ran.ending());
    assert!(text.starts_with("memory: the command used "), "{text}");
    assert!(text.ends_with("its limit is 200 MiB"), "{text}");
}

#[tokio::test]
async fn memory_is_counted_over_the_tree_and_over_daemons() {
    let mut command = python(
        "import os, time
for _ in range(4):
    if os.fork() == 0:
        os.setsid()
        x = bytearray(80 << 20)
        time.sleep(1000)
time.sleep(1000)",
    );
    command.limits.memory_bytes = 200 * MIB;
    let ran = run(command).await;
    assert!(limit_of(ran.ending()).starts_with("memory: "));
}

#[tokio::test]
async fn pages_that_forked_processes_share_are_counted_once() {
    let mut command = python(
        "import os, time
x = bytearray(120 << 20)
for _ in range(4):
    if os.fork() == 0:
        time.sleep(0.6); os._exit(0)
for _ in range(4): os.wait()
print('done')",
    );
    command.limits.memory_bytes = 250 * MIB;
    let ran = run(command).await;
    assert_eq!(
        (ran.ending(), ran.text().as_str()),
        (&Ending::Code(0), "done")
    );
}

#[tokio::test]
async fn memory_that_no_process_shows_cannot_be_had() {
    let mut command = python(
        "import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
print(libc.shmget(0, ctypes.c_size_t(1 << 16), 0o1600) >= 0, libc.shmget(0, ctypes.c_size_t(1 << 30), 0o1600))
for place in ['/dev/shm', '/tmp', '/home/build']:
    with open(place + '/big', 'wb', buffering=0) as file:
        try:
            for _ in range(64): file.write(bytes(1 << 20))
            print('filled', place)
        except OSError as error: print(error.strerror)",
    );
    command.limits.scratch_bytes = 16 * MIB;
    let ran = run(command).await;
    let full = "No space left on device";
    assert_eq!(ran.text(), format!("True -1\n{full}\n{full}\n{full}"));
}

#[tokio::test]
async fn a_fork_bomb_meets_the_limit_on_processes() {
    let mut command = python(
        "import os, time
count = 0
try:
    while True:
        if os.fork() == 0: time.sleep(1000)
        count += 1
except BlockingIOError: print(count)",
    );
    command.limits.processes = 64;
    let ran = run(command).await;
    assert_eq!(ran.ending(), &Ending::Code(0), "{}", ran.text());
    let count: u64 = ran.text().trim().parse().unwrap();
    assert!((50..=64).contains(&count), "{count}");

    let mut bomb = shell("bomb() { bomb | bomb & }; bomb; sleep 1000");
    bomb.limits.processes = 64;
    bomb.timeout = Duration::from_secs(2);
    let before = Instant::now();
    run(bomb).await;
    assert!(before.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn one_sandbox_does_not_use_up_anothers_processes() {
    let work = tempfile::tempdir().unwrap();
    let mut greedy = python(
        "import os, time
try:
    while True:
        if os.fork() == 0: time.sleep(1000)
except BlockingIOError: open('/work/full', 'w').close()
while not os.path.exists('/work/go'): time.sleep(0.01)",
    );
    greedy.limits.processes = 40;
    greedy.mounts = vec![Mount::write(work.path(), "/work")];
    let mut modest = shell(
        "while [ ! -e /work/full ]; do sleep 0.01; done; (true; true) && (true; true) && echo fine; touch /work/go",
    );
    modest.limits.processes = 40;
    modest.mounts = vec![Mount::write(work.path(), "/work")];
    let (_, modest) = tokio::join!(run(greedy), run(modest));
    assert_eq!(modest.text(), "fine");
}

#[tokio::test]
async fn files_and_open_files_are_limited() {
    let work = tempfile::tempdir().unwrap();
    let mut command = python(
        "import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
for place in ['/work/big', '/work/sparse']:
    with open(place, 'wb', buffering=0) as file:
        try:
            if 'sparse' in place: file.truncate(1 << 40)
            else:
                while True: file.write(bytes(1 << 20))
        except OSError as error: print(error.strerror)
held = []
try:
    while True: held.append(open('/dev/null'))
except OSError as error: print(error.strerror)
print(len(held) < 64)
for kind in [resource.RLIMIT_NOFILE, resource.RLIMIT_FSIZE, resource.RLIMIT_NPROC]:
    try: resource.setrlimit(kind, (1 << 30, 1 << 30)); print('raised')
    except (ValueError, PermissionError): pass
print(resource.getrlimit(resource.RLIMIT_CORE))",
    );
    command.mounts = vec![Mount::write(work.path(), "/work")];
    command.limits.file_bytes = 4 * MIB;
    command.limits.open_files = 64;
    let ran = run(command).await;
    assert_eq!(
        ran.text(),
        "File too large\nFile too large\nToo many open files\nTrue\n(0, 0)"
    );
    assert_eq!(
        std::fs::metadata(work.path().join("big")).unwrap().len(),
        4 * MIB
    );
}

#[tokio::test]
async fn a_disk_that_fills_up_ends_the_command() {
    let work = tempfile::tempdir().unwrap();
    let mut command = shell("sleep 1000");
    command.mounts = vec![Mount::write(work.path(), "/work")];
    // More than any machine has free.
    command.limits.free_disk_bytes = 1 << 60;
    let ran = run(command).await;
    let text = limit_of(ran.ending());
    assert!(
        text.starts_with("disk: the filesystem of /work has only "),
        "{text}"
    );
}

#[tokio::test]
async fn a_flood_of_output_is_cut_and_does_not_stop_the_command() {
    let mut command = shell(
        "yes 'a line that is printed again and again' | head -c 200000000; echo end >&2; exit 3",
    );
    command.limits.output_bytes = 10_000;
    let ran = run(command).await;
    assert_eq!(ran.ending(), &Ending::Code(3));
    let printed: usize = ran.lines.iter().map(|(_, line)| line.len() + 1).sum();
    assert!(printed < 10_200, "{printed}");
    let (stream, last) = ran.lines.last().unwrap();
    assert_eq!(*stream, Stream::Sandbox);
    assert!(last.contains("limit of 10000 bytes"), "{last}");
}

#[tokio::test]
async fn a_program_that_prints_without_end_is_ended_in_time() {
    for program in ["yes", "cat /dev/zero", "yes >&2", "cat /dev/urandom"] {
        for output in [Output::Stream, Output::Capture] {
            let mut command = shell(program);
            command.timeout = Duration::from_millis(400);
            command.output = output;
            let before = Instant::now();
            let ran = run(command).await;
            assert_eq!(ran.ending(), &Ending::Timeout, "{program}");
            assert!(before.elapsed() < Duration::from_secs(5), "{program}");
            assert!(ran.exit.output.len() <= 1 << 20);
        }
    }
}

#[tokio::test]
async fn captured_output_is_cut_and_says_so() {
    let mut command = Command::new(["head", "-c", "5000", "/dev/zero"]);
    command.output = Output::Capture;
    command.limits.capture_bytes = 1000;
    let ran = run(command).await;
    assert_eq!(ran.exit.output.len(), 1000);
    assert!(ran.exit.output_cut);
}

#[tokio::test]
async fn long_lines_are_cut_and_bytes_that_are_no_text_are_replaced() {
    let mut command = shell("head -c 10000 /dev/zero | tr '\\0' x; printf '\\377\\n'");
    command.limits.line_bytes = 4096;
    let ran = run(command).await;
    let lengths: Vec<usize> = ran
        .lines
        .iter()
        .map(|(_, line)| line.chars().count())
        .collect();
    assert_eq!(lengths, [4096, 4096, 1809]);
    assert!(ran.text().ends_with('\u{fffd}'));
}
