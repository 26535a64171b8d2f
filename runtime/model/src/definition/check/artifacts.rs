//! Which action makes which artifact, and whether those who take it come
//! later.

use super::Search;
use super::site::{self, Order, Site};
use super::work::Work;
use crate::definition::Pipeline;
use crate::definition::nearest::nearest;
use crate::definition::problem::{listed, quoted};
use std::collections::{BTreeMap, BTreeSet};

/// Who makes each artifact; of two, the first in the text.
pub(super) struct Makers<'p>(BTreeMap<&'p str, (Site<'p>, usize)>);

impl<'p> Makers<'p> {
    pub(super) fn of(pipeline: &'p Pipeline) -> Self {
        let mut makers = BTreeMap::new();
        for site in site::of_pipeline(pipeline) {
            for (index, artifact) in site.action.output_artifacts.iter().enumerate() {
                makers
                    .entry(artifact.name.as_str())
                    .or_insert((site, index));
            }
        }
        Self(makers)
    }

    pub(super) fn get(&self, name: &str) -> Option<Site<'p>> {
        self.0.get(name).map(|(site, _)| *site)
    }

    /// The artifacts that are made before an action or a rule begins.
    fn before(&self, work: Work<'_>) -> Vec<&'p str> {
        self.0
            .iter()
            .filter(|(_, (maker, _))| work.after(*maker) == Order::Before)
            .map(|(name, _)| *name)
            .collect()
    }
}

impl Search<'_> {
    pub(super) fn inputs(&mut self, work: Work<'_>, makers: &Makers<'_>) {
        let mut seen = BTreeSet::new();
        for (index, artifact) in work.inputs().iter().enumerate() {
            let name = artifact.name.as_str();
            let path = format!("inputArtifacts[{index}].name");
            if !seen.insert(name) {
                self.note(
                    work.path(&path),
                    format!(
                        "{} takes the artifact {} twice; remove one",
                        work.name(),
                        quoted(name)
                    ),
                );
                continue;
            }
            let message = match makers.get(name) {
                None => Some(unknown(name, work, makers)),
                Some(maker) => too_early(name, work, maker),
            };
            if let Some(message) = message {
                self.note(work.path(&path), message);
            }
        }
    }

    pub(super) fn outputs(&mut self, site: Site<'_>, makers: &Makers<'_>) {
        for (index, artifact) in site.action.output_artifacts.iter().enumerate() {
            let Some((maker, first)) = makers.0.get(artifact.name.as_str()) else {
                continue;
            };
            let path = format!("outputArtifacts[{index}].name");
            let name = quoted(&artifact.name);
            match maker.order(site) {
                Order::Same if *first == index => {}
                Order::Same => self.note_at(
                    site,
                    &path,
                    format!("{} makes the artifact {name} twice; remove one", site.name()),
                ),
                _ => self.note_at(
                    site,
                    &path,
                    format!(
                        "{} makes the artifact {name}, which {} makes already; give one of them another name",
                        site.name(),
                        maker.full_name()
                    ),
                ),
            }
        }
    }
}

fn unknown(name: &str, work: Work<'_>, makers: &Makers<'_>) -> String {
    let before = makers.before(work);
    let taker = work.name();
    let instead = match nearest(name, makers.0.keys().copied()) {
        Some(near) => {
            let maker = makers.get(near).map(Site::full_name).unwrap_or_default();
            format!("did you mean {}, which {maker} makes?", quoted(near))
        }
        None if before.is_empty() => {
            "name it in the outputArtifacts of an earlier action".to_owned()
        }
        None => format!("those made earlier are {}", listed(before, "and")),
    };
    format!(
        "{taker} takes the artifact {}, which no action makes; {instead}",
        quoted(name)
    )
}

/// Both are named, whoever of them stands wrong.
fn too_early(name: &str, taker: Work<'_>, maker: Site<'_>) -> Option<String> {
    let what = quoted(name);
    let maker_order = maker.action.run_order;
    let taker_order = taker
        .action()
        .map_or(maker_order, |action| action.run_order);
    match taker.after(maker) {
        Order::Before => None,
        Order::Same => Some(format!(
            "{} takes the artifact {what} that it makes itself; give its output another name",
            taker.name()
        )),
        Order::SideBySide => Some(format!(
            "{} takes the artifact {what}, which {} makes at the same time, both having runOrder {taker_order}; give {} a higher runOrder than {}",
            taker.name(),
            maker.name(),
            taker.name(),
            maker.name()
        )),
        Order::AfterInStage => Some(format!(
            "{} with runOrder {taker_order} takes the artifact {what}, which {} makes only with runOrder {maker_order}; give {} a runOrder above {maker_order}",
            taker.name(),
            maker.name(),
            taker.name()
        )),
        Order::InLaterStage => Some(format!(
            "{} takes the artifact {what}, which {} makes only later; move {} behind it, or {} to an earlier stage",
            taker.full_name(),
            maker.full_name(),
            taker.name(),
            maker.name()
        )),
        Order::AfterEntry => Some(format!(
            "{} is asked at the entry of stage {} and takes the artifact {what}, which {} makes only after that; take one of an earlier stage, or move the rule to onSuccess",
            taker.name(),
            quoted(&maker.stage.name),
            maker.name()
        )),
        Order::PerhapsNever => Some(format!(
            "{} is asked when stage {} has failed and takes the artifact {what}, which {} may not have made; take one of an earlier stage",
            taker.name(),
            quoted(&maker.stage.name),
            maker.name()
        )),
    }
}
