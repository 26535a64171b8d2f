//! The `artifacts` part of a buildspec.

use super::Reader;
use lockgate_plugin::yaml::{Entry, Node};

/// `artifacts`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Artifacts {
    /// The files at the top; absent where there are none.
    pub primary: Option<Selection>,
    /// `secondary-artifacts`, by their names, in their order.
    pub secondary: Vec<(String, Selection)>,
}

/// Which files go into one artifact.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// The line in the buildspec; 0 where the definition gives it.
    pub line: usize,
    /// Globs relative to the base directory.
    pub files: Vec<String>,
    /// Relative to the source; may be a glob. Absent: the source itself.
    pub base_directory: Option<String>,
    /// Globs relative to the base directory.
    pub exclude: Vec<String>,
    /// Keep only the last part of each path.
    pub discard_paths: bool,
}

const KEYS: [&str; 6] = [
    "files",
    "base-directory",
    "exclude-paths",
    "discard-paths",
    "name",
    "secondary-artifacts",
];

impl Reader {
    pub(super) fn artifacts(&mut self, node: &Node) -> Artifacts {
        let entries = self.problems.map(node, "artifacts");
        let mut artifacts = Artifacts::default();
        let secondary = entries.iter().find(|e| e.key == "secondary-artifacts");
        if let Some(entry) = secondary {
            let at = "artifacts.secondary-artifacts";
            for one in self.problems.map(&entry.value, at) {
                let at = format!("{at}.{}", one.key);
                let entries = self.problems.map(&one.value, &at);
                let selection = self.selection(entries, &at, one.line, true);
                artifacts.secondary.push((one.key.clone(), selection));
            }
        }
        let primary = self.selection(entries, "artifacts", node.line, secondary.is_none());
        if !primary.files.is_empty() {
            artifacts.primary = Some(primary);
        }
        artifacts
    }

    fn selection(&mut self, entries: &[Entry], at: &str, line: usize, needed: bool) -> Selection {
        let before = self.problems.found.len();
        let mut selection = Selection {
            line,
            ..Selection::default()
        };
        for entry in entries {
            let place = format!("{at}.{}", entry.key);
            match entry.key.as_str() {
                "files" => {
                    selection.line = entry.line;
                    selection.files = self.globs(&entry.value, &place);
                }
                "exclude-paths" => selection.exclude = self.globs(&entry.value, &place),
                "base-directory" => {
                    selection.base_directory = self
                        .problems
                        .text(&entry.value, &place)
                        .map(ToOwned::to_owned);
                }
                "discard-paths" => {
                    selection.discard_paths = self.problems.boolean(&entry.value, &place) == Some(true);
                }
                // The pipeline names its artifacts, as in CodeBuild under
                // CodePipeline.
                "name" => {}
                "enable-symlinks" => {
                    if self.problems.boolean(&entry.value, &place) == Some(false) {
                        self.problems.add(
                            entry.line,
                            &place,
                            "links are always kept as links; remove this line",
                        );
                    }
                }
                "s3-prefix" => self.problems.add(
                    entry.line,
                    &place,
                    "artifacts go to the pipeline's own store and not to a bucket; remove this line",
                ),
                "secondary-artifacts" if at == "artifacts" => {}
                _ => self.problems.unknown(entry, at, &KEYS),
            }
        }
        if needed && selection.files.is_empty() && self.problems.found.len() == before {
            self.problems.add(
                line,
                &format!("{at}.files"),
                "names no file; write a list of globs, such as '**/*'",
            );
        }
        selection
    }

    pub(super) fn globs(&mut self, node: &Node, place: &str) -> Vec<String> {
        let mut globs = vec![];
        for (line, text) in self.problems.texts(node, place) {
            if text.trim().is_empty() {
                self.problems
                    .add(line, place, "holds an empty path; write a path or a glob");
            } else {
                globs.push(text);
            }
        }
        globs
    }
}
