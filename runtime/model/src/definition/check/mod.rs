//! Everything wrong with how a definition's parts fit together and with what
//! its providers ask for (user guide, "Pipeline structure requirements"). The
//! form of each part by itself is `read`'s; running it is nobody's before this
//! has found nothing.

mod action_type;
mod artifacts;
mod conditions;
mod configuration;
mod generation;
mod references;
mod regions;
mod site;
mod structure;
mod triggers;
mod work;

use super::problem::{ProblemKind, Problems};
use super::{Pipeline, Problem};
use crate::action_type::Catalogue;
use site::Site;
use work::Work;

/// All problems of a definition, in order of their place in it. The form of
/// names and values is `read`'s to judge.
#[must_use]
pub fn check(pipeline: &Pipeline, catalogue: &Catalogue) -> Vec<Problem> {
    find_problems(pipeline, catalogue).finish()
}

pub(super) fn find_problems(pipeline: &Pipeline, catalogue: &Catalogue) -> Problems {
    let mut search = Search {
        pipeline,
        catalogue,
        problems: Problems::default(),
    };
    search.pipeline();
    if search.is_oversized() {
        return search.problems;
    }
    let artifacts = artifacts::Makers::of(pipeline);
    let namespaces = references::Namespaces::of(pipeline);
    for (index, stage) in pipeline.stages.iter().enumerate() {
        search.stage(index, stage);
        for site in site::of_stage(index, stage) {
            if search.problems.is_full() {
                break;
            }
            search.action(site);
            search.work(Work::Action(site), &artifacts, &namespaces);
            search.outputs(site, &artifacts);
            search.namespace(site, &namespaces, &artifacts);
        }
        search.conditions(index, stage);
        for judge in work::rules(index, stage) {
            if search.problems.is_full() {
                break;
            }
            search.rule(judge);
            search.work(Work::Rule(judge), &artifacts, &namespaces);
        }
    }
    search.variables();
    search.triggers();
    search.generation();
    search.regions();
    search.problems
}

/// The definition, what it is held against, and what was found.
struct Search<'p> {
    pipeline: &'p Pipeline,
    catalogue: &'p Catalogue,
    problems: Problems,
}

impl Search<'_> {
    /// What an action and a rule have in common.
    fn work(
        &mut self,
        work: Work<'_>,
        artifacts: &artifacts::Makers<'_>,
        namespaces: &references::Namespaces<'_>,
    ) {
        self.action_type(work);
        self.configuration(work);
        self.inputs(work, artifacts);
        self.references(work, namespaces);
    }

    /// A problem of the kind that CodePipeline names after the part.
    fn note(&mut self, path: impl Into<String>, message: impl Into<String>) {
        let path = path.into();
        let kind = ProblemKind::of_part(&path);
        self.note_as(kind, path, message);
    }

    fn note_as(&mut self, kind: ProblemKind, path: impl Into<String>, message: impl Into<String>) {
        self.problems.add(None, path, kind, message);
    }

    fn note_at(&mut self, site: Site<'_>, part: &str, message: impl Into<String>) {
        self.note(site.path(part), message);
    }
}
