//! Texts that nobody means well: no panic, no overflow, no endless work.

use super::{GATED, GATED_JSON, JSON, TOML, catalogue};
use crate::definition::{Format, MAX_TEXT, Pipeline, Problem, load, read};
use std::time::{Duration, Instant};

const EXAMPLES: [(&str, Format); 4] = [
    (TOML, Format::Toml),
    (JSON, Format::Json),
    (GATED, Format::Toml),
    (GATED_JSON, Format::Json),
];

/// A small generator with a fixed seed (xorshift64*): the same bytes each time.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).unwrap()
    }
}

fn attempt(text: &str, format: Format) -> Result<Pipeline, Vec<Problem>> {
    let answer = load(text, format, &catalogue());
    if let Err(problems) = &answer {
        assert!(!problems.is_empty(), "refused without a word: {text}");
        for problem in problems {
            assert!(problem.to_string().len() < 2000, "{problem}");
        }
    }
    answer
}

#[test]
fn a_text_cut_off_anywhere_is_read_or_refused() {
    for (text, format) in EXAMPLES {
        for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
            let cut = attempt(&text[..end], format);
            assert!(format == Format::Toml || text[end..].trim().is_empty() || cut.is_err());
        }
    }
}

#[test]
fn a_text_with_bytes_changed_is_read_or_refused() {
    let mut chance = Chance(0x5EED_10CC_6A7E);
    for (text, format) in EXAMPLES {
        let mut refused = 0;
        for _ in 0..3000 {
            let mut bytes = text.as_bytes().to_vec();
            for _ in 0..=chance.below(4) {
                let at = chance.below(bytes.len());
                match chance.below(4) {
                    0 => bytes[at] = u8::try_from(chance.below(128)).unwrap(),
                    1 => bytes[at] ^= 1 << chance.below(7),
                    2 => {
                        bytes.remove(at);
                    }
                    _ => {
                        let marks = b"\"'{}[]#.,=:\n\\0";
                        bytes.insert(at, marks[chance.below(marks.len())]);
                    }
                }
            }
            refused += usize::from(attempt(&String::from_utf8_lossy(&bytes), format).is_err());
        }
        assert!(refused > 1000, "{refused} of 3000 changes were noticed");
    }
}

#[test]
fn parts_of_the_text_moved_about_are_read_or_refused() {
    let mut chance = Chance(0xB0A7);
    for (text, format) in EXAMPLES {
        let lines: Vec<&str> = text.lines().collect();
        for _ in 0..1000 {
            let mut lines = lines.clone();
            for _ in 0..=chance.below(3) {
                let (a, b) = (chance.below(lines.len()), chance.below(lines.len()));
                match chance.below(3) {
                    0 => lines.swap(a, b),
                    1 => lines.insert(a, lines[b]),
                    _ => {
                        lines.remove(a);
                    }
                }
            }
            let _ = attempt(&lines.join("\n"), format);
        }
    }
}

#[test]
fn deep_nesting_is_refused_and_not_followed() {
    let deep = 1_000_000;
    for (text, format) in [
        ("[".repeat(deep), Format::Json),
        ("{\"a\":".repeat(deep / 4), Format::Json),
        (
            format!("{{\"stages\":{}{}}}", "[".repeat(120), "]".repeat(120)),
            Format::Json,
        ),
        (format!("a={}", "[".repeat(deep)), Format::Toml),
        (format!("a={}", "{a=".repeat(deep / 2)), Format::Toml),
        (format!("[{}a]", "a.".repeat(deep / 2)), Format::Toml),
        (format!("{}a=1", "a.".repeat(deep / 2)), Format::Toml),
        (
            format!(
                "[{}a]\n{}a={}1{}",
                "a.".repeat(70),
                "b.".repeat(70),
                "[".repeat(70),
                "]".repeat(70)
            ),
            Format::Toml,
        ),
    ] {
        // A small stack, as a server's threads have.
        let answer = std::thread::Builder::new()
            .stack_size(2 << 20)
            .spawn(move || attempt(&text, format).is_err())
            .unwrap()
            .join();
        assert!(answer.unwrap());
    }
}

/// Repeats a piece up to the limit; `{n}` counts.
fn filled(before: &str, piece: &str, after: &str) -> String {
    let mut text = before.to_owned();
    for n in 0.. {
        let next = piece.replace("{n}", &format!("{n:x}"));
        if text.len() + next.len() + after.len() > MAX_TEXT {
            break;
        }
        text += &next;
    }
    text + after
}

#[test]
fn the_longest_texts_take_no_long_time() {
    let action = r#"{"name":"a{n}","actionTypeId":{"category":"Build","owner":"Custom","provider":"X","version":"1"}}"#;
    let stages = filled(
        r#"{"name":"a","stages":["#,
        r#"{"name":"a","actions":[]},"#,
        r#"{"name":"z","actions":[]}]}"#,
    );
    let actions = filled(
        r#"{"name":"a","stages":[{"name":"a","actions":["#,
        &format!("{action},"),
        &format!("{action}]}}]}}"),
    );
    let variables = filled(
        r#"{"name":"a","stages":[],"variables":["#,
        r#"{"name":"v{n}"},"#,
        r#"{"name":"z"}]}"#,
    );
    let keys = filled("{", r#""stage{n}":1,"#, r#""z":1}"#);
    let configuration = filled(
        &TOML
            .replace("\nUrl = ", "\n# ")
            .replace("TimeoutSeconds = ", "# ")
            .replace("Message = ", "# "),
        "Messag{n} = 1\n",
        "",
    );
    let templates = filled(&format!("{TOML}Token = \""), "#{Compile.x}", "\"\n");
    let numbers = filled("a = [", "1,", "]");
    let tables = filled("", "[a{n}]\n", "");
    let errors = filled("", "= =\n", "");
    let flat = filled(
        r#"{"name":"a","stages":[{"name":"a","actions":[{"name":"a","inputArtifacts":["#,
        r#"{"name":"Artifact{n}"},"#,
        r#"{"name":"z"}]}]}]}"#,
    );
    let triggers = filled(
        &format!("{GATED}\n"),
        "[[triggers]]\n[triggers.gitConfiguration]\nsourceActionName = \"a{n}\"\n",
        "",
    );
    let patterns = filled(
        "name = \"a\"\nstages = []\n[[triggers]]\n[triggers.gitConfiguration]\nsourceActionName = \"a\"\n[[triggers.gitConfiguration.push]]\nbranches.includes = [",
        "\"[a-z]{a,b}**{n}\",",
        "]",
    );
    let rules = filled(
        r#"{"name":"a","stages":[{"name":"a","actions":[],"onSuccess":{"conditions":[{"rules":["#,
        r#"{"name":"r","ruleTypeId":{"provider":"Commands"}},"#,
        r#"{"name":"z","ruleTypeId":{"provider":"Commands"}}]}]}}]}"#,
    );
    for (what, text, format) in [
        ("triggers", triggers, Format::Toml),
        ("patterns", patterns, Format::Toml),
        ("rules", rules, Format::Json),
        ("stages", stages, Format::Json),
        ("actions", actions, Format::Json),
        ("variables", variables, Format::Json),
        ("keys", keys, Format::Json),
        ("configuration", configuration, Format::Toml),
        ("templates", templates, Format::Toml),
        ("numbers", numbers, Format::Toml),
        ("tables", tables, Format::Toml),
        ("errors", errors, Format::Toml),
        ("artifacts", flat, Format::Json),
    ] {
        let start = Instant::now();
        let answer = attempt(&text, format);
        let took = start.elapsed();
        assert!(answer.is_err(), "{what}");
        // A debug build on a busy machine; what this finds takes minutes.
        assert!(took < Duration::from_secs(20), "{what} took {took:?}");
    }
}

#[test]
fn many_actions_that_take_each_other_s_artifacts_take_no_long_time() {
    let mut pipeline = read(TOML, Format::Toml).unwrap().0;
    let action = pipeline.stages[1].actions[0].clone();
    for stage in 0..20 {
        let mut copy = pipeline.stages[1].clone();
        copy.name = format!("Stage{stage}");
        copy.actions = (0..48)
            .map(|index| {
                let mut action = action.clone();
                action.name = format!("Action{index}");
                action.namespace = Some(format!("Namespace-{stage}-{index}"));
                for n in 0..10 {
                    let name = format!("{}{stage}-{index}-{n}", "artifact".repeat(6));
                    action
                        .output_artifacts
                        .push(crate::definition::OutputArtifact {
                            name: name.clone(),
                            files: vec![],
                        });
                    action
                        .input_artifacts
                        .push(crate::definition::InputArtifact {
                            name: format!("{name}x"),
                        });
                }
                action
            })
            .collect();
        pipeline.stages.push(copy);
    }
    let start = Instant::now();
    let problems = crate::definition::check(&pipeline, &catalogue());
    assert_eq!(problems.len(), 101);
    assert!(
        start.elapsed() < Duration::from_secs(20),
        "{:?}",
        start.elapsed()
    );
}
