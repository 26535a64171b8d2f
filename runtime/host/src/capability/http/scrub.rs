//! Takes secrets out of a stream of bytes, wherever the pieces are cut. Pure.

/// What stands in a secret's place.
const MARK: &[u8] = b"****";

/// Replaces every occurrence of some texts.
pub(crate) struct Scrubber {
    secrets: Vec<Vec<u8>>,
    /// The end of what came so far: a secret may begin in it.
    held: Vec<u8>,
    longest: usize,
}

impl Scrubber {
    pub(crate) fn new(secrets: Vec<Vec<u8>>) -> Self {
        let longest = secrets.iter().map(Vec::len).max().unwrap_or(0);
        Self {
            secrets,
            held: Vec::new(),
            longest,
        }
    }

    /// Whether there is nothing to look for.
    pub(crate) fn is_idle(&self) -> bool {
        self.longest == 0
    }

    /// Takes a piece; returns what can be passed on.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.held.extend_from_slice(bytes);
        // A secret that starts before this point is there in full.
        let sure = self
            .held
            .len()
            .saturating_sub(self.longest.saturating_sub(1));
        self.pass(sure)
    }

    /// What was held back.
    pub(crate) fn end(&mut self) -> Vec<u8> {
        self.pass(self.held.len())
    }

    /// The text without secrets, as a whole.
    pub(crate) fn whole(&self, bytes: &[u8]) -> Vec<u8> {
        let mut once = Self::new(self.secrets.clone());
        let mut clean = once.push(bytes);
        clean.extend(once.end());
        clean
    }

    fn pass(&mut self, sure: usize) -> Vec<u8> {
        let held = std::mem::take(&mut self.held);
        let mut out = Vec::with_capacity(sure);
        let mut at = 0;
        while at < sure {
            let rest = held.get(at..).unwrap_or_default();
            let found = self
                .secrets
                .iter()
                .filter_map(|secret| Some((memchr::memmem::find(rest, secret)?, secret.len())))
                // The earliest; of those, the longest.
                .min_by_key(|(start, len)| (*start, std::cmp::Reverse(*len)));
            match found {
                Some((start, len)) if at + start < sure => {
                    out.extend_from_slice(rest.get(..start).unwrap_or_default());
                    out.extend_from_slice(MARK);
                    at += start + len;
                }
                _ => {
                    out.extend_from_slice(held.get(at..sure).unwrap_or_default());
                    at = sure;
                }
            }
        }
        self.held = held.get(at..).unwrap_or_default().to_vec();
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_found_however_the_stream_is_cut() {
        let secrets = vec![b"hunter2-and-more".to_vec(), b"hunter2".to_vec()];
        let text = b"a hunter2 b hunter2-and-more c hunthunter2 hunter";
        let clean = b"a **** b **** c hunt**** hunter";
        for size in 1..=text.len() {
            let mut scrubber = Scrubber::new(secrets.clone());
            let mut out = Vec::new();
            for piece in text.chunks(size) {
                out.extend(scrubber.push(piece));
            }
            out.extend(scrubber.end());
            assert_eq!(
                String::from_utf8_lossy(&out),
                String::from_utf8_lossy(clean),
                "{size}"
            );
        }
    }
}
