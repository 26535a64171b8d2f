//! What each provider says of itself in the real host, against its manual page
//! and its manifest.

use lockgate_model::limits::Limits;
use lockgate_test_providers::{component, host, manifest};
use std::fs;
use std::path::Path;

#[tokio::test(flavor = "multi_thread")]
async fn every_key_and_variable_stands_in_the_manual() {
    for name in ["notify-webhook", "invoke-function"] {
        let manifest = manifest(name);
        assert_eq!(manifest.name, name);
        let seen = host()
            .inspect(&component(name), manifest.world, Limits::default())
            .await
            .unwrap();
        let [action_type] = &seen.action_types[..] else {
            panic!("{name} serves {:?}", seen.action_types);
        };
        let page = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../docs/providers")
            .join(format!("{name}.md"));
        let page = fs::read_to_string(page).unwrap();
        assert!(page.contains(&format!("`{}`", action_type.id)), "{name}");
        for property in &action_type.properties {
            let required = if property.required { "yes" } else { "no" };
            let row = format!("| `{}` | {required} |", property.name);
            assert!(page.contains(&row), "{name}: no row '{row}'");
        }
        for variable in action_type.output_variables.iter().filter(|v| *v != "*") {
            assert!(
                page.contains(&format!("`{variable}`")),
                "{name}: {variable}"
            );
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
