//! Writes a log event by event, one minute apart, and shows answers in short.

use lockgate_execution::why::{Answer, Question, RevisionAnswer, why, why_not};
use lockgate_execution::{Event, Recorded};
use lockgate_model::id::{ExecutionId, Principal};
use lockgate_model::time::Timestamp;
use lockgate_model::trigger::Cause;
use serde_json::{Value, json};
use std::fmt::Write;
use std::sync::Arc;

/// A log being written. It begins at noon of 1 May 2024.
pub struct Log {
    pub events: Vec<Recorded>,
    now: i64,
    cause: Arc<Cause>,
}

const NOON: i64 = 1_714_564_800_000;

/// The text of an execution's id.
pub fn id(number: u32) -> String {
    format!("00000000-0000-7000-8000-{number:012}")
}

/// An execution's id.
pub fn execution(number: u32) -> ExecutionId {
    id(number).parse().unwrap()
}

/// Stages Source (App), Build (Compile, then Test and Lint) and Prod (Approve,
/// then Ship).
pub fn definition(mode: &str, version: u32) -> Value {
    let action = |name: &str, category: &str, provider: &str, order: u32| {
        json!({
            "name": name,
            "runOrder": order,
            "actionTypeId": {"category": category, "owner": "AWS", "provider": provider, "version": "1"},
        })
    };
    json!({
        "name": "web",
        "version": version,
        "executionMode": mode,
        "stages": [
            {"name": "Source", "actions": [action("App", "Source", "CodeCommit", 1)]},
            {"name": "Build", "actions": [
                action("Compile", "Build", "CodeBuild", 1),
                action("Lint", "Build", "CodeBuild", 2),
                action("Test", "Build", "CodeBuild", 2),
            ]},
            {"name": "Prod", "actions": [
                action("Approve", "Approval", "Manual", 1),
                action("Ship", "Deploy", "S3", 2),
            ]},
        ],
    })
}

/// The push of a branch, with its revision.
pub fn push(branch: &str, revision: &str) -> Value {
    json!({"kind": {"type": "branch", "name": branch}, "revision": {"id": revision}})
}

impl Log {
    /// Of a pipeline in this mode.
    pub fn new(mode: &str) -> Self {
        let mut log = Self {
            events: vec![],
            now: NOON,
            cause: Arc::new(Cause {
                command: String::new(),
                by: Principal(String::new()),
            }),
        };
        log.by("alice", "CreatePipeline")
            .event(json!({"type": "PipelineCreated", "definition": definition(mode, 1)}));
        log
    }

    /// Whose command leads to what comes next, a minute later.
    pub fn by(&mut self, who: &str, command: &str) -> &mut Self {
        self.now += 60_000;
        self.cause = Arc::new(Cause {
            command: command.to_owned(),
            by: Principal(who.to_owned()),
        });
        self
    }

    /// The server's own doing.
    pub fn server(&mut self, command: &str) -> &mut Self {
        self.by("lockgate", command)
    }

    pub fn minutes_pass(&mut self, minutes: i64) -> &mut Self {
        self.now += minutes * 60_000;
        self
    }

    pub fn event(&mut self, event: Value) -> &mut Self {
        let event: Event =
            serde_json::from_value(event.clone()).unwrap_or_else(|e| panic!("{e}: {event}"));
        self.events.push(Recorded {
            at: Timestamp(self.now),
            cause: self.cause.clone(),
            event,
        });
        self
    }

    /// An event of an execution, with the rest of its fields.
    pub fn of(&mut self, kind: &str, number: u32, rest: Value) -> &mut Self {
        let mut event = json!({"type": kind, "execution": id(number)});
        event
            .as_object_mut()
            .unwrap()
            .extend(rest.as_object().unwrap().clone());
        self.event(event)
    }

    /// Started by hand.
    pub fn started(&mut self, number: u32) -> &mut Self {
        self.by("bob", "StartExecution");
        self.started_with(number, json!({}))
    }

    /// The same with these fields besides or instead.
    pub fn started_with(&mut self, number: u32, rest: Value) -> &mut Self {
        let mut fields = json!({
            "version": 1,
            "trigger": {"triggerType": "StartPipelineExecution", "triggerDetail": "bob"},
            "variables": {},
            "sourceRevisions": [],
        });
        fields
            .as_object_mut()
            .unwrap()
            .extend(rest.as_object().unwrap().clone());
        self.of("ExecutionStarted", number, fields)
    }

    pub fn in_stage(&mut self, kind: &str, number: u32, stage: &str) -> &mut Self {
        self.of(kind, number, json!({"stage": stage}))
    }

    /// An action that a provider does.
    pub fn action(&mut self, number: u32, stage: &str, action: &str, provider: &str) -> &mut Self {
        let work = json!({"Job": id(900)});
        self.action_with(number, stage, action, provider, &work)
    }

    pub fn approval(&mut self, number: u32) -> &mut Self {
        let work = json!({"Approval": id(901)});
        self.action_with(number, "Prod", "Approve", "Approval/Manual", &work)
    }

    /// An action with an hour to end.
    pub fn action_with(
        &mut self,
        number: u32,
        stage: &str,
        action: &str,
        provider: &str,
        work: &Value,
    ) -> &mut Self {
        let mut rest = self.part(provider);
        rest["stage"] = json!(stage);
        rest["action"] = json!(action);
        rest["work"] = work.clone();
        self.of("ActionStarted", number, rest)
    }

    /// A rule with an hour to end.
    pub fn rule(&mut self, number: u32, condition: &str, rule: &str, provider: &str) -> &mut Self {
        let mut rest = self.part(&format!("Rule/{provider}"));
        rest["stage"] = json!("Prod");
        rest["condition"] = json!(condition);
        rest["rule"] = json!(rule);
        rest["work"] = json!({"Job": id(902)});
        self.of("RuleStarted", number, rest)
    }

    fn part(&self, provider: &str) -> Value {
        let (category, provider) = provider.split_once('/').unwrap_or(("Build", provider));
        json!({
            "id": id(800),
            "expires": self.now + 3_600_000,
            "input": {
                "actionType": {"category": category, "owner": "AWS", "provider": provider, "version": "1"},
                "configuration": {},
            },
        })
    }

    pub fn succeeded(&mut self, number: u32, stage: &str, action: &str) -> &mut Self {
        let rest = json!({
            "stage": stage, "action": action, "variables": {}, "revision": null,
            "artifacts": [], "external": {},
        });
        self.of("ActionSucceeded", number, rest)
    }

    pub fn failed(&mut self, number: u32, stage: &str, action: &str, message: &str) -> &mut Self {
        let rest = json!({
            "stage": stage, "action": action, "job": null,
            "failure": {"kind": "JobFailed", "message": message},
        });
        self.of("ActionFailed", number, rest)
    }

    pub fn fetched(&mut self, number: u32, revision: &str, summary: &str) -> &mut Self {
        let rest = json!({
            "stage": "Source", "action": "App", "variables": {},
            "revision": {"id": revision, "summary": summary}, "artifacts": [], "external": {},
        });
        self.of("ActionSucceeded", number, rest)
    }

    /// Through stage Source with this revision.
    pub fn through_source(&mut self, number: u32, revision: &str) -> &mut Self {
        self.in_stage("StageEntered", number, "Source")
            .action(number, "Source", "App", "Source/CodeCommit")
            .server("JobFinished")
            .fetched(number, revision, "Fix the header")
            .in_stage("StageSucceeded", number, "Source")
    }

    /// Through stage Build.
    pub fn through_build(&mut self, number: u32) -> &mut Self {
        self.in_stage("StageEntered", number, "Build")
            .action(number, "Build", "Compile", "CodeBuild")
            .server("JobFinished")
            .succeeded(number, "Build", "Compile")
            .in_stage("StageSucceeded", number, "Build")
    }

    pub fn why(&self, number: u32) -> String {
        let execution = execution(number);
        show(&why(&self.events, &Question::Execution { execution }))
    }

    pub fn why_stage(&self, number: u32, stage: &str) -> String {
        let question = Question::Stage {
            execution: execution(number),
            stage: stage.to_owned(),
        };
        show(&why(&self.events, &question))
    }

    pub fn why_action(&self, number: u32, stage: &str, action: &str) -> String {
        let question = Question::Action {
            execution: execution(number),
            stage: stage.to_owned(),
            action: action.to_owned(),
        };
        show(&why(&self.events, &question))
    }

    pub fn why_not(&self, revision: &str) -> String {
        show_revision(&why_not(&self.events, revision))
    }
}

/// Ids as `E1`, so that they can be read.
fn short(mut text: String) -> String {
    for number in 1..20 {
        text = text.replace(&id(number), &format!("E{number}"));
    }
    text
}

fn show(answer: &Answer) -> String {
    let kept: Answer = serde_json::from_value(serde_json::to_value(answer).unwrap()).unwrap();
    assert_eq!(&kept, answer, "a client reads what was answered");
    let mut text = String::new();
    for reason in &answer.reasons {
        let minute = (reason.at.0 - NOON) / 60_000;
        writeln!(text, "{minute} {:?}: {}", reason.kind, reason.sentence).unwrap();
    }
    let kinds: Vec<_> = answer.now.waits.iter().map(|wait| wait.kind).collect();
    let status = answer.now.status.map_or("none", |status| status.as_str());
    write!(text, "now {status} {kinds:?}: {}", answer.now.sentence).unwrap();
    short(text)
}

fn show_revision(answer: &RevisionAnswer) -> String {
    let kept: RevisionAnswer =
        serde_json::from_value(serde_json::to_value(answer).unwrap()).unwrap();
    assert_eq!(&kept, answer, "a client reads what was answered");
    let mut text = format!("{:?}: {}", answer.fate, answer.sentence);
    for reason in &answer.ignored {
        write!(text, "\nignored: {}", reason.sentence).unwrap();
    }
    for journey in &answer.executions {
        let stages: Vec<_> = journey
            .stages
            .iter()
            .map(|stop| {
                let status = stop.status.map_or("-", |status| status.as_str());
                format!("{} {status}", stop.stage)
            })
            .collect();
        write!(
            text,
            "\n{} with {} of {} ({}): {}",
            journey.execution,
            journey.revision,
            journey.source_action,
            stages.join(", "),
            journey.now.sentence
        )
        .unwrap();
    }
    short(text)
}
