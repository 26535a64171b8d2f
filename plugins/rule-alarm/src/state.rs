//! The three states of an alarm, as CloudWatch calls them, and the words that
//! other services have for them.

use lockgate_plugin::{PropertyType, Value};
use std::fmt;

/// What an alarm says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Something is wrong.
    Alarm,
    /// Nothing is.
    Ok,
    /// It cannot tell.
    InsufficientData,
}

impl State {
    const ALL: [Self; 3] = [Self::Alarm, Self::Ok, Self::InsufficientData];

    fn as_str(self) -> &'static str {
        match self {
            Self::Alarm => "ALARM",
            Self::Ok => "OK",
            Self::InsufficientData => "INSUFFICIENT_DATA",
        }
    }

    /// The state that a service calls so, in any case of letters.
    pub fn called(word: &str) -> Option<Self> {
        Some(match word.to_ascii_lowercase().as_str() {
            "alarm" | "alerting" | "firing" | "active" | "critical" => Self::Alarm,
            "ok" | "normal" | "inactive" | "pending" | "resolved" | "recovering" => Self::Ok,
            "insufficient_data" | "no_data" | "nodata" | "unknown" | "error" => {
                Self::InsufficientData
            }
            _ => return None,
        })
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// States that are wanted; never none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct States(Vec<State>);

impl States {
    /// Whatever is not an alarm: what lets a stage begin and succeed.
    pub fn calm() -> Self {
        Self(vec![State::Ok, State::InsufficientData])
    }

    /// The alarm itself: what a rollback waits for.
    pub fn alarm() -> Self {
        Self(vec![State::Alarm])
    }

    /// Whether this state is wanted.
    pub fn contains(&self, state: State) -> bool {
        self.0.contains(&state)
    }
}

/// With commas between, as CodePipeline's definitions write them.
impl Value for States {
    const KIND: PropertyType = PropertyType::Text;

    fn read(text: &str) -> Result<Self, String> {
        let state = |word: &str| {
            let mut all = State::ALL.into_iter();
            all.find(|state| state.as_str() == word.trim())
        };
        let states: Option<Vec<State>> = text.split(',').map(state).collect();
        states
            .map(Self)
            .ok_or_else(|| "ALARM, OK or INSUFFICIENT_DATA, or several with commas between".into())
    }
}

impl fmt::Display for States {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, state) in self.0.iter().enumerate() {
            let between = if index == 0 { "" } else { " or " };
            write!(f, "{between}{state}")?;
        }
        Ok(())
    }
}
