//! Who sends a delivery, by its headers, and whether they know the secret. The
//! secret is the host's; it only says yes or no.

use crate::trouble::{Result, Trouble};
use lockgate_plugin::{Delivery, Host, SecretError};

/// What sends deliveries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Forge {
    /// github.com and GitHub Enterprise.
    GitHub,
    /// gitlab.com and GitLab's own.
    GitLab,
    /// Gitea and Forgejo.
    Gitea,
    /// bitbucket.org.
    Bitbucket,
    /// Bitbucket Server and Data Center.
    BitbucketServer,
}

impl Forge {
    /// The sender and the event. Gitea and Forgejo send GitHub's headers
    /// besides their own.
    pub(crate) fn of(delivery: &Delivery) -> Result<(Self, &str)> {
        for (header, forge) in [
            ("x-forgejo-event", Self::Gitea),
            ("x-gitea-event", Self::Gitea),
            ("x-gitlab-event", Self::GitLab),
            ("x-github-event", Self::GitHub),
        ] {
            if let Some(event) = delivery.header(header) {
                return Ok((forge, event));
            }
        }
        match delivery.header("x-event-key") {
            Some(event) if event.starts_with("pr:") || event == "repo:refs_changed" => {
                Ok((Self::BitbucketServer, event))
            }
            Some(event) => Ok((Self::Bitbucket, event)),
            None => Err(Trouble::Configuration(
                "the request has none of the headers X-GitHub-Event, X-Gitlab-Event, X-Gitea-Event, X-Forgejo-Event and X-Event-Key; send it by a webhook of GitHub, GitLab, Gitea, Forgejo or Bitbucket".into(),
            )),
        }
    }

    /// For people.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::GitHub => "GitHub",
            Self::GitLab => "GitLab",
            Self::Gitea => "Gitea",
            Self::Bitbucket => "Bitbucket",
            Self::BitbucketServer => "Bitbucket Server",
        }
    }

    /// Refuses what is not from somebody who knows the secret.
    pub(crate) fn authenticate<H: Host>(
        self,
        delivery: &Delivery,
        secret: &str,
        host: &H,
    ) -> Result<()> {
        let absent = |header: &str| {
            Trouble::Denied(format!(
                "the delivery has no header {header}, so nobody knows who sent it; set the secret in {}'s webhook to the value of the secret '{secret}'",
                self.name()
            ))
        };
        let genuine = match self {
            Self::GitLab => {
                let token = delivery
                    .header("x-gitlab-token")
                    .filter(|it| !it.is_empty());
                let token = token.ok_or_else(|| absent("X-Gitlab-Token"))?;
                host.secret_equals(secret, token)
            }
            _ => {
                let signature = self.signature(delivery).ok_or_else(|| {
                    absent(match self {
                        Self::GitHub => "X-Hub-Signature-256",
                        Self::Gitea => "X-Gitea-Signature",
                        _ => "X-Hub-Signature",
                    })
                })?;
                match bytes(signature) {
                    Some(signature) => host.verify_hmac_sha256(secret, &delivery.body, &signature),
                    None => Ok(false),
                }
            }
        };
        match genuine {
            Ok(true) => Ok(()),
            Ok(false) => Err(Trouble::Denied(format!(
                "the delivery is not signed with the secret '{secret}' (WebhookSecret); set the secret in {}'s webhook to the same value",
                self.name()
            ))),
            Err(SecretError::Denied(text)) => Err(Trouble::Denied(text)),
            Err(SecretError::NotFound(text)) => {
                Err(Trouble::Configuration(format!("WebhookSecret: {text}")))
            }
        }
    }

    /// The hex digits of the signature.
    fn signature(self, delivery: &Delivery) -> Option<&str> {
        let headers: &[&str] = match self {
            Self::GitHub => &["x-hub-signature-256"],
            Self::Gitea => &[
                "x-forgejo-signature",
                "x-gitea-signature",
                "x-hub-signature-256",
            ],
            _ => &["x-hub-signature"],
        };
        let found = headers.iter().find_map(|name| delivery.header(name))?;
        let digits = found.strip_prefix("sha256=").unwrap_or(found);
        (!digits.is_empty()).then_some(digits)
    }
}

/// What these hex digits stand for.
fn bytes(hex: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = hex.as_bytes().as_chunks::<2>();
    if !rest.is_empty() || hex.len() > 128 {
        return None;
    }
    pairs
        .iter()
        .map(|pair| {
            let [high, low] = pair.map(|digit| char::from(digit).to_digit(16));
            u8::try_from(high? << 4 | low?).ok()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivery(headers: &[(&str, &str)]) -> Delivery {
        Delivery {
            headers: headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            ..Delivery::default()
        }
    }

    #[test]
    fn a_forge_is_known_by_its_own_header_first() {
        for (headers, forge) in [
            (&[("x-github-event", "push")][..], Forge::GitHub),
            (
                &[
                    ("x-github-event", "push"),
                    ("x-gogs-event", "push"),
                    ("x-gitea-event", "push"),
                ],
                Forge::Gitea,
            ),
            (
                &[("x-github-event", "push"), ("x-forgejo-event", "push")],
                Forge::Gitea,
            ),
            (&[("x-gitlab-event", "Push Hook")], Forge::GitLab),
            (&[("x-event-key", "repo:push")], Forge::Bitbucket),
            (
                &[("x-event-key", "repo:refs_changed")],
                Forge::BitbucketServer,
            ),
            (&[("x-event-key", "pr:opened")], Forge::BitbucketServer),
        ] {
            assert_eq!(Forge::of(&delivery(headers)).unwrap().0, forge);
        }
        let error = Forge::of(&delivery(&[("content-type", "x")])).unwrap_err();
        assert!(error.to_string().contains("X-GitHub-Event"), "{error}");
    }

    #[test]
    fn a_signature_is_hex_and_nothing_else() {
        assert_eq!(bytes("00ffA0"), Some(vec![0, 255, 160]));
        for other in ["0", "0g", "+1", "é0", &"00".repeat(65)] {
            assert_eq!(bytes(other), None, "{other}");
        }
    }
}
