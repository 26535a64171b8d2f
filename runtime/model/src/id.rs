//! Identifiers. Tenants are AWS account ids; everything that is made while the
//! server runs has a UUID, written in lower case as CodePipeline writes it.

use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

/// A tenant: an account id of 12 digits, as it stands in ARNs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TenantId(String);

/// The text was not an id of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{value}' is not {expected}")]
pub struct InvalidId {
    /// What was given.
    pub value: String,
    /// What an id of this kind looks like.
    pub expected: &'static str,
}

impl TenantId {
    /// The text of the id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for TenantId {
    type Error = InvalidId;

    fn try_from(value: String) -> Result<Self, InvalidId> {
        if value.len() == 12 && value.bytes().all(|b| b.is_ascii_digit()) {
            Ok(Self(value))
        } else {
            Err(InvalidId {
                value,
                expected: "an account id of 12 digits",
            })
        }
    }
}

impl FromStr for TenantId {
    type Err = InvalidId;

    fn from_str(value: &str) -> Result<Self, InvalidId> {
        Self::try_from(value.to_owned())
    }
}

impl From<TenantId> for String {
    fn from(id: TenantId) -> Self {
        id.0
    }
}

impl fmt::Display for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.as_hyphenated().fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(value: &str) -> Result<Self, InvalidId> {
                match Uuid::try_parse(value) {
                    Ok(id) if value.len() == 36 => Ok(Self(id)),
                    _ => Err(InvalidId {
                        value: value.to_owned(),
                        expected: "a UUID such as 0190a5c2-7b3e-7d10-8f4a-2b6c1d9e0f33",
                    }),
                }
            }
        }
    };
}

uuid_id! {
    /// One execution of a pipeline. Version 7: sorts by the time it started.
    ExecutionId
}
uuid_id! {
    /// One action within one execution, across all attempts of one run of it. A
    /// stage retry makes a new one. Providers get it as their idempotency key.
    ActionExecutionId
}
uuid_id! {
    /// One attempt at one action, handed to a provider.
    JobId
}
uuid_id! {
    /// What somebody must present to answer one approval.
    ApprovalToken
}
uuid_id! {
    /// What a job worker got with a job, and must present to begin it. Every
    /// time a job is handed out it has another.
    Nonce
}

impl ExecutionId {
    /// The id of something that belongs to this execution, always the same for
    /// the same `name`. Lets the pure core name new things without chance.
    #[must_use]
    pub fn derive(&self, name: &str) -> Uuid {
        Uuid::new_v5(&self.0, name.as_bytes())
    }

    /// The id of an execution that another one leads to at this time: version 7,
    /// as hard to guess as sixteen bytes of chance are, and always the same.
    #[must_use]
    pub fn following(at: Timestamp, seed: [u8; 16], name: &str) -> Self {
        let chance = Uuid::new_v5(&Uuid::from_bytes(seed), name.as_bytes());
        let mut rest = [0; 10];
        rest.copy_from_slice(chance.as_bytes().last_chunk::<10>().unwrap_or(&[0; 10]));
        let millis = u64::try_from(at.0).unwrap_or(0);
        Self(uuid::Builder::from_unix_timestamp_millis(millis, &rest).into_uuid())
    }
}

impl ApprovalToken {
    /// The token of this `name` under sixteen bytes of chance: as hard to guess
    /// as they are, and always the same, so that the pure core can name it.
    #[must_use]
    pub fn derive(seed: [u8; 16], name: &str) -> Self {
        Self(Uuid::new_v5(&Uuid::from_bytes(seed), name.as_bytes()))
    }
}

/// Who asked for something: an ARN-like text such as
/// `arn:aws:iam::111122223333:user/LOCKGATEDEV`, or `lockgate` for the server
/// itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Principal(pub String);

impl Principal {
    /// The server acting by itself: a timer, a poll, a recovery.
    #[must_use]
    pub fn server() -> Self {
        Self("lockgate".to_owned())
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_is_twelve_digits() {
        assert_eq!(
            "111122223333".parse::<TenantId>().unwrap().as_str(),
            "111122223333"
        );
        for bad in [
            "",
            "11112222333",
            "1111222233334",
            "11112222333a",
            "１１１１２２２２３３３３",
        ] {
            assert!(bad.parse::<TenantId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn only_the_hyphenated_form_is_an_id() {
        let id = ExecutionId(Uuid::from_u128(7));
        assert_eq!(id.to_string().parse::<ExecutionId>().unwrap(), id);
        assert!(id.0.simple().to_string().parse::<ExecutionId>().is_err());
    }
}
