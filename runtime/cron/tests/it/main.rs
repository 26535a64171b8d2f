//! Cron expressions against known dates, against clock changes, and against a
//! matcher that looks at every minute.
#![expect(clippy::unwrap_used, reason = "a test stops where it is wrong")]

mod days;
mod eventbridge;
mod minutes;
mod quartz;
mod wrong;
mod zones;

use jiff::tz::TimeZone;
use lockgate_cron::{Cron, Dialect, Zone};

/// A moment from its text in UTC, `2026-11-23 09:00`.
fn utc(text: &str) -> u64 {
    let civil: jiff::civil::DateTime = format!("{}:00", text.replace(' ', "T")).parse().unwrap();
    let moment = civil.to_zoned(TimeZone::UTC).unwrap().timestamp();
    u64::try_from(moment.as_millisecond()).unwrap()
}

fn quartz(text: &str) -> Cron {
    Cron::parse(text, Dialect::Quartz).unwrap()
}

fn eventbridge(text: &str) -> Cron {
    Cron::parse(text, Dialect::EventBridge).unwrap()
}

/// The next `count` times as the zone shows them, without its name.
fn following(cron: &Cron, zone: &Zone, after: &str, count: usize) -> Vec<String> {
    let mut after = utc(after);
    let mut found = Vec::new();
    for _ in 0..count {
        let Some(next) = cron.next(zone, after) else {
            break;
        };
        assert!(next > after && cron.matches(zone, next), "{cron} {next}");
        let shown = zone.show(next);
        found.push(shown.strip_suffix(zone.name()).unwrap().trim().to_owned());
        after = next;
    }
    found
}
