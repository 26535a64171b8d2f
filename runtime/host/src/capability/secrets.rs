//! The capability `secrets`: a guest gets a placeholder, the wire gets the
//! secret. The nonce in a placeholder is new for every job, so that a text
//! copied from elsewhere is never taken for one.

use crate::code_cache::random_hex;
use crate::contract::imports::secrets;
use crate::store::JobState;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// Placeholders in one job.
const MAX_PLACEHOLDERS: usize = 64;
/// Shorter secrets cannot be told from other text in a response.
const SCRUBBED_BYTES: usize = 4;

type Lookup = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// Where secrets come from. Asked for names that are granted, at the moment a
/// guest asks for a placeholder.
#[derive(Clone)]
pub struct Secrets(Option<Lookup>);

impl Secrets {
    /// There are none.
    #[must_use]
    pub fn none() -> Self {
        Self(None)
    }

    /// Looks them up by name.
    pub fn new(lookup: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(lookup)))
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets")
    }
}

/// The placeholders handed out in one job, and what they stand for.
pub(crate) struct Placeholders {
    secrets: Secrets,
    issued: Mutex<Issued>,
}

#[derive(Default)]
struct Issued {
    nonce: String,
    values: Vec<(String, String)>,
    /// Other spellings of secrets that went out.
    encoded: Vec<String>,
}

impl Placeholders {
    pub(crate) fn new(secrets: Secrets) -> Self {
        Self {
            secrets,
            issued: Mutex::default(),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Issued> {
        self.issued.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn issue(&self, name: &str) -> Result<String, secrets::Error> {
        let held = self.secrets.0.as_ref().and_then(|lookup| lookup(name));
        let Some(value) = held else {
            return Err(secrets::Error::NotFound(format!(
                "the server holds no secret named '{name}': store it under that name"
            )));
        };
        let mut issued = self.lock();
        if issued.nonce.is_empty() {
            let nonce = random_hex().map_err(|e| secrets::Error::NotFound(e.to_string()))?;
            issued.nonce = format!("lockgate-secret-{nonce}-");
        }
        let known = issued.values.iter().position(|(known, _)| known == name);
        let index = match known {
            Some(index) => index,
            None if issued.values.len() == MAX_PLACEHOLDERS => {
                return Err(secrets::Error::NotFound(format!(
                    "a job can use {MAX_PLACEHOLDERS} secrets: use fewer"
                )));
            }
            None => {
                issued.values.push((name.to_owned(), value));
                issued.values.len() - 1
            }
        };
        // A fixed width: no placeholder is the beginning of another.
        Ok(format!("{}{index:04}", issued.nonce))
    }

    /// Whether the text holds a placeholder of this job.
    pub(crate) fn mentioned_in(&self, text: &[u8]) -> bool {
        let issued = self.lock();
        !issued.nonce.is_empty() && memchr::memmem::find(text, issued.nonce.as_bytes()).is_some()
    }

    /// What a body must not hold, where placeholders were issued.
    pub(crate) fn nonce(&self) -> Option<Vec<u8>> {
        let issued = self.lock();
        (!issued.nonce.is_empty()).then(|| issued.nonce.clone().into_bytes())
    }

    /// The text with every placeholder replaced, where `allowed` says so; none
    /// where it holds none. An error names the secret that is not allowed.
    pub(crate) fn substitute(
        &self,
        text: &str,
        allowed: impl Fn(&str) -> bool,
    ) -> Result<Option<String>, String> {
        let issued = self.lock();
        if issued.nonce.is_empty() || !text.contains(&issued.nonce) {
            return Ok(None);
        }
        let mut text = text.to_owned();
        for (index, (name, value)) in issued.values.iter().enumerate() {
            let placeholder = format!("{}{index:04}", issued.nonce);
            if text.contains(&placeholder) {
                if !allowed(name) {
                    return Err(name.clone());
                }
                text = text.replace(&placeholder, value);
            }
        }
        Ok(Some(text))
    }

    /// Remembers another spelling of a secret, as it went out.
    pub(crate) fn also_scrub(&self, encoded: String) {
        let mut issued = self.lock();
        if issued.encoded.len() < MAX_PLACEHOLDERS && !issued.encoded.contains(&encoded) {
            issued.encoded.push(encoded);
        }
    }

    /// Texts that must not come back in a response: every secret that was
    /// handed out.
    pub(crate) fn to_scrub(&self) -> Vec<Vec<u8>> {
        let issued = self.lock();
        issued
            .values
            .iter()
            .map(|(_, value)| value)
            .chain(&issued.encoded)
            .filter(|value| value.len() >= SCRUBBED_BYTES)
            .map(|value| value.clone().into_bytes())
            .collect()
    }
}

impl fmt::Debug for Placeholders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Placeholders")
    }
}

impl secrets::Host for JobState {
    fn placeholder(&mut self, name: String) -> wasmtime::Result<Result<String, secrets::Error>> {
        if !self.shared.grant().secrets.contains(&name) {
            let shown: String = name.chars().take(100).collect();
            return Ok(Err(secrets::Error::Denied(self.shared.denied(
                &format!("the secret '{shown}'"),
                &format!("secret={shown}"),
            ))));
        }
        Ok(self.shared.placeholders.issue(&name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placeholders() -> Placeholders {
        Placeholders::new(Secrets::new(|name| {
            (name != "ABSENT").then(|| format!("value of {name}"))
        }))
    }

    #[test]
    fn a_placeholder_is_replaced_only_for_what_is_allowed_and_says_nothing_itself() {
        let placeholders = placeholders();
        let one = placeholders.issue("ONE").unwrap();
        let two = placeholders.issue("TWO").unwrap();
        assert_eq!(placeholders.issue("ONE").unwrap(), one);
        assert_ne!(one, two);
        assert!(!one.contains("ONE"));
        assert!(placeholders.mentioned_in(format!("x{one}y").as_bytes()));
        let text = format!("Bearer {one} {two}");
        assert_eq!(
            placeholders.substitute(&text, |_| true).unwrap().unwrap(),
            "Bearer value of ONE value of TWO"
        );
        assert_eq!(
            placeholders.substitute(&text, |name| name == "ONE"),
            Err("TWO".into())
        );
        assert!(matches!(
            placeholders.issue("ABSENT"),
            Err(secrets::Error::NotFound(_))
        ));
    }

    #[test]
    fn a_placeholder_of_another_job_is_plain_text() {
        let here = placeholders();
        let elsewhere = placeholders();
        here.issue("ONE").unwrap();
        let foreign = elsewhere.issue("ONE").unwrap();
        assert!(!here.mentioned_in(foreign.as_bytes()));
        assert_eq!(here.substitute(&foreign, |_| true), Ok(None));
    }
}
