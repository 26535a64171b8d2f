//! What the rule says at a moment. Reads no clock.

use crate::Window;
use lockgate_cron::{Cron, Dialect, Zone, ZoneError};
use lockgate_plugin::{Failure, Host, Outcome, Pending, Problem, PropertyType, Success, Value};

/// Seconds after which a closed window is looked at again at the latest, so that
/// a clock that was set is met.
const LONGEST_WAIT: u64 = 60 * 60;

/// A cron expression of CodePipeline's kind.
#[derive(Debug, Clone)]
pub struct Expression(Cron);

impl Value for Expression {
    const KIND: PropertyType = PropertyType::Text;

    fn read(text: &str) -> Result<Self, String> {
        Cron::parse(text, Dialect::Quartz)
            .map(Self)
            .map_err(|error| error.what_to_write())
    }
}

/// A time zone, and how the definition calls it.
#[derive(Debug, Clone)]
pub struct Clocks {
    zone: Zone,
    written: String,
}

impl Value for Clocks {
    const KIND: PropertyType = PropertyType::Text;

    fn read(text: &str) -> Result<Self, String> {
        match Zone::parse(text) {
            Ok(zone) => Ok(Self {
                zone,
                written: text.trim().to_owned(),
            }),
            Err(ZoneError { .. }) => Err(ZoneError::WHAT_TO_WRITE.into()),
        }
    }
}

impl Window {
    /// Open, or closed until when (milliseconds since the Unix epoch).
    ///
    /// # Errors
    /// It never opens again.
    pub fn judge(&self, now: u64, host: &impl Host) -> Result<Outcome, Failure> {
        let (Expression(cron), Clocks { zone, written }) = (&self.cron, &self.zone);
        if !zone.name().eq_ignore_ascii_case(written) {
            host.info(&format!("TimeZone {written} is read as {zone}"));
        }
        if cron.matches(zone, now) {
            let summary = format!("open at {}", zone.show(now));
            return Ok(Success::new().summary(summary).into());
        }
        let Some(opens) = cron.next(zone, now) else {
            return Err(Problem {
                key: "Cron".into(),
                value: Some(cron.to_string()),
                remedy: format!(
                    "no minute after {} matches it, so that the window never opens; write days and years that are still to come",
                    zone.show(now)
                ),
            }
            .into());
        };
        let wait = opens.saturating_sub(now).div_ceil(1000);
        let wait = u32::try_from(wait.clamp(1, LONGEST_WAIT)).unwrap_or(1);
        let summary = format!("opens {}", zone.show(opens));
        host.info(&format!("closed at {}; {summary}", zone.show(now)));
        // What is waited for is judged anew each time: there is nothing to keep.
        Ok(Pending::new(&(), wait)?.summary(summary).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lockgate_plugin::testing::FakeHost;
    use lockgate_plugin::{Configuration, FailureType, run};

    /// 2026-11-20, a Friday, 16:59:30 in Berlin.
    const FRIDAY: u64 = 1_795_190_370_000;
    const MINUTE: u64 = 60_000;

    fn window(cron: &str, zone: &str) -> Window {
        let pairs = [("Cron", cron), ("TimeZone", zone)];
        let pairs = pairs.map(|(key, value)| (key.to_owned(), value.to_owned()));
        Window::decode(&pairs.into()).unwrap()
    }

    fn pending(outcome: Result<Outcome, Failure>) -> Pending {
        match outcome {
            Ok(Outcome::Pending(pending)) => pending,
            other => panic!("expected pending, got {other:?}"),
        }
    }

    /// Semantics 2.9.
    #[test]
    fn an_open_window_lets_pass_at_once() {
        let window = window("* * 9-16 ? * MON-FRI", "Europe/Berlin");
        let host = FakeHost::new();
        let Ok(Outcome::Succeeded(success)) = window.judge(FRIDAY, &host) else {
            panic!("not open");
        };
        let summary = success.summary.unwrap();
        assert_eq!(summary, "open at 2026-11-20 16:59 Europe/Berlin");
        assert_eq!(host.log_text(), "");
    }

    /// Semantics 2.9: it waits, and says until when.
    #[test]
    fn a_closed_window_is_asked_again_when_it_opens_or_in_an_hour() {
        let window = window("* * 9-16 ? * MON-FRI", "Europe/Berlin");
        let host = FakeHost::new();
        let waiting = pending(window.judge(FRIDAY + MINUTE, &host));
        assert_eq!(waiting.poll_after, 3600);
        let summary = "opens 2026-11-23 09:00 Europe/Berlin";
        assert_eq!(waiting.summary.as_deref(), Some(summary));
        assert_eq!(
            host.log_text(),
            format!("closed at 2026-11-20 17:00 Europe/Berlin; {summary}")
        );
        // Monday 08:59:59.001
        let before = FRIDAY + (2 * 24 + 16) * 60 * MINUTE + 29_001;
        assert_eq!(pending(window.judge(before, &host)).poll_after, 1);
        let at = window.judge(before + 999, &host);
        assert!(matches!(at, Ok(Outcome::Succeeded(_))), "{at:?}");
    }

    #[test]
    fn a_window_that_never_opens_again_fails_at_once() {
        for cron in ["0 0 0 30 2 ?", "* * * * * ? 2025"] {
            let failure = window(cron, "UTC").judge(FRIDAY, &FakeHost::new());
            let failure = failure.unwrap_err();
            assert_eq!(failure.kind, FailureType::ConfigurationError);
            assert_eq!(
                failure.message,
                format!(
                    "Cron: '{cron}' will not do; no minute after 2026-11-20 15:59 UTC matches it, so that the window never opens; write days and years that are still to come"
                )
            );
        }
    }

    #[test]
    fn an_abbreviation_is_logged_as_what_it_stands_for() {
        let host = FakeHost::new();
        let waiting = pending(window("0 0 9-17 ? * MON-FRI *", "PST").judge(FRIDAY, &host));
        assert_eq!(
            waiting.summary.as_deref(),
            Some("opens 2026-11-20 09:00 America/Los_Angeles")
        );
        let log = host.log_text();
        assert!(
            log.starts_with("TimeZone PST is read as America/Los_Angeles\n"),
            "{log}"
        );
    }

    #[test]
    fn every_mistake_in_the_configuration_is_named() {
        let host = FakeHost::new();
        let job = host.job([("Cron", "* 9-17 ? * MON-FRI *"), ("TimeZone", "Berlin")]);
        let failure = run::<crate::DeploymentWindow>(&job, &host).unwrap_err();
        assert_eq!(failure.kind, FailureType::ConfigurationError);
        assert_eq!(
            failure.message,
            "Cron: '* 9-17 ? * MON-FRI *' will not do; write the seconds in front: * * 9-17 ? * MON-FRI *; \
             TimeZone: 'Berlin' will not do; write a region and city such as Europe/Berlin, or UTC, or an offset such as UTC+05:30"
        );
        let failure = run::<crate::DeploymentWindow>(&host.job([]), &host).unwrap_err();
        assert!(failure.message.starts_with("Cron: is missing; write Cron"));
    }
}
