//! Names of zones, and windows across clock changes.

use crate::{following, quartz, utc};
use lockgate_cron::Zone;

/// 12:00 UTC on 2026-01-15 and on 2026-07-15 there.
#[track_caller]
fn noon(name: &str, winter: &str, summer: &str) {
    let zone = Zone::parse(name).unwrap();
    assert_eq!(zone.show(utc("2026-01-15 12:00")), winter);
    assert_eq!(zone.show(utc("2026-07-15 12:00")), summer);
}

#[test]
fn a_zone_is_a_region_an_offset_or_an_abbreviation() {
    noon(
        "Europe/Berlin",
        "2026-01-15 13:00 Europe/Berlin",
        "2026-07-15 14:00 Europe/Berlin",
    );
    noon(
        "america/new_york",
        "2026-01-15 07:00 America/New_York",
        "2026-07-15 08:00 America/New_York",
    );
    noon("UTC", "2026-01-15 12:00 UTC", "2026-07-15 12:00 UTC");
    noon("GMT", "2026-01-15 12:00 UTC", "2026-07-15 12:00 UTC");
    noon(
        "UTC+05:30",
        "2026-01-15 17:30 UTC+05:30",
        "2026-07-15 17:30 UTC+05:30",
    );
    noon(
        "utc-12:30",
        "2026-01-14 23:30 UTC-12:30",
        "2026-07-14 23:30 UTC-12:30",
    );
    noon(
        "PST",
        "2026-01-15 04:00 America/Los_Angeles",
        "2026-07-15 05:00 America/Los_Angeles",
    );
    noon(
        "IST",
        "2026-01-15 17:30 Asia/Kolkata",
        "2026-07-15 17:30 Asia/Kolkata",
    );
    noon("EST", "2026-01-15 07:00 EST", "2026-07-15 07:00 EST");
    noon("CET", "2026-01-15 13:00 CET", "2026-07-15 14:00 CET");
    noon(
        "EST5EDT",
        "2026-01-15 07:00 EST5EDT",
        "2026-07-15 08:00 EST5EDT",
    );
}

/// Java's list, as the guide refers to it; the daylight names are not in it.
#[test]
fn every_abbreviation_of_java_is_known() {
    for name in [
        "ACT", "AET", "AGT", "ART", "AST", "BET", "BST", "CAT", "CET", "CNT", "CST", "CTT", "EAT",
        "ECT", "EET", "EST", "GMT", "HST", "IET", "IST", "JST", "MET", "MIT", "MST", "NET", "NST",
        "PLT", "PNT", "PRC", "PRT", "PST", "ROK", "SST", "UCT", "UTC", "VST", "WET",
    ] {
        assert!(Zone::parse(name).is_ok(), "{name}");
    }
}

#[test]
fn a_zone_that_is_not_known_says_what_to_write() {
    for name in [
        "",
        "Berlin",
        "Europe/Atlantis",
        "PDT",
        "UTC+5",
        "UTC+19:00",
        "UTC+05:60",
        "UTC 05:30",
        "GMT+02:00",
        "../../etc/passwd",
        "UTC+0é:00",
        "é",
        "Zürich",
    ] {
        let error = Zone::parse(name).unwrap_err();
        let expected = format!(
            "time zone '{name}' is not known; write a region and city such as Europe/Berlin, or UTC, or an offset such as UTC+05:30"
        );
        assert_eq!(error.to_string(), expected);
    }
    let hostile = Zone::parse(&"\u{1b}[2J".repeat(1000))
        .unwrap_err()
        .to_string();
    assert!(
        hostile.len() < 1200 && !hostile.contains('\u{1b}'),
        "{hostile}"
    );
}

#[test]
fn a_window_keeps_to_the_clocks_on_the_wall() {
    let zone = Zone::parse("Europe/Berlin").unwrap();
    let cron = quartz("* * 9-17 ? * MON-FRI");
    // 08:59 and 09:00 in Berlin, in winter and in summer.
    for (at, expected) in [
        ("2026-11-23 07:59", false),
        ("2026-11-23 08:00", true),
        ("2026-11-23 16:59", true),
        ("2026-11-23 17:00", false),
        ("2026-07-06 06:59", false),
        ("2026-07-06 07:00", true),
        ("2026-11-22 12:00", false),
    ] {
        assert_eq!(cron.matches(&zone, utc(at)), expected, "{at}");
    }
    assert_eq!(
        cron.next(&zone, utc("2026-11-21 06:00")),
        Some(utc("2026-11-23 08:00"))
    );
}

#[test]
fn a_window_in_the_hour_that_comes_twice_opens_twice() {
    let zone = Zone::parse("Europe/Berlin").unwrap();
    let cron = quartz("0 30 2 * * ?");
    let found = following(&cron, &zone, "2026-10-24 12:00", 3);
    assert_eq!(
        found,
        ["2026-10-25 02:30", "2026-10-25 02:30", "2026-10-26 02:30"]
    );
    assert_eq!(
        cron.next(&zone, utc("2026-10-25 00:30")),
        Some(utc("2026-10-25 01:30"))
    );
}

#[test]
fn a_window_in_the_hour_that_is_left_out_opens_the_day_after() {
    let zone = Zone::parse("America/New_York").unwrap();
    // On 2026-03-08 at 02:00 the clocks went on to 03:00.
    let found = following(&quartz("0 30 2 * * ?"), &zone, "2026-03-07 12:00", 1);
    assert_eq!(found, ["2026-03-09 02:30"]);
    let found = following(&quartz("0 0/30 1-3 8 3 ?"), &zone, "2026-03-07 12:00", 4);
    assert_eq!(
        found,
        [
            "2026-03-08 01:00",
            "2026-03-08 01:30",
            "2026-03-08 03:00",
            "2026-03-08 03:30"
        ]
    );
}

#[test]
fn clocks_may_change_by_half_an_hour_and_by_a_day() {
    let howe = Zone::parse("Australia/Lord_Howe").unwrap();
    // On 2026-04-05 at 02:00 the clocks went back to 01:30.
    let found = following(&quartz("0 45 1 5 4 ? 2026"), &howe, "2026-04-01 00:00", 3);
    assert_eq!(found, ["2026-04-05 01:45", "2026-04-05 01:45"]);
    let apia = Zone::parse("Pacific/Apia").unwrap();
    // Samoa had no 30th of December 2011.
    let found = following(
        &quartz("0 0 12 29-31 12 ? 2011"),
        &apia,
        "2011-12-01 00:00",
        4,
    );
    assert_eq!(found, ["2011-12-29 12:00", "2011-12-31 12:00"]);
}
