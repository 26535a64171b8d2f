//! When a schedule is due. Pure: it is told what time it is.

use lockgate_cron::{Cron, Dialect, Zone};
use lockgate_model::time::Timestamp;

/// An expression in a zone.
#[derive(Debug, Clone)]
pub(super) struct Timetable {
    cron: Cron,
    zone: Zone,
}

impl Timetable {
    /// A rate counts from `created`.
    ///
    /// # Errors
    /// What is wrong with either, each in a sentence that begins with the key.
    pub(super) fn read(
        expression: &str,
        zone: &str,
        created: Timestamp,
    ) -> Result<Self, Vec<String>> {
        let cron = Cron::parse(expression, Dialect::EventBridge);
        let zone = Zone::parse(zone);
        match (cron, zone) {
            (Ok(cron), Ok(zone)) => Ok(Self {
                cron: cron.counted_from(millis(created)),
                zone,
            }),
            (cron, zone) => {
                let cron = cron.err().map(|error| format!("expression: {error}"));
                let zone = zone.err().map(|error| format!("zone: {error}"));
                Err(cron.into_iter().chain(zone).collect())
            }
        }
    }

    /// The first due time after this one; none where it never comes.
    pub(super) fn next(&self, after: Timestamp) -> Option<Timestamp> {
        let next = self.cron.next(&self.zone, millis(after))?;
        i64::try_from(next).ok().map(Timestamp)
    }

    /// The latest due time from `first`, which is one, until `now`. Looks back
    /// from now, further each time, so that a year without a server costs no
    /// more than a minute.
    pub(super) fn latest(&self, first: Timestamp, now: Timestamp) -> Timestamp {
        let mut window: i64 = 60_000;
        loop {
            let from = now.0.saturating_sub(window);
            if from <= first.0 {
                return self.last_of(first, now);
            }
            if let Some(due) = self.next(Timestamp(from)).filter(|due| *due <= now) {
                return self.last_of(due, now);
            }
            window = window.saturating_mul(2);
        }
    }

    /// The last due time from `due`, which is one, until `now`.
    fn last_of(&self, mut due: Timestamp, now: Timestamp) -> Timestamp {
        while let Some(next) = self.next(due).filter(|next| *next <= now && *next > due) {
            due = next;
        }
        due
    }
}

/// Before 1970 nothing was due.
fn millis(time: Timestamp) -> u64 {
    u64::try_from(time.0).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;
    /// 2026-01-01T00:00:00Z
    const NEW_YEAR: Timestamp = Timestamp(1_767_225_600_000);

    fn timetable(expression: &str, zone: &str) -> Timetable {
        Timetable::read(expression, zone, NEW_YEAR).unwrap()
    }

    fn at(text: &str) -> Timestamp {
        Timestamp(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
    }

    #[test]
    fn of_the_times_that_were_missed_the_latest_is_found() {
        let daily = timetable("cron(0 9 * * ? *)", "UTC");
        let first = at("2026-03-01T09:00:00Z");
        let found = |now: &str| daily.latest(first, at(now));
        assert_eq!(found("2026-03-01T09:00:00Z"), first);
        assert_eq!(found("2026-03-02T08:59:59Z"), first);
        assert_eq!(found("2026-03-02T09:00:00Z"), at("2026-03-02T09:00:00Z"));
        assert_eq!(found("2027-03-01T08:00:00Z"), at("2027-02-28T09:00:00Z"));
    }

    #[test]
    fn the_latest_is_the_one_that_counting_finds() {
        for (expression, steps) in [("rate(7 minutes)", 5), ("cron(*/13 2-5 ? * MON-FRI *)", 60)] {
            let table = timetable(expression, "Europe/Berlin");
            let first = table.next(NEW_YEAR).unwrap();
            for step in 1..200 {
                let now = Timestamp(first.0 + step * steps * 60_000);
                assert_eq!(table.latest(first, now), table.last_of(first, now));
            }
        }
    }

    #[test]
    fn nine_in_the_morning_stays_nine_when_the_clocks_change() {
        let table = timetable("cron(0 9 * * ? *)", "Europe/Berlin");
        // 2026-03-29: the clocks go forward.
        let saturday = at("2026-03-28T08:00:00Z");
        let sunday = table.next(saturday).unwrap();
        assert_eq!(sunday, at("2026-03-29T07:00:00Z"));
        assert_eq!(sunday.0 - saturday.0, 23 * HOUR);
    }

    #[test]
    fn a_time_that_the_clocks_leave_out_does_not_come_and_one_they_repeat_comes_once() {
        let table = timetable("cron(30 2 * * ? *)", "Europe/Berlin");
        let before = at("2026-03-28T01:30:00Z");
        assert_eq!(table.next(before), Some(at("2026-03-30T00:30:00Z")));
        // 2026-10-25: half past two comes twice.
        let before = at("2026-10-24T00:30:00Z");
        let first = table.next(before).unwrap();
        assert_eq!(first, at("2026-10-25T00:30:00Z"));
        assert_eq!(table.next(first), Some(at("2026-10-26T01:30:00Z")));
    }

    #[test]
    fn what_is_wrong_with_either_is_said_at_once() {
        let problems = Timetable::read("cron(0 9)", "Mars/Base", NEW_YEAR).unwrap_err();
        assert_eq!(problems.len(), 2);
        assert!(problems[0].starts_with("expression: "), "{problems:?}");
        assert!(problems[1].starts_with("zone: "), "{problems:?}");
    }
}
