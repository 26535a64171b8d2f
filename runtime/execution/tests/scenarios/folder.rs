//! One scenario folder: what is in it, and what is wrong with it.

use crate::world::{Step, parse};
use lockgate_model::action_type::{ActionType, ArtifactCount, Catalogue};
use lockgate_model::definition::{ConditionType, Format, Pipeline, load, read};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// The folder of all scenarios.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios")
}

/// One scenario.
pub(crate) struct Scenario {
    pub(crate) path: PathBuf,
    /// By the names of their files.
    pub(crate) definitions: Rc<BTreeMap<String, Pipeline>>,
    /// Lines as they stand, each with its step.
    pub(crate) steps: Vec<(String, Step)>,
}

impl Scenario {
    /// Reads a folder.
    pub(crate) fn read(name: &str) -> Self {
        let path = root().join(name);
        let mut definitions = BTreeMap::new();
        for entry in std::fs::read_dir(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
        {
            let file = entry.unwrap().file_name().into_string().unwrap();
            if file.ends_with(".toml") {
                definitions.insert(file.clone(), definition(&path.join(&file)));
            } else if file != "steps" && file != "expected" {
                panic!("{name}/{file} is no part of a scenario: write *.toml, steps and expected");
            }
        }
        assert!(
            definitions.contains_key("pipeline.toml"),
            "{name} has no pipeline.toml"
        );
        let text = std::fs::read_to_string(path.join("steps")).unwrap();
        check_head(name, &text);
        let steps = text
            .lines()
            .zip(1..)
            .filter(|(line, _)| !line.is_empty() && !line.starts_with('#'))
            .map(|(line, number)| {
                let step = parse(line).unwrap_or_else(|e| panic!("{name}/steps:{number}: {e}"));
                (line.to_owned(), step)
            })
            .collect();
        Self {
            path,
            definitions: Rc::new(definitions),
            steps,
        }
    }
}

/// A scenario begins with what it shows and which rule says so.
fn check_head(name: &str, steps: &str) {
    let head: Vec<_> = steps.lines().take_while(|l| l.starts_with('#')).collect();
    assert!(
        head.concat().contains("semantics 2."),
        "{name}/steps does not begin with a comment that says what it shows and cites a rule, such as 'semantics 2.9'"
    );
}

/// A definition as a user writes it: without anything wrong.
fn definition(path: &Path) -> Pipeline {
    let text = std::fs::read_to_string(path).unwrap();
    let told = |problems: Vec<lockgate_model::definition::Problem>| -> Pipeline {
        let problems: Vec<_> = problems.iter().map(ToString::to_string).collect();
        panic!("{}:\n{}", path.display(), problems.join("\n"))
    };
    let draft = read(&text, Format::Toml).map_or_else(told, |(pipeline, _)| pipeline);
    load(&text, Format::Toml, &catalogue(&draft)).unwrap_or_else(told)
}

/// Every action type and every rule that a definition names is served by
/// somebody who takes any configuration that it has.
fn catalogue(pipeline: &Pipeline) -> Catalogue {
    let mut catalogue = Catalogue::core();
    let stages = &pipeline.stages;
    let actions = stages.iter().flat_map(|stage| &stage.actions);
    let actions = actions.map(|action| (&action.action_type_id, &action.configuration));
    let rules = stages.iter().flat_map(|stage| {
        ConditionType::ALL
            .into_iter()
            .flat_map(|which| stage.conditions(which))
            .flat_map(|condition| &condition.rules)
            .map(|rule| (&rule.rule_type_id, &rule.configuration))
    });
    let mut keys: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for (id, configuration) in actions.chain(rules) {
        keys.entry(id.clone())
            .or_default()
            .extend(configuration.keys().cloned());
    }
    for (id, keys) in keys {
        if catalogue.get(&id).is_some() {
            continue;
        }
        catalogue.insert(served(id, keys));
    }
    catalogue
}

fn served(id: lockgate_model::action_type::ActionTypeId, keys: BTreeSet<String>) -> ActionType {
    use lockgate_model::action_type::{Category, Property, PropertyType};
    let is = |category| id.category == category;
    let inputs = if is(Category::Source) { 0 } else { 10 };
    let outputs = if is(Category::Rule) { 0 } else { 10 };
    ActionType {
        summary: String::new(),
        properties: keys
            .into_iter()
            .map(|name| Property {
                name,
                description: String::new(),
                kind: PropertyType::String,
                required: false,
                secret: false,
                default: None,
            })
            .collect(),
        input_artifacts: ArtifactCount {
            minimum: 0,
            maximum: inputs,
        },
        output_artifacts: ArtifactCount {
            minimum: 0,
            maximum: outputs,
        },
        output_variables: vec!["*".to_owned()],
        worker: false,
        id,
    }
}
