//! The two languages: what is not of them, and how they come to the same.

use super::{JSON, TOML, assert_told, refused};
use crate::definition::{Format, MAX_TEXT, read};

#[test]
fn json_says_what_it_is_not() {
    assert_told!(
        JSON,
        Format::Json,
        &[
            (
                "a comma is missing",
                &[("\"version\": 7,", "\"version\": 7")]
            ),
            (
                "a comma is too much",
                &[(
                    "\"namespace\": \"SourceVariables\"",
                    "\"namespace\": \"SourceVariables\","
                )]
            ),
            (
                "there are no comments",
                &[("\"version\": 7,", "\"version\": 7, // seven")]
            ),
            (
                "a key stands twice",
                &[("\"version\": 7,", "\"version\": 7, \"version\": 8,")]
            ),
            (
                "the pipeline stands twice",
                &[("\"metadata\"", "\"pipeline\": {}, \"metadata\"")]
            ),
            (
                "a number stands for a text",
                &[("\"BranchName\": \"main\"", "\"BranchName\": 7")]
            ),
            (
                "a boolean stands for a text",
                &[("\"BranchName\": \"main\"", "\"BranchName\": true")]
            ),
            (
                "null stands for a text",
                &[("\"BranchName\": \"main\"", "\"BranchName\": null")]
            ),
            (
                "a text stands for a list",
                &[("\"inputArtifacts\": []", "\"inputArtifacts\": \"None\"")]
            ),
            (
                "a text stands for an artifact",
                &[("\"inputArtifacts\": []", "\"inputArtifacts\": [\"None\"]")]
            ),
            (
                "a short action type is TOML's",
                &[(
                    "\"actionTypeId\": {\n                            \"category\": \"Source\",\n                            \"owner\": \"Custom\",\n                            \"provider\": \"Git\",\n                            \"version\": \"1\"\n                        }",
                    "\"actionTypeId\": \"Source/Custom/Git/1\""
                )]
            ),
            ("half a character is no text", &[("\\u2192", "\\ud800")]),
        ],
    );
}

#[test]
fn a_text_of_another_language_is_told_at_its_place() {
    let mut told = String::new();
    for (text, format) in [
        ("", Format::Json),
        ("[]", Format::Json),
        ("name: webshop", Format::Json),
        ("", Format::Toml),
        ("{\"name\": \"webshop\"}", Format::Toml),
        ("name = webshop", Format::Toml),
        ("name = \"a\"\nname = \"b\"", Format::Toml),
        ("[[stages]\nname = \"a\"\n[b", Format::Toml),
        ("name: webshop\nstages:\n  - name: x\n", Format::Toml),
        ("pipeline = 7", Format::Toml),
        ("stages = 7\nname = \"x\"", Format::Toml),
        ("stages = [7]\nname = \"x\"", Format::Toml),
    ] {
        told += &format!("{format:?} {text:?}\n");
        for problem in refused(text, format, text) {
            told += &format!("    {problem}\n");
        }
    }
    insta::assert_snapshot!(told);
}

#[test]
fn a_byte_order_mark_is_not_part_of_the_text() {
    for (text, format) in [(TOML, Format::Toml), (JSON, Format::Json)] {
        let (pipeline, source) = read(&format!("\u{feff}{text}"), format).unwrap();
        assert_eq!(pipeline.name, "webshop");
        assert_eq!(
            source.place("name").unwrap().column,
            read(text, format).unwrap().1.place("name").unwrap().column
        );
    }
}

#[test]
fn a_toml_definition_may_stand_under_pipeline() {
    let nested = TOML
        .replace("[[variables]]", "[[pipeline.variables]]")
        .replace("[[stages", "[[pipeline.stages")
        .replace("[stages", "[pipeline.stages");
    let nested = format!("[pipeline]\n{nested}");
    let (pipeline, source) = read(&nested, Format::Toml).unwrap();
    assert_eq!(pipeline, read(TOML, Format::Toml).unwrap().0);
    assert_eq!(source.place("stages[0].name").unwrap().line, 9);
}

#[test]
fn toml_numbers_and_booleans_become_the_texts_they_are_written_as() {
    let (pipeline, _) = read(TOML, Format::Toml).unwrap();
    let compile = pipeline.stages[1].action("Compile").unwrap();
    assert_eq!(
        compile.action_type_id.to_string(),
        "Build/Custom/BuildSpec/1"
    );
    let checkout = pipeline.stages[0].action("Checkout").unwrap();
    assert_eq!(checkout.configuration["PollForSourceChanges"], "true");
    for (written, text) in [
        ("30", "30"),
        ("0x1F", "31"),
        ("1_000", "1000"),
        ("+5", "5"),
        ("-5", "-5"),
        ("2.50", "2.50"),
        ("false", "false"),
    ] {
        let toml = TOML.replace("= 30", &format!("= {written}"));
        let (pipeline, _) = read(&toml, Format::Toml).unwrap();
        let announce = pipeline.stages[2].action("Announce").unwrap();
        assert_eq!(announce.configuration["TimeoutSeconds"], text);
    }
}

#[test]
fn a_place_that_is_not_in_the_text_is_that_of_its_nearest_parent() {
    let (_, source) = read(TOML, Format::Toml).unwrap();
    let line = |path| source.place(path).unwrap().line;
    assert_eq!(line("stages[1].actions[0].configuration.BuildSpec"), 32);
    assert_eq!(line("stages[1].actions[0].configuration.Other"), 31);
    assert_eq!(line("stages[1].actions[0].region"), 23);
    assert_eq!(line("stages[9].name"), line("stages"));
    assert_eq!(line("nothing"), 1);
}

#[test]
fn a_text_past_the_limit_is_refused_unread() {
    let text = format!("# {}\n{TOML}", "x".repeat(MAX_TEXT));
    let problems = refused(&text, Format::Toml, "too long");
    assert_eq!(problems.len(), 1);
    assert!(
        problems[0].message.contains("may have 2097152"),
        "{}",
        problems[0]
    );
}

#[test]
fn no_more_than_a_hundred_problems_are_told() {
    let keys: String = (0..500)
        .map(|n| format!("{}key{n} = 1\n", "z".repeat(20)))
        .collect();
    let problems = refused(&format!("{keys}{TOML}"), Format::Toml, "many");
    assert_eq!(problems.len(), 101);
    assert_eq!(
        problems[100].message,
        "there are more than these 100 problems; correct these first"
    );
}
