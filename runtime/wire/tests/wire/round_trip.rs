//! Values of every operation, there and back, in both protocols.

use lockgate_wire::{
    CommonError, ErrorCode, Input, Kind, Operation, Output, Protocol, Rules, Shape,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::arbitrary::Chance;

/// The limits of the model, so that what the model allows is what is taken.
const AWS: Rules = Rules { aws_limits: true };

fn ask(operation: Operation, value: &Value) -> Input {
    let body = value.to_string();
    Protocol::Json
        .read(operation, body.as_bytes(), AWS)
        .unwrap_or_else(|fault| panic!("{operation}: {fault}\n{body}"))
}

fn answer(operation: Operation, value: &Value) -> Output {
    let body = value.to_string();
    Protocol::Json
        .read_answer(operation, body.as_bytes())
        .unwrap_or_else(|fault| panic!("{operation}: {fault}\n{body}"))
}

fn parsed(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap()
}

/// Adds a member that no model knows to every structure, and one that is null.
fn with_unknown(shape: &Shape, value: &mut Value) {
    match (&shape.kind, value) {
        (Kind::Structure(known), Value::Object(members)) => {
            for member in *known {
                if let Some(value) = members.get_mut(member.name) {
                    with_unknown(member.shape, value);
                }
            }
            // AWS's own old answers have the first.
            members.insert("__type".to_owned(), json!({"deep": [1.5, null, "x"]}));
            members.insert("nothing".to_owned(), Value::Null);
        }
        (Kind::List { member, .. }, Value::Array(items)) => {
            items.iter_mut().for_each(|item| with_unknown(member, item));
        }
        (Kind::Map { value: shape, .. }, Value::Object(entries)) => {
            entries
                .values_mut()
                .for_each(|entry| with_unknown(shape, entry));
        }
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_is_asked_survives_both_protocols(seed: u64) {
        let mut chance = Chance::new(seed);
        for operation in Operation::ALL {
            let value = chance.value(operation.input_shape());
            let input = ask(*operation, &value);
            prop_assert_eq!(input.operation(), *operation);
            prop_assert_eq!(parsed(&Protocol::Json.ask(&input)), value);
            let cbor = Protocol::Cbor.ask(&input);
            let read = Protocol::Cbor.read(*operation, &cbor, AWS);
            prop_assert_eq!(read, Ok(input));
        }
    }

    #[test]
    fn what_is_answered_survives_both_protocols(seed: u64) {
        let mut chance = Chance::new(seed);
        for operation in Operation::ALL.iter().filter(|operation| operation.has_output()) {
            let value = chance.value(operation.output_shape());
            let output = answer(*operation, &value);
            let reply = Protocol::Json.answer(&output, "r");
            prop_assert_eq!(parsed(&reply.body), value);
            let reply = Protocol::Cbor.answer(&output, "r");
            prop_assert!(deterministic(&reply.body), "{:x?}", reply.body);
            let read = Protocol::Cbor.read_answer(*operation, &reply.body);
            prop_assert_eq!(read, Ok(output));
        }
    }

    #[test]
    fn members_that_nobody_knows_change_nothing(seed: u64) {
        let mut chance = Chance::new(seed);
        for operation in Operation::ALL {
            let value = chance.value(operation.input_shape());
            let mut more = value.clone();
            with_unknown(operation.input_shape(), &mut more);
            prop_assert_eq!(ask(*operation, &more), ask(*operation, &value));
        }
    }

    #[test]
    fn a_body_with_bytes_changed_is_read_or_refused_and_nothing_else(
        seed: u64,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut chance = Chance::new(seed);
        let operation = *chance.one(Operation::ALL);
        let input = ask(operation, &chance.value(operation.input_shape()));
        for protocol in [Protocol::Json, Protocol::Cbor] {
            let mut body = protocol.ask(&input);
            for (at, byte) in &changes {
                let at = at.index(body.len());
                body[at] = *byte;
            }
            if let Err(fault) = protocol.read(operation, &body, AWS) {
                let known = [ErrorCode::Validation.into(), CommonError::Serialization.into()];
                prop_assert!(known.contains(&fault.code), "{}", fault);
            }
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(body in prop::collection::vec(any::<u8>(), 0..200)) {
        for protocol in [Protocol::Json, Protocol::Cbor] {
            let _ = protocol.read(Operation::CreatePipeline, &body, AWS);
        }
    }
}

#[test]
fn every_required_member_of_every_operation_is_missed() {
    let mut chance = Chance::new(4);
    for operation in Operation::ALL {
        let whole = chance.value(operation.input_shape());
        let Kind::Structure(members) = &operation.input_shape().kind else {
            panic!("the input of {operation} is no structure");
        };
        for member in members.iter().filter(|member| member.required) {
            let mut value = whole.clone();
            value.as_object_mut().unwrap().remove(member.name);
            let body = value.to_string();
            let fault = Protocol::Json
                .read(*operation, body.as_bytes(), AWS)
                .unwrap_err();
            assert_eq!(fault.code, ErrorCode::Validation.into());
            assert_eq!(
                fault.message,
                format!(
                    "1 validation error detected: Value null at '{}' failed to satisfy constraint: \
                     Member must not be null",
                    member.path
                ),
                "{operation}"
            );
        }
    }
}

#[test]
fn a_secret_is_neither_printed_nor_recorded_and_is_sent() {
    let value = json!({
        "webhook": {"name": "w", "targetPipeline": "p", "targetAction": "a", "filters": [],
            "authentication": "GITHUB_HMAC",
            "authenticationConfiguration": {"SecretToken": "s3cret"}}});
    let input = ask(Operation::PutWebhook, &value);
    assert!(!format!("{input:?}").contains("s3cret"));
    let mut hidden = value.clone();
    hidden["webhook"]["authenticationConfiguration"]["SecretToken"] =
        json!("HIDDEN_DUE_TO_SECURITY_REASONS");
    assert_eq!(parsed(&input.recorded()), hidden);
    assert_eq!(parsed(&Protocol::Json.ask(&input)), value);

    let value = json!({"jobDetails": {"data": {"artifactCredentials": {
        "accessKeyId": "s3cret", "secretAccessKey": "s3cret", "sessionToken": "s3cret"}}}});
    let output = answer(Operation::GetJobDetails, &value);
    assert!(!format!("{output:?}").contains("s3cret"));
    assert!(
        !String::from_utf8(output.recorded())
            .unwrap()
            .contains("s3cret")
    );
    assert_eq!(parsed(&Protocol::Json.answer(&output, "r").body), value);
}

/// Whether it is written as RFC 8949, section 4.2.1, asks: definite lengths,
/// shortest heads, keys sorted.
fn deterministic(bytes: &[u8]) -> bool {
    item(bytes).is_some_and(<[u8]>::is_empty)
}

fn item(bytes: &[u8]) -> Option<&[u8]> {
    let (head, rest) = bytes.split_first()?;
    let (major, info) = (head >> 5, head & 31);
    if major == 7 {
        return match info {
            20 | 21 => Some(rest),
            27 => rest.get(8..),
            _ => None,
        };
    }
    let size = match info {
        0..=23 => 0,
        24..=27 => 1 << (info - 24),
        _ => return None,
    };
    let (argument, mut rest) = rest.split_at_checked(size)?;
    let argument = match size {
        0 => u64::from(info),
        _ => argument
            .iter()
            .fold(0, |sum, byte| sum << 8 | u64::from(*byte)),
    };
    let least = [0, 24, 0x100, 0, 0x1_0000, 0, 0, 0, 0x1_0000_0000][size];
    if argument < least {
        return None;
    }
    match major {
        0 | 1 => Some(rest),
        2 | 3 => rest.get(argument as usize..),
        4 => {
            for _ in 0..argument {
                rest = item(rest)?;
            }
            Some(rest)
        }
        5 => {
            let mut last: &[u8] = &[];
            for _ in 0..argument {
                let after = item(rest)?;
                let key = &rest[..rest.len() - after.len()];
                if key <= last {
                    return None;
                }
                last = key;
                rest = item(after)?;
            }
            Some(rest)
        }
        _ => item(rest),
    }
}
