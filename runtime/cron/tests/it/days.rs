//! The two fields of days against a matcher that knows no bits and no bounds:
//! it looks at every day of the month.

use crate::utc;
use jiff::civil::Date;
use lockgate_cron::{Cron, Dialect, Zone};
use proptest::prelude::*;

#[derive(Debug, Clone)]
enum Day {
    On(i8),
    Range(i8, i8, i8),
    Last(i8),
    LastWeekday(i8),
    Nearest(i8),
    Every(i8),
    LastOf(i8),
    Nth(i8, i8),
}

fn of_month() -> impl Strategy<Value = Day> {
    prop_oneof![
        (1..=31i8).prop_map(Day::On),
        (1..=31i8, 1..=31i8, 1..=31i8).prop_map(|(from, to, step)| Day::Range(from, to, step)),
        (0..=30i8).prop_map(Day::Last),
        (0..=30i8).prop_map(Day::LastWeekday),
        (1..=31i8).prop_map(Day::Nearest),
    ]
}

fn of_week() -> impl Strategy<Value = Day> {
    prop_oneof![
        (1..=7i8).prop_map(Day::Every),
        (1..=7i8).prop_map(Day::LastOf),
        (1..=7i8, 1..=5i8).prop_map(|(day, nth)| Day::Nth(day, nth)),
    ]
}

fn text(day: &Day) -> String {
    match day {
        Day::On(day) | Day::Every(day) => day.to_string(),
        Day::Range(from, to, step) => format!("{from}-{to}/{step}"),
        Day::Last(0) => "L".into(),
        Day::Last(before) => format!("L-{before}"),
        Day::LastWeekday(0) => "LW".into(),
        Day::LastWeekday(before) => format!("L-{before}W"),
        Day::Nearest(day) => format!("{day}W"),
        Day::LastOf(day) => format!("{day}L"),
        Day::Nth(day, nth) => format!("{day}#{nth}"),
    }
}

/// The weekday of the month that is nearest to a day of it.
fn nearest(month: &[Date], day: i8) -> Option<Date> {
    month.iter().find(|date| date.day() == day)?;
    let weekdays = month.iter().filter(|date| sunday_1(**date) % 7 > 1);
    weekdays
        .min_by_key(|date| (date.day() - day).abs())
        .copied()
}

fn sunday_1(date: Date) -> i8 {
    date.weekday().to_sunday_one_offset()
}

fn means(day: &Day, date: Date) -> bool {
    let month: Vec<Date> = (1..=date.days_in_month())
        .map(|day| date.with().day(day).build().unwrap())
        .collect();
    let last = date.days_in_month();
    match *day {
        Day::On(day) => date.day() == day,
        Day::Range(from, to, step) => {
            let mut day = from;
            loop {
                if day == date.day() {
                    return true;
                }
                // One by one, over the end of the field and not of the month.
                for _ in 0..step {
                    if day == to {
                        return false;
                    }
                    day = if day == 31 { 1 } else { day + 1 };
                }
            }
        }
        Day::Last(before) => date.day() == last - before,
        Day::LastWeekday(before) => nearest(&month, last - before) == Some(date),
        Day::Nearest(day) => nearest(&month, day) == Some(date),
        Day::Every(day) => sunday_1(date) == day,
        Day::LastOf(day) => month.iter().rfind(|date| sunday_1(**date) == day) == Some(&date),
        Day::Nth(day, nth) => {
            let index = usize::try_from(nth - 1).unwrap();
            let mut such = month.iter().filter(|date| sunday_1(**date) == day);
            such.nth(index) == Some(&date)
        }
    }
}

proptest! {
    #[test]
    fn days_are_those_that_a_look_at_the_whole_month_finds(
        days in prop_oneof![
            proptest::collection::vec(of_month(), 1..4).prop_map(|days| (days, true)),
            proptest::collection::vec(of_week(), 1..4).prop_map(|days| (days, false)),
        ],
        year in 1990i16..2100,
    ) {
        let (days, by_month) = days;
        let list = days.iter().map(text).collect::<Vec<_>>().join(",");
        let text = if by_month {
            format!("0 0 12 {list} * ?")
        } else {
            format!("0 0 12 ? * {list}")
        };
        let cron = Cron::parse(&text, Dialect::Quartz).unwrap();
        let mut date = Date::new(year, 1, 1).unwrap();
        let mut waiting = None;
        while date.year() < year + 2 {
            let at = utc(&format!("{date} 12:00"));
            let expected = days.iter().any(|day| means(day, date));
            prop_assert_eq!(cron.matches(&Zone::utc(), at), expected, "{} {}", text, date);
            if expected && let Some(from) = waiting.replace(at) {
                prop_assert_eq!(cron.next(&Zone::utc(), from), Some(at), "{}", text);
            }
            date = date.tomorrow().unwrap();
        }
    }
}
