//! The capability `secrets`: a guest gets a placeholder, the wire gets the
//! secret; or it asks whether somebody else knows the secret, and gets yes or
//! no. The nonce in a placeholder is new for every job, so that a text copied
//! from elsewhere is never taken for one.

use crate::code_cache::random_hex;
use crate::contract::imports::secrets;
use crate::store::JobState;
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::{digest, hmac};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// Placeholders in one job.
const MAX_PLACEHOLDERS: usize = 64;
/// Questions about secrets in one job. Few, so that nobody guesses by asking.
const MAX_QUESTIONS: usize = 16;
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
    /// Questions asked.
    questions: usize,
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

    fn look_up(&self, name: &str) -> Result<String, secrets::Error> {
        let held = self.secrets.0.as_ref().and_then(|lookup| lookup(name));
        held.ok_or_else(|| {
            secrets::Error::NotFound(format!(
                "the server holds no secret named '{name}': store it under that name"
            ))
        })
    }

    /// The secret, to be compared with something.
    fn question(&self, name: &str) -> Result<String, secrets::Error> {
        let mut issued = self.lock();
        if issued.questions >= MAX_QUESTIONS {
            return Err(secrets::Error::Denied(format!(
                "a job can ask {MAX_QUESTIONS} times whether a text fits a secret: ask less often"
            )));
        }
        issued.questions += 1;
        drop(issued);
        let value = self.look_up(name)?;
        // Anybody can sign with nothing.
        if value.is_empty() {
            return Err(secrets::Error::NotFound(format!(
                "the secret '{name}' is empty: store its value under that name"
            )));
        }
        Ok(value)
    }

    fn verifies(
        &self,
        name: &str,
        message: &[u8],
        signature: &[u8],
    ) -> Result<bool, secrets::Error> {
        let value = self.question(name)?;
        let key = hmac::Key::new(hmac::HMAC_SHA256, value.as_bytes());
        Ok(hmac::verify(&key, message, signature).is_ok())
    }

    fn is(&self, name: &str, text: &str) -> Result<bool, secrets::Error> {
        let value = self.question(name)?;
        // Digests are of one length, so that the time tells nothing of the
        // secret's.
        let [value, text] =
            [value.as_bytes(), text.as_bytes()].map(|bytes| digest::digest(&digest::SHA256, bytes));
        Ok(verify_slices_are_equal(value.as_ref(), text.as_ref()).is_ok())
    }

    fn issue(&self, name: &str) -> Result<String, secrets::Error> {
        let value = self.look_up(name)?;
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

impl JobState {
    /// The job's secrets, where the grant names this one.
    fn granted(&self, name: &str) -> Result<&Placeholders, secrets::Error> {
        if self.shared.grant().secrets.contains(name) {
            return Ok(&self.shared.placeholders);
        }
        let shown: String = name.chars().take(100).collect();
        Err(secrets::Error::Denied(self.shared.denied(
            &format!("the secret '{shown}'"),
            &format!("secret={shown}"),
        )))
    }
}

impl secrets::Host for JobState {
    fn placeholder(&mut self, name: String) -> wasmtime::Result<Result<String, secrets::Error>> {
        Ok(self.granted(&name).and_then(|held| held.issue(&name)))
    }

    fn verify_hmac_sha256(
        &mut self,
        name: String,
        message: Vec<u8>,
        signature: Vec<u8>,
    ) -> wasmtime::Result<Result<bool, secrets::Error>> {
        let held = self.granted(&name);
        Ok(held.and_then(|held| held.verifies(&name, &message, &signature)))
    }

    fn equals(
        &mut self,
        name: String,
        text: String,
    ) -> wasmtime::Result<Result<bool, secrets::Error>> {
        Ok(self.granted(&name).and_then(|held| held.is(&name, &text)))
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
    fn a_signature_fits_its_message_and_its_secret_alone() {
        // RFC 4231, test case 2.
        let signature = [
            0x5b, 0xdc, 0xc1, 0x46, 0xbf, 0x60, 0x75, 0x4e, 0x6a, 0x04, 0x24, 0x26, 0x08, 0x95,
            0x75, 0xc7, 0x5a, 0x00, 0x3f, 0x08, 0x9d, 0x27, 0x39, 0x83, 0x9d, 0xec, 0x58, 0xb9,
            0x64, 0xec, 0x38, 0x43,
        ];
        let message = b"what do ya want for nothing?";
        let held = Placeholders::new(Secrets::new(|name| (name == "KEY").then(|| "Jefe".into())));
        assert!(held.verifies("KEY", message, &signature).unwrap());
        assert!(!held.verifies("KEY", b"what?", &signature).unwrap());
        for wrong in [&signature[..31], &[]] {
            assert!(!held.verifies("KEY", message, wrong).unwrap());
        }
        let other = Placeholders::new(Secrets::new(|_| Some("other".into())));
        assert!(!other.verifies("KEY", message, &signature).unwrap());
        assert!(matches!(
            held.verifies("ABSENT", message, &signature),
            Err(secrets::Error::NotFound(_))
        ));
    }

    #[test]
    fn a_text_is_the_secret_only_where_all_of_it_is() {
        let held = placeholders();
        assert!(held.is("ONE", "value of ONE").unwrap());
        for other in ["", "value of ON", "value of ONE ", "value of TWO"] {
            assert!(!held.is("ONE", other).unwrap(), "{other}");
        }
    }

    #[test]
    fn an_empty_secret_fits_nothing() {
        let held = Placeholders::new(Secrets::new(|_| Some(String::new())));
        for answer in [held.is("ONE", ""), held.verifies("ONE", b"", b"")] {
            assert!(matches!(answer, Err(secrets::Error::NotFound(_))));
        }
    }

    #[test]
    fn a_secret_cannot_be_guessed_by_asking_on() {
        let held = placeholders();
        for _ in 0..MAX_QUESTIONS / 2 {
            assert!(!held.is("ONE", "guess").unwrap());
            assert!(!held.verifies("ONE", b"", b"guess").unwrap());
        }
        for answer in [
            held.is("ONE", "value of ONE"),
            held.verifies("ONE", b"", b""),
        ] {
            assert!(matches!(answer, Err(secrets::Error::Denied(_))));
        }
        held.issue("ONE").unwrap();
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
