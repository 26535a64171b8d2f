//! Namespaces and the `#{namespace.key}` that use them: only what is certainly
//! known when the action or the rule starts.

use super::Search;
use super::artifacts::Makers;
use super::site::{self, Order, Site};
use super::work::Work;
use crate::definition::nearest::nearest;
use crate::definition::problem::{listed, quoted};
use crate::definition::{Pipeline, Reference, Template};
use std::collections::BTreeMap;

/// The namespaces that CodePipeline keeps for itself.
const RESERVED: [&str; 2] = ["codepipeline", "variables"];

/// What `codepipeline` holds.
const OWN_KEYS: [&str; 1] = ["PipelineExecutionId"];

/// Whose each namespace is; of two, the first in the text.
pub(super) struct Namespaces<'p>(BTreeMap<&'p str, Site<'p>>);

impl<'p> Namespaces<'p> {
    pub(super) fn of(pipeline: &'p Pipeline) -> Self {
        let mut namespaces = BTreeMap::new();
        for site in site::of_pipeline(pipeline) {
            if let Some(namespace) = &site.action.namespace {
                namespaces.entry(namespace.as_str()).or_insert(site);
            }
        }
        Self(namespaces)
    }
}

impl Search<'_> {
    pub(super) fn namespace(
        &mut self,
        site: Site<'_>,
        namespaces: &Namespaces<'_>,
        makers: &Makers<'_>,
    ) {
        let Some(namespace) = &site.action.namespace else {
            return;
        };
        let name = quoted(namespace);
        if RESERVED.contains(&namespace.as_str()) {
            self.note_at(
                site,
                "namespace",
                format!(
                    "{name} is CodePipeline's own namespace; choose another for {}",
                    site.name()
                ),
            );
            return;
        }
        if let Some(owner) = namespaces.0.get(namespace.as_str())
            && owner.order(site) != Order::Same
        {
            self.note_at(
                site,
                "namespace",
                format!(
                    "{} has the namespace {name}, which {} has already; give one of them another",
                    site.name(),
                    owner.full_name()
                ),
            );
        }
        if let Some(maker) = makers.get(namespace) {
            self.note_at(
                site,
                "namespace",
                format!(
                    "{} has the namespace {name}, which is also the artifact that {} makes; give one of them another name",
                    site.name(),
                    maker.full_name()
                ),
            );
        }
    }

    /// Every reference in an action or a rule, wherever values are resolved.
    pub(super) fn references(&mut self, work: Work<'_>, namespaces: &Namespaces<'_>) {
        for (path, value) in work.templates() {
            // Where this fails, `read` has told.
            let Ok(template) = Template::parse(value) else {
                continue;
            };
            for reference in template.references() {
                if self.problems.is_full() {
                    return;
                }
                if let Some(message) = self.fault(reference, work, namespaces) {
                    self.note(path.clone(), message);
                }
            }
        }
    }

    fn fault(
        &self,
        reference: &Reference,
        work: Work<'_>,
        namespaces: &Namespaces<'_>,
    ) -> Option<String> {
        let key = reference.key.as_str();
        match reference.namespace.as_str() {
            "codepipeline" => (!OWN_KEYS.contains(&key)).then(|| {
                format!(
                    "{} is not known; write #{{codepipeline.PipelineExecutionId}}",
                    shown(reference)
                )
            }),
            "variables" => self.variable_fault(reference, work),
            namespace => match namespaces.0.get(namespace) {
                None => Some(self.unknown_namespace(reference, namespaces)),
                Some(owner) => too_early(reference, work, *owner)
                    .or_else(|| self.unknown_key(reference, *owner)),
            },
        }
    }

    fn variable_fault(&self, reference: &Reference, work: Work<'_>) -> Option<String> {
        let declared = || {
            self.pipeline
                .variables
                .iter()
                .map(|variable| variable.name.as_str())
        };
        if !declared().any(|name| name == reference.key) {
            let instead = match nearest(&reference.key, declared()) {
                Some(near) => format!("did you mean #{{variables.{near}}}?"),
                None => format!("declare {} under 'variables'", quoted(&reference.key)),
            };
            return Some(format!(
                "{} is not a variable of this pipeline; {instead}",
                shown(reference)
            ));
        }
        work.is_source().then(|| {
            format!(
                "the source action {} cannot use the pipeline's variable {}; write the value itself",
                work.name(),
                shown(reference)
            )
        })
    }

    fn unknown_namespace(&self, reference: &Reference, namespaces: &Namespaces<'_>) -> String {
        let known = namespaces.0.keys().copied().chain(RESERVED);
        let instead = match nearest(&reference.namespace, known) {
            Some(near) => format!("did you mean #{{{near}.{}}}?", reference.key),
            // Often the action's name is written for its namespace.
            None => match site::of_pipeline(self.pipeline)
                .find(|site| site.action.name == reference.namespace)
            {
                Some(site) => match &site.action.namespace {
                    Some(namespace) => format!(
                        "the namespace of action {} is {}",
                        site.name(),
                        quoted(namespace)
                    ),
                    None => format!(
                        "write namespace {} in action {}",
                        quoted(&reference.namespace),
                        site.full_name()
                    ),
                },
                None => format!(
                    "give the action that sets it the namespace {}",
                    quoted(&reference.namespace)
                ),
            },
        };
        format!(
            "{} is of a namespace that no action has; {instead}",
            shown(reference)
        )
    }

    /// A variable that the provider says it never sets.
    fn unknown_key(&self, reference: &Reference, owner: Site<'_>) -> Option<String> {
        let action_type = self.catalogue.get(&owner.action.action_type_id)?;
        let known = || {
            let chosen = owner.action.output_variables.iter();
            action_type
                .output_variables
                .iter()
                .chain(chosen)
                .map(String::as_str)
        };
        if known().any(|name| name == "*" || name == reference.key) {
            return None;
        }
        let instead = match nearest(&reference.key, known()) {
            Some(near) => format!("did you mean #{{{}.{near}}}?", reference.namespace),
            None if known().next().is_none() => "it sets none".to_owned(),
            None => format!("it sets {}", listed(known(), "and")),
        };
        Some(format!(
            "{} is not a variable that {} sets; {instead}",
            shown(reference),
            owner.full_name()
        ))
    }
}

/// Both are named, whoever of them stands wrong.
fn too_early(reference: &Reference, user: Work<'_>, owner: Site<'_>) -> Option<String> {
    let what = shown(reference);
    let owner_order = owner.action.run_order;
    let user_order = user.action().map_or(owner_order, |action| action.run_order);
    match user.after(owner) {
        Order::Before => None,
        Order::Same => Some(format!(
            "{} uses {what}, which it sets itself when it ends; use the variable of an earlier action",
            user.name()
        )),
        Order::SideBySide => Some(format!(
            "{} uses {what}, which {} sets at the same time, both having runOrder {}; give {} a higher runOrder than {}",
            user.name(),
            owner.name(),
            user_order,
            user.name(),
            owner.name()
        )),
        Order::AfterInStage => Some(format!(
            "{} with runOrder {} uses {what}, which {} sets only with runOrder {}; give {} a runOrder above {}",
            user.name(),
            user_order,
            owner.name(),
            owner_order,
            user.name(),
            owner_order
        )),
        Order::InLaterStage => Some(format!(
            "{} uses {what}, which {} sets only later; move {} behind it, or {} to an earlier stage",
            user.full_name(),
            owner.full_name(),
            user.name(),
            owner.name()
        )),
        Order::AfterEntry => Some(format!(
            "{} is asked at the entry of stage {} and uses {what}, which {} sets only after that; use a variable of an earlier stage, or move the rule to onSuccess",
            user.name(),
            quoted(&owner.stage.name),
            owner.name()
        )),
        Order::PerhapsNever => Some(format!(
            "{} is asked when stage {} has failed and uses {what}, which {} may not have set; use a variable of an earlier stage",
            user.name(),
            quoted(&owner.stage.name),
            owner.name()
        )),
    }
}

fn shown(reference: &Reference) -> String {
    crate::definition::problem::shortened(&reference.to_string())
}
