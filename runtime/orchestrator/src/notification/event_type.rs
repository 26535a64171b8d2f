//! The kinds of events that a rule can name: AWS's own ids, and `all` (semantics
//! 2.15). Knows no event: a state change says which of these it is.

/// Every event, those that AWS's notification rules cannot name included.
pub(super) const ALL: &str = "all";

/// What AWS's notification rules can name.
pub(super) const EVENT_TYPES: [&str; 18] = [
    "codepipeline-pipeline-action-execution-canceled",
    "codepipeline-pipeline-action-execution-failed",
    "codepipeline-pipeline-action-execution-started",
    "codepipeline-pipeline-action-execution-succeeded",
    "codepipeline-pipeline-manual-approval-failed",
    "codepipeline-pipeline-manual-approval-needed",
    "codepipeline-pipeline-manual-approval-succeeded",
    "codepipeline-pipeline-pipeline-execution-canceled",
    "codepipeline-pipeline-pipeline-execution-failed",
    "codepipeline-pipeline-pipeline-execution-resumed",
    "codepipeline-pipeline-pipeline-execution-started",
    "codepipeline-pipeline-pipeline-execution-succeeded",
    "codepipeline-pipeline-pipeline-execution-superseded",
    "codepipeline-pipeline-stage-execution-canceled",
    "codepipeline-pipeline-stage-execution-failed",
    "codepipeline-pipeline-stage-execution-resumed",
    "codepipeline-pipeline-stage-execution-started",
    "codepipeline-pipeline-stage-execution-succeeded",
];

/// What all of them begin with; a writer may leave it out.
const PREFIX: &str = "codepipeline-pipeline-";
/// Ids that are shown where one is not known.
const NEAR: usize = 3;

/// The id that is meant, written whole.
///
/// # Errors
/// One sentence that lists the near ones.
pub(super) fn known(written: &str) -> Result<&'static str, String> {
    if written.eq_ignore_ascii_case(ALL) {
        return Ok(ALL);
    }
    let whole = if written.starts_with(PREFIX) {
        written.to_owned()
    } else {
        format!("{PREFIX}{written}")
    };
    if let Some(id) = EVENT_TYPES.iter().find(|id| **id == whole) {
        return Ok(id);
    }
    let mut near: Vec<(usize, &str)> = EVENT_TYPES
        .iter()
        .map(|id| {
            // Long texts are no slips, and comparing them is slow.
            let start: String = whole.chars().take(80).collect();
            (strsim::osa_distance(&start, id), *id)
        })
        .collect();
    near.sort_unstable();
    let near: Vec<String> = near
        .iter()
        .take(NEAR)
        .map(|(_, id)| format!("'{id}'"))
        .collect();
    Err(format!(
        "events: there is no event type '{}'; write '{ALL}', or one such as {}",
        written.chars().take(80).collect::<String>(),
        near.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// semantics 2.15
    #[test]
    fn ids_are_known_with_and_without_their_beginning() {
        for id in EVENT_TYPES {
            assert_eq!(known(id), Ok(id));
            assert_eq!(known(id.strip_prefix(PREFIX).unwrap()), Ok(id));
        }
        assert_eq!(known("ALL"), Ok("all"));
    }

    #[test]
    fn an_unknown_id_lists_the_near_ones() {
        assert_eq!(
            known("codepipeline-pipeline-pipeline-execution-cancelled").unwrap_err(),
            "events: there is no event type 'codepipeline-pipeline-pipeline-execution-cancelled'; \
             write 'all', or one such as 'codepipeline-pipeline-pipeline-execution-canceled', \
             'codepipeline-pipeline-pipeline-execution-failed', \
             'codepipeline-pipeline-pipeline-execution-succeeded'"
        );
    }
}
