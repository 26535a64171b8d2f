//! Signatures, with the crate that AWS's SDK for Rust signs with as the oracle:
//! what it signs is taken, and we sign as it does.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SignatureLocation,
    SigningSettings, UriPathNormalizationMode, sign as aws_sign,
};
use aws_sigv4::sign::v4;
use http::{HeaderValue, Request as HttpRequest};
use lockgate_wire::Timestamp;
use lockgate_wire::sigv4::{Claim, Refusal, Request, Scheme, Secret, Session, sign};
use proptest::prelude::*;

pub const KEY: &str = "AKIDEXAMPLE";
pub const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
/// 2026-03-01T00:05:00Z: the skew reaches into another day.
pub const THEN: Timestamp = Timestamp(1_772_323_500_000);
pub const CODEPIPELINE: Scheme<'_> = Scheme::codepipeline(Some("eu-west-1"));

pub type Parts = HttpRequest<Vec<u8>>;

pub fn secret(token: Option<&str>) -> Secret {
    Secret {
        key: SECRET.to_owned(),
        session: token.map(|token| Session {
            token: token.to_owned(),
            expires: Timestamp(THEN.0 + 3_600_000),
        }),
    }
}

/// Signs with the crate that AWS's SDK for Rust signs with.
pub fn signed_by_aws(
    mut parts: Parts,
    scheme: &Scheme<'_>,
    token: Option<&str>,
    query: bool,
) -> Parts {
    let identity = Credentials::new(KEY, SECRET, token.map(str::to_owned), None, "tests").into();
    let mut settings = SigningSettings::default();
    if query {
        settings.signature_location = SignatureLocation::QueryParams;
        settings.expires_in = Some(Duration::from_secs(300));
    }
    if scheme.service == "s3" {
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    }
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region("eu-west-1")
        .name(scheme.service)
        .time(SystemTime::UNIX_EPOCH + Duration::from_millis(THEN.0 as u64))
        .settings(settings)
        .build()
        .unwrap()
        .into();
    let headers: Vec<(String, String)> = parts
        .headers()
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    let (method, uri) = (parts.method().to_string(), parts.uri().to_string());
    let body = match scheme.service == "s3" && query {
        true => SignableBody::UnsignedPayload,
        false => SignableBody::Bytes(parts.body()),
    };
    let headers = headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    let request = SignableRequest::new(&method, uri, headers, body).unwrap();
    let (instructions, _) = aws_sign(request, &params).unwrap().into_parts();
    instructions.apply_to_request_http1x(&mut parts);
    parts
}

pub fn verdict(
    parts: &Parts,
    scheme: &Scheme<'_>,
    secret: Option<&Secret>,
    now: Timestamp,
) -> Result<String, Refusal> {
    let request = Request {
        method: parts.method().as_str(),
        path: parts.uri().path(),
        query: parts.uri().query(),
        authority: parts.uri().authority().map(http::uri::Authority::as_str),
        headers: parts.headers(),
        body: parts.body(),
    };
    let claim = Claim::read(request)?;
    assert_eq!(claim.access_key(), KEY);
    claim.verify(secret, scheme, now).map(|verified| {
        assert_eq!(
            (verified.region.as_str(), verified.signed_at),
            ("eu-west-1", THEN)
        );
        verified.access_key
    })
}

pub fn request(uri: &str, headers: &[(&str, &str)], body: &[u8]) -> Parts {
    let builder = HttpRequest::builder().method("POST").uri(uri);
    let builder = headers.iter().fold(builder, |builder, (name, value)| {
        builder.header(*name, *value)
    });
    builder.body(body.to_vec()).unwrap()
}

pub fn call() -> Parts {
    let headers = [
        ("host", "127.0.0.1:8080"),
        ("content-type", "application/x-amz-json-1.1"),
        ("x-amz-target", "CodePipeline_20150709.ListPipelines"),
    ];
    request("http://127.0.0.1:8080/", &headers, b"{}")
}

fn segment() -> impl Strategy<Value = String> {
    prop::collection::vec(
        prop_oneof![
            3 => "[a-zA-Z0-9._~-]{1,5}",
            1 => Just("%20".to_owned()),
            1 => Just("%C3%BC".to_owned()),
            1 => Just("%2F".to_owned()),
        ],
        0..4,
    )
    .prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn what_awss_own_crate_signs_is_taken(
        path in prop::collection::vec(segment(), 0..4),
        query in prop::collection::vec((segment(), segment()), 0..4),
        value in "[ !-~]{0,20}",
        body in prop::collection::vec(any::<u8>(), 0..64),
        token in prop::option::of("[A-Za-z0-9/+=]{1,40}"),
        in_query: bool,
        s3: bool,
    ) {
        let scheme = if s3 { Scheme::s3(Some("eu-west-1")) } else { CODEPIPELINE };
        let query: Vec<_> = query
            .into_iter()
            .filter(|(name, _)| !name.is_empty())
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let query = if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) };
        let uri = format!("http://example.org/{}{query}", path.join("/"));
        let headers = [("host", "example.org"), ("content-type", "a/b"), ("x-amz-more", value.as_str())];
        let parts = request(&uri, &headers, &body);
        let signed = signed_by_aws(parts, &scheme, token.as_deref(), in_query);
        let secret = secret(token.as_deref());
        let taken = verdict(&signed, &scheme, Some(&secret), THEN);
        prop_assert_eq!(taken.as_deref(), Ok(KEY), "{:?}", signed);

        let mut other = secret.clone();
        other.key.push('x');
        let refused = verdict(&signed, &scheme, Some(&other), THEN);
        prop_assert_eq!(refused, Err(Refusal::Mismatch));
    }

    #[test]
    fn we_sign_as_awss_own_crate_does(
        path in prop::collection::vec(segment(), 0..4),
        body in prop::collection::vec(any::<u8>(), 0..64),
    ) {
        let uri = format!("http://example.org/{}", path.join("/"));
        let headers = [
            ("host", "example.org"),
            ("content-type", "a/b"),
            ("x-amz-date", "20260301T000500Z"),
        ];
        let parts = request(&uri, &headers, &body);
        let request = Request {
            method: "POST",
            path: parts.uri().path(),
            query: None,
            authority: None,
            headers: parts.headers(),
            body: parts.body(),
        };
        let names = ["x-amz-date", "Content-Type", "host"];
        let ours = sign(&request, &names, KEY, &secret(None), &CODEPIPELINE).unwrap();
        let theirs = signed_by_aws(parts.clone(), &CODEPIPELINE, None, false);
        prop_assert_eq!(ours.as_str(), theirs.headers()["authorization"].to_str().unwrap());
    }

    #[test]
    fn any_header_and_any_query_are_taken_apart_or_refused(
        header in "(AWS4-HMAC-SHA256 ?)?([A-Za-z]{0,12}=?[ -~]{0,30},? ?){0,4}",
        query in "(X-Amz-(Algorithm|Credential|Date|Expires|SignedHeaders|Signature)=?[!-~]{0,20}&?){0,8}",
        use_query: bool,
    ) {
        let mut headers = http::HeaderMap::new();
        if let Ok(value) = HeaderValue::from_str(&header) {
            headers.insert("authorization", value);
        }
        let request = Request {
            method: "POST",
            path: "/",
            query: use_query.then_some(query.as_str()),
            authority: None,
            headers: &headers,
            body: b"",
        };
        prop_assert!(Claim::read(request).is_err());
    }
}
