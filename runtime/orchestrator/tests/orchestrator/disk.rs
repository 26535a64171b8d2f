//! A full disk: everybody is told, nothing is lost, and it goes on when there is
//! room. In a process of its own, whose files may not grow.

use crate::definitions::three;
use crate::house::{House, alone};
use lockgate_orchestrator::{OrchestratorError, Start};
use lockgate_store::StoreError;
use std::process::Command;

const INSIDE: &str = "LOCKGATE_TEST_FULL_DISK";

#[cfg(target_os = "linux")]
#[test]
fn an_answer_waits_for_room_on_the_disk_and_holds_up_nobody() {
    // The signal would kill before the error.
    let output = Command::new("sh")
        .args(["-c", r#"trap '' XFSZ; exec "$0" "$@""#])
        .arg(std::env::current_exe().unwrap())
        .args([
            "disk::the_process_without_room",
            "--exact",
            "--ignored",
            "--nocapture",
        ])
        .env(INSIDE, "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let wrong = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{said}{wrong}"
    );
}

#[test]
#[ignore = "started by the test above, in a process of its own"]
fn the_process_without_room() {
    assert!(std::env::var_os(INSIDE).is_some());
    alone(async |house| {
        house.create(three("p")).await;
        let id = house.start("p").await;
        let follow = house.follow(id);
        let call = house.call("Fetch").await;
        let job = call.job.id;

        let file_size = |limit: &str| {
            let pid = std::process::id().to_string();
            let limit = format!("--fsize={limit}:");
            let set = Command::new("prlimit")
                .args([&limit, "--pid", &pid])
                .status();
            assert!(set.unwrap().success());
        };
        file_size("0");
        call.succeed();
        house.settle("p").await;
        // It waits; requests do not.
        full(stop(house, id).await);
        full(start(house).await);
        full(
            house
                .orchestrator
                .create_pipeline(&house.tenant, three("q"), &house.by)
                .await,
        );
        full(
            house
                .orchestrator
                .delete_pipeline(&house.tenant, "p", &house.by)
                .await,
        );
        assert!(house.state("p").await.execution(id).is_some());
        for _ in 0..5 {
            house.pass(10).await;
            house.settle("p").await;
        }
        house.no_call();

        file_size("unlimited");
        house.pass(10).await;
        let next = house.call("Make").await;
        assert_ne!(next.job.id, job);
        next.succeed();
        house.call("Ship").await.succeed();
        house.rest(follow).await;
        let events = house.events(id).await;
        let count = |name: &str| events.iter().filter(|event| *event == name).count();
        assert_eq!(count("ActionSucceeded Fetch"), 1);
        assert_eq!(events.last().unwrap(), "ExecutionSucceeded");
        house.create(three("q")).await;
    });
}

async fn stop(house: &House, id: lockgate_model::id::ExecutionId) -> Result<(), OrchestratorError> {
    let o = &house.orchestrator;
    o.stop_execution(&house.tenant, "p", id, true, String::new(), &house.by)
        .await
}

async fn start(house: &House) -> Result<(), OrchestratorError> {
    let (o, start) = (&house.orchestrator, Start::by(&house.by));
    o.start_execution(&house.tenant, "p", start, &house.by)
        .await
        .map(|_| ())
}

fn full(result: Result<(), OrchestratorError>) {
    assert!(
        matches!(&result, Err(OrchestratorError::Store(StoreError::Full(_)))),
        "{result:?}"
    );
}
