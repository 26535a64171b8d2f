//! The book's page on definitions says what the code does: its examples load,
//! its error texts are real, and no key is left out.

use super::catalogue;
use crate::definition::{Format, load};
use std::path::Path;

const PAGE: &str = include_str!("../../../../../docs/reference/definition.md");

/// The fenced blocks of one language.
fn blocks(language: &str) -> Vec<&'static str> {
    let fence = format!("```{language}\n");
    PAGE.split(&fence)
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap())
        .collect()
}

#[test]
fn the_examples_of_the_page_load() {
    for (language, format) in [("toml", Format::Toml), ("json", Format::Json)] {
        let blocks = blocks(language);
        assert!(!blocks.is_empty());
        for block in blocks {
            if let Err(problems) = load(block, format, &catalogue()) {
                panic!("{problems:#?}\n{block}");
            }
        }
    }
}

#[test]
fn the_error_texts_of_the_page_are_those_of_the_code() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/definition/tests/snapshots");
    let real: String = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap())
        .collect();
    let table = PAGE.split("| Mistake | What is told |").nth(1).unwrap();
    let rows: Vec<&str> = table
        .lines()
        .filter_map(|line| line.strip_suffix("` |")?.split_once("| `"))
        .map(|(_, told)| told)
        .collect();
    assert!(rows.len() > 20, "{}", rows.len());
    for told in rows {
        assert!(
            real.contains(&format!("    {told}\n")),
            "nobody says: {told}"
        );
    }
}

#[test]
fn the_page_names_every_key() {
    use crate::definition::decode::KNOWN_KEYS;
    for key in KNOWN_KEYS.iter().flat_map(|keys| keys.iter()) {
        assert!(PAGE.contains(&format!("`{key}`")), "{key}");
    }
}
