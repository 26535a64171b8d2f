//! One guest per fault; after each, a good job still runs.

use crate::bench::{NONE, collect, deed, guest, host, job, small};
use lockgate_host::{LogSink, Plugin, PrepareError, RunRequest};
use lockgate_model::grant::Grant;
use lockgate_model::job::{LogLevel, Outcome};
use lockgate_model::limits::Limits;
use lockgate_model::plugin::World;
use lockgate_model::time::Timestamp;
use std::time::{Duration, Instant};

async fn a_good_job_still_runs() {
    assert_eq!(deed("").run().await.result(), "hello 0");
}

#[tokio::test]
async fn a_good_job_gets_defaults_and_nothing_of_the_servers_environment() {
    a_good_job_still_runs().await;
    let done = deed("").with("greeting", "moin").run().await;
    assert_eq!(done.result(), "moin 0");
}

#[tokio::test]
async fn a_trap_is_an_outcome() {
    let done = deed("trap").run().await;
    assert!(
        done.fault().contains("trapped: wasm `unreachable`"),
        "{}",
        done.fault()
    );
    a_good_job_still_runs().await;
}

#[tokio::test]
async fn a_panic_tells_its_message() {
    let done = deed("panic").with("verb", "fell").run().await;
    assert!(
        done.fault().starts_with("The provider panicked: "),
        "{}",
        done.fault()
    );
    assert!(
        done.fault().contains("a guest that fell on purpose"),
        "{}",
        done.fault()
    );
    a_good_job_still_runs().await;
}

#[tokio::test]
async fn exiting_is_no_answer() {
    let done = deed("exit").run().await;
    assert!(done.fault().contains("exit code 1"), "{}", done.fault());
}

#[tokio::test]
async fn a_guest_that_computes_sleeps_or_waits_without_end_is_ended_in_time() {
    for way in ["loop", "sleep", "block"] {
        let started = Instant::now();
        let done = deed(way).limits(|limits| limits.seconds = 1).run().await;
        assert!(
            done.fault().contains("its time was over"),
            "{way}: {}",
            done.fault()
        );
        let took = started.elapsed();
        assert!(took < Duration::from_secs(3), "{way}: {took:?}");
    }
    a_good_job_still_runs().await;
}

#[tokio::test]
async fn a_deadline_that_has_passed_leaves_no_time() {
    let request = RunRequest {
        job: lockgate_model::job::Job {
            deadline: Timestamp(1),
            ..job(vec![("do".into(), "loop".into())])
        },
        ..RunRequest::new(job(vec![]), LogSink::discard())
    };
    let outcome = host().run(&deed("").prepare(), request).await;
    assert!(
        matches!(&outcome, Outcome::Failed(f) if f.message.contains("time was over")),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn others_go_on_beside_a_guest_that_never_yields() {
    // One thread: the spinning guest and the good one share it.
    let spinning = tokio::spawn(deed("loop").limits(|limits| limits.seconds = 60).run());
    tokio::task::yield_now().await;
    for _ in 0..5 {
        a_good_job_still_runs().await;
    }
    // Had they waited for its end, it would have ended.
    assert!(!spinning.is_finished());
    spinning.abort();
    assert!(spinning.await.is_err_and(|error| error.is_cancelled()));
}

#[tokio::test]
async fn fuel_ends() {
    let done = deed("loop")
        .limits(|limits| limits.fuel = 10_000_000)
        .run()
        .await;
    assert!(
        done.fault().contains("fuel of 10000000"),
        "{}",
        done.fault()
    );
    a_good_job_still_runs().await;
}

#[tokio::test]
async fn memory_ends() {
    let done = deed("memory").run().await;
    assert!(
        done.fault()
            .contains("ran out of memory: its limit is 67108864 bytes"),
        "{}",
        done.fault()
    );
    a_good_job_still_runs().await;
}

#[tokio::test]
async fn recursion_ends() {
    let done = deed("recursion").with("depth", 10_000_000).run().await;
    let message = done.fault();
    // Rust's own stack lies in linear memory and can end before the engine's.
    assert!(
        message.contains("out of stack") || message.contains("trapped"),
        "{message}"
    );
    a_good_job_still_runs().await;
}

#[tokio::test]
async fn handles_end() {
    let done = deed("handles").run().await;
    assert!(
        done.fault().contains("too many open handles"),
        "{}",
        done.fault()
    );
    a_good_job_still_runs().await;
}

#[tokio::test]
async fn randomness_is_bounded() {
    let done = deed("random").with("bytes", 1 << 30).run().await;
    done.fault();
    assert_eq!(deed("random").with("bytes", 64).run().await.result(), "64");
}

#[tokio::test]
async fn floods_of_text_stop_at_the_limit_and_say_so() {
    for way in ["print", "log"] {
        let done = deed(way).with("bytes", 64 << 20).run().await;
        done.result();
        assert!(
            done.log_bytes() <= (1 << 20) + 200,
            "{way}: {}",
            done.log_bytes()
        );
        assert!(
            done.host_lines().contains("limit of 1048576 bytes"),
            "{way}"
        );
        let last = done.log.last().unwrap();
        assert_eq!(last.0, LogLevel::Host, "{way}");
    }
}

#[tokio::test]
async fn one_huge_entry_never_reaches_the_log() {
    let done = deed("log-entry")
        .with("bytes", 40 << 20)
        .limits(|limits| limits.memory_bytes = 256 << 20)
        .run()
        .await;
    assert!(
        done.fault().contains("handed over more than 16 MiB"),
        "{}",
        done.fault()
    );
    assert!(done.log_bytes() < 1000);
}

#[tokio::test]
async fn an_answer_over_the_limit_is_dropped() {
    let done = deed("answer").with("bytes", 1 << 17).run().await;
    assert!(done.fault().contains("answer has"), "{}", done.fault());
    let done = deed("answer")
        .with("bytes", 64 << 20)
        .limits(|limits| limits.memory_bytes = 512 << 20)
        .run()
        .await;
    assert!(done.fault().contains("at once"), "{}", done.fault());
    let most = deed("answer").with("bytes", 60_000).run().await;
    assert_eq!(most.result().len(), 60_000);
}

#[tokio::test]
async fn standard_output_and_error_become_lines() {
    let done = deed("print-error").run().await;
    done.result();
    let lines: Vec<&str> = done.log.iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!(lines, ["one", "two", "unfinished"]);
}

#[tokio::test]
async fn a_provider_that_never_comes_up_or_never_describes_itself_is_refused() {
    let limits = Limits {
        seconds: 1,
        ..small()
    };
    for name in ["loops_in_describe", "loops_in_start"] {
        let plugin = Plugin {
            name: "loops",
            world: World::ActionProvider,
            grant: &Grant::default(),
            optional: &NONE,
            limits,
        };
        let prepared = host().prepare(&guest(name), plugin).unwrap();
        let started = Instant::now();
        let error = host().describe(&prepared).await.unwrap_err();
        assert!(
            matches!(&error, PrepareError::Describe(why) if why.contains("time was over") || why.contains("used up its fuel")),
            "{error}"
        );
        assert!(started.elapsed() < Duration::from_secs(3), "{name}");
        let request = RunRequest::new(job(vec![]), LogSink::discard());
        let outcome = host().run(&prepared, request).await;
        assert!(matches!(outcome, Outcome::Failed(_)), "{name}");
    }
    a_good_job_still_runs().await;
}

#[tokio::test]
async fn thousands_of_jobs_dropped_at_any_moment_leave_nothing_behind() {
    let deeds: Vec<_> = ["loop", "sleep", "block", "", "log", "read"]
        .map(|way| deed(way).with("bytes", 1 << 16))
        .into_iter()
        .map(|deed| (deed.prepare(), deed))
        .collect();
    for round in 0..3000u64 {
        let (prepared, deed) = &deeds[round as usize % deeds.len()];
        let (log, _lines) = collect();
        let running = host().run(prepared, deed.request(log));
        // Some are dropped before the first poll, some amid the work.
        let patience = Duration::from_micros(round * 7919 % 3000);
        let _ = tokio::time::timeout(patience, running).await;
    }
    // Every place in the pool of 64 is free again: more jobs than that at once.
    let again = (0..100).map(|_| tokio::spawn(deed("").run()));
    for job in again.collect::<Vec<_>>() {
        assert_eq!(job.await.unwrap().result(), "hello 0");
    }
}
