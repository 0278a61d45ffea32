//! Statements that run in one go.
//!
//! Each connection of sqlx has a thread of its own, and a statement is a message there and one back: on a busy machine
//! that costs several times what SQLite needs to run it. A change set is data, so all its statements are known before
//! the first one runs, and they travel as one message. Their answers are looked at in their order, as if they had run one
//! by one; once one is refused, the rest no longer matters, because whoever runs the script rolls back.

use commerce_core::{CommitError, Guard, StoreError, StoreTrouble};
use futures_util::TryStreamExt;
use sqlx::error::BoxDynError;
use sqlx::sqlite::{SqliteArguments, SqliteConnection, SqliteRow};
use sqlx::{Arguments, AssertSqlSafe, Either, Encode, Executor, Sqlite, Type};

use crate::trouble::{guarded, trouble};

/// What a violated unique key means.
type Taken = Box<dyn FnOnce(&str) -> Option<Guard> + Send>;
/// What it means that a statement changed so many rows and returned these.
type Check = Box<dyn FnOnce(u64, &[SqliteRow]) -> Result<(), CommitError> + Send>;

/// Statements with their parameters and what their answers mean.
#[derive(Default)]
pub(crate) struct Script {
    sql: String,
    arguments: SqliteArguments,
    /// Parameters of the statements before the last one.
    bound_before: usize,
    statements: Vec<(Option<Taken>, Option<Check>)>,
    unencodable: Option<BoxDynError>,
}

impl Script {
    /// Adds a statement, whose parameters are numbered from `?1` and bound in their order.
    pub(crate) fn add(&mut self, sql: &'static str) -> Statement<'_> {
        self.bound_before = self.arguments.len();
        if !self.sql.is_empty() {
            self.sql.push(';');
        }
        renumber(sql, self.bound_before, &mut self.sql);
        self.statements.push((None, None));
        Statement { script: self }
    }

    /// Runs all of them on the connection.
    ///
    /// # Errors
    /// What the first refused statement means. The caller must roll back then.
    pub(crate) async fn run(self, conn: &mut SqliteConnection) -> Result<(), CommitError> {
        if let Some(error) = self.unencodable {
            return Err(StoreError::new(StoreTrouble::Broken, error).into());
        }
        if self.statements.is_empty() {
            return Ok(());
        }
        // The text is put together of constants of this crate; whatever comes from outside is bound.
        let query = sqlx::query_with(AssertSqlSafe(self.sql), self.arguments);
        let mut answers = conn.fetch_many(query);
        for (taken, check) in self.statements {
            let mut rows = Vec::new();
            let changed = loop {
                match answers.try_next().await {
                    Ok(Some(Either::Right(row))) => rows.push(row),
                    Ok(Some(Either::Left(done))) => break done.rows_affected(),
                    Ok(None) => {
                        return Err(StoreError::new(StoreTrouble::Broken, "a statement has no answer").into());
                    }
                    Err(error) => {
                        return Err(match taken {
                            Some(taken) => guarded(error, taken),
                            None => trouble(error).into(),
                        });
                    }
                }
            };
            if let Some(check) = check {
                check(changed, &rows)?;
            }
        }
        Ok(())
    }
}

/// The last statement of a script.
pub(crate) struct Statement<'s> {
    script: &'s mut Script,
}

impl Statement<'_> {
    /// Binds the next parameter.
    pub(crate) fn bind<'t>(self, value: impl Encode<'t, Sqlite> + Type<Sqlite>) -> Self {
        if let Err(error) = self.script.arguments.add(value) {
            self.script.unencodable.get_or_insert(error);
        }
        self
    }

    /// Says what a violated unique key means; see [`guarded`].
    pub(crate) fn unique(self, taken: impl FnOnce(&str) -> Option<Guard> + Send + 'static) -> Self {
        if let Some(last) = self.script.statements.last_mut() {
            last.0 = Some(Box::new(taken));
        }
        self
    }

    /// Says which guard does not hold unless exactly one row changes.
    pub(crate) fn one(self, otherwise: Guard) -> Self {
        self.check(
            move |changed, _| {
                if changed == 1 { Ok(()) } else { Err(CommitError::Stale { guard: otherwise }) }
            },
        )
    }

    /// Says what the rows mean that are returned.
    pub(crate) fn returning(
        self,
        check: impl FnOnce(&[SqliteRow]) -> Result<(), CommitError> + Send + 'static,
    ) -> Self {
        self.check(move |_, rows| check(rows))
    }

    fn check(
        self,
        check: impl FnOnce(u64, &[SqliteRow]) -> Result<(), CommitError> + Send + 'static,
    ) -> Self {
        if let Some(last) = self.script.statements.last_mut() {
            last.1 = Some(Box::new(check));
        }
        self
    }
}

/// Copies the statement with each parameter `?n` moved up: the parameters of a script are numbered through.
///
/// They become `$n`, which SQLite takes for names. With `?14` it would make the statement one of 14 parameters, and sqlx
/// would fill the 13 that nobody uses.
fn renumber(sql: &str, up: usize, into: &mut String) {
    let mut pieces = sql.split('?');
    into.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        let digits = piece.bytes().take_while(u8::is_ascii_digit).count();
        let number: usize = piece[..digits].parse().unwrap_or_default();
        into.push('$');
        into.push_str(&(number + up).to_string());
        into.push_str(&piece[digits..]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_numbered_through() {
        let mut script = Script::default();
        script.add("SELECT ?1, ?2, ?1").bind(1).bind(2);
        script.add("SELECT 3");
        script.add("SELECT ?1, ?12").bind(4);
        assert_eq!(script.sql, "SELECT $1, $2, $1;SELECT 3;SELECT $3, $14");
    }
}
