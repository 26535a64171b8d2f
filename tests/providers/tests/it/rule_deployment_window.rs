//! The rule-deployment-window component in the real host, at whatever time it is.

use lockgate_cron::Zone;
use lockgate_model::job::FailureType;
use lockgate_test_providers::{Bench, prepare};
use std::time::{SystemTime, UNIX_EPOCH};

const TYPE: &str = "Rule/AWS/DeploymentWindow/1";

#[tokio::test(flavor = "multi_thread")]
async fn a_window_that_is_always_open_lets_pass() {
    let plugin = prepare("rule-deployment-window", &[]).unwrap();
    let ran = Bench::new(TYPE, &[("Cron", "* * * * * ?")])
        .run(&plugin)
        .await;
    let summary = ran.success().external.summary.clone().unwrap();
    let open = summary.starts_with("open at ") && summary.ends_with(" UTC");
    assert!(open, "{summary}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_that_opens_another_year_is_waited_for_by_the_hour() {
    let plugin = prepare("rule-deployment-window", &[]).unwrap();
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let now = Zone::utc().show(u64::try_from(since.as_millis()).unwrap());
    let (year, _) = now.split_once('-').unwrap();
    let year = year.parse::<u32>().unwrap() + 2;
    let cron = format!("0 0 9-17 ? JUL 2#1 {year}");
    for (zone, name) in [
        ("Europe/Berlin", "Europe/Berlin"),
        ("PST", "America/Los_Angeles"),
        ("UTC+05:30", "UTC+05:30"),
    ] {
        let ran = Bench::new(TYPE, &[("Cron", &cron), ("TimeZone", zone)])
            .run(&plugin)
            .await;
        let pending = ran.pending();
        assert_eq!(pending.poll_after, 3600);
        let summary = pending.external.summary.clone().unwrap();
        let opens = format!("opens {year}-07-0");
        assert!(summary.starts_with(&opens), "{summary}");
        assert!(summary.ends_with(&format!(" 09:00 {name}")), "{summary}");
        assert!(ran.log_text().ends_with(&summary), "{ran:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_that_is_over_for_ever_fails() {
    let plugin = prepare("rule-deployment-window", &[]).unwrap();
    for zone in ["UTC", "America/New_York"] {
        let never = [("Cron", "* * * 30 2 ?"), ("TimeZone", zone)];
        let ran = Bench::new(TYPE, &never).run(&plugin).await;
        let failure = ran.failure();
        assert_eq!(failure.kind, FailureType::ConfigurationError);
        assert!(failure.message.contains("never opens"), "{failure:?}");
    }
}
