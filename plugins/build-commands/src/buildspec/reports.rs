//! The `reports` part of a buildspec.

use super::Reader;
use lockgate_plugin::yaml::Node;

/// One group of JUnit files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Its name, or the ARN that an exported project gives.
    pub name: String,
    /// Globs relative to the base directory.
    pub files: Vec<String>,
    /// Relative to the source.
    pub base_directory: Option<String>,
}

/// The other formats that CodeBuild reads.
const OTHERS: [&str; 9] = [
    "CUCUMBERJSON",
    "TESTNGXML",
    "NUNITXML",
    "NUNIT3XML",
    "VISUALSTUDIOTRX",
    "CLOVERXML",
    "COBERTURAXML",
    "JACOCOXML",
    "SIMPLECOV",
];

impl Reader {
    pub(super) fn reports(&mut self, node: &Node) -> Vec<Report> {
        let mut reports = vec![];
        for group in self.problems.map(node, "reports") {
            let at = format!("reports.{}", group.key);
            let mut report = Report {
                name: group.key.clone(),
                files: vec![],
                base_directory: None,
            };
            let mut readable = true;
            for entry in self.problems.map(&group.value, &at) {
                let place = format!("{at}.{}", entry.key);
                match entry.key.as_str() {
                    "files" => report.files = self.globs(&entry.value, &place),
                    "base-directory" => {
                        report.base_directory = self
                            .problems
                            .text(&entry.value, &place)
                            .map(ToOwned::to_owned);
                    }
                    "discard-paths" => {
                        self.problems.boolean(&entry.value, &place);
                    }
                    "file-format" => readable = self.format(&entry.value, &place),
                    _ => self.problems.unknown(
                        entry,
                        &at,
                        &["files", "base-directory", "discard-paths", "file-format"],
                    ),
                }
            }
            if report.files.is_empty() {
                self.problems.add(
                    group.line,
                    &format!("{at}.files"),
                    "names no file; write a list of globs, such as '**/TEST-*.xml'",
                );
            }
            if readable {
                reports.push(report);
            }
        }
        reports
    }

    fn format(&mut self, node: &Node, place: &str) -> bool {
        let Some(text) = self.problems.text(node, place) else {
            return false;
        };
        let upper = text.to_ascii_uppercase();
        if upper == "JUNITXML" {
            return true;
        }
        if OTHERS.contains(&upper.as_str()) {
            self.notes.push(format!(
                "line {}: {place}: {upper} is not read, so this report is left out; write JUNITXML where the tests can write it",
                node.line
            ));
        } else {
            self.problems.add(
                node.line,
                place,
                format!("'{text}' is not a format; write JUNITXML"),
            );
        }
        false
    }
}
