//! The patterns of the model. They are written for Java, match the whole of a
//! value, and are met by values that strangers write: every match takes time
//! in proportion to the value, and no value is long enough to take long. Knows
//! no shape. `check` calls it.

use std::sync::OnceLock;

use regex_lite::Regex;

/// A pattern of the model, compiled when first needed.
#[derive(Debug)]
pub struct Pattern {
    source: &'static str,
    matcher: OnceLock<Matcher>,
}

#[derive(Debug)]
enum Matcher {
    /// One set of characters, over and over: nearly all of the model.
    Set { letters: [bool; 128], empty: bool },
    /// `.*`: anything on one line.
    Line,
    /// Anything else. `None` for what does not compile, which nothing matches.
    Regex(Option<Regex>),
}

/// What is longer than this is compared with no expression: the longest name
/// that means anything anywhere is an ARN of two thousand characters.
const LONGEST: usize = 8192;

impl Pattern {
    pub(crate) const fn new(source: &'static str) -> Self {
        Self {
            source,
            matcher: OnceLock::new(),
        }
    }

    /// As the model writes it.
    pub fn source(&self) -> &'static str {
        self.source
    }

    /// Whether the whole value matches.
    pub fn matches(&self, value: &str) -> bool {
        match self.matcher.get_or_init(|| compile(self.source)) {
            Matcher::Set { letters, empty } => {
                let known = |byte: u8| letters.get(usize::from(byte)).is_some_and(|known| *known);
                (*empty || !value.is_empty()) && value.bytes().all(known)
            }
            Matcher::Line => !value.contains(LINE_ENDS),
            Matcher::Regex(regex) => {
                value.len() <= LONGEST && regex.as_ref().is_some_and(|r| r.is_match(value))
            }
        }
    }
}

/// What Java's `.` does not match.
const LINE_ENDS: [char; 5] = ['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}'];

fn compile(source: &str) -> Matcher {
    if source == ".*" {
        return Matcher::Line;
    }
    let bare = source.trim_start_matches('^').trim_end_matches('$');
    let set = bare
        .strip_suffix(['+', '*'])
        .filter(|set| set.starts_with('[') && set.find(']') == Some(set.len() - 1));
    if let Some(set) = set
        && let Ok(one) = Regex::new(&format!("^{set}$"))
    {
        let letters = std::array::from_fn(|at| {
            char::from_u32(at as u32).is_some_and(|c| one.is_match(c.encode_utf8(&mut [0; 4])))
        });
        let empty = bare.ends_with('*');
        return Matcher::Set { letters, empty };
    }
    Matcher::Regex(Regex::new(&format!("^(?:{})$", of_java(source))).ok())
}

/// A dot outside of a set stands for less in Java than in Rust.
fn of_java(source: &str) -> String {
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
    fn a_value_made_to_be_slow_is_refused_and_not_tried() {
        let arn = "arn:aws(-[\\w]+)*:codepipeline:.+:[0-9]{12}:.+";
        let value = format!("arn:aws{}", "-a:codepipeline:".repeat(100_000));
        let begin = std::time::Instant::now();
        assert!(!matches(arn, &value));
        assert!(begin.elapsed() < std::time::Duration::from_millis(50));
    }
}
