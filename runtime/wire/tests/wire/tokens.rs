//! Tokens for the next page: only ours, only here, only for the same question.

use lockgate_wire::token::{MAX_PLACE, Scope, TokenKey};
use lockgate_wire::types::{ListPipelineExecutionsInput, ListPipelinesInput, ListWebhooksInput};
use lockgate_wire::{ErrorCode, Input};

const TENANT: &str = "123456789012";

fn executions(pipeline: &str) -> Input {
    Input::from(ListPipelineExecutionsInput {
        pipeline_name: pipeline.to_owned(),
        filter: None,
        max_results: Some(10),
        next_token: None,
    })
}

#[test]
fn a_token_gives_back_its_place_after_a_restart_and_for_pages_of_another_size() {
    let token = TokenKey::new([7; 32])
        .seal(&Scope::of(TENANT, &executions("web")), b"place")
        .unwrap();
    let mut next = executions("web");
    if let Input::ListPipelineExecutions(input) = &mut next {
        input.max_results = Some(50);
        input.next_token = Some(token.clone());
    }
    assert_eq!(next.page().unwrap().token, Some(token.as_str()));
    assert_eq!(next.page().unwrap().limit, Some(50));
    let after_restart = TokenKey::new([7; 32]);
    let place = after_restart.open(&Scope::of(TENANT, &next), &token);
    assert_eq!(place.unwrap(), b"place");
}

#[test]
fn a_token_is_good_for_no_other_tenant_operation_question_or_key() {
    let key = TokenKey::new([7; 32]);
    let token = key
        .seal(&Scope::of(TENANT, &executions("web")), b"place")
        .unwrap();
    let pipelines = Input::from(ListPipelinesInput::default());
    let webhooks = Input::from(ListWebhooksInput::default());
    for (key, tenant, input) in [
        (&key, "123456789013", &executions("web")),
        (&key, TENANT, &executions("shop")),
        (&key, TENANT, &pipelines),
        (&key, TENANT, &webhooks),
        (&TokenKey::new([8; 32]), TENANT, &executions("web")),
    ] {
        let fault = key.open(&Scope::of(tenant, input), &token).unwrap_err();
        assert_eq!(fault.code, ErrorCode::InvalidNextToken.into());
    }
}

#[test]
fn no_letter_of_a_token_can_be_another() {
    let key = TokenKey::new([7; 32]);
    let scope = Scope::of(TENANT, &executions("web"));
    let token = key.seal(&scope, b"place").unwrap();
    for at in 0..token.len() {
        let mut forged = token.clone().into_bytes();
        forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
        let forged = String::from_utf8(forged).unwrap();
        assert!(key.open(&scope, &forged).is_err(), "letter {at}");
        assert!(key.open(&scope, &token[..at]).is_err(), "cut at {at}");
    }
    for other in ["", "!", "AAAA", &format!("{token}="), &format!("{token}A")] {
        assert!(key.open(&scope, other).is_err(), "{other}");
    }
}

#[test]
fn the_longest_place_makes_a_token_that_the_model_takes() {
    let key = TokenKey::new([7; 32]);
    let scope = Scope::of(TENANT, &executions("web"));
    let token = key.seal(&scope, &[0xff; MAX_PLACE]).unwrap();
    assert!(token.len() <= 2048, "{}", token.len());
    assert!(key.open(&scope, &token).is_ok());
    assert_eq!(key.seal(&scope, &[0xff; MAX_PLACE + 1]), None);
}
