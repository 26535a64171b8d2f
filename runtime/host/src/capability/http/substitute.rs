//! Puts secrets into a request's headers, and refuses the request where a
//! placeholder stands anywhere else or the target may have no secret.

use super::policy::{Carriage, Target};
use crate::store::JobShared;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{ACCEPT_ENCODING, AUTHORIZATION, HeaderValue};
use wasmtime_wasi_http::{Error, WasiBody};

/// Fills in the headers. In `Authorization: Basic …` a placeholder is found
/// inside the encoded text too.
pub(crate) fn substitute(
    shared: &JobShared,
    target: &Target,
    request: &mut http::Request<WasiBody>,
) -> Result<(), Error> {
    let placeholders = &shared.placeholders;
    if placeholders.nonce().is_none() {
        return Ok(());
    }
    let misplaced = |place: &str| {
        shared.log.host(format!(
            "The request was refused: a secret's placeholder stands in its {place}; it may only stand in the value of a header."
        ));
        Err(Error::HttpRequestDenied)
    };
    if placeholders.mentioned_in(request.uri().to_string().as_bytes()) {
        return misplaced("URL");
    }
    if placeholders.mentioned_in(request.method().as_str().as_bytes()) {
        return misplaced("method");
    }
    let grant = shared.grant();
    let carriage = Carriage::of(&grant, target);
    let allowed = |name: &str| carriage == Carriage::Allowed && grant.secrets.contains(name);
    let refused = |name: String| {
        if grant.secrets.contains(&name) {
            shared
                .log
                .host(not_carried(shared, target, carriage, &name));
        } else {
            shared.denied(&format!("the secret '{name}'"), &format!("secret={name}"));
        }
        Error::HttpRequestDenied
    };
    for (name, value) in request.headers_mut() {
        if placeholders.mentioned_in(name.as_str().as_bytes()) {
            return misplaced("header names");
        }
        let Ok(text) = value.to_str() else {
            if placeholders.mentioned_in(value.as_bytes()) {
                return misplaced("header values that are not plain text");
            }
            continue;
        };
        let basic = (name == AUTHORIZATION)
            .then(|| decode_basic(text))
            .flatten()
            .map(|credentials| placeholders.substitute(&credentials, allowed))
            .transpose()
            .map_err(refused)?
            .flatten();
        let filled = match basic {
            Some(credentials) => {
                let encoded = STANDARD.encode(credentials);
                placeholders.also_scrub(encoded.clone());
                Some(format!("Basic {encoded}"))
            }
            None => placeholders.substitute(text, allowed).map_err(refused)?,
        };
        if let Some(filled) = filled {
            let mut secret =
                HeaderValue::from_str(&filled).map_err(|_| Error::HttpRequestHeaderSize {
                    field_name: Some(name.to_string()),
                    field_size: None,
                })?;
            secret.set_sensitive(true);
            *value = secret;
        }
    }
    // A compressed response could not be scrubbed.
    request
        .headers_mut()
        .insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    Ok(())
}

/// Why a secret that is granted does not go to this target, and the line that
/// would send it there.
fn not_carried(shared: &JobShared, target: &Target, carriage: Carriage, secret: &str) -> String {
    let Target { host, port, .. } = target;
    let (why, remedy) = match carriage {
        Carriage::Plain => (
            "over plain HTTP",
            "use https or, for a host in a private network, grant it with",
        ),
        Carriage::Allowed | Carriage::Unnamed => {
            ("through a grant for every host (*)", "grant it with")
        }
    };
    format!(
        "the secret '{secret}' is not sent to '{host}' at port {port} {why}, and the request was refused: {remedy}: {plugin} {line}",
        plugin = shared.plugin,
        line = target.secret_grant(carriage),
    )
}

fn decode_basic(value: &str) -> Option<String> {
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()
}
