//! The invoke-function provider: calls a user's own function component with a
//! JSON event, and turns its JSON result into output variables and an artifact.
//! Knows nothing of how the function is run; the host gives it a sandbox of its
//! own, with no capability but the log.

mod event;
mod function;
mod lambda;
mod result;

use event::Event;
use function::{FunctionName, LambdaName};
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

configuration! {
    /// Which function to call with what, in Lambda's words.
    #[derive(Debug)]
    pub struct LambdaInvocation {
        /// The function: the name of an installed plugin, or
        /// Artifact::path/to/function.wasm for one in an input artifact.
        "FunctionName" => function: LambdaName,
        /// Any text: the function finds it in CodePipeline's event.
        "UserParameters" => parameters: Option<String>,
    }
}

/// `Invoke/Custom/Function/1`.
pub struct InvokeFunction;

/// `Invoke/AWS/Lambda/1`.
pub struct Lambda;

/// `Rule/AWS/LambdaInvoke/1`.
pub struct LambdaRule;

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
        let event = invocation.event.0.with_job(job)?;
        call("Function", &invocation.function, &event, job, host)
    }
}

impl Provider for Lambda {
    type Configuration = LambdaInvocation;

    fn describe() -> Description {
        Description::new("Calls a function component with CodePipeline's Lambda event")
            .serves(Category::Invoke, "AWS", "Lambda", "1")
            .inputs(0..=5)
            .outputs(0..=5)
            .variables(["*"])
    }

    fn run<H: Host>(job: &Job, invocation: LambdaInvocation, host: &H) -> Result<Outcome, Failure> {
        invocation.call(job, host)
    }
}

impl Provider for LambdaRule {
    type Configuration = LambdaInvocation;

    fn describe() -> Description {
        Description::new("Holds where a function component returns and does not fail")
            .serves(Category::Rule, "AWS", "LambdaInvoke", "1")
            .inputs(0..=5)
            .variables(["*"])
    }

    fn run<H: Host>(job: &Job, invocation: LambdaInvocation, host: &H) -> Result<Outcome, Failure> {
        invocation.call(job, host)
    }
}

impl LambdaInvocation {
    fn call<H: Host>(&self, job: &Job, host: &H) -> Result<Outcome, Failure> {
        let key = "FunctionName";
        let name = job.configuration.get(key).map_or("", String::as_str);
        let event = lambda::event(name, self.parameters.as_deref(), job);
        call(key, &self.function.0, &event, job, host)
    }
}

/// Calls a function; `key` is the configuration's that names it.
fn call<H: Host>(
    key: &str,
    name: &FunctionName,
    event: &str,
    job: &Job,
    host: &H,
) -> Result<Outcome, Failure> {
    let target = name.locate(key, job)?;
    let text = host.invoke(&target, event).map_err(|error| match error {
        InvokeError::Failed(reason) => Failure::job(format!("function {name} failed: {reason}")),
        other => other.into(),
    })?;
    result::success(name, &text, job, host)
}

export_provider!(InvokeFunction, Lambda, LambdaRule);
