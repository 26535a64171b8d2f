//! JUnit XML, read and counted. Reads files that a build wrote, so nothing in
//! them is trusted and nothing read from them grows without bound. A report
//! never changes how a build ends, as in CodeBuild.

use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::{BytesStart, Event};
use std::fmt;
use std::io::BufRead;

/// Names of failed tests that are kept.
const NAMES: usize = 100;
/// Characters kept of a name or a message.
const TEXT: usize = 300;
/// Bytes of one file.
pub const BYTES: u64 = 64 << 20;

/// What one or more JUnit files say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Test cases.
    pub tests: u64,
    /// Whose assertion failed.
    pub failures: u64,
    /// That broke.
    pub errors: u64,
    /// That did not run.
    pub skipped: u64,
    /// The first failed or broken ones: name and message.
    pub failed: Vec<(String, String)>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    Passed,
    Skipped,
    Failure,
    Error,
}

struct Case {
    name: String,
    verdict: Verdict,
    message: String,
}

impl Summary {
    /// Counts one file in.
    ///
    /// # Errors
    /// Where and why it cannot be read; what came before is counted.
    pub fn add(&mut self, file: impl BufRead) -> Result<(), String> {
        let mut reader = Reader::from_reader(file);
        let mut buffer = vec![];
        let mut case: Option<Case> = None;
        let mut seen = false;
        loop {
            buffer.clear();
            let at = reader.buffer_position();
            let event = reader
                .read_event_into(&mut buffer)
                .map_err(|error| format!("is not XML at byte {at}: {error}"))?;
            match event {
                Event::Eof if !seen => return Err("holds no XML element".into()),
                Event::Eof => break,
                Event::Start(tag) => {
                    seen = true;
                    self.open(&tag, &mut case);
                }
                Event::Empty(tag) => {
                    seen = true;
                    self.open(&tag, &mut case);
                    if tag.local_name().as_ref() == "testcase" {
                        self.close(case.take());
                    }
                }
                Event::End(tag) if tag.local_name().as_ref() == "testcase" => {
                    self.close(case.take());
                }
                Event::DocType(_) => return Err("has a DOCTYPE, which is not read".into()),
                _ => {}
            }
        }
        Ok(())
    }

    fn open(&mut self, tag: &BytesStart<'_>, case: &mut Option<Case>) {
        let verdict = match tag.local_name().as_ref() {
            "testcase" => {
                let name = attribute(tag, "name");
                let class = attribute(tag, "classname");
                self.close(case.replace(Case {
                    name: if class.is_empty() {
                        name
                    } else {
                        format!("{class}.{name}")
                    },
                    verdict: Verdict::Passed,
                    message: String::new(),
                }));
                return;
            }
            "failure" => Verdict::Failure,
            "error" => Verdict::Error,
            "skipped" => Verdict::Skipped,
            _ => return,
        };
        if let Some(case) = case
            && verdict > case.verdict
        {
            case.verdict = verdict;
            case.message = attribute(tag, "message");
        }
    }

    fn close(&mut self, case: Option<Case>) {
        let Some(case) = case else { return };
        self.tests += 1;
        match case.verdict {
            Verdict::Passed => return,
            Verdict::Skipped => {
                self.skipped += 1;
                return;
            }
            Verdict::Failure => self.failures += 1,
            Verdict::Error => self.errors += 1,
        }
        if self.failed.len() < NAMES {
            self.failed.push((case.name, case.message));
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} tests, {} failures, {} errors, {} skipped",
            self.tests, self.failures, self.errors, self.skipped
        )
    }
}

/// The first line of an attribute, cut to size; empty where there is none.
fn attribute(tag: &BytesStart<'_>, name: &str) -> String {
    let Ok(Some(attribute)) = tag.try_get_attribute(name) else {
        return String::new();
    };
    let text = unescape(&attribute.value).unwrap_or_else(|_| attribute.value.clone());
    let line = text.lines().find(|line| !line.trim().is_empty());
    line.unwrap_or_default().trim().chars().take(TEXT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Summary, String> {
        let mut summary = Summary::default();
        summary.add(text.as_bytes())?;
        Ok(summary)
    }

    #[test]
    fn nested_suites_are_counted_case_by_case() {
        let summary = read(
            r#"<?xml version="1.0"?>
            <testsuites tests="99"><testsuite name="s"><testsuite>
              <testcase classname="a.B" name="passes" time="0.1"/>
              <testcase classname="a.B" name="fails"><failure message="1 &lt; 2&#10;more">trace</failure></testcase>
              <testcase name="breaks"><system-out><![CDATA[<failure/>]]></system-out><error message="boom"/></testcase>
            </testsuite>
            <testcase name="skips"><skipped/></testcase></testsuite></testsuites>"#,
        )
        .unwrap();
        assert_eq!(
            summary.to_string(),
            "4 tests, 1 failures, 1 errors, 1 skipped"
        );
        assert_eq!(
            summary.failed,
            [
                ("a.B.fails".to_owned(), "1 < 2".to_owned()),
                ("breaks".to_owned(), "boom".to_owned())
            ]
        );
    }

    #[test]
    fn a_test_that_failed_and_broke_counts_once() {
        let summary =
            read("<testsuite><testcase name='x'><failure/><error/></testcase></testsuite>")
                .unwrap();
        assert_eq!((summary.tests, summary.failures, summary.errors), (1, 0, 1));
    }

    #[test]
    fn what_is_not_junit_is_said_and_never_trusted() {
        for bad in [
            "",
            "plain text",
            "<testsuite><testcase></wrong></testsuite>",
            "<!DOCTYPE x [<!ENTITY a 'b'>]><testsuite/>",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
        let many = format!(
            "<s>{}</s>",
            format!(
                "<testcase name='{}'><failure/></testcase>",
                "n".repeat(1000)
            )
            .repeat(500)
        );
        let summary = read(&many).unwrap();
        assert_eq!((summary.failures, summary.failed.len()), (500, NAMES));
        assert_eq!(summary.failed[0].0.len(), TEXT);
    }
}
