//! The four operators, and the sentence that says what came of one.

use lockgate_plugin::{Failure, Problem, PropertyType, Value, choice};
use regex_lite::RegexBuilder;

/// How many characters of a value a message shows.
const SHOWN: usize = 200;
/// Bytes that a compiled pattern may take.
const PATTERN_BYTES: usize = 256 * 1024;

choice! {
    /// How two texts are compared.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum Operator {
        /// They are the same.
        Eq = "EQ",
        /// They are not the same.
        Ne = "NE",
        /// The variable has the value somewhere in it.
        Contains = "CONTAINS",
        /// The whole variable is what the pattern describes.
        Matches = "MATCHES",
    }
}

/// A text that must be given and may be empty: a variable can have no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text(pub String);

impl Value for Text {
    const KIND: PropertyType = PropertyType::Text;

    fn read(text: &str) -> Result<Self, String> {
        Ok(Self(text.to_owned()))
    }

    fn absent() -> Option<Self> {
        Some(Self(String::new()))
    }
}

impl Operator {
    /// Whether the two are the same, contain or match. NE asks whether they are
    /// the same too; `holds` turns it round.
    ///
    /// # Errors
    /// The pattern cannot be read.
    pub fn compare(self, variable: &str, value: &str) -> Result<bool, Failure> {
        Ok(match self {
            Self::Eq | Self::Ne => variable == value,
            Self::Contains => variable.contains(value),
            Self::Matches => matches(variable, value)?,
        })
    }

    /// Whether the rule's criterion holds, where this was found.
    pub fn holds(self, found: bool) -> bool {
        found != (self == Self::Ne)
    }

    /// What was found, in words.
    pub fn sentence(self, variable: &str, value: &str, found: bool) -> String {
        let relation = match (self, found) {
            (Self::Eq | Self::Ne, true) => "equal to",
            (Self::Eq | Self::Ne, false) => "not equal to",
            (Self::Contains, true) => "a text that contains",
            (Self::Contains, false) => "a text that does not contain",
            (Self::Matches, true) => "a text that matches the pattern",
            (Self::Matches, false) => "a text that does not match the pattern",
        };
        let name = match self {
            Self::Eq => "EQ",
            Self::Ne => "NE",
            Self::Contains => "CONTAINS",
            Self::Matches => "MATCHES",
        };
        format!(
            "the variable's value '{}' is {relation} '{}' (operator {name})",
            shown(variable),
            shown(value)
        )
    }
}

/// Whether a pattern describes the whole text, as Java's `String.matches` asks.
fn matches(text: &str, pattern: &str) -> Result<bool, Failure> {
    let compile = |pattern: &str| RegexBuilder::new(pattern).size_limit(PATTERN_BYTES).build();
    // Alone first: what is wrong with it is told in its own terms.
    let whole = compile(pattern).and_then(|_| compile(&format!(r"\A(?:{pattern})\z")));
    match whole {
        Ok(pattern) => Ok(pattern.is_match(text)),
        Err(error) => Err(Problem {
            key: "Value".into(),
            value: Some(shown(pattern)),
            remedy: format!(
                "write a regular expression without look-around and back-references, of moderate size ({error})"
            ),
        }
        .into()),
    }
}

fn shown(text: &str) -> String {
    let mut shown: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(SHOWN)
        .collect();
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use crate::VariableCheck;
    use lockgate_plugin::testing::FakeHost;
    use lockgate_plugin::{Failure, FailureType, Outcome, run};

    /// What the rule says of two values, and whether it succeeds.
    fn judge(variable: &str, operator: &str, value: &str) -> Result<String, Failure> {
        let host = FakeHost::new();
        let job = host.job([
            ("Variable", variable),
            ("Operator", operator),
            ("Value", value),
        ]);
        match run::<VariableCheck>(&job, &host)? {
            Outcome::Succeeded(success) => Ok(success.summary.unwrap()),
            Outcome::Pending(pending) => panic!("{pending:?}"),
        }
    }

    /// Semantics 2.9.
    #[test]
    fn each_operator_succeeds_where_its_comparison_is_true() {
        for (variable, operator, value, holds) in [
            ("main", "EQ", "main", true),
            ("main", "EQ", "Main", false),
            ("main", "NE", "main", false),
            ("main", "NE", "develop", true),
            ("feature/x", "CONTAINS", "ture/", true),
            ("feature/x", "CONTAINS", "TURE", false),
            ("v1.2", "MATCHES", r"v\d+\.\d+", true),
            ("", "EQ", "", true),
            ("", "NE", "x", true),
            ("x", "CONTAINS", "", true),
            ("", "MATCHES", "", true),
        ] {
            let said = judge(variable, operator, value);
            assert_eq!(said.is_ok(), holds, "{said:?}");
        }
    }

    #[test]
    fn a_pattern_must_match_the_whole_value() {
        for (variable, pattern, holds) in [
            ("v1.2-rc", r"v\d+\.\d+", false),
            ("xv1.2", r"v\d+\.\d+", false),
            ("ab", "a|ab", true),
            ("cab", "a|ab", false),
            ("main\n", "main", false),
            ("a\nb", "a.b", false),
            ("a\nb", "(?s)a.b", true),
            ("x\nmain", "(?m)^main$", false),
            ("MAIN", "(?i)main", true),
            // Java's classes are of ASCII.
            ("٣", r"\d", false),
            ("é", r"\w", false),
            ("é", ".", true),
        ] {
            let said = judge(variable, "MATCHES", pattern);
            assert_eq!(said.is_ok(), holds, "{pattern}: {said:?}");
        }
    }

    #[test]
    fn what_was_found_names_both_values_and_the_operator() {
        for (operator, value, sentence) in [
            (
                "EQ",
                "dev",
                "the variable's value 'main' is not equal to 'dev' (operator EQ)",
            ),
            (
                "NE",
                "main",
                "the variable's value 'main' is equal to 'main' (operator NE)",
            ),
            (
                "CONTAINS",
                "x",
                "the variable's value 'main' is a text that does not contain 'x' (operator CONTAINS)",
            ),
            (
                "MATCHES",
                "m.",
                "the variable's value 'main' is a text that does not match the pattern 'm.' (operator MATCHES)",
            ),
        ] {
            let failure = judge("main", operator, value).unwrap_err();
            assert_eq!(failure.kind, FailureType::JobFailed);
            assert_eq!(failure.message, sentence);
        }
        let said = judge("main", "NE", "dev").unwrap();
        assert_eq!(
            said,
            "the variable's value 'main' is not equal to 'dev' (operator NE)"
        );
        let long = "x\u{1b}".repeat(5000);
        let failure = judge(&long, "EQ", "y").unwrap_err();
        assert!(failure.message.len() < 400, "{}", failure.message);
        assert!(!failure.message.contains('\u{1b}'));
    }

    #[test]
    fn a_pattern_that_cannot_be_read_is_the_definition_s_fault() {
        let huge = "((a{1000}){1000}){1000}";
        let deep = "(".repeat(5000);
        for pattern in ["(", "a(?=b)", r"(a)\1", r"\p{L}", huge, &deep, "a)|(b"] {
            let failure = judge("a", "MATCHES", pattern).unwrap_err();
            assert_eq!(failure.kind, FailureType::ConfigurationError, "{pattern}");
            let start = format!("Value: '{}", &pattern[..1]);
            assert!(failure.message.starts_with(&start), "{}", failure.message);
            assert!(failure.message.contains("write a regular expression"));
        }
    }

    #[test]
    fn a_pattern_that_explodes_elsewhere_ends_here() {
        let text = "a".repeat(5000) + "b";
        assert!(judge(&text, "MATCHES", "(a+)+").is_err());
        assert!(judge(&text, "MATCHES", "(a|aa)*c?").is_err());
    }

    #[test]
    fn an_operator_that_is_none_says_what_to_write() {
        let failure = judge("a", "eq", "a").unwrap_err();
        assert_eq!(
            failure.message,
            "Operator: 'eq' will not do; write EQ or NE or CONTAINS or MATCHES"
        );
    }
}
