//! YAML files that a provider reads: a tree whose every node knows its line,
//! and a collector of everything wrong with it, so that a person is told all at
//! once. Scalars stay as they are written (`1.10` is not 1.1, `no` is not
//! false), a key given twice is refused, and what aliases unfold to is bounded.
//! Knows no file format of its own; providers that read one call it.

use granit_parser::{Event, Parser, ScalarStyle};
use std::collections::BTreeMap;
use std::fmt;

/// Nodes of one document, what its aliases unfold to included.
const NODES: usize = 20_000;
/// Bytes of one document.
const BYTES: usize = 1 << 20;
/// Bytes of text that aliases may add to it.
const UNFOLDED: usize = 4 << 20;
/// Levels of nesting.
const DEPTH: usize = 64;

/// One node of the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Counts from 1.
    pub line: usize,
    /// What stands there.
    pub value: Value,
}

/// What a node holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Nothing, `~` or `null`.
    Null,
    /// A scalar, as it is written.
    Text(String),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping, in its order.
    Map(Vec<Entry>),
}

/// One key of a mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The key, as it is written.
    pub key: String,
    /// Of the key; counts from 1.
    pub line: usize,
    /// Its value.
    pub value: Node,
}

/// One thing wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Counts from 1.
    pub line: usize,
    /// The key, from the top: `phases.build.commands[2]`; empty for the file.
    pub place: String,
    /// What is wrong and what to write.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: ", self.line)?;
        if !self.place.is_empty() {
            write!(f, "{}: ", self.place)?;
        }
        f.write_str(&self.message)
    }
}

impl Node {
    /// Reads one document.
    ///
    /// # Errors
    /// The text is not YAML, is past the limits, or gives a key twice.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let fail = |line: usize, message: String| Problem {
            line,
            place: String::new(),
            message,
        };
        if text.len() > BYTES {
            return Err(fail(1, format!("has more than {BYTES} bytes; shorten it")));
        }
        let options = granit_parser::options! {
            flow_nesting_limit: DEPTH,
            block_nesting_limit: DEPTH,
        };
        let mut tree = Tree::default();
        for event in Parser::new_from_str_with_options(text, options) {
            let (event, span) = event.map_err(|e| {
                fail(
                    e.marker().line().max(1),
                    format!("is not YAML: {}; mind indentation and quote texts that hold ': ' or start with a special character", e.info()),
                )
            })?;
            if !tree.take(event, span.start.line().max(1))? {
                break;
            }
        }
        Ok(tree.root.unwrap_or(Self {
            line: 1,
            value: Value::Null,
        }))
    }

    /// Nodes and bytes of text, from here down.
    fn size(&self) -> (usize, usize) {
        let add = |(nodes, bytes): (usize, usize), (more, text): (usize, usize)| {
            (nodes + more, bytes + text)
        };
        match &self.value {
            Value::Null => (1, 0),
            Value::Text(text) => (1, text.len()),
            Value::List(items) => items.iter().map(Self::size).fold((1, 0), add),
            Value::Map(entries) => entries
                .iter()
                .map(|entry| add(entry.value.size(), (1, entry.key.len())))
                .fold((1, 0), add),
        }
    }

    /// What stands here, in words for a message.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self.value {
            Value::Null => "nothing",
            Value::Text(_) => "a text",
            Value::List(_) => "a list",
            Value::Map(_) => "a mapping of keys",
        }
    }
}

/// A collection that is still open.
struct Open {
    anchor: usize,
    line: usize,
    value: OpenValue,
}

enum OpenValue {
    List(Vec<Node>),
    Map(Vec<Entry>, Option<(String, usize)>),
}

#[derive(Default)]
struct Tree {
    open: Vec<Open>,
    anchors: BTreeMap<usize, Node>,
    nodes: usize,
    unfolded: usize,
    root: Option<Node>,
}

impl Tree {
    /// Takes one event; false when the first document is complete.
    fn take(&mut self, event: Event<'_>, line: usize) -> Result<bool, Problem> {
        match event {
            Event::Scalar(text, style, anchor, _) => {
                let null = style == ScalarStyle::Plain
                    && matches!(&*text, "" | "~" | "null" | "Null" | "NULL");
                let value = if null {
                    Value::Null
                } else {
                    Value::Text(text.into_owned())
                };
                self.place(Node { line, value }, anchor)?;
            }
            Event::SequenceStart(_, anchor, _) => self.open.push(Open {
                anchor,
                line,
                value: OpenValue::List(vec![]),
            }),
            Event::MappingStart(_, anchor, _) => self.open.push(Open {
                anchor,
                line,
                value: OpenValue::Map(vec![], None),
            }),
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(open) = self.open.pop() {
                    let value = match open.value {
                        OpenValue::List(items) => Value::List(items),
                        OpenValue::Map(entries, _) => Value::Map(entries),
                    };
                    let line = open.line;
                    self.place(Node { line, value }, open.anchor)?;
                }
            }
            Event::Alias(anchor) => {
                let mut node = self.anchors.get(&anchor).cloned().ok_or_else(|| Problem {
                    line,
                    place: String::new(),
                    message: "an alias stands inside its own anchor; write the value out".into(),
                })?;
                node.line = line;
                let (nodes, bytes) = node.size();
                self.nodes += nodes;
                self.unfolded += bytes;
                self.place(node, 0)?;
            }
            Event::DocumentEnd => return Ok(false),
            _ => {}
        }
        Ok(true)
    }

    fn place(&mut self, node: Node, anchor: usize) -> Result<(), Problem> {
        let problem = |line, message: String| Problem {
            line,
            place: String::new(),
            message,
        };
        self.nodes += 1;
        if self.nodes > NODES || self.unfolded > UNFOLDED {
            return Err(problem(
                node.line,
                format!(
                    "unfolds to more than {NODES} values or {UNFOLDED} bytes; use fewer aliases or a shorter file"
                ),
            ));
        }
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        match self.open.last_mut().map(|open| &mut open.value) {
            None => self.root = Some(node),
            Some(OpenValue::List(items)) => items.push(node),
            Some(OpenValue::Map(entries, key)) => match key.take() {
                Some((key, line)) => entries.push(Entry {
                    key,
                    line,
                    value: node,
                }),
                None => {
                    let line = node.line;
                    let text = match node.value {
                        Value::Text(text) => text,
                        Value::Null => "null".into(),
                        Value::List(_) | Value::Map(_) => {
                            return Err(problem(
                                line,
                                "a key is a list or a mapping; write a plain text before the colon"
                                    .into(),
                            ));
                        }
                    };
                    if let Some(first) = entries.iter().find(|entry| entry.key == text) {
                        return Err(problem(
                            line,
                            format!(
                                "the key '{text}' stands here and on line {}; keep one",
                                first.line
                            ),
                        ));
                    }
                    *key = Some((text, line));
                }
            },
        }
        Ok(())
    }
}

/// Collects everything that is wrong with a file while it is read.
#[derive(Debug, Default)]
pub struct Problems {
    /// In the order in which they were found.
    pub found: Vec<Problem>,
}

impl Problems {
    /// Notes one.
    pub fn add(&mut self, line: usize, place: &str, message: impl Into<String>) {
        self.found.push(Problem {
            line,
            place: place.into(),
            message: message.into(),
        });
    }

    /// The text at a node; `None` after a complaint where it is something else.
    pub fn text<'a>(&mut self, node: &'a Node, place: &str) -> Option<&'a str> {
        match &node.value {
            Value::Text(text) => Some(text),
            Value::Null => {
                self.add(node.line, place, "is empty; write a text");
                None
            }
            Value::List(_) | Value::Map(_) => {
                self.add(
                    node.line,
                    place,
                    format!(
                        "holds {}; write one text (in quotes where it holds ': ')",
                        node.kind()
                    ),
                );
                None
            }
        }
    }

    /// The items at a node; none where it is empty, and after a complaint where
    /// it is no list.
    pub fn list<'a>(&mut self, node: &'a Node, place: &str) -> &'a [Node] {
        match &node.value {
            Value::List(items) => items,
            Value::Null => &[],
            Value::Text(_) | Value::Map(_) => {
                self.add(
                    node.line,
                    place,
                    format!(
                        "holds {}; write a list, each item on its own line after '- '",
                        node.kind()
                    ),
                );
                &[]
            }
        }
    }

    /// The texts of a list, each with its line.
    pub fn texts(&mut self, node: &Node, place: &str) -> Vec<(usize, String)> {
        self.list(node, place)
            .iter()
            .enumerate()
            .filter_map(|(index, item)| {
                let text = self.text(item, &format!("{place}[{}]", index + 1))?;
                Some((item.line, text.to_owned()))
            })
            .collect()
    }

    /// The entries at a node; none where it is empty, and after a complaint
    /// where it is no mapping.
    pub fn map<'a>(&mut self, node: &'a Node, place: &str) -> &'a [Entry] {
        match &node.value {
            Value::Map(entries) => entries,
            Value::Null => &[],
            Value::Text(_) | Value::List(_) => {
                self.add(
                    node.line,
                    place,
                    format!("holds {}; write keys, each as 'key: value'", node.kind()),
                );
                &[]
            }
        }
    }

    /// `yes`, `true`, `on` or their opposites.
    pub fn boolean(&mut self, node: &Node, place: &str) -> Option<bool> {
        let text = self.text(node, place)?;
        match text.to_ascii_lowercase().as_str() {
            "yes" | "true" | "on" => Some(true),
            "no" | "false" | "off" => Some(false),
            _ => {
                self.add(
                    node.line,
                    place,
                    format!("'{text}' is neither; write yes or no"),
                );
                None
            }
        }
    }

    /// Complains of a key that no reader knows, naming the nearest that one does.
    pub fn unknown(&mut self, entry: &Entry, place: &str, known: &[&str]) {
        let near = known
            .iter()
            .map(|name| (distance(name, &entry.key), *name))
            .min()
            .filter(|(far, name)| *far <= 1 + name.len() / 4);
        let remedy = match near {
            Some((_, name)) => format!("did you mean '{name}'?"),
            None => format!("use one of {}", known.join(", ")),
        };
        self.add(
            entry.line,
            place,
            format!("'{}' is no key here; {remedy}", entry.key),
        );
    }
}

/// Letters to change to make one word of the other.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(64).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut next = vec![i + 1];
        for ((j, y), (left, up)) in b.iter().enumerate().zip(row.iter().zip(row.iter().skip(1))) {
            let across = left + usize::from(!x.eq_ignore_ascii_case(y));
            let before = next.get(j).copied().unwrap_or(usize::MAX - 1);
            next.push(across.min(up + 1).min(before + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(node: &Node, key: &str) -> String {
        let Value::Map(entries) = &node.value else {
            panic!("{node:?}")
        };
        match &entries.iter().find(|e| e.key == key).unwrap().value.value {
            Value::Text(text) => text.clone(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn scalars_stay_as_they_are_written() {
        let node = Node::parse("a: 1.10\nb: no\nc: 0755\nd: 2024-01-01\ne: 'x'\n").unwrap();
        for (key, value) in [
            ("a", "1.10"),
            ("b", "no"),
            ("c", "0755"),
            ("d", "2024-01-01"),
            ("e", "x"),
        ] {
            assert_eq!(text(&node, key), value);
        }
    }

    #[test]
    fn every_node_knows_its_line() {
        let node =
            Node::parse("# first\nphases:\n  build:\n    - make\n    - |\n      a\n      b\n")
                .unwrap();
        let Value::Map(top) = &node.value else {
            panic!()
        };
        assert_eq!(top[0].line, 2);
        let Value::Map(phases) = &top[0].value.value else {
            panic!()
        };
        assert_eq!(phases[0].line, 3);
        let Value::List(items) = &phases[0].value.value else {
            panic!()
        };
        assert_eq!(items[0].line, 4);
        assert_eq!(items[1].value, Value::Text("a\nb\n".into()));
    }

    #[test]
    fn an_alias_stands_for_its_anchor() {
        let node = Node::parse("a: &x [1, 2]\nb: *x\n").unwrap();
        let Value::Map(entries) = &node.value else {
            panic!()
        };
        assert_eq!(entries[0].value.value, entries[1].value.value);
    }

    #[test]
    fn an_alias_bomb_is_stopped() {
        let mut bomb = String::from("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
        for n in 1..12 {
            let p = n - 1;
            bomb.push_str(&format!(
                "a{n}: &a{n} [*a{p},*a{p},*a{p},*a{p},*a{p},*a{p},*a{p},*a{p},*a{p},*a{p}]\n"
            ));
        }
        let long = "x".repeat(100_000);
        let heavy = format!("a: &a {long}\nb: [{}]\n", "*a,".repeat(1000));
        for bomb in [bomb, heavy] {
            let problem = Node::parse(&bomb).unwrap_err();
            assert!(problem.message.contains("fewer aliases"), "{problem}");
        }
    }

    #[test]
    fn what_is_not_yaml_is_refused_with_its_line() {
        for (bad, line) in [
            ("a: b\nc: [1, 2\n", 2),
            ("a: 1\na: 2\n", 2),
            ("? [a]\n: b\n", 1),
            ("a:\n  b: c\n d: e\n", 3),
            ("a: *nowhere\n", 1),
            ("a: &x [*x]\n", 1),
        ] {
            let problem = Node::parse(bad).unwrap_err();
            assert_eq!(problem.line, line, "{bad:?}: {problem}");
        }
        assert!(Node::parse(&"[".repeat(10_000)).is_err());
        assert!(Node::parse(&" ".repeat(BYTES + 1)).is_err());
    }

    #[test]
    fn a_misspelt_key_names_the_nearest() {
        let node = Node::parse("comands: []\nzzz: 1\n").unwrap();
        let mut problems = Problems::default();
        for entry in problems.map(&node, "") {
            problems.unknown(entry, "phases.build", &["commands", "finally"]);
        }
        let texts: Vec<String> = problems.found.iter().map(ToString::to_string).collect();
        assert_eq!(
            texts,
            [
                "line 1: phases.build: 'comands' is no key here; did you mean 'commands'?",
                "line 2: phases.build: 'zzz' is no key here; use one of commands, finally",
            ]
        );
    }
}
