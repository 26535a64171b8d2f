//! What is told of events, held against what AWS tells: member for member, with
//! values of our own (user guide, "Monitoring CodePipeline events").

mod envelope;
mod forms;
mod rules;

use super::event_bridge::{Notice, Origin, notices};
use super::story::Story;
use lockgate_execution::{Event, Recorded};
use lockgate_model::action_type::{
    ActionType, ActionTypeId, ArtifactCount, Catalogue, Category, Property, PropertyType,
};
use lockgate_model::definition::Pipeline;
use lockgate_model::id::{Principal, TenantId};
use lockgate_model::time::Timestamp;
use lockgate_model::trigger::Cause;
use serde_json::{Value, json};
use std::sync::Arc;

/// 2023-10-26T13:49:39.208Z
const START: i64 = 1_698_328_179_208;
const EXECUTION: &str = "0190a5c2-7b3e-7d10-8f4a-2b6c1d9e0f33";
const ACTION_EXECUTION: &str = "47f821c5-a902-44b2-ae61-b878d31ecd21";

fn catalogue() -> Catalogue {
    let mut catalogue = Catalogue::core();
    let none = ArtifactCount {
        minimum: 0,
        maximum: 5,
    };
    let any: ActionType = ActionType {
        id: ActionTypeId {
            category: Category::Deploy,
            owner: "Custom".into(),
            provider: "Ship".into(),
            version: "1".into(),
        },
        summary: String::new(),
        properties: vec![Property {
            name: "Password".into(),
            description: String::new(),
            kind: PropertyType::String,
            required: false,
            secret: true,
            default: None,
        }],
        input_artifacts: none,
        output_artifacts: none,
        worker: false,
        output_variables: vec![],
    };
    catalogue.insert(any);
    catalogue
}

fn definition() -> Pipeline {
    serde_json::from_value(json!({
        "name": "myPipeline",
        "artifactStore": { "type": "S3", "location": "my-bucket" },
        "stages": [
            { "name": "Source", "actions": [{
                "name": "Fetch",
                "actionTypeId": { "category": "Source", "owner": "Custom", "provider": "Git", "version": "1" },
            }]},
            { "name": "Deploy", "actions": [{
                "name": "Ship",
                "region": "eu-central-1",
                "actionTypeId": { "category": "Deploy", "owner": "Custom", "provider": "Ship", "version": "1" },
            }]},
        ],
    }))
    .unwrap()
}

/// An execution whose events the test makes up, a second apart.
struct Tale {
    tenant: TenantId,
    definition: Pipeline,
    catalogue: Catalogue,
    story: Option<Story>,
    told: u64,
}

impl Tale {
    /// Begun by somebody, version 3.
    fn begin() -> (Self, Vec<Notice>) {
        Self::begin_by(
            "StartPipelineExecution",
            "arn:aws:iam::111122223333:user/me",
        )
    }

    fn begin_by(trigger_type: &str, detail: &str) -> (Self, Vec<Notice>) {
        Self::begin_with(start(trigger_type, detail))
    }

    fn begin_with(start: Value) -> (Self, Vec<Notice>) {
        let mut tale = Self {
            tenant: "111122223333".parse().unwrap(),
            definition: definition(),
            catalogue: catalogue(),
            story: None,
            told: 0,
        };
        let notices = tale.tell(start);
        (tale, notices)
    }

    /// What is told of the next event.
    fn tell(&mut self, mut event: Value) -> Vec<Notice> {
        event["execution"] = json!(EXECUTION);
        let event: Event = serde_json::from_value(event).unwrap();
        let at = Timestamp(START + i64::try_from(self.told).unwrap() * 1000);
        self.told += 1;
        let recorded = Recorded {
            at,
            cause: Arc::new(Cause {
                command: "JobFinished".into(),
                by: Principal::server(),
            }),
            event,
        };
        match &mut self.story {
            Some(story) => story.tell(&recorded, &self.catalogue),
            None => self.story = Story::begin(&recorded),
        }
        let origin = Origin {
            tenant: &self.tenant,
            pipeline: "myPipeline",
            region: "us-east-1",
            definition: Some(&self.definition),
        };
        let story = self.story.as_mut().unwrap();
        let notices = notices(origin, story, self.told, &recorded);
        story.told(&recorded.event);
        notices
    }

    /// An event of a stage.
    fn stage(&mut self, kind: &str, stage: &str) -> Vec<Notice> {
        self.tell(json!({ "type": kind, "stage": stage }))
    }

    /// The action `Ship` of the stage `Deploy` starts, with a password.
    fn ship(&mut self) -> Vec<Notice> {
        self.start_action("Deploy", "Ship", json!({ "Password": "hunter2!" }))
    }

    fn start_action(&mut self, stage: &str, action: &str, configuration: Value) -> Vec<Notice> {
        let (category, owner, provider) = match action {
            "Fetch" => ("Source", "Custom", "Git"),
            "Ask" => ("Approval", "AWS", "Manual"),
            _ => ("Deploy", "Custom", "Ship"),
        };
        self.tell(json!({
            "type": "ActionStarted",
            "stage": stage,
            "action": action,
            "id": ACTION_EXECUTION,
            "work": { "Job": ACTION_EXECUTION },
            "expires": 0,
            "input": {
                "actionType": {
                    "category": category, "owner": owner, "provider": provider, "version": "1",
                },
                "configuration": configuration,
                "inputArtifacts": if action == "Ship" { json!([artifact()]) } else { json!([]) },
            },
        }))
    }

    fn fail_action(&mut self, stage: &str, action: &str, message: &str) -> Vec<Notice> {
        self.tell(json!({
            "type": "ActionFailed",
            "stage": stage,
            "action": action,
            "job": null,
            "failure": {
                "kind": "JobFailed",
                "message": message,
                "external": { "id": "d-1", "url": "https://example.com/d-1" },
            },
        }))
    }

    fn fetched(&mut self) -> Vec<Notice> {
        self.start_action("Source", "Fetch", json!({}));
        self.tell(json!({
            "type": "ActionSucceeded",
            "stage": "Source",
            "action": "Fetch",
            "variables": { "CommitId": "8cf40f2", "BranchName": "main", "CommitMessage": "Added LICENSE.txt" },
            "revision": { "id": "8cf40f2", "summary": "Added LICENSE.txt", "url": "https://example.com/8cf40f2" },
            "artifacts": [artifact()],
            "external": {},
        }))
    }
}

fn start(trigger_type: &str, detail: &str) -> Value {
    json!({
        "type": "ExecutionStarted",
        "version": 3,
        "trigger": { "triggerType": trigger_type, "triggerDetail": detail },
        "variables": {},
        "sourceRevisions": [],
    })
}

fn artifact() -> Value {
    json!({
        "name": "SourceArtifact",
        "digest": format!("sha256:{}", "ab".repeat(32)),
        "bytes": 1,
        "files": 1,
    })
}

/// The only notice there is.
fn only(mut notices: Vec<Notice>) -> Notice {
    assert_eq!(notices.len(), 1, "{notices:?}");
    notices.remove(0)
}

/// Level and state of each.
fn states(notices: &[Notice]) -> Vec<String> {
    let state = |notice: &Notice| {
        let (level, state) = (notice.change.level, notice.change.state);
        format!("{} {}", level.as_str(), state.as_str())
    };
    notices.iter().map(state).collect()
}
