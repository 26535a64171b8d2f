//! What a component's real imports ask for, and whether a grant allows it.
//! Reads names only; nothing that a component says of itself counts.

use crate::prepare::PrepareError;
use lockgate_model::grant::Grant;
use lockgate_model::plugin::{Import as Need, World};
use std::collections::BTreeSet;

/// A set of needs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Needs(u8);

impl Needs {
    const EACH: [Need; 5] = [
        Need::Http,
        Need::Secrets,
        Need::Exec,
        Need::Invoke,
        Need::Pipelines,
    ];
    /// How many sets there are.
    pub(crate) const SETS: usize = 1 << Self::EACH.len();

    pub(crate) fn insert(&mut self, need: Need) {
        self.0 |= 1 << need as u8;
    }

    pub(crate) fn contains(self, need: Need) -> bool {
        self.0 & (1 << need as u8) != 0
    }

    /// One number for each set, below [`Needs::SETS`].
    pub(crate) fn index(self) -> usize {
        usize::from(self.0)
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = Need> {
        Self::EACH
            .into_iter()
            .filter(move |need| self.contains(*need))
    }

    /// The first that the grant does not allow and the plugin cannot do without.
    pub(crate) fn missing_from(self, grant: &Grant, optional: &BTreeSet<Need>) -> Option<Need> {
        self.iter()
            .find(|need| !need.allowed_by(grant) && !optional.contains(need))
    }
}

enum Import {
    Free,
    Needs(Need),
    Unknown,
}

/// Sorts a component's imports into what it needs, refusing what no grant could
/// allow in this world.
pub(crate) fn needs<'a>(
    names: impl Iterator<Item = &'a str>,
    world: World,
) -> Result<Needs, PrepareError> {
    let mut needs = Needs::default();
    for name in names {
        match (classify(name), world) {
            (Import::Free, World::Function) if name.starts_with("lockgate:action/artifacts@") => {
                return Err(PrepareError::NotInWorld {
                    import: name.to_owned(),
                });
            }
            (Import::Free, _) => {}
            (Import::Needs(_), World::Function) => {
                return Err(PrepareError::NotInWorld {
                    import: name.to_owned(),
                });
            }
            (Import::Needs(need), _) => needs.insert(need),
            (Import::Unknown, _) => {
                return Err(PrepareError::UnknownImport {
                    import: name.to_owned(),
                });
            }
        }
    }
    Ok(needs)
}

fn classify(name: &str) -> Import {
    let Some((interface, version)) = name.split_once('@') else {
        return Import::Unknown;
    };
    let known_version = if interface.starts_with("wasi:") {
        version.starts_with("0.2.")
    } else {
        version.starts_with("0.1.")
    };
    if !known_version {
        return Import::Unknown;
    }
    match interface {
        "wasi:cli/environment"
        | "wasi:cli/exit"
        | "wasi:cli/stdin"
        | "wasi:cli/stdout"
        | "wasi:cli/stderr"
        | "wasi:cli/terminal-input"
        | "wasi:cli/terminal-output"
        | "wasi:cli/terminal-stdin"
        | "wasi:cli/terminal-stdout"
        | "wasi:cli/terminal-stderr"
        | "wasi:clocks/monotonic-clock"
        | "wasi:clocks/wall-clock"
        | "wasi:filesystem/preopens"
        | "wasi:filesystem/types"
        | "wasi:io/error"
        | "wasi:io/poll"
        | "wasi:io/streams"
        | "wasi:random/insecure"
        | "wasi:random/insecure-seed"
        | "wasi:random/random"
        | "lockgate:action/artifacts"
        | "lockgate:action/log"
        | "lockgate:action/types" => Import::Free,
        "wasi:http/outgoing-handler" | "wasi:http/types" => Import::Needs(Need::Http),
        "lockgate:action/exec" => Import::Needs(Need::Exec),
        "lockgate:action/invoke" => Import::Needs(Need::Invoke),
        "lockgate:action/pipelines" => Import::Needs(Need::Pipelines),
        "lockgate:action/secrets" => Import::Needs(Need::Secrets),
        _ => Import::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_version_and_interface_that_is_not_listed_is_refused() {
        for name in [
            "wasi:sockets/tcp@0.2.6",
            "wasi:cli/run@0.2.6",
            "wasi:cli/stdout@0.3.0",
            "wasi:http/incoming-handler@0.2.6",
            "lockgate:action/exec@0.2.0",
            "lockgate:action/exec",
            "lockgate:action/kv@0.1.0",
            "wasi:config/store@0.2.0-draft",
            "exec",
            "",
        ] {
            let error = needs([name].into_iter(), World::ActionProvider).unwrap_err();
            assert!(
                matches!(&error, PrepareError::UnknownImport { import } if import == name),
                "{name}: {error}"
            );
        }
    }

    #[test]
    fn a_function_may_log_and_nothing_else() {
        let allowed = ["lockgate:action/log@0.1.0", "wasi:cli/stderr@0.2.6"];
        assert_eq!(
            needs(allowed.into_iter(), World::Function).unwrap(),
            Needs::default()
        );
        for name in [
            "lockgate:action/artifacts@0.1.0",
            "lockgate:action/exec@0.1.0",
            "lockgate:action/invoke@0.1.0",
            "lockgate:action/pipelines@0.1.0",
            "lockgate:action/secrets@0.1.0",
            "wasi:http/outgoing-handler@0.2.6",
        ] {
            let error = needs([name].into_iter(), World::Function).unwrap_err();
            assert!(matches!(error, PrepareError::NotInWorld { .. }), "{error}");
        }
    }
}
