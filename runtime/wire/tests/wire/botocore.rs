//! Real boto3 clients, offline: what they send is signed, typed and checked
//! here, and what is answered here is understood by them, member for member.
//! And: the model is still botocore's.
//!
//! They need a Python with boto3: that of `LOCKGATE_PYTHON`, or a virtual
//! environment at `target/wire-venv` (`python3 -m venv target/wire-venv &&
//! target/wire-venv/bin/pip install boto3`), or `python3`. Without one these
//! tests say so and prove nothing; where `LOCKGATE_PYTHON` is set they fail.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use lockgate_wire::sigv4::{Claim, Request, Scheme, Secret, Session};
use lockgate_wire::{CommonError, ErrorCode, Fault, Operation, Protocol, Reply, Rules, Timestamp};
use serde_json::{Value, json};

use crate::arbitrary::Chance;

const AWS: Rules = Rules { aws_limits: true };
const PROTOCOLS: [(&str, Protocol); 2] = [("json", Protocol::Json), ("cbor", Protocol::Cbor)];

fn python() -> Option<String> {
    let venv = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/wire-venv/bin/python");
    let named = std::env::var("LOCKGATE_PYTHON").ok();
    let venv = venv.to_str().map(str::to_owned);
    let others = [venv, Some("python3".to_owned())];
    let candidates = match named {
        Some(named) => vec![Some(named)],
        None => others.to_vec(),
    };
    let found = candidates.into_iter().flatten().find(|python| {
        let mut command = Command::new(python);
        command.args(["-c", "import boto3"]).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    });
    if found.is_none() {
        let promised = std::env::var_os("LOCKGATE_PYTHON");
        assert!(
            promised.is_none(),
            "the Python of LOCKGATE_PYTHON has no boto3"
        );
        // Past the capture of the test harness: this must be seen.
        let _ = writeln!(
            std::io::stderr(),
            "\nNOT TESTED: no Python with boto3 is here, so nothing was compared with botocore; \
             make one with `python3 -m venv target/wire-venv && target/wire-venv/bin/pip install \
             boto3`.\n"
        );
    }
    found
}

/// Makes all the calls with one Python.
fn calls(python: &str, calls: &[Value]) -> Vec<Value> {
    let mut child = Command::new(python)
        .arg(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/botocore_client.py"
        ))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let lines: String = calls.iter().map(|call| format!("{call}\n")).collect();
    let writer = std::thread::spawn(move || stdin.write_all(lines.as_bytes()));
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "the client failed");
    writer.join().unwrap().unwrap();
    let answers: Vec<Value> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(answers.len(), calls.len());
    answers
}

fn reply(reply: &Reply) -> Value {
    let headers: serde_json::Map<_, _> = reply
        .headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), Value::from(value.as_str())))
        .collect();
    json!({"status": reply.status, "headers": headers, "body": STANDARD.encode(&reply.body)})
}

/// What came over the wire.
struct Sent {
    method: String,
    uri: Uri,
    headers: HeaderMap,
    body: Vec<u8>,
}

fn sent(answer: &Value) -> Sent {
    let request = &answer["request"];
    let uri: Uri = request["url"].as_str().unwrap().parse().unwrap();
    let mut headers = HeaderMap::new();
    for header in request["headers"].as_array().unwrap() {
        let name: HeaderName = header[0].as_str().unwrap().parse().unwrap();
        headers.append(
            name,
            HeaderValue::from_str(header[1].as_str().unwrap()).unwrap(),
        );
    }
    // urllib3 adds it after the hook that the request was taken at.
    let host = HeaderValue::from_str(uri.authority().unwrap().as_str()).unwrap();
    headers.entry("host").or_insert(host);
    Sent {
        method: request["method"].as_str().unwrap().to_owned(),
        uri,
        headers,
        body: STANDARD.decode(request["body"].as_str().unwrap()).unwrap(),
    }
}

impl Sent {
    fn verified(&self, session: bool) {
        let request = Request {
            method: &self.method,
            path: self.uri.path(),
            query: self.uri.query(),
            authority: None,
            headers: &self.headers,
            body: &self.body,
        };
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_millis();
        let now = Timestamp(i64::try_from(now).unwrap());
        let secret = Secret {
            key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned(),
            session: session.then(|| Session {
                token: "a/session+token==".to_owned(),
                expires: Timestamp(now.0 + 60_000),
            }),
        };
        let claim = Claim::read(request).unwrap();
        let verified = claim.verify(Some(&secret), &Scheme::codepipeline(Some("eu-west-1")), now);
        assert_eq!(verified.unwrap().access_key, "AKIDEXAMPLE");
    }
}

/// Numbers as numbers: a time of whole seconds is 7.0 in Python and 7 here.
fn same(value: &Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64()),
        Value::Array(items) => items.iter().map(same).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(name, member)| (name.clone(), same(member)))
            .collect(),
        other => other.clone(),
    }
}

#[test]
fn boto3_is_understood_and_understands_in_every_operation_and_both_protocols() {
    let Some(python) = python() else { return };
    let mut chance = Chance::new(20150709);
    let mut asked = Vec::new();
    for round in 0..6 {
        for operation in Operation::ALL {
            for (name, protocol) in PROTOCOLS {
                chance.whole_seconds = true;
                let mut input = chance.value(operation.input_shape());
                if *operation == Operation::StartPipelineExecution {
                    // botocore would invent one.
                    input["clientRequestToken"] = json!("a-token");
                }
                chance.whole_seconds = false;
                let output = match operation.has_output() {
                    true => chance.value(operation.output_shape()),
                    false => json!({}),
                };
                let typed = Protocol::Json.read_answer(*operation, output.to_string().as_bytes());
                let call = json!({
                    "operation": operation.name(),
                    "protocol": name,
                    "session": round % 2 == 0,
                    "input": input,
                    "reply": reply(&protocol.answer(&typed.unwrap(), "00000000-request")),
                });
                asked.push((*operation, protocol, call, output));
            }
        }
    }
    let lines: Vec<Value> = asked.iter().map(|(_, _, call, _)| call.clone()).collect();
    for ((operation, protocol, call, output), answer) in asked.iter().zip(calls(&python, &lines)) {
        let sent = sent(&answer);
        sent.verified(call["session"].as_bool().unwrap());
        assert_eq!(Protocol::of(&sent.headers), *protocol);
        let method = sent.method.parse().unwrap();
        let found = protocol.operation(&method, sent.uri.path(), &sent.headers);
        assert_eq!(found, Ok(*operation));
        let read = protocol.read(*operation, &sent.body, AWS);
        let meant = call["input"].to_string();
        let meant = Protocol::Json.read(*operation, meant.as_bytes(), AWS);
        assert_eq!(read, meant, "{operation} {protocol:?}");
        assert_eq!(
            same(&answer["parsed"]),
            same(output),
            "{operation} {protocol:?}"
        );
    }
}

#[test]
fn boto3_raises_the_exception_of_every_error_in_both_protocols() {
    let Some(python) = python() else { return };
    let modelled = ErrorCode::ALL.iter().map(|code| (*code).into());
    let common = [
        CommonError::AccessDenied,
        CommonError::ExpiredToken,
        CommonError::IncompleteSignature,
        CommonError::InternalFailure,
        CommonError::InvalidSignature,
        CommonError::Serialization,
        CommonError::Throttling,
        CommonError::UnknownOperation,
        CommonError::UnrecognizedClient,
    ];
    let common = common.into_iter().map(Into::into);
    let mut asked = Vec::new();
    for code in modelled.chain(common) {
        for (name, protocol) in PROTOCOLS {
            let fault = Fault {
                code,
                message: format!("What \"{}\" says, in ü.", code.name()),
            };
            let call = json!({
                "operation": "ListPipelines", "protocol": name, "session": false, "input": {},
                "reply": reply(&protocol.refuse(&fault, "0-request")),
            });
            asked.push((fault, call));
        }
    }
    let lines: Vec<Value> = asked.iter().map(|(_, call)| call.clone()).collect();
    for ((fault, call), answer) in asked.iter().zip(calls(&python, &lines)) {
        let error = &answer["error"];
        let name = fault.code.name();
        assert_eq!(error["code"], name, "{call}");
        assert_eq!(error["message"], fault.message, "{call}");
        assert_eq!(error["status"], fault.code.status(), "{call}");
        assert_eq!(error["request_id"], "0-request", "{call}");
        let class = match fault.code {
            lockgate_wire::Code::Modelled(_) => name,
            lockgate_wire::Code::Common(_) => "ClientError",
        };
        assert_eq!(error["class"], class, "{call}");
    }
}

#[test]
fn a_request_that_botocore_presigns_is_taken() {
    let Some(python) = python() else { return };
    let lines = [false, true].map(|session| {
        json!({"operation": "GetPipeline", "session": session, "presign": true, "input": {"name": "w"}})
    });
    for (line, answer) in lines.iter().zip(calls(&python, &lines)) {
        let sent = sent(&answer);
        assert!(sent.uri.query().unwrap().contains("X-Amz-Signature="));
        sent.verified(line["session"].as_bool().unwrap());
    }
}

/// Only where somebody names the Python: each botocore has the model of its own
/// day, and one that happens to be installed may be older than the file.
#[test]
fn the_model_is_still_that_of_botocore() {
    if std::env::var_os("LOCKGATE_PYTHON").is_none() {
        let _ = writeln!(
            std::io::stderr(),
            "\nNOT TESTED: LOCKGATE_PYTHON names no Python, so the model was not compared with botocore's\n"
        );
        return;
    }
    let Some(python) = python() else { return };
    let output = Command::new(python)
        .args([
            concat!(env!("CARGO_MANIFEST_DIR"), "/model/refresh.py"),
            "--check",
        ])
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "the model has drifted; run model/refresh.py and see what changed:\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}
