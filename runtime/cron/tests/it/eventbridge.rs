//! EventBridge's form: six fields from the minutes to the year, and rates.

use crate::{eventbridge, following, utc};
use lockgate_cron::Zone;

#[test]
fn the_examples_of_its_guide_mean_what_it_says() {
    for (text, expected) in [
        ("cron(0 10 * * ? *)", "2026-01-01 10:00"),
        ("cron(15 12 * * ? *)", "2026-01-01 12:15"),
        ("cron(0 18 ? * MON-FRI *)", "2026-01-01 18:00"),
        ("cron(0 8 1 * ? *)", "2026-01-01 08:00"),
        ("cron(0/15 * * * ? *)", "2026-01-01 00:15"),
        ("cron(0/10 * ? * MON-FRI *)", "2026-01-01 00:10"),
        ("cron(0/5 8-17 ? * MON-FRI *)", "2026-01-01 08:00"),
        ("0 18 ? * 6L 2026-2027", "2026-01-30 18:00"),
        ("15 10 ? * 2#1 *", "2026-01-05 10:15"),
        ("0 9 LW * ? *", "2026-01-30 09:00"),
    ] {
        let found = following(&eventbridge(text), &Zone::utc(), "2026-01-01 00:00", 1);
        assert_eq!(found, [expected], "{text}");
    }
}

#[test]
fn a_time_that_the_clocks_show_twice_starts_something_once() {
    let zone = Zone::parse("Europe/Berlin").unwrap();
    // On 2026-10-25 at 03:00 the clocks went back to 02:00.
    let daily = eventbridge("30 2 * * ? *");
    let found = following(&daily, &zone, "2026-10-24 12:00", 2);
    assert_eq!(found, ["2026-10-25 02:30", "2026-10-26 02:30"]);
    assert!(daily.matches(&zone, utc("2026-10-25 00:30")));
    assert!(!daily.matches(&zone, utc("2026-10-25 01:30")));
    // What comes every hour goes on coming.
    let hourly = eventbridge("30 * * * ? *");
    let found = following(&hourly, &zone, "2026-10-24 23:45", 3);
    assert_eq!(
        found,
        ["2026-10-25 02:30", "2026-10-25 02:30", "2026-10-25 03:30"]
    );
}

#[test]
fn a_time_that_the_clocks_leave_out_is_left_out() {
    let zone = Zone::parse("Europe/Berlin").unwrap();
    // On 2026-03-29 at 02:00 the clocks went on to 03:00.
    let found = following(&eventbridge("30 2 * * ? *"), &zone, "2026-03-28 00:00", 2);
    assert_eq!(found, ["2026-03-28 02:30", "2026-03-30 02:30"]);
}

#[test]
fn a_rate_counts_from_the_epoch_or_from_where_it_is_told_to() {
    let five = eventbridge("rate(5 minutes)");
    let found = following(&five, &Zone::utc(), "2026-01-01 00:01", 2);
    assert_eq!(found, ["2026-01-01 00:05", "2026-01-01 00:10"]);
    let created = utc("2026-01-01 00:03") + 12_345;
    let hourly = eventbridge("Rate( 1 hour )").counted_from(created);
    let next = hourly.next(&Zone::utc(), created).unwrap();
    assert_eq!(next, created + 3_600_000);
    assert!(hourly.matches(&Zone::utc(), next));
    assert!(!hourly.matches(&Zone::utc(), next + 60_000));
    assert_eq!(hourly.next(&Zone::utc(), next), Some(next + 3_600_000));
    let weekly = eventbridge("rate(7 days)");
    assert_eq!(weekly.next(&Zone::utc(), 0), Some(7 * 86_400_000));
    assert!(weekly.matches(&Zone::utc(), 0));
    // A rate knows no clock change.
    let berlin = Zone::parse("Europe/Berlin").unwrap();
    let found = following(&eventbridge("rate(1 hour)"), &berlin, "2026-10-24 23:30", 3);
    assert_eq!(
        found,
        ["2026-10-25 02:00", "2026-10-25 02:00", "2026-10-25 03:00"]
    );
}

#[test]
fn an_expression_is_shown_as_it_was_written() {
    let text = "cron(0 10 * * ? *)";
    assert_eq!(eventbridge(&format!(" {text} ")).to_string(), text);
}
