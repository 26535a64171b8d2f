//! From the names of the wire to names as Rust writes them.

/// `logStreamARN` is `log_stream_arn`, `AllowedIPRange` is `allowed_ip_range`.
pub fn snake(name: &str) -> String {
    words(name)
        .iter()
        .map(|word| word.to_lowercase())
        .collect::<Vec<_>>()
        .join("_")
}

/// A member's name: a word of the language is written as `r#type`.
pub fn field(name: &str) -> String {
    match snake(name).as_str() {
        word @ "type" => format!("r#{word}"),
        word => word.to_owned(),
    }
}

/// The name of a static.
pub fn constant(name: &str) -> String {
    snake(name).to_uppercase()
}

/// `COMMIT_ID` is `CommitId`, `AWS` is `Aws`, `InProgress` stays.
pub fn variant(name: &str) -> String {
    let mut written = String::new();
    for word in words(name) {
        let mut letters = word.chars();
        if let Some(first) = letters.next() {
            written.push(first.to_ascii_uppercase());
        }
        written.push_str(&letters.as_str().to_lowercase());
    }
    written
}

/// The name of a structure or an enum.
pub fn type_name(shape: &str) -> String {
    match shape {
        // Rust has its own.
        "Result" => "ConditionResult".to_owned(),
        name => variant(name),
    }
}

/// A name in the path of a constraint violation: its first letter is small
/// there, whatever it is on the wire.
pub fn path(name: &str) -> String {
    let mut letters = name.chars();
    let first = letters.next().map(|letter| letter.to_ascii_lowercase());
    first.into_iter().chain(letters).collect()
}

fn words(name: &str) -> Vec<String> {
    let letters: Vec<char> = name.chars().collect();
    let mut words = vec![String::new()];
    for (at, letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| letters.get(at));
        let after = letters.get(at + 1);
        let starts = letter.is_uppercase()
            && before.is_some_and(|before| {
                !before.is_uppercase() || after.is_some_and(|after| after.is_lowercase())
            });
        if *letter == '_' || starts {
            words.push(String::new());
        }
        if *letter != '_' {
            words.last_mut().expect("there is one").push(*letter);
        }
    }
    words.retain(|word| !word.is_empty());
    words
}
