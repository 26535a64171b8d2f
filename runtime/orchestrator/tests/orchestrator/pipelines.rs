//! Pipelines and requests to them.

use crate::definitions::{catalogue, make, pipeline, source, stage, three, with};
use crate::house::{Plan, alone, life};
use lockgate_execution::Rejected;
use lockgate_model::definition::masked;
use lockgate_orchestrator::{OrchestratorError, Start};
use serde_json::json;

#[test]
fn the_same_token_starts_the_same_execution_also_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    let start = async |house: &crate::house::House| {
        let start = Start {
            token: Some("once".into()),
            ..Start::by(&house.by)
        };
        let o = &house.orchestrator;
        o.start_execution(&house.tenant, "p", start, &house.by)
            .await
            .unwrap()
    };
    let first = life(path, Plan::default(), async |house| {
        house.create(three("p")).await;
        let (first, second) = tokio::join!(start(house), start(house));
        assert_eq!(first, second);
        first
    });
    life(path, Plan::default(), async |house| {
        assert_eq!(start(house).await, first);
        house.call("Fetch").await;
        house.no_call();
        // A day later nobody repeats it.
        house.pass(25 * 60 * 60).await;
        house.settle("p").await;
        let store = house.orchestrator.store();
        let token = "StartPipelineExecution p once";
        while store
            .idempotent_result(&house.tenant, token)
            .await
            .unwrap()
            .is_some()
        {
            tokio::task::yield_now().await;
        }
        assert_ne!(start(house).await, first);
    });
}

#[test]
fn only_one_of_many_creations_of_one_name_is_accepted() {
    alone(async |house| {
        let all = (0..10).map(|_| {
            let (o, t, by) = (
                house.orchestrator.clone(),
                house.tenant.clone(),
                house.by.clone(),
            );
            tokio::spawn(async move { o.create_pipeline(&t, three("p"), &by).await })
        });
        let mut accepted = 0;
        for one in all.collect::<Vec<_>>() {
            match one.await.unwrap() {
                Ok(()) => accepted += 1,
                Err(error) => assert!(matches!(
                    error,
                    OrchestratorError::Rejected(Rejected::PipelineNameInUse { .. })
                )),
            }
        }
        assert_eq!(accepted, 1);
    });
}

#[test]
fn a_wrong_definition_leaves_nothing_behind() {
    alone(async |house| {
        let mut wrong = three("p");
        wrong.stages[1].actions[0].action_type_id.provider = "Nobody".into();
        let (o, t) = (&house.orchestrator, &house.tenant);
        let refused = o.create_pipeline(t, wrong, &house.by).await;
        assert!(matches!(refused, Err(OrchestratorError::Definition(_))));
        let absent = o.state(t, "p").await;
        assert!(matches!(
            absent,
            Err(OrchestratorError::Rejected(
                Rejected::PipelineNotFound { .. }
            ))
        ));
        house.create(three("p")).await;
    });
}

#[test]
fn another_tenant_has_its_own_names() {
    alone(async |house| {
        house.create(three("p")).await;
        let other = "444455556666".parse().unwrap();
        let o = &house.orchestrator;
        assert!(o.state(&other, "p").await.is_err());
        o.create_pipeline(&other, three("p"), &house.by)
            .await
            .unwrap();
        let start = Start::by(&house.by);
        let id = o
            .start_execution(&other, "p", start, &house.by)
            .await
            .unwrap();
        // Somebody else's id is no id at all.
        let mut follow = house.follow(id);
        assert!(follow.next().await.unwrap().is_none());
    });
}

/// semantics 2.16
#[test]
fn a_definition_sent_back_with_stars_keeps_its_secrets() {
    alone(async |house| {
        let settings = json!({"configuration": {"Password": "hunter2", "Setting": "open"}});
        let stages = [
            stage("Source", &[source()]),
            stage("Build", &[with(make("Make"), settings)]),
        ];
        let definition = pipeline("p", &stages);
        let mut shown = masked(&definition, &catalogue());
        let (o, t, by) = (
            &house.orchestrator.clone(),
            &house.tenant.clone(),
            &house.by.clone(),
        );
        let refused = o.create_pipeline(t, shown.clone(), by).await;
        assert!(matches!(refused, Err(OrchestratorError::Definition(_))));
        house.create(definition).await;

        o.update_pipeline(t, shown.clone(), by).await.unwrap();
        house.start("p").await;
        house.call("Fetch").await.succeed();
        let call = house.call("Make").await;
        assert_eq!(call.job.configuration["Password"], "hunter2");
        call.succeed();

        // It might be meant for somebody else now.
        let make = &mut shown.stages[1].actions[0];
        make.configuration.insert("Setting".into(), "shut".into());
        let refused = o.update_pipeline(t, shown, by).await;
        assert!(matches!(refused, Err(OrchestratorError::Definition(_))));
    });
}
