//! What each provider says of itself in the real host, against its manual page
//! and its manifest.

use lockgate_model::limits::Limits;
use lockgate_test_providers::{PROVIDERS, component, host, manifest};
use std::fs;
use std::path::Path;

#[tokio::test(flavor = "multi_thread")]
async fn every_key_and_variable_stands_in_the_manual() {
    for name in PROVIDERS {
        let manifest = manifest(name);
        assert_eq!(manifest.name, name);
        let seen = host()
            .inspect(&component(name), manifest.world, Limits::default())
            .await
            .unwrap();
        let page = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../docs/providers")
            .join(format!("{name}.md"));
        let page = fs::read_to_string(page).unwrap();
        assert!(!seen.action_types.is_empty(), "{name}");
        for action_type in &seen.action_types {
            let id = format!("`{}`", action_type.id);
            assert!(page.contains(&id), "{name}: no {id}");
            for property in &action_type.properties {
                let row = |required| format!("| `{}` | {required}", property.name);
                let found = if property.required {
                    page.contains(&row("yes |"))
                } else {
                    // Some keys are needed only with something else.
                    page.contains(&row("no |")) || page.contains(&row("with "))
                };
                assert!(found, "{name}: no right row for {}", property.name);
            }
            for variable in action_type.output_variables.iter().filter(|v| *v != "*") {
                let variable = format!("`{variable}`");
                assert!(page.contains(&variable), "{name}: no {variable}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_provider_for_benches_serves_three_categories() {
    let seen = host()
        .inspect(
            &component("lockgate-test-noop"),
            manifest("lockgate-test-noop").world,
            Limits::default(),
        )
        .await
        .unwrap();
    let ids: Vec<String> = seen.action_types.iter().map(|t| t.id.to_string()).collect();
    assert_eq!(
        ids,
        [
            "Source/Custom/NoOp/1",
            "Build/Custom/NoOp/1",
            "Deploy/Custom/NoOp/1"
        ]
    );
    assert!(seen.needs.is_empty(), "{:?}", seen.needs);
}
