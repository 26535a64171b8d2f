//! The invoke-function provider: calls a user's own function component with a
//! JSON event, and turns its JSON result into output variables and an artifact.
//! Knows nothing of how the function is run; the host gives it a sandbox of its
//! own, with no capability but the log.

mod event;
mod function;
mod result;

use event::Event;
use function::FunctionName;
use lockgate_plugin::{
    Category, Description, Failure, Host, InvokeError, Job, Json, Outcome, Provider, configuration,
    export_provider,
};

configuration! {
    /// Which function to call with what.
    #[derive(Debug)]
    pub struct Invocation {
        /// The function: plugin:name for an installed one, or
        /// Artifact::path/to/function.wasm for one in an input artifact.
        "Function" => function: FunctionName,
        /// A JSON object. The member "lockgate" is added to it and says which
        /// job this is.
        "Event" => event: Json<Event> = "{}",
    }
}

/// The provider.
pub struct InvokeFunction;

impl Provider for InvokeFunction {
    type Configuration = Invocation;

    fn describe() -> Description {
        Description::new("Calls a function component with a JSON event")
            .serves(Category::Invoke, "Custom", "Function", "1")
            .inputs(0..=5)
            .outputs(0..=1)
            .variables(["*"])
    }

    fn run<H: Host>(job: &Job, invocation: Invocation, host: &H) -> Result<Outcome, Failure> {
        let name = &invocation.function;
        let target = name.locate(job)?;
        let event = invocation.event.0.with_job(job)?;
        let text = host.invoke(&target, &event).map_err(|error| match error {
            InvokeError::Failed(reason) => {
                Failure::job(format!("function {name} failed: {reason}"))
            }
            other => other.into(),
        })?;
        result::success(name, &text, job, host)
    }
}

export_provider!(InvokeFunction);
