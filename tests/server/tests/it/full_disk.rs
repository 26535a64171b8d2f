//! A full disk is an error message: the server goes on, and when there is room
//! again so does everything else. In a file system of its own that is small,
//! and that no other process sees.

use lockgate_test_server::{Place, Settings, cache, command, until};
use std::io::Write;
use std::path::Path;
use std::process::Command;

const DIRECTORY: &str = "LOCKGATE_TEST_FULL_DISK";
/// Jobs that write want 256 MiB to be free.
const SIZE: &str = "size=300m";

#[test]
fn a_full_disk_is_an_error_message_and_not_the_end() {
    // Compiled outside, where there is room.
    let _ = cache();
    let directory = tempfile::tempdir().unwrap();
    let mount = format!("mount -t tmpfs -o {SIZE} none \"${DIRECTORY}\"");
    let ways: [&[&str]; 2] = [&["--mount"], &["--mount", "--map-root-user"]];
    let way = ways.iter().find(|way| {
        Command::new("unshare")
            .args(**way)
            .args(["sh", "-c", &mount])
            .env(DIRECTORY, directory.path())
            .output()
            .is_ok_and(|output| output.status.success())
    });
    let Some(way) = way else {
        eprintln!("NOT RUN: this machine lets us mount nothing, so no disk can be made full");
        return;
    };
    let output = Command::new("unshare")
        .args(*way)
        .args(["sh", "-c", &format!(r#"{mount} && exec "$0" "$@""#)])
        .arg(std::env::current_exe().unwrap())
        .args([
            "full_disk::the_small_disk",
            "--exact",
            "--ignored",
            "--nocapture",
        ])
        .env(DIRECTORY, directory.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{said}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Writes until nothing more fits.
fn fill(path: &Path) {
    let mut file = std::fs::File::options()
        .create(true)
        .append(true)
        .open(path)
        .unwrap();
    for size in [1 << 20, 4096, 1] {
        while file.write_all(&vec![7; size]).is_ok() {}
    }
}

#[test]
#[ignore = "started by the test above, where there is little room"]
fn the_small_disk() {
    let disk = std::env::var_os(DIRECTORY).unwrap();
    let disk = Path::new(&disk);
    let place = Place::new();
    let mut settings = Settings::of(&place);
    settings.data = disk.join("data");
    let server = settings.start();
    let first = server
        .create(&place.file("p.toml", include_str!("../tell.toml")))
        .unwrap();
    server.wait(&first, "Succeeded");

    let ballast = disk.join("ballast");
    fill(&ballast);
    // The log of the store has some room of its own, so a few may still start.
    let mut started = vec![first];
    let refused = loop {
        let ran = server.cli(&["execution", "start", "tell"]);
        if ran.code != Some(0) {
            break ran;
        }
        started.push(ran.stdout.trim().to_owned());
        assert!(started.len() < 2000, "the disk is never full");
        fill(&ballast);
    };
    let refused = refused.exits(2);
    assert_eq!(
        refused.stderr,
        "error: the server's disk is full; nothing of the request was kept, try again when there is room\n"
    );
    assert_eq!(server.get("/healthz").body, "ok\n");
    let list = server.json(&["pipeline", "list"]);
    assert_eq!(list["pipelines"][0]["name"], "tell");

    // A second server has no room at all.
    let mut another = settings.clone();
    another.data = disk.join("another");
    let line = another.line();
    let ran = lockgate_test_server::Ran::of(command(&line).output().unwrap());
    assert!(matches!(ran.code, Some(2 | 3)), "{ran:?}");
    assert!(
        ran.stderr.contains("full") || ran.stderr.contains("No space left"),
        "{}",
        ran.stderr
    );

    std::fs::remove_file(&ballast).unwrap();
    until("a start is accepted again", || {
        let ran = server.cli(&["execution", "start", "tell"]);
        (ran.code == Some(0)).then(|| started.push(ran.stdout.trim().to_owned()))
    });
    server.wait(started.last().unwrap(), "Succeeded");
    // Nothing that was acknowledged is lost or left hanging, here or in the
    // next server.
    let ends = |server: &lockgate_test_server::Server| -> Vec<String> {
        let end = |id: &String| {
            until("every execution has ended", || {
                let status = server.execution(id)["execution"]["status"].clone();
                let status = status.as_str().unwrap().to_owned();
                (status != "InProgress").then_some(status)
            })
        };
        started.iter().map(end).collect()
    };
    let before = ends(&server);
    assert!(server.terminate().success());
    let server = settings.start();
    assert_eq!(ends(&server), before);
    let _ = server
        .cli(&["execution", "start", "tell", "--follow"])
        .good();
    for (id, status) in started.iter().zip(&before) {
        let known = ["Succeeded", "Failed", "Superseded"];
        assert!(known.contains(&status.as_str()), "{id}: {status}");
        if status == "Failed" {
            let document = server.execution(id);
            let actions = document["actions"].as_array().unwrap();
            let reason = actions
                .iter()
                .find_map(|action| action["failure"]["message"].as_str());
            let why = ["No space left", "less than 256 MiB left", "full"];
            assert!(
                reason.is_some_and(|reason| why.iter().any(|why| reason.contains(why))),
                "{reason:?}"
            );
        }
    }
}
