//! A function that greets: takes `{"name": …}` and returns `{"greeting": …}`,
//! or fails with the reason in `{"fail": …}`. An example of a function, and what
//! the tests of `invoke-function` call.

use lockgate_plugin::{Function, Log, export_function};
use serde::{Deserialize, Serialize};

/// Whom to greet. Other members of the event are not looked at.
#[derive(Deserialize)]
pub struct Greet {
    #[serde(default = "everyone")]
    name: String,
    fail: Option<String>,
}

/// The greeting.
#[derive(Serialize)]
pub struct Greeting {
    greeting: String,
}

fn everyone() -> String {
    "world".into()
}

/// The function.
pub struct Hello;

impl Function for Hello {
    type Event = Greet;
    type Answer = Greeting;

    fn handle<L: Log>(event: Greet, log: &L) -> Result<Greeting, String> {
        if let Some(reason) = event.fail {
            return Err(reason);
        }
        log.info(&format!("greeting {}", event.name));
        Ok(Greeting {
            greeting: format!("Hello, {}!", event.name),
        })
    }
}

export_function!(Hello);

#[cfg(test)]
mod tests {
    use super::Hello;
    use lockgate_plugin::{call, testing::FakeHost};

    #[test]
    fn it_greets_whom_the_event_names_and_everyone_else_otherwise() {
        let host = FakeHost::new();
        for (event, result) in [
            (r#"{"name":"Ada"}"#, r#"{"greeting":"Hello, Ada!"}"#),
            (r#"{"lockgate":{}}"#, r#"{"greeting":"Hello, world!"}"#),
        ] {
            assert_eq!(call::<Hello>(event, &host).unwrap(), result);
        }
    }

    #[test]
    fn it_fails_when_it_is_asked_to_or_does_not_understand() {
        let host = FakeHost::new();
        let asked = call::<Hello>(r#"{"fail":"because"}"#, &host);
        assert_eq!(asked.unwrap_err(), "because");
        let error = call::<Hello>(r#"{"name":1}"#, &host).unwrap_err();
        assert!(
            error.starts_with("the event is not what this function takes: invalid type"),
            "{error}"
        );
    }
}
