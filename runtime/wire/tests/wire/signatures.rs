//! Every way in which a request is nobody's, and the words for it.

use http::HeaderValue;
use lockgate_wire::sigv4::{Refusal, Scheme};
use lockgate_wire::{CommonError, Fault, Timestamp};

use crate::oracle::{CODEPIPELINE, Parts, THEN, call, request, secret, signed_by_aws, verdict};

fn refusal(change: impl FnOnce(&mut Parts)) -> Refusal {
    let mut parts = signed_by_aws(call(), &CODEPIPELINE, None, false);
    change(&mut parts);
    verdict(&parts, &CODEPIPELINE, Some(&secret(None)), THEN).unwrap_err()
}

fn authorization(parts: &mut Parts, change: impl FnOnce(&str) -> String) {
    let changed = change(parts.headers()["authorization"].to_str().unwrap());
    set(parts, "authorization", &changed);
}

fn set(parts: &mut Parts, name: &'static str, value: &str) {
    let value = HeaderValue::from_str(value).unwrap();
    parts.headers_mut().insert(name, value);
}

#[test]
fn a_request_without_a_signature_says_so() {
    for parts in [call(), {
        let mut parts = call();
        set(&mut parts, "authorization", "Bearer x");
        parts
    }] {
        let refused = verdict(&parts, &CODEPIPELINE, Some(&secret(None)), THEN);
        assert_eq!(refused, Err(Refusal::Missing));
    }
    let fault = Fault::from(Refusal::Missing);
    assert_eq!(fault.code, CommonError::MissingAuthenticationToken.into());
}

#[test]
fn a_part_that_is_missing_is_named() {
    let without = refusal(|parts| set(parts, "authorization", "AWS4-HMAC-SHA256"));
    assert_eq!(
        without,
        Refusal::Incomplete(
            "Authorization header requires 'Credential' parameter. Authorization header requires \
             'Signature' parameter. Authorization header requires 'SignedHeaders' parameter."
                .to_owned()
        )
    );
    let undated = refusal(|parts| drop(parts.headers_mut().remove("x-amz-date")));
    assert_eq!(
        undated,
        Refusal::Incomplete(
            "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."
                .to_owned()
        )
    );
    let short = refusal(|parts| authorization(parts, |text| text.replace("/aws4_request", "")));
    assert!(matches!(short, Refusal::Incomplete(text) if text.contains("5 slash-delimited")));
    let twice = refusal(|parts| authorization(parts, |text| format!("{text}, Signature=00")));
    assert!(matches!(twice, Refusal::Incomplete(text) if text.contains("'Signature' twice")));
    let fault = Fault::from(Refusal::Incomplete(String::new()));
    assert_eq!(fault.code, CommonError::IncompleteSignature.into());

    let parts = signed_by_aws(call(), &CODEPIPELINE, None, true);
    let query = parts.uri().query().unwrap().to_owned();
    for name in [
        "Credential",
        "Date",
        "Expires",
        "SignedHeaders",
        "Signature",
    ] {
        let name = format!("X-Amz-{name}");
        let rest: Vec<_> = query
            .split('&')
            .filter(|part| !part.starts_with(&format!("{name}=")))
            .collect();
        let mut parts = parts.clone();
        *parts.uri_mut() = format!("http://127.0.0.1:8080/?{}", rest.join("&"))
            .parse()
            .unwrap();
        let refused = verdict(&parts, &CODEPIPELINE, Some(&secret(None)), THEN);
        assert_eq!(
            refused,
            Err(Refusal::Incomplete(format!(
                "AWS query-string parameters must include '{name}'. Re-examine the query-string \
                 parameters."
            )))
        );
    }
}

#[test]
fn a_signature_of_another_secret_or_another_request_does_not_match() {
    let changes: [&dyn Fn(&mut Parts); 5] = [
        &|parts| parts.body_mut().push(b' '),
        &|parts| {
            set(
                parts,
                "x-amz-target",
                "CodePipeline_20150709.DeletePipeline",
            )
        },
        &|parts| set(parts, "host", "127.0.0.1:8081"),
        &|parts| *parts.method_mut() = http::Method::PUT,
        &|parts| {
            authorization(parts, |text| {
                let (head, signature) = text.split_at(text.len() - 64);
                format!("{head}{}{}", &signature[1..], &signature[..1])
            });
        },
    ];
    for change in changes {
        assert_eq!(refusal(change), Refusal::Mismatch);
    }
    let fault = Fault::from(Refusal::Mismatch);
    assert_eq!(fault.code, CommonError::InvalidSignature.into());
    assert!(fault.message.starts_with(
        "The request signature we calculated does not match the signature you provided."
    ));
}

#[test]
fn a_header_that_carries_meaning_must_be_signed() {
    for (name, value) in [
        ("x-amz-target", "CodePipeline_20150709.DeletePipeline"),
        ("content-type", "application/x-amz-json-1.1"),
    ] {
        let mut parts = call();
        parts.headers_mut().remove(name);
        let mut parts = signed_by_aws(parts, &CODEPIPELINE, None, false);
        set(&mut parts, name, value);
        let refused = verdict(&parts, &CODEPIPELINE, Some(&secret(None)), THEN);
        assert_eq!(
            refused,
            Err(Refusal::Invalid(format!(
                "'{name}' must be a 'SignedHeader' in the AWS Authorization."
            )))
        );
    }
    let hostless = refusal(|parts| authorization(parts, |text| text.replace(";host", "")));
    assert_eq!(
        hostless,
        Refusal::Invalid(
            "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.".to_owned()
        )
    );
    let gone = refusal(|parts| drop(parts.headers_mut().remove("content-type")));
    assert_eq!(
        gone,
        Refusal::Invalid(
            "The header 'content-type' is signed and is not there; send it.".to_owned()
        )
    );
}

#[test]
fn clocks_may_be_fifteen_minutes_apart() {
    let parts = signed_by_aws(call(), &CODEPIPELINE, None, false);
    let at = |seconds: i64| {
        let now = Timestamp(THEN.0 + seconds * 1000);
        verdict(&parts, &CODEPIPELINE, Some(&secret(None)), now)
    };
    assert!(at(900).is_ok());
    assert!(at(-900).is_ok());
    assert_eq!(
        at(901),
        Err(Refusal::Invalid(
            "Signature expired: 20260301T000500Z is now earlier than 20260301T000501Z \
             (20260301T002001Z - 15 min.)"
                .to_owned()
        ))
    );
    assert_eq!(
        at(-901),
        Err(Refusal::Invalid(
            "Signature not yet current: 20260301T000500Z is still later than 20260301T000459Z \
             (20260228T234959Z + 15 min.)"
                .to_owned()
        ))
    );
}

#[test]
fn a_presigned_request_is_good_as_long_as_it_says() {
    let parts = signed_by_aws(call(), &CODEPIPELINE, None, true);
    let at = |seconds: i64| {
        let now = Timestamp(THEN.0 + seconds * 1000);
        verdict(&parts, &CODEPIPELINE, Some(&secret(None)), now)
    };
    assert!(at(0).is_ok());
    assert!(at(300).is_ok());
    assert_eq!(
        at(301),
        Err(Refusal::Invalid(
            "Signature expired: 20260301T001000Z is now earlier than 20260301T001001Z".to_owned()
        ))
    );
    assert!(at(-901).is_err());
    let week = |expires: &str| {
        let mut parts = parts.clone();
        let uri = parts
            .uri()
            .to_string()
            .replace("X-Amz-Expires=300", &format!("X-Amz-Expires={expires}"));
        *parts.uri_mut() = uri.parse().unwrap();
        verdict(&parts, &CODEPIPELINE, Some(&secret(None)), THEN).unwrap_err()
    };
    assert_eq!(week("301"), Refusal::Mismatch);
    for expires in ["0", "-1", "604801", "x", "99999999999999999999"] {
        assert!(matches!(week(expires), Refusal::Incomplete(_)), "{expires}");
    }
    // Both at once is neither.
    let mut both = parts.clone();
    set(&mut both, "authorization", "AWS4-HMAC-SHA256 x");
    let refused = verdict(&both, &CODEPIPELINE, Some(&secret(None)), THEN);
    assert!(matches!(refused, Err(Refusal::Invalid(text)) if text.starts_with("Found both")));
}

#[test]
fn a_scope_for_something_else_is_refused_and_says_what_for() {
    let scoped = |scheme: Scheme<'_>| {
        let parts = signed_by_aws(call(), &CODEPIPELINE, None, false);
        verdict(&parts, &scheme, Some(&secret(None)), THEN)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        scoped(Scheme::codepipeline(Some("us-east-1"))),
        "Credential should be scoped to a valid region, not 'eu-west-1'."
    );
    let service = Scheme {
        service: "codebuild",
        ..CODEPIPELINE
    };
    assert_eq!(
        scoped(service),
        "Credential should be scoped to correct service: 'codebuild'."
    );
    let other_day =
        refusal(|parts| authorization(parts, |text| text.replace("20260301", "20260228")));
    assert_eq!(
        other_day.to_string(),
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: \
         '20260228' != '20260301', from '20260301T000500Z'."
    );
}

#[test]
fn a_session_counts_only_with_its_token_and_while_it_lasts() {
    let with = |sent: Option<&str>, known: Option<&str>, expires: i64| {
        let parts = signed_by_aws(call(), &CODEPIPELINE, sent, false);
        let mut secret = secret(known);
        if let Some(session) = &mut secret.session {
            session.expires = Timestamp(THEN.0 + expires);
        }
        verdict(&parts, &CODEPIPELINE, Some(&secret), THEN)
    };
    assert!(with(Some("token"), Some("token"), 1).is_ok());
    assert_eq!(with(Some("token"), Some("token"), 0), Err(Refusal::Expired));
    assert_eq!(
        with(Some("other"), Some("token"), 1),
        Err(Refusal::Unrecognized)
    );
    assert_eq!(with(None, Some("token"), 1), Err(Refusal::Unrecognized));
    assert_eq!(with(Some("token"), None, 1), Err(Refusal::Unrecognized));
    assert_eq!(
        Fault::from(Refusal::Expired).code,
        CommonError::ExpiredToken.into()
    );

    let parts = signed_by_aws(call(), &CODEPIPELINE, None, false);
    let nobody = verdict(&parts, &CODEPIPELINE, None, THEN).unwrap_err();
    let fault = Fault::from(nobody);
    assert_eq!(fault.code, CommonError::UnrecognizedClient.into());
    assert_eq!(
        fault.message,
        "The security token included in the request is invalid."
    );
}

#[test]
fn a_payload_that_is_not_signed_as_a_whole_is_refused() {
    for (declared, told) in [
        ("UNSIGNED-PAYLOAD", "The payload is not signed"),
        ("STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "signed in chunks"),
        ("STREAMING-UNSIGNED-PAYLOAD-TRAILER", "signed in chunks"),
        ("00", "is not the SHA-256 of the body"),
    ] {
        let mut parts = call();
        set(&mut parts, "x-amz-content-sha256", declared);
        let parts = signed_by_aws(parts, &CODEPIPELINE, None, false);
        let refused = verdict(&parts, &CODEPIPELINE, Some(&secret(None)), THEN);
        assert!(
            matches!(&refused, Err(Refusal::Invalid(text)) if text.contains(told)),
            "{refused:?}"
        );
    }
    // In S3 a presigned request has no body yet; a header of chunks is no body.
    let s3 = Scheme::s3(Some("eu-west-1"));
    let mut parts = signed_by_aws(
        request("http://example.org/b/k", &[("host", "example.org")], b""),
        &s3,
        None,
        true,
    );
    *parts.body_mut() = b"anything".to_vec();
    assert!(verdict(&parts, &s3, Some(&secret(None)), THEN).is_ok());
}
