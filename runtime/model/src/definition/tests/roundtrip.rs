//! What is read is what is written: CodePipeline's exported shape.

use super::{GATED, GATED_JSON, JSON, TOML};
use crate::definition::{Format, Pipeline, read};
use serde_json::{Value, json};

#[test]
fn an_export_comes_out_as_it_went_in() {
    for text in [JSON, GATED_JSON] {
        let (pipeline, _) = read(text, Format::Json).unwrap();
        let export: Value = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_value(&pipeline).unwrap(), export["pipeline"]);
    }
}

#[test]
fn a_bare_declaration_is_the_same_as_one_in_its_envelope() {
    let export: Value = serde_json::from_str(JSON).unwrap();
    let bare = export["pipeline"].to_string();
    let (pipeline, _) = read(&bare, Format::Json).unwrap();
    assert_eq!(pipeline, read(JSON, Format::Json).unwrap().0);
}

#[test]
fn what_is_written_is_read_again_as_the_same() {
    for (text, format) in [
        (TOML, Format::Toml),
        (JSON, Format::Json),
        (GATED, Format::Toml),
        (GATED_JSON, Format::Json),
    ] {
        let (pipeline, _) = read(text, format).unwrap();
        let written = serde_json::to_string_pretty(&pipeline).unwrap();
        assert_eq!(read(&written, Format::Json).unwrap().0, pipeline);
        assert_eq!(
            serde_json::from_str::<Pipeline>(&written).unwrap(),
            pipeline
        );
    }
}

#[test]
fn defaults_are_filled_in_and_no_region_is_invented() {
    let least = json!({
        "name": "least",
        "stages": [{ "name": "Source", "actions": [{
            "name": "Fetch",
            "actionTypeId": { "category": "Source", "owner": "Custom", "provider": "Git", "version": "1" },
        }]}],
    });
    let (pipeline, _) = read(&least.to_string(), Format::Json).unwrap();
    assert_eq!(
        serde_json::to_value(&pipeline).unwrap(),
        json!({
            "name": "least",
            "stages": [{ "name": "Source", "actions": [{
                "name": "Fetch",
                "actionTypeId": { "category": "Source", "owner": "Custom", "provider": "Git", "version": "1" },
                "runOrder": 1,
                "configuration": {},
                "inputArtifacts": [],
                "outputArtifacts": [],
            }]}],
            "version": 1,
            "executionMode": "SUPERSEDED",
            "pipelineType": "V2",
        })
    );
}

#[test]
fn stores_of_several_regions_are_kept() {
    let mut export: Value = serde_json::from_str(JSON).unwrap();
    let declaration = export["pipeline"].as_object_mut().unwrap();
    let store = declaration.remove("artifactStore").unwrap();
    let stores =
        json!({ "eu-central-1": store, "us-east-1": { "type": "S3", "location": "bucket.us" } });
    declaration.insert("artifactStores".into(), stores.clone());
    let (pipeline, _) = read(&export.to_string(), Format::Json).unwrap();
    assert_eq!(
        serde_json::to_value(&pipeline).unwrap()["artifactStores"],
        stores
    );
}

#[test]
fn a_rule_without_owner_and_version_is_aws_s_first() {
    let text = GATED_JSON.replacen("\"owner\": \"AWS\",\n                                        \"provider\": \"DeploymentWindow\",\n                                        \"version\": \"1\"", "\"provider\": \"DeploymentWindow\"", 1);
    assert_ne!(text, GATED_JSON);
    assert_eq!(
        read(&text, Format::Json).unwrap().0,
        read(GATED_JSON, Format::Json).unwrap().0
    );
}

#[test]
fn in_toml_a_trigger_s_provider_may_be_left_out() {
    let (pipeline, _) = read(GATED, Format::Toml).unwrap();
    let triggers = serde_json::to_value(&pipeline.triggers).unwrap();
    assert_eq!(triggers[0]["providerType"], "CodeStarSourceConnection");
}
