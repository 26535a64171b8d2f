//! The patterns of the model. They are written for Java, match the whole of a
//! value, and are met by values that strangers write: each is made into a
//! table that looks at every byte once. Knows no shape. `check` calls it.

use std::sync::OnceLock;

use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::{Anchored, Input};

/// A pattern of the model, compiled when first needed.
#[derive(Debug)]
pub struct Pattern {
    source: &'static str,
    /// `None` for what does not compile, which nothing matches; a test sees to
    /// it that all of the model do.
    table: OnceLock<Option<dense::DFA<Vec<u32>>>>,
}

/// The largest table, in bytes. The largest of the model has a tenth.
const LARGEST: usize = 1024 * 1024;

impl Pattern {
    pub(crate) const fn new(source: &'static str) -> Self {
        Self {
            source,
            table: OnceLock::new(),
        }
    }

    /// As the model writes it.
    pub fn source(&self) -> &'static str {
        self.source
    }

    /// Whether the whole value matches.
    pub fn matches(&self, value: &str) -> bool {
        let table = self.table.get_or_init(|| compile(self.source));
        let input = Input::new(value).anchored(Anchored::Yes);
        table
            .as_ref()
            .and_then(|table| table.try_search_fwd(&input).ok().flatten())
            .is_some()
    }
}

fn compile(source: &str) -> Option<dense::DFA<Vec<u32>>> {
    let limits = dense::Config::new()
        .start_kind(StartKind::Anchored)
        .dfa_size_limit(Some(LARGEST))
        .determinize_size_limit(Some(4 * LARGEST));
    dense::Builder::new()
        .configure(limits)
        .build(&format!("(?:{})\\z", of_java(source)))
        .ok()
}

/// A dot outside of a set stands for less in Java than in Rust, and a letter of
/// a word is one of ASCII.
fn of_java(source: &str) -> String {
    let source = source.replace("\\w", "0-9A-Za-z_");
    let (mut rust, mut in_set, mut escaped) = (String::new(), false, false);
    for letter in source.chars() {
        match letter {
            '.' if !in_set && !escaped => {
                rust.push_str("[^\\n\\r\\u{85}\\u{2028}\\u{2029}]");
                continue;
            }
            '[' if !escaped => in_set = true,
            ']' if !escaped => in_set = false,
            _ => {}
        }
        escaped = letter == '\\' && !escaped;
        rust.push(letter);
    }
    rust
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &'static str, value: &str) -> bool {
        Pattern::new(pattern).matches(value)
    }

    #[test]
    fn a_set_takes_the_whole_value_and_nothing_else() {
        let name = "[A-Za-z0-9.@\\-_]+";
        assert!(matches(name, "web.shop@eu-1_b"));
        assert!(!matches(name, ""));
        assert!(!matches(name, "web shop"));
        assert!(!matches(name, "web\n"));
        assert!(!matches(name, "wéb"));
        assert!(!matches(name, "web,shop"));
        let reason = "[a-zA-Z0-9!@ \\(\\)\\.\\*\\?\\-]+";
        assert!(matches(reason, "why? (because it is *late*)."));
        assert!(!matches(reason, "a\\b"));
        assert!(matches("^[a-zA-Z0-9-]+$", "a-b"));
        assert!(!matches("^[a-zA-Z0-9-]+$", "^a$"));
    }

    #[test]
    fn an_expression_is_anchored_on_both_sides_of_every_alternative() {
        assert!(matches("AWS|ThirdParty", "AWS"));
        assert!(!matches("AWS|ThirdParty", "AWSx"));
        assert!(!matches("AWS|ThirdParty", "xThirdParty"));
        assert!(matches("[0-9]{12}|\\*", "*"));
        assert!(!matches("[0-9]{12}|\\*", "123456789012*"));
        let arn = "arn:aws(-[\\w]+)*:iam::[0-9]{12}:role/.*";
        assert!(matches(arn, "arn:aws-us-gov:iam::123456789012:role/a/b"));
        assert!(!matches(arn, "arn:aws:iam::123456789012:role/a\nb"));
        assert!(!matches(arn, "arn:aws:iam::12345678901:role/a"));
    }

    #[test]
    fn a_dot_stops_at_the_end_of_a_line_as_java_sees_it() {
        assert!(matches(".*", ""));
        assert!(matches(".*", "one \t line"));
        for end in ["\n", "\r", "\u{85}", "\u{2028}"] {
            assert!(!matches(".*", &format!("a{end}b")), "{end:?}");
        }
    }

    #[test]
    fn every_pattern_of_the_model_compiles() {
        let model = include_str!("../model/codepipeline-2015-07-09.json");
        let model: serde_json::Value = serde_json::from_str(model).unwrap();
        let constraints = model["constraints"].as_object().unwrap();
        let patterns = constraints
            .values()
            .filter_map(|entry| entry["pattern"].as_str());
        let mut compiled = 0;
        for pattern in patterns {
            let table = compile(pattern).unwrap_or_else(|| panic!("{pattern} does not compile"));
            assert!(
                table.memory_usage() < LARGEST / 4,
                "{pattern}: {}",
                table.memory_usage()
            );
            compiled += 1;
        }
        assert!(compiled > 30, "{compiled}");
    }

    #[test]
    fn a_value_made_to_be_slow_takes_no_longer_than_another() {
        let arn = "arn:aws(-[\\w]+)*:codepipeline:.+:[0-9]{12}:.+";
        let pattern = Pattern::new(arn);
        assert!(pattern.matches("arn:aws-cn:codepipeline:eu-west-1:123456789012:web"));
        let value = format!("arn:aws{}", "-a:codepipeline:12345678901".repeat(100_000));
        let begin = std::time::Instant::now();
        assert!(!pattern.matches(&value));
        // Unoptimized; a search that tries again at every colon takes minutes.
        assert!(begin.elapsed() < std::time::Duration::from_secs(2));
    }
}
