//! The known name that a writer may have meant. Used by every message that says
//! "did you mean".

/// Longer names are not typing mistakes of ours, and comparing them is slow.
const LONGEST: usize = 64;

/// So many names are compared: definitions come from strangers too.
const MOST: usize = 1000;

/// The known name nearest to `written`, where one is near enough.
pub(super) fn nearest<'a>(
    written: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    if written.len() > LONGEST {
        return None;
    }
    known
        .into_iter()
        .take(MOST)
        .filter_map(|name| distance(written, name).map(|distance| (distance, name)))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// How far two names are apart; none where they are too far to be meant for one
/// another. Case counts for nothing: it is the commonest mistake.
pub(super) fn distance(written: &str, known: &str) -> Option<usize> {
    if written.len() > LONGEST || known.len() > LONGEST {
        return None;
    }
    let (written, known) = (written.to_ascii_lowercase(), known.to_ascii_lowercase());
    let length = written.chars().count().max(known.chars().count());
    let distance = strsim::osa_distance(&written, &known);
    (distance <= (length / 3).max(1) && distance < length).then_some(distance)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_hand_finds_the_name_that_was_meant() {
        let known = ["runOrder", "region", "roleArn", "name"];
        assert_eq!(nearest("runorder", known), Some("runOrder"));
        assert_eq!(nearest("run_order", known), Some("runOrder"));
        assert_eq!(nearest("rnuOrder", known), Some("runOrder"));
        assert_eq!(nearest("nmae", known), Some("name"));
    }

    #[test]
    fn a_name_far_from_all_finds_none() {
        assert_eq!(nearest("image", ["runOrder", "region"]), None);
        assert_eq!(nearest("x", ["y"]), None);
        assert_eq!(nearest(&"a".repeat(100), ["a"]), None);
    }
}
