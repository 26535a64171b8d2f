//! What is wrong with a custom action type (API reference,
//! `CreateCustomActionType`), all of it at once.

use super::{ArtifactDetails, CustomActionType};
use lockgate_model::action_type::Category;
use std::collections::BTreeSet;

/// Categories that job workers can do.
const CATEGORIES: [Category; 5] = [
    Category::Source,
    Category::Build,
    Category::Deploy,
    Category::Test,
    Category::Invoke,
];
const MOST_PROPERTIES: usize = 10;
const MOST_ARTIFACTS: u32 = 5;
const MOST_URL: usize = 2048;

impl CustomActionType {
    /// Each in a sentence that begins with the key.
    pub(crate) fn problems(&self) -> Vec<String> {
        let mut problems = vec![];
        if !CATEGORIES.contains(&self.category) {
            problems.push(format!(
                "category: job workers cannot do {}; write {}",
                self.category,
                CATEGORIES.map(Category::as_str).join(", ")
            ));
        }
        name(&mut problems, "provider", &self.provider, 35);
        name(&mut problems, "version", &self.version, 9);
        self.urls(&mut problems);
        self.properties(&mut problems);
        artifacts(
            &mut problems,
            "inputArtifactDetails",
            self.input_artifact_details,
        );
        artifacts(
            &mut problems,
            "outputArtifactDetails",
            self.output_artifact_details,
        );
        problems
    }

    fn urls(&self, problems: &mut Vec<String>) {
        let settings = &self.settings;
        for (key, url) in [
            (
                "thirdPartyConfigurationUrl",
                &settings.third_party_configuration_url,
            ),
            ("entityUrlTemplate", &settings.entity_url_template),
            ("executionUrlTemplate", &settings.execution_url_template),
            ("revisionUrlTemplate", &settings.revision_url_template),
        ] {
            if let Some(url) = url
                && (url.is_empty() || url.len() > MOST_URL)
            {
                problems.push(format!(
                    "settings.{key}: it has {} characters; write a URL of 1 to {MOST_URL}",
                    url.len()
                ));
            }
        }
    }

    fn properties(&self, problems: &mut Vec<String>) {
        let properties = &self.configuration_properties;
        if properties.len() > MOST_PROPERTIES {
            problems.push(format!(
                "configurationProperties: there are {}, and {MOST_PROPERTIES} is the most; leave some out",
                properties.len()
            ));
        }
        let mut names = BTreeSet::new();
        for (index, property) in properties.iter().enumerate() {
            let key = format!("configurationProperties[{index}]");
            let shown = &property.name;
            if shown.is_empty() || shown.chars().count() > 50 {
                problems.push(format!(
                    "{key}.name: '{shown}' has {} characters; write 1 to 50",
                    shown.chars().count()
                ));
            }
            if !names.insert(shown) {
                problems.push(format!(
                    "{key}.name: '{shown}' is there already; give each property its own name"
                ));
            }
            if let Some(text) = &property.description
                && !(1..=160).contains(&text.chars().count())
            {
                problems.push(format!(
                    "{key}.description: it has {} characters; write 1 to 160",
                    text.chars().count()
                ));
            }
            if property.queryable && (!property.required || property.secret) {
                problems.push(format!(
                    "{key}.queryable: '{shown}' cannot be polled by; make it required, and not secret"
                ));
            }
        }
        if properties.iter().filter(|it| it.queryable).count() > 1 {
            problems.push(
                "configurationProperties: more than one is queryable; jobs are polled for by one at most"
                    .to_owned(),
            );
        }
    }
}

fn name(problems: &mut Vec<String>, key: &str, value: &str, most: usize) {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if value.is_empty() || value.len() > most || !value.chars().all(allowed) {
        problems.push(format!(
            "{key}: '{value}' cannot be one; write 1 to {most} of the characters A-Z a-z 0-9 - _"
        ));
    }
}

fn artifacts(problems: &mut Vec<String>, key: &str, details: ArtifactDetails) {
    let ArtifactDetails {
        minimum_count: least,
        maximum_count: most,
    } = details;
    if least > most || most > MOST_ARTIFACTS {
        problems.push(format!(
            "{key}: {least} to {most} artifacts cannot be; write counts of 0 to {MOST_ARTIFACTS}, the smaller one as minimumCount"
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_right_one_has_no_problems_and_a_wrong_one_has_all_of_them() {
        let right = r#"{"category": "Build", "provider": "Jenkins", "version": "1",
            "configurationProperties": [
                {"name": "ProjectName", "required": true, "key": true, "queryable": true},
                {"name": "Token", "secret": true, "type": "String"}],
            "inputArtifactDetails": {"minimumCount": 0, "maximumCount": 5},
            "outputArtifactDetails": {"minimumCount": 0, "maximumCount": 5}}"#;
        let right: CustomActionType = serde_json::from_str(right).unwrap();
        assert_eq!(right.problems(), [""; 0]);
        let wrong = r#"{"category": "Approval", "provider": "Jen kins", "version": "",
            "settings": {"entityUrlTemplate": ""},
            "configurationProperties": [
                {"name": "A", "queryable": true},
                {"name": "A", "required": true, "secret": true, "queryable": true, "description": ""}],
            "inputArtifactDetails": {"minimumCount": 2, "maximumCount": 1},
            "outputArtifactDetails": {"minimumCount": 0, "maximumCount": 6}}"#;
        let wrong: CustomActionType = serde_json::from_str(wrong).unwrap();
        assert_eq!(
            wrong.problems(),
            [
                "category: job workers cannot do Approval; write Source, Build, Deploy, Test, Invoke",
                "provider: 'Jen kins' cannot be one; write 1 to 35 of the characters A-Z a-z 0-9 - _",
                "version: '' cannot be one; write 1 to 9 of the characters A-Z a-z 0-9 - _",
                "settings.entityUrlTemplate: it has 0 characters; write a URL of 1 to 2048",
                "configurationProperties[0].queryable: 'A' cannot be polled by; make it required, and not secret",
                "configurationProperties[1].name: 'A' is there already; give each property its own name",
                "configurationProperties[1].description: it has 0 characters; write 1 to 160",
                "configurationProperties[1].queryable: 'A' cannot be polled by; make it required, and not secret",
                "configurationProperties: more than one is queryable; jobs are polled for by one at most",
                "inputArtifactDetails: 2 to 1 artifacts cannot be; write counts of 0 to 5, the smaller one as minimumCount",
                "outputArtifactDetails: 0 to 6 artifacts cannot be; write counts of 0 to 5, the smaller one as minimumCount",
            ]
        );
    }
}
