//! The canonical form of a request: the same bytes for everybody who reads it.
//! Knows no key and no time. `verify` hashes it.

use http::HeaderMap;

/// The parts of a request that a signature covers.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// `POST`
    pub method: &'a str,
    /// As on the wire, not decoded.
    pub path: &'a str,
    /// As on the wire, not decoded, without the question mark.
    pub query: Option<&'a str>,
    /// Of HTTP/2, where there may be no `host` header.
    pub authority: Option<&'a str>,
    /// All headers.
    pub headers: &'a HeaderMap,
    /// All of the body.
    pub body: &'a [u8],
}

impl<'a> Request<'a> {
    /// From the parts that a server has.
    pub fn of(parts: &'a http::request::Parts, body: &'a [u8]) -> Self {
        Self {
            method: parts.method.as_str(),
            path: parts.uri.path(),
            query: parts.uri.query(),
            authority: parts.uri.authority().map(http::uri::Authority::as_str),
            headers: &parts.headers,
            body,
        }
    }

    /// The value of a header that comes once, in text.
    pub(crate) fn header(&self, name: &str) -> Option<&'a str> {
        let mut values = self.headers.get_all(name).iter();
        match (values.next(), values.next()) {
            (Some(value), None) => value.to_str().ok(),
            _ => None,
        }
    }

    /// The query, decoded, in the order of the wire.
    pub(crate) fn parameters(&self) -> Vec<(Vec<u8>, Vec<u8>)> {
        let parts = self.query.unwrap_or("").split('&');
        parts
            .filter(|part| !part.is_empty())
            .map(|part| {
                let (name, value) = part.split_once('=').unwrap_or((part, ""));
                (decoded(name), decoded(value))
            })
            .collect()
    }

    /// The whole canonical form, or the name of a header that is signed and not
    /// there.
    pub(crate) fn canonical(
        &self,
        rewrites_path: bool,
        signed: &[String],
        payload: &str,
    ) -> Result<Vec<u8>, String> {
        let mut form = Vec::new();
        form.extend_from_slice(self.method.as_bytes());
        form.push(b'\n');
        form.extend_from_slice(path(self.path, rewrites_path).as_bytes());
        form.push(b'\n');
        form.extend_from_slice(self.canonical_query().as_bytes());
        form.push(b'\n');
        for name in signed {
            form.extend_from_slice(name.as_bytes());
            form.push(b':');
            self.canonical_header(name, &mut form)?;
            form.push(b'\n');
        }
        form.push(b'\n');
        form.extend_from_slice(signed.join(";").as_bytes());
        form.push(b'\n');
        form.extend_from_slice(payload.as_bytes());
        Ok(form)
    }

    fn canonical_query(&self) -> String {
        let mut parameters: Vec<_> = self
            .parameters()
            .into_iter()
            .filter(|(name, _)| name != b"X-Amz-Signature")
            .map(|(name, value)| (encoded(&name, false), encoded(&value, false)))
            .collect();
        parameters.sort_unstable();
        let parameters = parameters
            .iter()
            .map(|(name, value)| format!("{name}={value}"));
        parameters.collect::<Vec<_>>().join("&")
    }

    fn canonical_header(&self, name: &str, form: &mut Vec<u8>) -> Result<(), String> {
        let mut values = self.headers.get_all(name).iter().peekable();
        if values.peek().is_none() {
            let authority = self.authority.filter(|_| name == "host");
            let authority = authority.ok_or_else(|| name.to_owned())?;
            form.extend_from_slice(authority.as_bytes());
            return Ok(());
        }
        let mut first = true;
        for value in values {
            if !std::mem::take(&mut first) {
                form.push(b',');
            }
            let mut space = false;
            for byte in value.as_bytes().trim_ascii() {
                if *byte != b' ' || !space {
                    form.push(*byte);
                }
                space = *byte == b' ';
            }
        }
        Ok(())
    }
}

/// The path that is signed.
fn path(path: &str, rewrites: bool) -> String {
    if !rewrites {
        // As on the wire, where a client may have encoded more or less than it
        // must; an encoded slash is no slash.
        let segments = path
            .split('/')
            .map(|segment| encoded(&decoded(segment), false));
        return match path {
            "" => "/".to_owned(),
            _ => segments.collect::<Vec<_>>().join("/"),
        };
    }
    let mut segments = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            segment => segments.push(segment),
        }
    }
    let mut normal = format!("/{}", segments.join("/"));
    let ends_open = path.ends_with('/') || path.ends_with("/.") || path.ends_with("/..");
    if ends_open && !segments.is_empty() {
        normal.push('/');
    }
    // Once more than on the wire: `%20` is signed as `%2520`.
    encoded(normal.as_bytes(), true)
}

/// Percent-encoded, every byte but the unreserved ones.
pub(crate) fn encoded(bytes: &[u8], keeps_slash: bool) -> String {
    const DIGITS: [char; 16] = [
        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F',
    ];
    let mut text = String::with_capacity(bytes.len());
    for byte in bytes {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                text.push(char::from(*byte));
            }
            b'/' if keeps_slash => text.push('/'),
            byte => {
                text.push('%');
                for half in [byte >> 4, byte & 0xf] {
                    text.extend(DIGITS.get(usize::from(half)));
                }
            }
        }
    }
    text
}

/// The bytes behind a percent-encoding; what is none stays as it is.
pub(crate) fn decoded(text: &str) -> Vec<u8> {
    let (mut bytes, mut rest) = (Vec::with_capacity(text.len()), text.as_bytes());
    while let Some((first, after)) = rest.split_first() {
        let hex = match (first, after) {
            (b'%', [high, low, rest @ ..]) => digit(*high).zip(digit(*low)).map(|d| (d, rest)),
            _ => None,
        };
        rest = match hex {
            Some(((high, low), rest)) => {
                bytes.push(high << 4 | low);
                rest
            }
            None => {
                bytes.push(*first);
                after
            }
        };
    }
    bytes
}

/// The value of a hexadecimal digit.
pub(crate) fn digit(letter: u8) -> Option<u8> {
    match letter {
        b'0'..=b'9' => Some(letter - b'0'),
        b'a'..=b'f' => Some(letter - b'a' + 10),
        b'A'..=b'F' => Some(letter - b'A' + 10),
        _ => None,
    }
}
