//! What follows from the alarm's state, in the condition that asks. Reads no
//! clock: times are milliseconds since the Unix epoch.

use crate::answer::Reading;
use crate::configuration::Alarm;
use crate::state::{State, States};
use lockgate_plugin::{ConditionType, Failure, Host, Job, Outcome, Pending, Success};
use serde::{Deserialize, Serialize};

/// Seconds between two questions.
const INTERVAL: u64 = 30;
/// Seconds until the next question, where nobody answered and the wait is over.
const AGAIN: u64 = 10;
/// How often in a row nobody may answer, where the wait is over.
const SILENCES: u32 = 5;

/// What one attempt leaves to the next.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Wait {
    /// When it is over.
    until: u64,
    /// How often in a row nobody has answered.
    silences: u32,
}

/// One rule, judged for its condition.
#[derive(Debug)]
pub struct Case<'a> {
    name: &'a str,
    wanted: States,
    /// To the end of the wait it must stay in a wanted state; otherwise it is
    /// enough to come to one.
    watched: bool,
    millis: u64,
    wait: Wait,
}

impl<'a> Case<'a> {
    /// What is to be judged, from now or from where the last attempt left it.
    ///
    /// # Errors
    /// Another version of the plugin left it.
    pub fn of(job: &Job, alarm: &'a Alarm, now: u64, host: &impl Host) -> Result<Self, Failure> {
        let millis = u64::from(alarm.wait.0) * 60_000;
        let latest = now.saturating_add(millis);
        let left: Option<Wait> = job.continuation()?;
        let at_failure = job.condition == Some(ConditionType::OnFailure);
        let wanted = alarm.states.clone().unwrap_or_else(|| match at_failure {
            true => States::alarm(),
            false => States::calm(),
        });
        if left.is_none() && !at_failure && wanted.contains(State::Alarm) {
            host.warning(
                "AlarmStates names ALARM: the stage goes on while the alarm is on; leave it out, or write OK,INSUFFICIENT_DATA, to hold the stage then",
            );
        }
        Ok(Self {
            name: &alarm.name,
            wanted,
            watched: job.condition == Some(ConditionType::OnSuccess),
            millis,
            wait: match left {
                // A clock that was set back must not make the wait longer.
                Some(wait) => Wait {
                    until: wait.until.min(latest),
                    ..wait
                },
                None => Wait {
                    until: latest,
                    silences: 0,
                },
            },
        })
    }

    /// What the rule says now.
    ///
    /// # Errors
    /// The criterion does not hold, or could not be judged.
    pub fn outcome(self, reading: Reading, now: u64, host: &impl Host) -> Result<Outcome, Failure> {
        let over = now >= self.wait.until;
        let state = match reading {
            Reading::Known(state) => state,
            Reading::Silent(why) => return self.silent(why, now, host),
        };
        let is = format!("the alarm '{}' is {state}", self.name);
        match (self.wanted.contains(state), self.watched) {
            (true, true) if !over => self.again(0, now, is),
            (true, _) => Ok(Success::new().summary(is).into()),
            (false, false) if !over => {
                let awaited = format!("{is}; {} is awaited", self.wanted);
                self.again(0, now, awaited)
            }
            (false, _) => {
                let after = match self
                    .millis
                    .saturating_sub(self.wait.until.saturating_sub(now))
                {
                    0..60_000 => String::new(),
                    waited => format!(" after {} minutes", waited / 60_000),
                };
                Err(Failure::job(format!("{is}{after}, not {}", self.wanted)))
            }
        }
    }

    fn silent(&self, mut why: Failure, now: u64, host: &impl Host) -> Result<Outcome, Failure> {
        let silences = self.wait.silences.saturating_add(1);
        if now >= self.wait.until && silences >= SILENCES {
            why.message = format!(
                "the alarm '{}' could not be read: {}; given up after {silences} questions",
                self.name, why.message
            );
            return Err(why);
        }
        host.warning(&format!("{}; asking again", why.message));
        self.again(silences, now, why.message)
    }

    /// Comes back.
    fn again(&self, silences: u32, now: u64, summary: String) -> Result<Outcome, Failure> {
        let left = self.wait.until.saturating_sub(now).div_ceil(1000);
        let seconds = match left {
            0 => AGAIN,
            left => left.min(INTERVAL),
        };
        let wait = Wait {
            silences,
            ..self.wait
        };
        let mut pending = Pending::new(&wait, u32::try_from(seconds).unwrap_or(1))?;
        let gone = self
            .millis
            .saturating_sub(self.wait.until.saturating_sub(now));
        if let Some(percent) = (gone * 100).checked_div(self.millis) {
            pending = pending.percent(u8::try_from(percent).unwrap_or(100));
        }
        Ok(pending.summary(summary).into())
    }
}
