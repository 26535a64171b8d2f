//! The rule-variable-check provider: compares a value with another. Knows
//! nothing of pipelines; the server has put the variable's value in the place of
//! its name before it calls.

mod comparison;

use comparison::{Operator, Text};
use lockgate_plugin::{
    Category, Description, Failure, Host, Job, Outcome, Provider, Success, configuration,
    export_provider,
};

configuration! {
    /// What is compared with what.
    #[derive(Debug)]
    pub struct Check {
        /// The value to look at, such as #{SourceVariables.BranchName}.
        "Variable" => variable: Text,
        /// What to compare it with; for MATCHES a regular expression.
        "Value" => value: Text,
        /// EQ, NE, CONTAINS or MATCHES.
        "Operator" => operator: Operator,
    }
}

/// The provider.
pub struct VariableCheck;

impl Provider for VariableCheck {
    type Configuration = Check;

    fn describe() -> Description {
        Description::new("Judges whether a variable has a value").serves(
            Category::Rule,
            "AWS",
            "VariableCheck",
            "1",
        )
    }

    fn run<H: Host>(_: &Job, check: Check, _: &H) -> Result<Outcome, Failure> {
        let found = check.operator.compare(&check.variable.0, &check.value.0)?;
        let sentence = check
            .operator
            .sentence(&check.variable.0, &check.value.0, found);
        if check.operator.holds(found) {
            Ok(Success::new().summary(sentence).into())
        } else {
            Err(Failure::job(sentence))
        }
    }
}

export_provider!(VariableCheck);
