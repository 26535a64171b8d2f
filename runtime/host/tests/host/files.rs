//! Files: a job reaches its own directories and what was granted, with the
//! rights it was given, and nothing by way of `..`, links or renames.

use crate::bench::{Deed, deed};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};
use tempfile::TempDir;

struct Machine {
    root: TempDir,
}

impl Machine {
    /// A secret outside, and the directories `in` (read-only) and `work`.
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("outside"), "untouched").unwrap();
        for name in ["in", "work"] {
            fs::create_dir(root.path().join(name)).unwrap();
        }
        fs::write(root.path().join("in/file"), "input").unwrap();
        fs::write(root.path().join("work/file"), "work").unwrap();
        Self { root }
    }

    fn path(&self, inside: &str) -> std::path::PathBuf {
        self.root.path().join(inside)
    }

    fn deed(&self, way: &str, path: &str) -> Deed {
        deed(way)
            .with("path", path)
            .read("/in/src", &self.path("in"))
            .write("/work", &self.path("work"))
    }

    fn unharmed(&self) {
        assert_eq!(
            fs::read_to_string(self.path("outside")).unwrap(),
            "untouched"
        );
        assert_eq!(fs::read_to_string(self.path("in/file")).unwrap(), "input");
        assert_eq!(fs::read_dir(self.path("in")).unwrap().count(), 1);
    }
}

#[tokio::test]
async fn a_job_reads_its_inputs_and_writes_its_outputs() {
    let machine = Machine::new();
    assert_eq!(
        machine.deed("read", "/in/src/file").run().await.result(),
        "input"
    );
    machine
        .deed("write", "/work/new")
        .with("text", "made")
        .run()
        .await
        .result();
    assert_eq!(
        fs::read_to_string(machine.path("work/new")).unwrap(),
        "made"
    );
}

#[tokio::test]
async fn a_named_pipe_that_nobody_writes_to_does_not_hold_a_job_past_its_deadline() {
    let machine = Machine::new();
    let pipe = machine.path("work/pipe");
    let made = Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success(), "mkfifo: {made}");
    let started = Instant::now();
    let done = machine
        .deed("read", "/work/pipe")
        .limits(|limits| limits.seconds = 1)
        .run()
        .await;
    done.fault();
    assert!(started.elapsed() < Duration::from_secs(5));
    // Lets go of the thread that the open holds, for which a runtime would wait.
    // Opened for both, a pipe does not wait for its other end itself.
    let both = fs::OpenOptions::new().read(true).write(true).open(&pipe);
    drop(both.unwrap());
}

#[tokio::test]
async fn a_read_only_directory_cannot_be_changed_in_any_way() {
    let machine = Machine::new();
    for (way, path, to) in [
        ("write", "/in/src/new", ""),
        ("write", "/in/src/file", ""),
        ("truncate", "/in/src/file", ""),
        ("remove", "/in/src/file", ""),
        ("mkdir", "/in/src/dir", ""),
        ("rename", "/in/src/file", "/in/src/other"),
        ("rename", "/in/src/file", "/work/stolen"),
        ("rename", "/work/file", "/in/src/file"),
        ("link", "/in/src/file", "/work/linked"),
        ("link", "/work/file", "/in/src/linked"),
        ("symlink", "/in/src/link", "file"),
        ("set-executable", "/in/src/file", ""),
        ("set-mode", "/in/src/file", ""),
        ("make-symlink", "/in/src/link", "file"),
        ("copy-tree", "/work/file", "/in/src/copy"),
        ("replace", "/work/file", "/in/src/file"),
        ("replace", "/in/src/file", "/work/file"),
    ] {
        let done = machine
            .deed(way, path)
            .with("to", to)
            .with("mode", "777")
            .run()
            .await;
        let message = done.refusal();
        assert!(!message.contains("knows no"), "{message}");
        machine.unharmed();
    }
    let mode = fs::metadata(machine.path("in/file"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o111, 0);
    assert!(!machine.path("work/linked").exists() && !machine.path("work/stolen").exists());
}

#[tokio::test]
async fn no_path_leads_out_of_a_jobs_directories() {
    let machine = Machine::new();
    let outside = machine.path("outside");
    let outside = outside.to_str().unwrap();
    // Links that the guest did not make itself, so that none is refused early.
    symlink(outside, machine.path("work/absolute")).unwrap();
    symlink("../outside", machine.path("work/relative")).unwrap();
    symlink("..", machine.path("work/up")).unwrap();
    symlink(machine.root.path(), machine.path("work/root")).unwrap();
    for path in [
        outside,
        "/work/../outside",
        "/work/../../outside",
        "/in/src/../../outside",
        "/work/absolute",
        "/work/relative",
        "/work/up/outside",
        "/work/root/outside",
        "/etc/passwd",
        "outside",
        "/proc/self/environ",
        "",
    ] {
        for (way, to) in [
            ("read", ""),
            ("write", ""),
            ("truncate", ""),
            ("remove-through", ""),
            ("set-mode", ""),
            ("set-executable", ""),
            ("copy-into", "/work/copy"),
            ("replace", "/work/replaced"),
        ] {
            // Removing, moving or copying a link itself is no escape.
            let is_link = path.starts_with("/work/absolute") || path.starts_with("/work/relative");
            if way == "remove-through" || (is_link && matches!(way, "replace" | "copy-into")) {
                continue;
            }
            let way = if way == "copy-into" { "copy-tree" } else { way };
            let done = machine
                .deed(way, path)
                .with("to", to)
                .with("mode", "777")
                .with("text", "overwritten")
                .run()
                .await;
            done.refusal();
            machine.unharmed();
        }
    }
    assert!(!machine.path("work/copy").exists());
    assert!(!machine.path("work/replaced").exists());
}

#[tokio::test]
async fn wasi_makes_no_link_that_leads_to_an_absolute_path() {
    let machine = Machine::new();
    machine
        .deed("symlink", "/work/link")
        .with("to", "/etc/passwd")
        .run()
        .await
        .refusal();
    // The capability keeps any target as it is written; nothing follows it.
    machine
        .deed("make-symlink", "/work/link")
        .with("to", "../outside")
        .run()
        .await
        .result();
    assert_eq!(
        fs::read_link(machine.path("work/link")).unwrap(),
        Path::new("../outside")
    );
    machine.deed("read", "/work/link").run().await.refusal();
    machine.unharmed();
}

#[tokio::test]
async fn modes_links_and_trees_are_kept() {
    let machine = Machine::new();
    machine
        .deed("set-executable", "/work/file")
        .run()
        .await
        .result();
    let mode = machine.deed("get-mode", "/work/file").run().await;
    assert!(mode.result().ends_with("755"), "{}", mode.result());
    machine
        .deed("set-mode", "/work/file")
        .with("mode", "6710")
        .run()
        .await
        .result();
    // Neither setuid nor setgid.
    assert_eq!(
        machine.deed("get-mode", "/work/file").run().await.result(),
        "710"
    );

    fs::create_dir_all(machine.path("work/tree/deep")).unwrap();
    fs::write(machine.path("work/tree/deep/a"), "a").unwrap();
    symlink("deep/a", machine.path("work/tree/link")).unwrap();
    symlink("/etc/passwd", machine.path("work/tree/out")).unwrap();
    fs::set_permissions(
        machine.path("work/tree/deep"),
        PermissionsExt::from_mode(0o750),
    )
    .unwrap();
    machine
        .deed("copy-tree", "/work/tree")
        .with("to", "/work/copy")
        .run()
        .await
        .result();
    assert_eq!(
        fs::read_to_string(machine.path("work/copy/link")).unwrap(),
        "a"
    );
    assert_eq!(
        fs::read_link(machine.path("work/copy/out")).unwrap(),
        Path::new("/etc/passwd")
    );
    let deep = fs::metadata(machine.path("work/copy/deep"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(deep & 0o777, 0o750);

    let into_full = machine
        .deed("copy-tree", "/work/tree")
        .with("to", "/work/copy")
        .run()
        .await;
    assert!(
        into_full.refusal().contains("not empty"),
        "{}",
        into_full.refusal()
    );
    let inside = machine
        .deed("copy-tree", "/work/tree")
        .with("to", "/work/tree/x")
        .run()
        .await;
    assert!(
        inside.refusal().contains("lies inside"),
        "{}",
        inside.refusal()
    );
    machine
        .deed("copy-tree", "/in/src")
        .with("to", "/work/from-input")
        .run()
        .await
        .result();
    assert_eq!(
        fs::read_to_string(machine.path("work/from-input/file")).unwrap(),
        "input"
    );
}

#[tokio::test]
async fn a_link_is_replaced_in_one_step_and_a_directory_is_not() {
    let machine = Machine::new();
    symlink("old", machine.path("work/current")).unwrap();
    symlink("new", machine.path("work/next")).unwrap();
    machine
        .deed("replace", "/work/next")
        .with("to", "/work/current")
        .run()
        .await
        .result();
    assert_eq!(
        fs::read_link(machine.path("work/current")).unwrap(),
        Path::new("new")
    );
    fs::create_dir(machine.path("work/dir")).unwrap();
    let done = machine
        .deed("replace", "/work/file")
        .with("to", "/work/dir")
        .run()
        .await;
    assert!(
        done.refusal().contains("is a directory"),
        "{}",
        done.refusal()
    );
}

#[tokio::test]
async fn copies_end_at_the_limits_on_files_and_bytes() {
    let machine = Machine::new();
    fs::create_dir(machine.path("work/many")).unwrap();
    for n in 0..20 {
        fs::write(machine.path(&format!("work/many/{n}")), [0; 100]).unwrap();
    }
    let copy = || {
        machine
            .deed("copy-tree", "/work/many")
            .with("to", "/work/copy")
    };
    let files = copy()
        .limits(|limits| limits.artifact_files = 10)
        .run()
        .await;
    assert!(
        files.refusal().contains("more than 10 files"),
        "{}",
        files.refusal()
    );
    fs::remove_dir_all(machine.path("work/copy")).unwrap();
    let bytes = copy()
        .limits(|limits| limits.artifact_bytes = 1000)
        .run()
        .await;
    assert!(
        bytes.refusal().contains("more than 1000 bytes"),
        "{}",
        bytes.refusal()
    );
}

#[tokio::test]
async fn granted_directories_are_there_at_their_own_paths_with_their_own_rights() {
    let machine = Machine::new();
    let (read, write) = (machine.path("in"), machine.path("work"));
    let granted = |way: &str, path: std::path::PathBuf| {
        deed(way)
            .granted(format!("read={}", read.display()))
            .granted(format!("write={}", write.display()))
            .with("path", path.display())
            .with("text", "x")
    };
    assert_eq!(
        granted("read", read.join("file")).run().await.result(),
        "input"
    );
    granted("write", read.join("file")).run().await.refusal();
    granted("write", write.join("file")).run().await.result();
    granted("read", machine.path("outside"))
        .run()
        .await
        .refusal();
    machine.unharmed();
}

#[tokio::test]
async fn a_granted_directory_inside_a_writable_one_cannot_be_swapped_for_a_link() {
    let machine = Machine::new();
    fs::create_dir(machine.path("work/inner")).unwrap();
    let granted = || {
        deed("read")
            .granted(format!("write={}", machine.path("work").display()))
            .granted(format!("read={}", machine.path("work/inner").display()))
            .with("path", machine.path("work/inner/outside").display())
    };
    granted().run().await.refusal();
    // What a guest could leave behind for the next job.
    fs::remove_dir(machine.path("work/inner")).unwrap();
    symlink(machine.root.path(), machine.path("work/inner")).unwrap();
    let done = granted().run().await;
    let message = done.failure(lockgate_model::job::FailureType::ConfigurationError);
    assert!(message.contains("cannot be opened"), "{message}");
}

#[tokio::test]
async fn a_granted_directory_that_is_missing_is_named() {
    let done = deed("read").granted("read=/nonexistent/place").run().await;
    let message = done.failure(lockgate_model::job::FailureType::ConfigurationError);
    assert!(
        message.contains("'/nonexistent/place' cannot be opened"),
        "{message}"
    );
}

#[tokio::test]
async fn outputs_over_the_limit_end_the_job_while_it_runs_and_when_it_is_done() {
    let machine = Machine::new();
    fs::write(machine.path("work/big"), vec![1; 2000]).unwrap();
    let output = |way: &str| {
        deed(way)
            .write("/out/app", &machine.path("work"))
            .limits(|limits| limits.artifact_bytes = 1000)
    };
    let started = std::time::Instant::now();
    let while_it_runs = output("sleep").run().await;
    assert!(
        while_it_runs
            .fault()
            .contains("more than 1000 bytes (artifact-bytes)"),
        "{}",
        while_it_runs.fault()
    );
    assert!(started.elapsed() < std::time::Duration::from_secs(5));
    let when_done = output("").run().await;
    assert!(
        when_done.fault().contains("artifact-bytes"),
        "{}",
        when_done.fault()
    );

    // A file of holes is as large as it says.
    let sparse = fs::File::create(machine.path("work/big")).unwrap();
    sparse.set_len(1 << 40).unwrap();
    assert!(output("").run().await.fault().contains("artifact-bytes"));
    fs::remove_file(machine.path("work/big")).unwrap();

    for n in 0..20 {
        fs::write(machine.path(&format!("work/{n}")), "").unwrap();
    }
    let many = output("")
        .limits(|limits| limits.artifact_files = 10)
        .run()
        .await;
    assert!(many.fault().contains("artifact-files"), "{}", many.fault());
    output("").run().await.result();
}
