//! The `artifacts` part of a buildspec.

use super::Reader;
use lockgate_plugin::commands::Selection;
use lockgate_plugin::yaml::{Entry, Node};

/// `artifacts`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Artifacts {
    /// The files at the top; absent where there are none.
    pub primary: Option<Selection>,
    /// `secondary-artifacts`, in their order.
    pub secondary: Vec<Secondary>,
}

/// One of `secondary-artifacts`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secondary {
    /// Its name.
    pub name: String,
    /// Its line in the buildspec.
    pub line: usize,
    /// Its files.
    pub selection: Selection,
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
                let (selection, line) = self.selection(entries, &at, one.line, true);
                artifacts.secondary.push(Secondary {
                    name: one.key.clone(),
                    line,
                    selection,
                });
            }
        }
        let (primary, _) = self.selection(entries, "artifacts", node.line, secondary.is_none());
        if !primary.files.is_empty() {
            artifacts.primary = Some(primary);
        }
        artifacts
    }

    /// And the line in which its files stand.
    fn selection(
        &mut self,
        entries: &[Entry],
        at: &str,
        line: usize,
        needed: bool,
    ) -> (Selection, usize) {
        let before = self.problems.found.len();
        let mut selection = Selection::default();
        let mut files_line = line;
        for entry in entries {
            let place = format!("{at}.{}", entry.key);
            match entry.key.as_str() {
                "files" => {
                    files_line = entry.line;
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
        (selection, files_line)
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
