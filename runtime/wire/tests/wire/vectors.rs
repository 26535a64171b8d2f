//! AWS's published signing test suite, both forms of every case.

use http::{HeaderMap, HeaderName, HeaderValue};
use lockgate_wire::Timestamp;
use lockgate_wire::sigv4::{Claim, Refusal, Request, Scheme, Secret, Session};
use serde_json::Value;

const SUITE: &str = include_str!("../vectors/aws-signing-test-suite-v4.json");
/// 2015-08-30T12:36:00Z, when all of them were signed.
const THEN: Timestamp = Timestamp(1_440_938_160_000);

/// What somebody on the way does to a request.
type Change<'a> = &'a dyn Fn(&mut Parts);

/// A request as text, in parts.
struct Parts {
    method: String,
    path: String,
    query: Option<String>,
    headers: HeaderMap,
    body: String,
}

fn parts(text: &str) -> Parts {
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let mut lines = head.lines();
    let first = lines.next().unwrap().strip_suffix(" HTTP/1.1").unwrap();
    let (method, target) = first.split_once(' ').unwrap();
    let (path, query) = match target.split_once('?') {
        Some((path, query)) => (path, Some(query.to_owned())),
        None => (target, None),
    };
    // A value may go on in the next line, as it could in HTTP/1.0.
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in lines.filter(|line| !line.is_empty()) {
        match (line.starts_with(' '), line.split_once(':')) {
            (false, Some((name, value))) => fields.push((name.to_owned(), value.to_owned())),
            _ => fields
                .last_mut()
                .unwrap()
                .1
                .push_str(&format!(" {}", line.trim())),
        }
    }
    let mut headers = HeaderMap::new();
    for (name, value) in fields {
        let name: HeaderName = name.parse().unwrap();
        headers.append(name, HeaderValue::from_str(value.trim()).unwrap());
    }
    Parts {
        method: method.to_owned(),
        path: path.to_owned(),
        query,
        headers,
        body: body.to_owned(),
    }
}

impl Parts {
    fn request(&self) -> Request<'_> {
        Request {
            method: &self.method,
            path: &self.path,
            query: self.query.as_deref(),
            authority: None,
            headers: &self.headers,
            body: self.body.as_bytes(),
        }
    }
}

fn verdict(case: &Value, form: &str, change: impl Fn(&mut Parts)) -> Result<String, Refusal> {
    let context = &case["context"];
    let mut parts = parts(case[form].as_str().unwrap());
    change(&mut parts);
    let scheme = Scheme {
        service: "service",
        region: Some("us-east-1"),
        rewrites_path: context["normalize"].as_bool().unwrap(),
        unsigned_payload: false,
    };
    let credentials = &context["credentials"];
    let secret = Secret {
        key: credentials["secret_access_key"]
            .as_str()
            .unwrap()
            .to_owned(),
        session: credentials["token"].as_str().map(|token| Session {
            token: token.to_owned(),
            expires: Timestamp(THEN.0 + 1),
        }),
    };
    let claim = Claim::read(parts.request())?;
    claim
        .verify(Some(&secret), &scheme, THEN)
        .map(|verified| verified.access_key)
}

#[test]
fn every_case_of_the_suite_is_taken_in_both_forms() {
    let suite: Vec<Value> = serde_json::from_str(SUITE).unwrap();
    let mut taken = 0;
    for case in &suite {
        for form in ["header", "query"] {
            let verdict = verdict(case, form, |_| {});
            // A token that is added to the query after it was signed: some
            // services want that, CodePipeline and S3 do not.
            if form == "query" && case["context"]["omit_session_token"] == true {
                assert_eq!(verdict, Err(Refusal::Mismatch));
                continue;
            }
            assert_eq!(
                verdict.as_deref(),
                Ok("AKIDEXAMPLE"),
                "{} {form}",
                case["name"]
            );
            taken += 1;
        }
    }
    assert_eq!(taken, 75);
}

#[test]
fn no_case_of_the_suite_is_taken_when_anything_is_changed() {
    let suite: Vec<Value> = serde_json::from_str(SUITE).unwrap();
    for case in &suite {
        for form in ["header", "query"] {
            let changes: [(&str, Change<'_>); 5] = [
                ("method", &|parts| parts.method.push('X')),
                ("path", &|parts| parts.path.push('x')),
                ("query", &|parts| {
                    let query = parts.query.take().unwrap_or_default();
                    parts.query = Some(format!("{query}&x=y"));
                }),
                ("body", &|parts| parts.body.push('x')),
                ("host", &|parts| {
                    parts
                        .headers
                        .insert("host", HeaderValue::from_static("other"));
                }),
            ];
            for (what, change) in changes {
                let verdict = verdict(case, form, change);
                assert!(verdict.is_err(), "{} {form}: {what}", case["name"]);
            }
        }
    }
}
