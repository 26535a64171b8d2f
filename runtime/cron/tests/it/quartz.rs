//! What CodePipeline's guide says of each character, on known dates.

use crate::{following, quartz, utc};
use lockgate_cron::Zone;

/// Expression, and the first times after 2026-01-01 00:00 UTC.
#[track_caller]
fn first(text: &str, expected: &[&str]) {
    let found = following(
        &quartz(text),
        &Zone::utc(),
        "2026-01-01 00:00",
        expected.len(),
    );
    assert_eq!(found, expected, "{text}");
}

#[test]
fn numbers_lists_ranges_and_steps_say_which_minutes() {
    first("* * * * * ?", &["2026-01-01 00:01", "2026-01-01 00:02"]);
    first("0 0/15 8 * * ?", &["2026-01-01 08:00", "2026-01-01 08:15"]);
    first("0 5/15 * * * ?", &["2026-01-01 00:05", "2026-01-01 00:20"]);
    first(
        "0 */20 3,5 * * ?",
        &[
            "2026-01-01 03:00",
            "2026-01-01 03:20",
            "2026-01-01 03:40",
            "2026-01-01 05:00",
        ],
    );
    first(
        "0 10-14/2 3 * * ?",
        &[
            "2026-01-01 03:10",
            "2026-01-01 03:12",
            "2026-01-01 03:14",
            "2026-01-02 03:10",
        ],
    );
    first(
        "0 0 0 1 1/3 ?",
        &[
            "2026-04-01 00:00",
            "2026-07-01 00:00",
            "2026-10-01 00:00",
            "2027-01-01 00:00",
        ],
    );
    first(
        "0 0 0 1/10 FEB ?",
        &[
            "2026-02-01 00:00",
            "2026-02-11 00:00",
            "2026-02-21 00:00",
            "2027-02-01 00:00",
        ],
    );
}

#[test]
fn a_range_may_go_over_the_end_of_its_field() {
    first(
        "0 0 22-1 * * ?",
        &[
            "2026-01-01 01:00",
            "2026-01-01 22:00",
            "2026-01-01 23:00",
            "2026-01-02 00:00",
        ],
    );
    first(
        "0 0 0 ? * FRI-MON",
        &[
            "2026-01-02 00:00",
            "2026-01-03 00:00",
            "2026-01-04 00:00",
            "2026-01-05 00:00",
            "2026-01-09 00:00",
        ],
    );
    first(
        "0 0 0 1 nov-feb ?",
        &[
            "2026-02-01 00:00",
            "2026-11-01 00:00",
            "2026-12-01 00:00",
            "2027-01-01 00:00",
        ],
    );
}

#[test]
fn the_week_begins_with_sunday_as_1() {
    // 2026-01-04 was a Sunday.
    first("0 0 0 ? * 1", &["2026-01-04 00:00", "2026-01-11 00:00"]);
    first("0 0 0 ? * SUN", &["2026-01-04 00:00"]);
    first("0 0 0 ? * 2-6", &["2026-01-02 00:00", "2026-01-05 00:00"]);
    first("0 0 0 ? * 7", &["2026-01-03 00:00"]);
}

#[test]
fn l_is_the_last_day_and_l_3_three_days_before_it() {
    first(
        "0 0 0 L * ?",
        &[
            "2026-01-31 00:00",
            "2026-02-28 00:00",
            "2026-03-31 00:00",
            "2026-04-30 00:00",
        ],
    );
    first("0 0 0 L 2 ? 2028", &["2028-02-29 00:00"]);
    first("0 0 0 L-3 * ?", &["2026-01-28 00:00", "2026-02-25 00:00"]);
    first("0 0 0 L-30 * ?", &["2026-03-01 00:00", "2026-05-01 00:00"]);
    // Alone among the days of the week it is Saturday.
    first("0 0 0 ? * L", &["2026-01-03 00:00", "2026-01-10 00:00"]);
}

#[test]
fn a_day_with_l_is_the_last_such_day_of_the_month() {
    first(
        "0 0 0 ? * 6L",
        &["2026-01-30 00:00", "2026-02-27 00:00", "2026-03-27 00:00"],
    );
    first("0 0 0 ? * friL", &["2026-01-30 00:00"]);
}

#[test]
fn w_is_the_nearest_weekday_within_the_month() {
    // 2026-02-15 was a Sunday, 2026-08-15 a Saturday, 2026-05-15 a Friday.
    first(
        "0 0 0 15W 2,5,8 ?",
        &["2026-02-16 00:00", "2026-05-15 00:00", "2026-08-14 00:00"],
    );
    // 2026-02-01 was a Sunday, 2026-08-01 a Saturday: never in July.
    first("0 0 0 1W 2,8 ?", &["2026-02-02 00:00", "2026-08-03 00:00"]);
    // 2026-05-31 was a Sunday: never in June. June has no 31st.
    first("0 0 0 31W 5-7 ?", &["2026-05-29 00:00", "2026-07-31 00:00"]);
    first(
        "0 0 0 LW * ?",
        &[
            "2026-01-30 00:00",
            "2026-02-27 00:00",
            "2026-03-31 00:00",
            "2026-04-30 00:00",
            "2026-05-29 00:00",
        ],
    );
    // The second-to-last of February 2026 was Friday the 27th, of May Saturday the 30th.
    first(
        "0 0 0 L-1W 2,5 ?",
        &["2026-02-27 00:00", "2026-05-29 00:00"],
    );
}

#[test]
fn a_number_sign_counts_the_weeks_of_the_month() {
    first("0 0 0 ? * 6#3", &["2026-01-16 00:00", "2026-02-20 00:00"]);
    first("0 0 0 ? * MON#1", &["2026-01-05 00:00", "2026-02-02 00:00"]);
    // A fifth Friday is rare.
    first(
        "0 0 0 ? * FRI#5",
        &["2026-01-30 00:00", "2026-05-29 00:00", "2026-07-31 00:00"],
    );
}

#[test]
fn kinds_of_days_may_stand_in_one_list() {
    first(
        "0 0 0 1,LW * ?",
        &["2026-01-30 00:00", "2026-02-01 00:00", "2026-02-27 00:00"],
    );
    first(
        "0 0 0 ? * 2#1,6L",
        &["2026-01-05 00:00", "2026-01-30 00:00"],
    );
}

#[test]
fn years_end_an_expression() {
    first("0 0 0 29 2 ? *", &["2028-02-29 00:00", "2032-02-29 00:00"]);
    first(
        "0 0 0 1 1 ? 2030/30",
        &["2030-01-01 00:00", "2060-01-01 00:00"],
    );
    let past = quartz("0 0 0 * * ? 2020-2025");
    assert_eq!(past.next(&Zone::utc(), utc("2026-01-01 00:00")), None);
    let never = quartz("0 0 0 30 2 ?");
    assert_eq!(never.next(&Zone::utc(), 0), None);
    let never = quartz("0 0 0 30 2 ?");
    assert_eq!(never.next(&Zone::parse("Europe/Berlin").unwrap(), 0), None);
    let last = quartz("0 59 23 31 12 ?");
    let end = utc("2199-12-31 23:59");
    assert_eq!(last.next(&Zone::utc(), end - 1), Some(end));
    assert_eq!(last.next(&Zone::utc(), end), None);
    assert_eq!(last.next(&Zone::utc(), u64::MAX), None);
    assert!(!last.matches(&Zone::utc(), u64::MAX));
}

/// The example of CodePipeline's guide for `DeploymentWindow`.
#[test]
fn the_guide_s_window_is_the_full_hours_of_a_working_day() {
    let cron = quartz("0 0 9-17 ? * MON-FRI *");
    let zone = Zone::parse("PST").unwrap();
    // 17:30 on Friday in Los Angeles.
    let found = following(&cron, &zone, "2026-11-21 01:30", 2);
    assert_eq!(found, ["2026-11-23 09:00", "2026-11-23 10:00"]);
}

#[test]
fn a_minute_matches_from_its_first_millisecond_to_its_last() {
    let cron = quartz("* 30 9 * * ?");
    let start = utc("2026-11-23 09:30");
    for (at, expected) in [
        (start - 1, false),
        (start, true),
        (start + 59_999, true),
        (start + 60_000, false),
    ] {
        assert_eq!(cron.matches(&Zone::utc(), at), expected, "{at}");
    }
    assert_eq!(cron.next(&Zone::utc(), start - 1), Some(start));
    assert_eq!(cron.next(&Zone::utc(), start), Some(start + 86_400_000));
}
