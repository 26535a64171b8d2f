//! `--revision` and `--revision-type`: what source actions take instead of the
//! newest. Used by whatever starts an execution.

use crate::Failure;
use crate::api::SourceRevisionOverride;
use lockgate_model::trigger::SourceRevisionType;

/// Each `ACTION=REVISION`, with the types given for its action in the same
/// order.
pub fn overrides(
    revisions: &[String],
    types: &[String],
) -> Result<Vec<SourceRevisionOverride>, Failure> {
    let mut types = types
        .iter()
        .map(|text| {
            let (action, kind) = pair("--revision-type", "ACTION=TYPE", text)?;
            Ok((action, revision_type(text, kind)?))
        })
        .collect::<Result<Vec<_>, Failure>>()?;
    let overrides = revisions
        .iter()
        .map(|text| {
            let (action, revision) = pair("--revision", "ACTION=REVISION", text)?;
            let given = types.iter().position(|(of, _)| *of == action);
            Ok(SourceRevisionOverride {
                action_name: action.to_owned(),
                revision_type: given.map(|index| types.remove(index).1),
                revision_value: revision.to_owned(),
            })
        })
        .collect::<Result<Vec<_>, Failure>>()?;
    match types.first() {
        None => Ok(overrides),
        Some((action, kind)) => Err(Failure::input(format!(
            "--revision-type '{action}={}': no revision is given for it; add --revision {action}=REVISION",
            name(*kind)
        ))),
    }
}

fn pair<'a>(option: &str, form: &str, text: &'a str) -> Result<(&'a str, &'a str), Failure> {
    // A revision may hold any character, also '='.
    text.split_once('=')
        .filter(|(name, value)| !name.is_empty() && !value.is_empty())
        .ok_or_else(|| Failure::input(format!("{option} '{text}': write {form}")))
}

const TYPES: [SourceRevisionType; 4] = [
    SourceRevisionType::CommitId,
    SourceRevisionType::ImageDigest,
    SourceRevisionType::S3ObjectVersionId,
    SourceRevisionType::S3ObjectKey,
];

fn name(kind: SourceRevisionType) -> &'static str {
    match kind {
        SourceRevisionType::CommitId => "COMMIT_ID",
        SourceRevisionType::ImageDigest => "IMAGE_DIGEST",
        SourceRevisionType::S3ObjectVersionId => "S3_OBJECT_VERSION_ID",
        SourceRevisionType::S3ObjectKey => "S3_OBJECT_KEY",
    }
}

fn revision_type(text: &str, kind: &str) -> Result<SourceRevisionType, Failure> {
    TYPES
        .into_iter()
        .find(|known| name(*known).eq_ignore_ascii_case(kind))
        .ok_or_else(|| {
            Failure::input(format!(
                "--revision-type '{text}': '{kind}' is no kind of revision; write {}",
                TYPES.map(name).join(", ")
            ))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(revisions: &[&str], types: &[&str]) -> Result<Vec<SourceRevisionOverride>, Failure> {
        let owned = |texts: &[&str]| texts.iter().map(ToString::to_string).collect::<Vec<_>>();
        overrides(&owned(revisions), &owned(types))
    }

    #[test]
    fn a_type_belongs_to_the_revision_of_its_action_and_several_in_their_order() {
        let found = given(
            &["Code=abc=1", "Image=v7", "Image=site.zip"],
            &["Image=s3_object_version_id", "Image=S3_OBJECT_KEY"],
        )
        .unwrap();
        let told: Vec<_> = found
            .iter()
            .map(|it| {
                (
                    it.action_name.as_str(),
                    it.revision_value.as_str(),
                    it.revision_type.map(name),
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                ("Code", "abc=1", None),
                ("Image", "v7", Some("S3_OBJECT_VERSION_ID")),
                ("Image", "site.zip", Some("S3_OBJECT_KEY")),
            ]
        );
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for (revisions, types) in [
            (vec!["Code"], vec![]),
            (vec!["=a"], vec![]),
            (vec!["Code="], vec![]),
            (vec!["Code=a"], vec!["Code=commit"]),
            (vec!["Code=a"], vec!["Kode=COMMIT_ID"]),
        ] {
            let found = given(&revisions, &types);
            assert!(
                matches!(found, Err(Failure::Input(_))),
                "{revisions:?} {types:?}"
            );
        }
    }
}
