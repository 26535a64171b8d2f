//! The `permissions` part of an appspec.

use super::Reader;
use lockgate_plugin::yaml::Node;

/// One entry of `permissions`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permission {
    /// In the appspec.
    pub line: usize,
    /// A file or directory, as it is written.
    pub object: String,
    /// Which names in it; `**` means everything below.
    pub pattern: String,
    /// Names left out.
    pub except: Vec<String>,
    /// Permission bits.
    pub mode: u32,
    /// Files are meant.
    pub files: bool,
    /// Directories are meant.
    pub directories: bool,
}

impl Reader {
    pub(super) fn permissions(&mut self, node: &Node) -> Vec<Permission> {
        let mut permissions = vec![];
        for (index, item) in self.0.list(node, "permissions").iter().enumerate() {
            let at = format!("permissions[{}]", index + 1);
            let mut object = None;
            let mut mode = None;
            let mut permission = Permission {
                line: item.line,
                object: String::new(),
                pattern: "**".into(),
                except: vec![],
                mode: 0,
                files: true,
                directories: true,
            };
            let before = self.0.found.len();
            for entry in self.0.map(item, &at) {
                let place = format!("{at}.{}", entry.key);
                match entry.key.as_str() {
                    "object" => object = self.path(&entry.value, &place).map(ToOwned::to_owned),
                    "pattern" => {
                        if let Some(text) = self.0.text(&entry.value, &place) {
                            permission.pattern = text.into();
                        }
                    }
                    "except" => {
                        let texts = self.0.texts(&entry.value, &place);
                        permission.except = texts.into_iter().map(|(_, text)| text).collect();
                    }
                    "mode" => mode = self.mode(&entry.value, &place),
                    "type" => self.types(&entry.value, &place, &mut permission),
                    "owner" | "group" | "acls" | "context" => self.0.add(
                        entry.line,
                        &place,
                        "cannot be set: everything that is deployed belongs to the server's own user; remove it, and give others access by mode",
                    ),
                    _ => self.0.unknown(
                        entry,
                        &at,
                        &["object", "pattern", "except", "mode", "type"],
                    ),
                }
            }
            match (object, mode) {
                (Some(object), Some(mode)) => {
                    permission.object = object;
                    permission.mode = mode;
                    permissions.push(permission);
                }
                _ if self.0.found.len() == before => self.0.add(
                    item.line,
                    &at,
                    "needs an object (a path) and a mode (such as 644)",
                ),
                _ => {}
            }
        }
        permissions
    }

    fn mode(&mut self, node: &Node, place: &str) -> Option<u32> {
        let text = self.0.text(node, place)?;
        let mode = u32::from_str_radix(text, 8)
            .ok()
            .filter(|mode| *mode <= 0o1777);
        if mode.is_none() {
            self.0.add(
                node.line,
                place,
                format!("'{text}' is not a mode; write three octal digits, such as 644 or 755 (setuid and setgid cannot be set)"),
            );
        }
        mode
    }

    fn types(&mut self, node: &Node, place: &str, permission: &mut Permission) {
        let types = self.0.texts(node, place);
        permission.files = types.iter().any(|(_, text)| text == "file");
        permission.directories = types.iter().any(|(_, text)| text == "directory");
        for (line, text) in types {
            if text != "file" && text != "directory" {
                self.0.add(
                    line,
                    place,
                    format!("'{text}' is no type; write file or directory"),
                );
            }
        }
    }
}
