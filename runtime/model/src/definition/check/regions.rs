//! Regions of actions and the artifact stores that go with them (user guide,
//! "Add a cross-Region action"). Here every action runs where the server is and
//! its artifacts are in the server's own store; a definition that AWS would
//! refuse is refused all the same, so that it can go back there.

use super::Search;
use super::site::{self, Site};
use crate::action_type::Category;
use crate::definition::problem::{listed, quoted};
use std::collections::BTreeSet;

impl Search<'_> {
    pub(super) fn regions(&mut self) {
        self.stores();
        self.home();
    }

    /// A store for each region that an action names.
    fn stores(&mut self) {
        let pipeline = self.pipeline;
        let regions = || {
            site::of_pipeline(pipeline)
                .filter_map(|site| Some((site, site.action.region.as_deref()?)))
        };
        if let Some(stores) = pipeline
            .artifact_stores
            .as_ref()
            .and_then(|stores| stores.as_object())
        {
            for (site, region) in regions().filter(|(_, region)| !stores.contains_key(*region)) {
                self.note_at(
                    site,
                    "region",
                    format!(
                        "{} is in region {}, and 'artifactStores' has no store for it; add one, or remove the key",
                        site.name(),
                        quoted(region)
                    ),
                );
            }
        } else if pipeline.artifact_store.is_some() {
            let distinct: BTreeSet<&str> = regions().map(|(_, region)| region).collect();
            if distinct.len() > 1 {
                self.note(
                    "artifactStore",
                    format!(
                        "the actions are in the regions {}, and 'artifactStore' is a store for one; write 'artifactStores' with a store for each",
                        listed(distinct, "and")
                    ),
                );
            }
        }
    }

    /// Sources, and actions of providers that are not AWS's, are in the
    /// pipeline's own region. The definition does not name that region: it is
    /// that of the first of them.
    fn home(&mut self) {
        let mut bound = site::of_pipeline(self.pipeline)
            .filter(|site| is_bound(*site))
            .filter_map(|site| Some((site, site.action.region.as_deref()?)));
        let Some((first, home)) = bound.next() else {
            return;
        };
        let elsewhere: Vec<_> = bound.filter(|(_, region)| *region != home).collect();
        for (site, region) in elsewhere {
            let id = &site.action.action_type_id;
            self.note_at(
                site,
                "region",
                format!(
                    "{} is in region {} and {} in {}, but source actions and those of owners ThirdParty and Custom, such as {id}, are all in the pipeline's own region; write the same region or remove the key",
                    site.name(),
                    quoted(region),
                    first.name(),
                    quoted(home)
                ),
            );
        }
    }
}

fn is_bound(site: Site<'_>) -> bool {
    let id = &site.action.action_type_id;
    id.category == Category::Source || id.owner != "AWS"
}
