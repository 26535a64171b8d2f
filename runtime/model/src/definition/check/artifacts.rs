//! Which action makes which artifact, and whether those who take it come
//! later.

use super::Search;
use super::site::{self, Order, Site};
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

    /// The artifacts that are made before an action begins.
    fn before(&self, site: Site<'_>) -> Vec<&'p str> {
        self.0
            .iter()
            .filter(|(_, (maker, _))| maker.order(site) == Order::Before)
            .map(|(name, _)| *name)
            .collect()
    }
}

impl Search<'_> {
    pub(super) fn inputs(&mut self, site: Site<'_>, makers: &Makers<'_>) {
        let mut seen = BTreeSet::new();
        for (index, artifact) in site.action.input_artifacts.iter().enumerate() {
            let name = artifact.name.as_str();
            let path = format!("inputArtifacts[{index}].name");
            if !seen.insert(name) {
                self.note_at(
                    site,
                    &path,
                    format!(
                        "{} takes the artifact {} twice; remove one",
                        site.name(),
                        quoted(name)
                    ),
                );
                continue;
            }
            let message = match makers.get(name) {
                None => Some(unknown(name, site, makers)),
                Some(maker) => too_early(name, site, maker),
            };
            if let Some(message) = message {
                self.note_at(site, &path, message);
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

fn unknown(name: &str, site: Site<'_>, makers: &Makers<'_>) -> String {
    let before = makers.before(site);
    let taker = site.name();
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

/// Both actions are named, whoever of them stands wrong.
fn too_early(name: &str, taker: Site<'_>, maker: Site<'_>) -> Option<String> {
    let what = quoted(name);
    let (taker_order, maker_order) = (taker.action.run_order, maker.action.run_order);
    match maker.order(taker) {
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
    }
}
