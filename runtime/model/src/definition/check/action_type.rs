//! Whether somebody serves an action or a rule, and takes so many artifacts.

use super::Search;
use super::structure::plural;
use super::work::Work;
use crate::action_type::{ActionTypeId, ArtifactCount, Category};
use crate::definition::nearest::distance;

/// So many action types are named in a message.
const MOST_NAMED: usize = 6;

impl Search<'_> {
    pub(super) fn action_type(&mut self, work: Work<'_>) {
        let id = work.provider();
        let Some(action_type) = self.catalogue.get(id) else {
            let message = self.unknown(id);
            let part = match work {
                Work::Action(_) => "actionTypeId",
                Work::Rule(_) => "ruleTypeId",
            };
            self.note(work.path(part), message);
            return;
        };
        for (part, taken, count, given) in [
            (
                "inputArtifacts",
                "takes",
                action_type.input_artifacts,
                work.inputs().len(),
            ),
            (
                "outputArtifacts",
                "makes",
                action_type.output_artifacts,
                work.outputs().len(),
            ),
        ] {
            if let Some(remedy) = miscount(count, given) {
                self.note(
                    work.path(part),
                    format!(
                        "{id} {taken} {}, and {} names {given}; {remedy}",
                        range(count),
                        work.name()
                    ),
                );
            }
        }
    }

    /// An action type that nobody serves, and what may have been meant: the
    /// same provider under another category, owner or version; one with nearly
    /// its name; else whatever there is of its category.
    fn unknown(&self, id: &ActionTypeId) -> String {
        let mut near: Vec<(usize, &ActionTypeId)> = self
            .catalogue
            .iter()
            .filter_map(|known| {
                let distance = distance(&id.provider, &known.id.provider)?;
                let elsewhere = usize::from(known.id.category != id.category);
                // A rule never stands for an action, nor an action for a rule.
                let judges = |id: &ActionTypeId| id.category == Category::Rule;
                if judges(id) != judges(&known.id) {
                    return None;
                }
                Some((distance * 2 + elsewhere, &known.id))
            })
            .collect();
        near.sort();
        let named = |ids: &[&ActionTypeId]| {
            let mut names: Vec<String> = ids
                .iter()
                .take(MOST_NAMED)
                .map(ToString::to_string)
                .collect();
            match names.pop() {
                Some(last) if !names.is_empty() => format!("{} or {last}", names.join(", ")),
                last => last.unwrap_or_default(),
            }
        };
        if !near.is_empty() {
            let near: Vec<&ActionTypeId> = near.into_iter().map(|(_, id)| id).collect();
            return format!(
                "no installed plugin serves {id}; did you mean {}?",
                named(&near)
            );
        }
        let alike: Vec<&ActionTypeId> = self
            .catalogue
            .iter()
            .map(|known| &known.id)
            .filter(|known| known.category == id.category)
            .collect();
        if alike.is_empty() {
            format!(
                "no installed plugin serves {id} or anything of category {}; install one that does",
                id.category
            )
        } else {
            format!(
                "no installed plugin serves {id}; install one that does, or write {}",
                named(&alike)
            )
        }
    }
}

fn miscount(count: ArtifactCount, given: usize) -> Option<&'static str> {
    let given = u32::try_from(given).unwrap_or(u32::MAX);
    if given < count.minimum {
        Some("add what is missing")
    } else if given > count.maximum {
        Some("remove what is too much")
    } else {
        None
    }
}

fn range(ArtifactCount { minimum, maximum }: ArtifactCount) -> String {
    let plural = plural(usize::try_from(maximum).unwrap_or(usize::MAX));
    match (minimum, maximum) {
        (_, 0) => "none".to_owned(),
        (low, high) if low == high => format!("exactly {high} artifact{plural}"),
        (0, high) => format!("at most {high} artifact{plural}"),
        (low, high) => format!("{low} to {high} artifact{plural}"),
    }
}
