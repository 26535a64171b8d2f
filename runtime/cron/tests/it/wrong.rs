//! Every mistake is one sentence: the field, the value and what to write.

use lockgate_cron::{Cron, Dialect};

#[track_caller]
fn refused(dialect: Dialect, text: &str, expected: &str) {
    let error = Cron::parse(text, dialect).unwrap_err();
    assert_eq!(error.to_string(), expected, "{text}");
}

#[test]
fn a_quartz_expression_that_cannot_be_read_says_why() {
    let six = "six fields with a space between (seconds minutes hours day-of-month month day-of-week) and, if need be, the year, such as * * 9-17 ? * MON-FRI";
    for text in ["", "* * * * *", "* * * * * ? * *"] {
        let expected = format!("cron expression '{text}' will not do; write {six}");
        refused(Dialect::Quartz, text, &expected);
    }
    refused(
        Dialect::Quartz,
        "* 9-17 ? * MON-FRI *",
        "cron expression '* 9-17 ? * MON-FRI *' will not do; write the seconds in front: * * 9-17 ? * MON-FRI *",
    );
    for (text, expected) in [
        (
            "30 * * * * ?",
            "seconds '30' will not do; write * or 0: whole minutes are judged",
        ),
        (
            "* 60 * * * ?",
            "minutes '60' will not do; write 0 to 59, such as 0, 0/15 or 0-29",
        ),
        (
            "* +5 * * * ?",
            "minutes '+5' will not do; write 0 to 59, such as 0, 0/15 or 0-29",
        ),
        (
            "* 1, * * * ?",
            "minutes '' will not do; write 0 to 59, such as 0, 0/15 or 0-29",
        ),
        (
            "* 0/0 * * * ?",
            "minutes '0/0' will not do; write a step from 1 to 60 after the '/'",
        ),
        (
            "* 0/ * * * ?",
            "minutes '0/' will not do; write a step from 1 to 60 after the '/'",
        ),
        (
            "* * 24 * * ?",
            "hours '24' will not do; write 0 to 23, such as 9, 9-17 or 0/6",
        ),
        (
            "* * ? * * ? *",
            "hours '?' will not do; write 0 to 23, such as 9, 9-17 or 0/6",
        ),
        (
            "* * * 32 * ?",
            "day-of-month '32' will not do; write 1 to 31, such as 1, 1-7, 15W, L, L-3, LW or ?",
        ),
        (
            "* * * L-31 * ?",
            "day-of-month 'L-31' will not do; write L-1 to L-30 for so many days before the last",
        ),
        (
            "* * * 1-5W * ?",
            "day-of-month '1-5W' will not do; write one day before the W, such as 15W, or LW; a W stands with no range and no step",
        ),
        (
            "* * * * 13 ?",
            "month '13' will not do; write 1 to 12 or JAN to DEC, such as JAN, 1-6 or 1/3",
        ),
        (
            "* * * ? * 0",
            "day-of-week '0' will not do; write 1 to 7 or SUN to SAT, such as MON-FRI, 2 (Monday), 6L (the last Friday), 6#3 (the third) or ?",
        ),
        (
            "* * * ? * 6#6",
            "day-of-week '6#6' will not do; write 1 to 5 after the '#', such as 6#3 for the third Friday",
        ),
        (
            "* * * ? * ?",
            "day-of-week '?' will not do; write * here or in day-of-month: only one of the two can be ?",
        ),
        (
            "* * * 1 * MON",
            "day-of-week 'MON' will not do; write ? here or in day-of-month (which has '1'): one of the two says the days, the other is ?",
        ),
        (
            "* * * * * ? 1969",
            "year '1969' will not do; write 1970 to 2199, such as 2030, 2030-2035 or 2030/2",
        ),
        (
            "* * * * * ? 2031-2030",
            "year '2031-2030' will not do; write the earlier year first",
        ),
    ] {
        refused(Dialect::Quartz, text, expected);
    }
}

#[test]
fn an_eventbridge_expression_that_cannot_be_read_says_why() {
    let six = "six fields with a space between (minutes hours day-of-month month day-of-week year), such as cron(0 9 ? * MON-FRI *), or rate(5 minutes)";
    for text in [
        "",
        "0 9 * * ?",
        "cron(0 9 * * ?)",
        "at(2026-01-01T00:00:00)",
    ] {
        let expected = format!("cron expression '{text}' will not do; write {six}");
        refused(Dialect::EventBridge, text, &expected);
    }
    refused(
        Dialect::EventBridge,
        "cron(0 9 * * ? *",
        "minutes 'cron(0' will not do; write 0 to 59, such as 0, 0/15 or 0-29",
    );
    let rate = "a whole number and a unit, from 1 minute to 366 days, such as rate(5 minutes), rate(1 hour) or rate(7 days)";
    for inside in [
        "",
        "5",
        "0 minutes",
        "-1 hours",
        "5 seconds",
        "367 days",
        "99999999999999999999 days",
        "1 hour long",
        "1.5 hours",
    ] {
        refused(
            Dialect::EventBridge,
            &format!("rate({inside})"),
            &format!("rate '{inside}' will not do; write {rate}"),
        );
    }
}

#[test]
fn a_field_s_mistake_can_be_told_after_the_whole_was_shown() {
    let error = Cron::parse("0 0 25 * * ?", Dialect::Quartz).unwrap_err();
    assert_eq!(
        error.what_to_write(),
        "0 to 23, such as 9, 9-17 or 0/6 in hours, not '25'"
    );
}

proptest::proptest! {
    #[test]
    fn no_text_breaks_the_reader(text in "\\PC{0,300}") {
        for dialect in [Dialect::Quartz, Dialect::EventBridge] {
            if let Err(error) = Cron::parse(&text, dialect) {
                assert!(error.to_string().chars().count() < 600 && !error.to_string().contains(char::is_control));
            }
        }
    }

    #[test]
    fn no_text_of_cron_s_own_letters_breaks_the_reader(
        fields in proptest::collection::vec("[0-9LW#/*?,MONFRI-]{1,8}", 5..8),
    ) {
        let text = fields.join(" ");
        for dialect in [Dialect::Quartz, Dialect::EventBridge] {
            if let Ok(cron) = Cron::parse(&text, dialect) {
                let zone = lockgate_cron::Zone::parse("Europe/Berlin").unwrap();
                let after = 1_795_000_000_000;
                if let Some(next) = cron.next(&zone, after) {
                    assert!(next > after && cron.matches(&zone, next), "{text}");
                }
            }
        }
    }
}
