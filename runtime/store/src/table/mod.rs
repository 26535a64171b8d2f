//! One file per table (or per few that live together): the SQL text and what
//! binds and reads its columns. Statements are portable; `$n` first appear in
//! order. Called by the change, the reads and the deletion; nobody else knows a
//! column.

pub(crate) mod access_key;
pub(crate) mod action_execution;
pub(crate) mod action_type;
pub(crate) mod approval;
pub(crate) mod artifact;
pub(crate) mod cursor;
pub(crate) mod event;
pub(crate) mod execution;
pub(crate) mod idempotency;
pub(crate) mod job;
pub(crate) mod log_chunk;
pub(crate) mod notification_rule;
pub(crate) mod pipeline;
pub(crate) mod pipeline_version;
pub(crate) mod plugin;
pub(crate) mod rule_execution;
pub(crate) mod schedule;
pub(crate) mod stage_execution;

use rusqlite::types::{FromSqlError, Type};
use rusqlite::{Connection, Params, Row};
use serde::de::IntoDeserializer;
use serde::de::value::{Error as ValueError, StrDeserializer};

/// Runs a statement that was prepared before; returns the number of rows.
fn execute(connection: &Connection, sql: &str, params: impl Params) -> rusqlite::Result<usize> {
    connection.prepare_cached(sql)?.execute(params)
}

/// The one row of a query, or none.
fn find<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Option<T>> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    rows.next()?.map(read).transpose()
}

/// All rows of a query.
fn list<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    mut read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Vec<T>> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(row)?);
    }
    Ok(found)
}

/// A column whose text is one of our words.
fn parse<T, E>(column: usize, parsed: Result<T, E>) -> rusqlite::Result<T>
where
    E: std::error::Error + Send + Sync + 'static,
{
    parsed.map_err(|e| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(e)))
}

/// A column that holds a status as serde spells it.
fn word<'r, T: serde::Deserialize<'r>>(row: &'r Row<'_>, column: usize) -> rusqlite::Result<T> {
    let text = row.get_ref(column)?.as_str().map_err(from_sql(column))?;
    let deserializer: StrDeserializer<'r, ValueError> = text.into_deserializer();
    parse(column, T::deserialize(deserializer))
}

fn from_sql(column: usize) -> impl Fn(FromSqlError) -> rusqlite::Error {
    move |e| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(e))
}

/// Integers are signed in SQL; versions and indexes never come near the limit.
fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// Back from SQL; nothing negative is ever written.
fn unsigned(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}
