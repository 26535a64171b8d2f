//! The rule-alarm provider: judges a condition of a stage by the state of an
//! alarm. Asks whoever knows that state over HTTP; knows no alarm service's
//! inside and keeps no time but what the server keeps for it.

mod answer;
mod configuration;
mod state;
mod verdict;

use answer::Reading;
use configuration::Alarm;
use lockgate_plugin::{
    Category, Description, Failure, Host, Job, Outcome, Provider, export_provider,
};
use std::time::{SystemTime, UNIX_EPOCH};
use verdict::Case;

/// The provider.
pub struct AlarmRule;

impl Provider for AlarmRule {
    type Configuration = Alarm;

    fn describe() -> Description {
        Description::new("Judges by the state of an alarm, and waits for it to change").serves(
            Category::Rule,
            "AWS",
            "CloudWatchAlarm",
            "1",
        )
    }

    fn run<H: Host>(job: &Job, alarm: Alarm, host: &H) -> Result<Outcome, Failure> {
        let request = alarm.request(host)?;
        let answer = host.http(&request);
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = since.map_or(0, |since| since.as_millis());
        let now = u64::try_from(now).unwrap_or(u64::MAX);
        let case = Case::of(job, &alarm, now, host)?;
        case.outcome(Reading::of(answer, &alarm)?, now, host)
    }
}

export_provider!(AlarmRule);

#[cfg(test)]
mod tests;
