//! Which operation a request asks for, how answers and refusals look, and what
//! hostile bodies come to.

use http::{HeaderMap, HeaderValue, Method};
use lockgate_wire::types::{
    DeletePipelineOutput, DeleteWebhookOutput, GetPipelineInput, GetPipelineStateOutput,
};
use lockgate_wire::{
    CommonError, ErrorCode, Fault, Input, MAX_BODY, Operation, Output, Protocol, Rules, Timestamp,
};

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    let value = |text: &str| HeaderValue::from_str(text).unwrap();
    pairs
        .iter()
        .map(|(name, text)| (name.parse().unwrap(), value(text)))
        .collect()
}

fn json(target: &str) -> HeaderMap {
    headers(&[
        ("content-type", "application/x-amz-json-1.1"),
        ("x-amz-target", target),
    ])
}

fn cbor() -> HeaderMap {
    headers(&[
        ("content-type", "application/cbor"),
        ("smithy-protocol", "rpc-v2-cbor"),
    ])
}

#[test]
fn every_operation_is_found_in_both_protocols() {
    assert_eq!(Operation::ALL.len(), 44);
    for operation in Operation::ALL {
        let json = json(&format!("CodePipeline_20150709.{operation}"));
        assert_eq!(Protocol::of(&json), Protocol::Json);
        let found = Protocol::Json.operation(&Method::POST, "/", &json);
        assert_eq!(found, Ok(*operation));
        let path = format!("/service/CodePipeline_20150709/operation/{operation}");
        assert_eq!(Protocol::of(&cbor()), Protocol::Cbor);
        let found = Protocol::Cbor.operation(&Method::POST, &path, &cbor());
        assert_eq!(found, Ok(*operation));
    }
}

#[test]
fn what_is_no_operation_is_unknown_and_says_what_was_looked_at() {
    let good = json("CodePipeline_20150709.GetPipeline");
    let path = "/service/CodePipeline_20150709/operation/GetPipeline";
    let typed = |media| {
        let mut headers = good.clone();
        headers.insert("content-type", HeaderValue::from_static(media));
        headers
    };
    for (protocol, method, path, headers, told) in [
        (
            Protocol::Json,
            Method::POST,
            "/",
            json("CodePipeline_20150709.GetPipelines"),
            "'CodePipeline_20150709.GetPipelines' names no operation: the header X-Amz-Target must be 'CodePipeline_20150709.' and the name of one.",
        ),
        (
            Protocol::Json,
            Method::POST,
            "/",
            json("CodeBuild_20161006.GetPipeline"),
            "names no operation",
        ),
        (
            Protocol::Json,
            Method::POST,
            "/",
            HeaderMap::new(),
            "'' names no operation",
        ),
        (
            Protocol::Json,
            Method::GET,
            "/",
            good.clone(),
            "by POST, not by GET",
        ),
        (
            Protocol::Json,
            Method::POST,
            "/x",
            good.clone(),
            "at '/', not at '/x'",
        ),
        (
            Protocol::Json,
            Method::POST,
            "/",
            typed("text/plain"),
            "send the header Content-Type: application/x-amz-json-1.1",
        ),
        (
            Protocol::Cbor,
            Method::POST,
            "/service/Other/operation/GetPipeline",
            cbor(),
            "the path must be '/service/CodePipeline_20150709/operation/'",
        ),
        (
            Protocol::Cbor,
            Method::POST,
            path,
            good.clone(),
            "send the header Content-Type: application/cbor",
        ),
    ] {
        let fault = protocol.operation(&method, path, &headers).unwrap_err();
        assert_eq!(fault.code, CommonError::UnknownOperation.into());
        assert!(fault.message.contains(told), "{fault}");
    }
    let charset = typed("application/x-amz-json-1.1; charset=utf-8");
    assert!(
        Protocol::Json
            .operation(&Method::POST, "/", &charset)
            .is_ok()
    );
}

#[test]
fn an_error_has_its_status_and_its_type_in_both_protocols() {
    assert_eq!(ErrorCode::ALL.len(), 42);
    for (code, status) in [
        (ErrorCode::Conflict.into(), 409),
        (ErrorCode::PipelineNotFound.into(), 400),
        (CommonError::InternalFailure.into(), 500),
        (CommonError::AccessDenied.into(), 400),
    ] {
        let fault = Fault {
            code,
            message: "A \"quoted\"\nsentence.".to_owned(),
        };
        let reply = Protocol::Json.refuse(&fault, "id-1");
        assert_eq!(reply.status, status);
        assert_eq!(
            String::from_utf8(reply.body).unwrap(),
            format!(
                r#"{{"__type":"{}","message":"A \"quoted\"\nsentence."}}"#,
                code.name()
            )
        );
        assert!(
            reply
                .headers
                .contains(&("x-amzn-requestid", "id-1".to_owned()))
        );
        assert!(
            reply
                .headers
                .contains(&("content-type", "application/x-amz-json-1.1".to_owned()))
        );
        let reply = Protocol::Cbor.refuse(&fault, "id-1");
        assert_eq!(reply.status, status);
        assert!(
            reply
                .headers
                .contains(&("smithy-protocol", "rpc-v2-cbor".to_owned()))
        );
        let shape = format!("com.amazonaws.codepipeline#{}", code.name());
        assert!(
            reply
                .body
                .windows(shape.len())
                .any(|part| part == shape.as_bytes())
        );
    }
}

#[test]
fn an_operation_without_an_output_answers_with_no_body() {
    let nothing = Output::from(DeletePipelineOutput {});
    assert_eq!(Protocol::Json.answer(&nothing, "r").body, b"");
    let reply = Protocol::Cbor.answer(&nothing, "r");
    assert_eq!(reply.body, b"");
    assert!(
        !reply
            .headers
            .iter()
            .any(|(name, _)| *name == "content-type")
    );
    // One with an output of no members answers with an empty structure.
    let empty = Output::from(DeleteWebhookOutput {});
    assert_eq!(Protocol::Json.answer(&empty, "r").body, b"{}");
    assert_eq!(Protocol::Cbor.answer(&empty, "r").body, [0xa0]);
    let without = Operation::ALL
        .iter()
        .filter(|operation| !operation.has_output());
    assert_eq!(without.count(), 10);
}

#[test]
fn a_time_is_seconds_with_a_fraction_in_json_and_tagged_in_cbor() {
    let output = |millis| {
        Output::from(GetPipelineStateOutput {
            created: Some(Timestamp(millis)),
            ..GetPipelineStateOutput::default()
        })
    };
    for (millis, text) in [
        (1_446_137_312_204, "1446137312.204"),
        (1_446_137_312_200, "1446137312.2"),
        (1_446_137_312_000, "1446137312"),
        (5, "0.005"),
        (-1_500, "-1.5"),
        (0, "0"),
    ] {
        let reply = Protocol::Json.answer(&output(millis), "r");
        assert_eq!(
            String::from_utf8(reply.body.clone()).unwrap(),
            format!(r#"{{"created":{text}}}"#)
        );
        let read = Protocol::Json.read_answer(Operation::GetPipelineState, &reply.body);
        assert_eq!(read, Ok(output(millis)));
        let reply = Protocol::Cbor.answer(&output(millis), "r");
        let read = Protocol::Cbor.read_answer(Operation::GetPipelineState, &reply.body);
        assert_eq!(read, Ok(output(millis)));
    }
    let body = Protocol::Cbor.answer(&output(1_446_137_312_000), "r").body;
    assert_eq!(body, b"\xa1\x67created\xc1\x1a\x56\x32\x4d\xe0");
}

fn asks(body: &[u8]) -> Result<Input, Fault> {
    Protocol::Cbor.read(Operation::GetPipeline, body, Rules::default())
}

#[test]
fn cbor_of_every_form_is_read() {
    let input = Input::from(GetPipelineInput {
        name: "web".to_owned(),
        version: Some(7),
    });
    for body in [
        // Definite; indefinite; text in pieces; a number in eight bytes; unknown
        // members of every kind, among them a tag, bytes, floats and undefined.
        &b"\xa2\x64name\x63web\x67version\x07"[..],
        b"\xbf\x64name\x63web\x67version\x07\xff",
        b"\xa2\x7f\x62na\x62me\xff\x7f\x61w\x62eb\xff\x67version\x1b\0\0\0\0\0\0\0\x07",
        b"\xa3\x61x\xc2\x5f\x41\x01\xff\x64name\x63web\x67version\x18\x07",
        b"\xa3\x61x\x9f\xf9\x3c\x00\xfa\0\0\0\0\xfb\0\0\0\0\0\0\0\0\xf7\xf6\xf5\x20\xff\x64name\x63web\x67version\x07",
    ] {
        assert_eq!(asks(body), Ok(input.clone()), "{body:x?}");
    }
    assert_eq!(
        Protocol::Cbor.ask(&input),
        b"\xa2\x64name\x63web\x67version\x07"
    );
}

#[test]
fn broken_cbor_cannot_be_read() {
    for body in [
        &b"\xa1"[..],
        b"\xa1\x64name",
        b"\xa1\x64name\x63we",
        b"\xa1\x64name\x63web\x00",
        b"\xa1\x64name\x7b\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\xbb\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\x9b\x7f\xff\xff\xff\xff\xff\xff\xff\x00",
        b"\xbf\x64name\x63web",
        b"\xa1\x64name\x7f\x7f\x61w\xff\xff",
        b"\xa1\x64name\x62\xc3\x28",
        b"\xa1\x01\x02",
        b"\xff",
        b"\x1c",
        b"\xf8\x20",
        b"\xa2\x64name\x61a\x64name\x61b",
        b"\xa1\x61t\xc1\x61a",
        b"\xa1\x61t\xc1\xfb\x7f\xf0\0\0\0\0\0\0",
    ] {
        let fault = asks(body).unwrap_err();
        assert_eq!(
            fault.code,
            CommonError::Serialization.into(),
            "{body:x?}: {fault}"
        );
    }
}

#[test]
fn half_floats_are_read_as_the_standard_says() {
    // RFC 8949, appendix A.
    for (half, millis) in [
        (0x0000_u16, 0),
        (0x3c00, 1_000),
        (0x3e00, 1_500),
        (0x7bff, 65_504_000),
        (0xc400, -4_000),
    ] {
        let [high, low] = half.to_be_bytes();
        let mut body = b"\xa1\x67created\xc1\xf9".to_vec();
        body.extend([high, low]);
        let read = Protocol::Cbor.read_answer(Operation::GetPipelineState, &body);
        let Ok(Output::GetPipelineState(output)) = read else {
            panic!("{read:?}");
        };
        assert_eq!(output.created, Some(Timestamp(millis)));
    }
}

#[test]
fn broken_json_cannot_be_read() {
    for body in [
        &b"{"[..],
        b"{}{}",
        b"{\"name\":\"a\",}",
        b"{\"name\":\"a\",\"name\":\"b\"}",
        b"{\"x\":{\"a\":1,\"b\":2,\"a\":3},\"name\":\"a\"}",
        b"{\"name\":\"\\ud800\"}",
        b"{\"name\":\"\xc3\x28\"}",
        b"\xef\xbb\xbf{}",
        b"{'name':'a'}",
        b"{\"name\":NaN}",
        b"{\"name\":1e999}",
        b"nul",
    ] {
        let read = Protocol::Json.read(Operation::GetPipeline, body, Rules::default());
        let fault = read.unwrap_err();
        assert_eq!(fault.code, CommonError::Serialization.into(), "{fault}");
    }
}

#[test]
fn a_body_that_is_deep_wide_or_large_is_refused_soon() {
    let deep = |open: &str, close: &str| {
        let inner = format!("{}{}", open.repeat(200_000), close.repeat(200_000));
        format!(r#"{{"name":"a","x":{inner}}}"#).into_bytes()
    };
    let wide = format!(r#"{{"name":"a","x":[{}0]}}"#, "0,".repeat(1_000_000));
    let names: String = (0..99_000).map(|at| format!(r#""n{at}":0,"#)).collect();
    let mut open = vec![0x9f; MAX_BODY];
    open.extend([0xff; 8]);
    for (protocol, body, told) in [
        (Protocol::Json, deep("[", "]"), "levels deep"),
        (Protocol::Json, deep(r#"{"a":"#, "}"), ""),
        (Protocol::Json, wide.into_bytes(), "more than 100000 values"),
        (
            Protocol::Json,
            format!(r#"{{{names}"n0":0,"name":"a"}}"#).into_bytes(),
            "twice",
        ),
        (
            Protocol::Json,
            vec![b'['; MAX_BODY + 1],
            "the largest that is read",
        ),
        (Protocol::Cbor, open[..MAX_BODY].to_vec(), "levels deep"),
        (Protocol::Cbor, vec![0xc1; MAX_BODY], "levels deep"),
        (Protocol::Cbor, vec![0x81; MAX_BODY], "levels deep"),
    ] {
        let begin = std::time::Instant::now();
        let read = protocol.read(Operation::GetPipeline, &body, Rules::default());
        let fault = read.unwrap_err();
        assert!(fault.message.contains(told), "{fault}");
        // Unoptimized, on a machine that does other things: this sees work that
        // grows with the square of a body, not a millisecond more or less.
        assert!(
            begin.elapsed().as_secs() < 5,
            "{told}: {:?}",
            begin.elapsed()
        );
    }
}
