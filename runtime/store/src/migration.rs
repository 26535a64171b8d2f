//! Brings a database up to date: numbered SQL files, each in a transaction of
//! its own together with the note that it was done. Called once, on opening.

use crate::error::StoreError;
use crate::fault::Fault;
use rusqlite::{Connection, OptionalExtension};
use std::path::Path;

/// In order; the first has number 1. Never change one that was released.
const MIGRATIONS: &[&str] = &[
    include_str!("../migrations/0001_first.sql"),
    include_str!("../migrations/0002_notification_and_schedule.sql"),
    include_str!("../migrations/0003_rule_execution_and_action_type.sql"),
];

/// Marks the file as ours: "LKGT".
const APPLICATION_ID: i32 = 0x4c4b_4754;

/// Brings the database up to date.
///
/// Refuses one that is not ours before anything is written to it.
pub(crate) fn migrate(connection: &mut Connection, path: &Path) -> Result<(), Fault> {
    apply(connection, path, MIGRATIONS)
}

/// Refuses a database that something else made. An empty one is ours to make.
pub(crate) fn recognise(connection: &Connection, path: &Path) -> Result<(), Fault> {
    let id: i32 = connection.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if id == APPLICATION_ID || (id == 0 && tables == 0) {
        Ok(())
    } else {
        Err(StoreError::Foreign(path.to_owned()).into())
    }
}

fn apply(connection: &mut Connection, path: &Path, migrations: &[&str]) -> Result<(), Fault> {
    let known = u32::try_from(migrations.len()).unwrap_or(u32::MAX);
    let found = version(connection)?;
    if found > known {
        return Err(StoreError::Newer {
            path: path.to_owned(),
            found,
            known,
        }
        .into());
    }
    for (number, sql) in (1u32..).zip(migrations).skip(found as usize) {
        let transaction = connection.transaction()?;
        transaction.execute_batch(&format!(
            "PRAGMA application_id = {APPLICATION_ID};
             CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL PRIMARY KEY);"
        ))?;
        transaction.execute_batch(sql)?;
        transaction.execute("INSERT INTO schema_version (version) VALUES ($1)", [number])?;
        transaction.commit()?;
    }
    Ok(())
}

fn version(connection: &Connection) -> Result<u32, rusqlite::Error> {
    let table: Option<i64> = connection
        .query_row(
            "SELECT 1 FROM sqlite_schema WHERE name = 'schema_version'",
            [],
            |row| row.get(0),
        )
        .optional()?;
    if table.is_none() {
        return Ok(0);
    }
    connection.query_row(
        "SELECT coalesce(max(version), 0) FROM schema_version",
        [],
        |row| row.get(0),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn migrating_twice_changes_nothing() {
        let mut connection = Connection::open_in_memory().unwrap();
        let path = Path::new("x.db");
        migrate(&mut connection, path).unwrap();
        migrate(&mut connection, path).unwrap();
        assert_eq!(version(&connection).unwrap() as usize, MIGRATIONS.len());
        recognise(&connection, path).unwrap();
    }

    #[test]
    fn a_database_of_every_earlier_schema_comes_up_to_date_with_its_rows() {
        let path = Path::new("x.db");
        let schema = |connection: &Connection| -> Vec<String> {
            let mut statement = connection
                .prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")
                .unwrap();
            let rows = statement.query_map([], |row| row.get(0)).unwrap();
            rows.map(Result::unwrap).collect()
        };
        let mut newest = Connection::open_in_memory().unwrap();
        migrate(&mut newest, path).unwrap();
        for earlier in 1..MIGRATIONS.len() {
            let mut connection = Connection::open_in_memory().unwrap();
            apply(&mut connection, path, &MIGRATIONS[..earlier]).unwrap();
            connection
                .execute(
                    "INSERT INTO pipeline VALUES ('111122223333', 'p', 1, 1, 0, 0, NULL)",
                    [],
                )
                .unwrap();
            migrate(&mut connection, path).unwrap();
            assert_eq!(schema(&connection), schema(&newest));
            let pipelines: i64 = connection
                .query_row("SELECT count(*) FROM pipeline", [], |row| row.get(0))
                .unwrap();
            assert_eq!(pipelines, 1);
        }
    }

    #[test]
    fn a_migration_that_fails_leaves_the_former_schema() {
        let mut connection = Connection::open_in_memory().unwrap();
        let path = Path::new("x.db");
        let first = "CREATE TABLE a (x INTEGER);";
        apply(&mut connection, path, &[first]).unwrap();
        let broken = "CREATE TABLE b (x INTEGER); CREATE TABLE a (x INTEGER);";
        apply(&mut connection, path, &[first, broken]).unwrap_err();
        assert_eq!(version(&connection).unwrap(), 1);
        let mended = "CREATE TABLE b (x INTEGER);";
        apply(&mut connection, path, &[first, mended]).unwrap();
        assert_eq!(version(&connection).unwrap(), 2);
    }

    #[test]
    fn a_newer_schema_is_refused_in_words() {
        let mut connection = Connection::open_in_memory().unwrap();
        let path = Path::new("x.db");
        migrate(&mut connection, path).unwrap();
        connection
            .execute("INSERT INTO schema_version VALUES (99)", [])
            .unwrap();
        let error = migrate(&mut connection, path).unwrap_err().explain(path);
        assert!(
            matches!(error, StoreError::Newer { found: 99, .. }),
            "{error}"
        );
    }
}
