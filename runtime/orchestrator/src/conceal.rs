//! What a provider says of its work, without the values of its secret
//! properties: put right before the answer becomes an event, so that no view,
//! notification or reason can tell them. Texts that later actions work with,
//! such as output variables and artifacts, are left as they are.

use lockgate_model::action_type::Catalogue;
use lockgate_model::job::{External, Job, Outcome, Revision};

/// What stands in the place of a secret.
const MASK: &str = "****";
/// Shorter values are not looked for: they stand in every text by chance.
const SHORTEST: usize = 4;

/// The outcome with the job's secret values replaced in every text for people.
pub(crate) fn conceal(mut outcome: Outcome, job: &Job, catalogue: &Catalogue) -> Outcome {
    let mut secrets: Vec<&str> = catalogue
        .get(&job.action_type)
        .into_iter()
        .flat_map(|known| &known.properties)
        .filter(|property| property.secret)
        .filter_map(|property| job.configuration.get(&property.name))
        .map(String::as_str)
        .filter(|value| value.len() >= SHORTEST)
        .collect();
    if secrets.is_empty() {
        return outcome;
    }
    // One may be the beginning of another.
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    let hide = |text: &mut String| {
        for secret in &secrets {
            if text.contains(secret) {
                *text = text.replace(secret, MASK);
            }
        }
    };
    let hide_external = |external: &mut External| {
        [&mut external.id, &mut external.url, &mut external.summary]
            .into_iter()
            .flatten()
            .for_each(hide);
    };
    match &mut outcome {
        Outcome::Succeeded(success) => {
            hide_external(&mut success.external);
            if let Some(Revision { summary, url, .. }) = &mut success.revision {
                [summary, url].into_iter().flatten().for_each(hide);
            }
        }
        Outcome::Pending(pending) => hide_external(&mut pending.external),
        Outcome::Failed(failure) => {
            hide(&mut failure.message);
            hide_external(&mut failure.external);
        }
    }
    outcome
}
