//! The letters of a line of steps: words, quotes, and a colon before free text.

use lockgate_model::definition::ConditionType;

/// What steps call a condition.
pub(crate) fn spell_condition(condition: ConditionType) -> &'static str {
    match condition {
        ConditionType::BeforeEntry => "entry",
        ConditionType::OnSuccess => "success",
        ConditionType::OnFailure => "failure",
    }
}

/// The condition that steps call so.
pub(crate) fn read_condition(word: &str) -> Option<ConditionType> {
    ConditionType::ALL
        .into_iter()
        .find(|condition| spell_condition(*condition) == word)
}

/// A text as one word.
pub(crate) fn quoted(text: &str) -> String {
    let plain = |c: char| !c.is_whitespace() && !matches!(c, '"' | ':' | '\\');
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// The words of a line, and the free text after the first colon that ends a
/// word outside of quotes.
pub(crate) fn split(line: &str) -> Result<(Vec<String>, String), String> {
    let mut words = vec![];
    let mut word: Option<String> = None;
    let mut inside = false;
    let mut chars = line.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => {
                inside = !inside;
                word.get_or_insert_default();
            }
            '\\' if inside => {
                if let Some((_, escaped)) = chars.next() {
                    word.get_or_insert_default().push(escaped);
                }
            }
            ':' if !inside && chars.peek().is_none_or(|(_, next)| *next == ' ') => {
                words.extend(word.take());
                return Ok((words, line[at + 1..].trim().to_owned()));
            }
            c if c.is_whitespace() && !inside => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    if inside {
        return Err("a quote is open at the end of the line".to_owned());
    }
    words.extend(word.take());
    Ok((words, String::new()))
}
