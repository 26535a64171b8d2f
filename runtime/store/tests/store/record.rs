//! Rows that only some pipelines have: rules of conditions, versions of
//! definitions with who made them, action types of job workers.

use crate::fixture::{AT, change, event, execution, step, stranger, tenant};
use lockgate_model::definition::ConditionType;
use lockgate_model::id::ActionExecutionId;
use lockgate_model::job::{LogLevel, LogLine};
use lockgate_model::status::RuleStatus;
use lockgate_store::{CustomActionType, NewDefinition, RuleExecution, Store};
use uuid::Uuid;

#[tokio::test]
async fn rules_of_an_execution_are_kept_and_go_with_their_logs_when_the_pipeline_goes() {
    let store = Store::temporary().unwrap();
    let run = execution(1, "{}");
    let mut rule = RuleExecution {
        id: ActionExecutionId(Uuid::from_u128(9)),
        execution: run.id,
        stage: "Deploy".into(),
        condition: ConditionType::BeforeEntry,
        rule: "Quiet".into(),
        status: RuleStatus::InProgress,
        started: AT,
        updated: AT,
        json: "{}".into(),
    };
    let mut first = step("p", 0);
    first.executions = vec![run.clone()];
    first.rules = vec![rule.clone()];
    store.commit(first).await.unwrap();
    rule.status = RuleStatus::Failed;
    rule.json = r#"{"failure":"no"}"#.into();
    let mut second = step("p", 1);
    second.rules = vec![rule.clone()];
    store.commit(second).await.unwrap();
    let found = store.execution(&tenant(), run.id).await.unwrap().unwrap();
    assert_eq!(found.rules, vec![rule.clone()]);

    let line = LogLine {
        at: AT,
        level: LogLevel::Info,
        text: "judged".into(),
    };
    let (whose, log) = (tenant(), rule.id);
    store.append_logs(&whose, log, 1, &[line]).await.unwrap();
    assert_eq!(store.read_logs(&whose, log, 0, 9).await.unwrap().len(), 1);
    store.delete_pipeline(&whose, "p", 2).await.unwrap();
    assert_eq!(store.read_logs(&whose, log, 0, 9).await.unwrap(), vec![]);
}

#[tokio::test]
async fn versions_of_a_definition_say_when_and_by_whom_newest_first() {
    let store = Store::temporary().unwrap();
    for (number, (kind, by)) in [
        ("PipelineCreated", "ada"),
        ("PipelineUpdated", "eve"),
        ("PipelineUpdated", "ada"),
    ]
    .into_iter()
    .enumerate()
    {
        let mut made = event(None, "{}");
        made.kind = kind.into();
        made.cause = by.into();
        made.at = AT.plus_seconds(number as u64);
        let mut next = change("p", number as u64);
        next.at = made.at;
        next.events = vec![made];
        next.definition = Some(NewDefinition {
            version: u32::try_from(number).unwrap() + 1,
            json: "{}".into(),
        });
        store.commit(next).await.unwrap();
    }
    let (whose, other) = (tenant(), stranger());
    let told = |found: Vec<lockgate_store::PipelineVersion>| -> Vec<(u32, u64, String)> {
        found
            .into_iter()
            .map(|it| (it.version, it.at.since(AT) / 1000, it.cause.unwrap()))
            .collect()
    };
    let versions = store.definition_versions(&whose, "p", None, 2);
    assert_eq!(
        told(versions.await.unwrap()),
        [(3, 2, "ada".to_owned()), (2, 1, "eve".to_owned())]
    );
    let versions = store.definition_versions(&whose, "p", Some(2), 9);
    assert_eq!(told(versions.await.unwrap()), [(1, 0, "ada".to_owned())]);
    let versions = store.definition_versions(&other, "p", None, 9);
    assert_eq!(versions.await.unwrap(), vec![]);
}

#[tokio::test]
async fn an_action_type_belongs_to_its_tenant_and_has_its_name_once() {
    let store = Store::temporary().unwrap();
    let made = CustomActionType {
        tenant: tenant(),
        category: "Build".into(),
        provider: "Jenkins".into(),
        version: "1".into(),
        created: AT,
        json: "{}".into(),
    };
    assert!(store.create_action_type(made.clone()).await.unwrap());
    assert!(!store.create_action_type(made.clone()).await.unwrap());
    let theirs = CustomActionType {
        tenant: stranger(),
        ..made.clone()
    };
    assert!(store.create_action_type(theirs.clone()).await.unwrap());
    assert_eq!(
        store.action_types().await.unwrap(),
        vec![made.clone(), theirs.clone()]
    );
    let whose = tenant();
    let deleted = store.delete_action_type(&whose, "Build", "Jenkins", "1");
    assert!(deleted.await.unwrap());
    let deleted = store.delete_action_type(&whose, "Build", "Jenkins", "1");
    assert!(!deleted.await.unwrap());
    assert_eq!(store.action_types().await.unwrap(), vec![theirs]);
}
