//! The contract's exports, for every type that is a provider, a source or a
//! function in the kit's words.

use super::{Component, source as translate, wit::types, words};
use crate::bindings::function::exports::lockgate::action::handler;
use crate::bindings::provider::exports::lockgate::action::provider;
use crate::bindings::source::exports::lockgate::action::source;
use crate::{Function, Providers, Source};

impl<P: Providers> provider::Guest for P {
    fn describe() -> Vec<types::Description> {
        P::describe_all()
            .into_iter()
            .map(words::description)
            .collect()
    }

    fn run(job: types::Job) -> types::Outcome {
        words::outcome(P::dispatch(&words::job(job), &Component))
    }
}

impl<S: Source> source::Guest for S {
    fn detect(request: source::DetectRequest) -> Result<source::Detection, types::Failure> {
        let configuration = words::from_pairs(request.configuration).collect();
        let watch = translate::watch(request.watch);
        crate::detect::<S>(&configuration, request.cursor.as_deref(), watch, &Component)
            .map(translate::detection)
            .map_err(words::failure)
    }

    fn webhook(
        mut request: source::WebhookRequest,
    ) -> Result<Option<source::Announcement>, types::Failure> {
        let given = std::mem::take(&mut request.configuration);
        let configuration = words::from_pairs(given).collect();
        crate::webhook::<S>(&configuration, &translate::delivery(request), &Component)
            .map(|announced| announced.map(translate::announcement))
            .map_err(words::failure)
    }
}

impl<F: Function> handler::Guest for F {
    fn handle(event: String) -> Result<String, String> {
        crate::call::<F>(&event, &Component)
    }
}
