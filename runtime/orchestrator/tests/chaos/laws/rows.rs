//! The rows that faces read agree with the log, and nothing is left that waits.

use super::log::Log;
use super::order::Runs;
use lockgate_model::id::TenantId;
use lockgate_store::Store;

pub(crate) async fn hold(
    store: &Store,
    tenant: &TenantId,
    log: &Log,
    runs: &Runs,
    wrong: &mut Vec<String>,
) {
    let name = &log.pipeline;
    let rows = store
        .executions(tenant, name, None, u32::MAX)
        .await
        .unwrap();
    if rows.len() != runs.executions.len() {
        let (rows, started) = (rows.len(), runs.executions.len());
        wrong.push(format!("{name}: {rows} rows for {started} executions"));
    }
    for row in &rows {
        let said = runs.executions.get(&row.id).copied().unwrap_or_default();
        if said != format!("Execution{}", row.status) {
            let status = row.status;
            wrong.push(format!(
                "{name}: row of {} says {status}, not {said}",
                row.id
            ));
        }
        let detail = store.execution(tenant, row.id).await.unwrap();
        for action in detail.map(|detail| detail.actions).unwrap_or_default() {
            if action.status.as_str() == "InProgress" {
                wrong.push(format!("{name}: row of action {} never ends", action.id));
            }
        }
    }
    let loaded = store.load(tenant, name).await.unwrap().unwrap();
    if !loaded.jobs.is_empty() {
        wrong.push(format!("{name}: jobs are left: {:?}", loaded.jobs));
    }
    let open = store.open_approvals(tenant, Some(name)).await.unwrap();
    if !open.is_empty() {
        wrong.push(format!("{name}: approvals are open: {open:?}"));
    }
}
