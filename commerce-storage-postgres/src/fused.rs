//! Several writes as one statement: one round trip instead of one for each table.
//!
//! Each concept keeps its SQL as complete statements, with parameters that count from `$1`. Here they become the CTEs of
//! one data-modifying statement, their parameters renumbered:
//!
//! ```sql
//! with g0 as (update carts .. where version = $13 returning id),
//!      g1 as (select id from products .. where version = ..),
//!      guards as (select (select count(*) from g0) + (select count(*) from g1) = $16 as held),
//!      w0 as (insert into orders .. where (select held from guards)),
//!      w1 as (insert into order_lines .. where (select held from guards))
//! select 0, id from g0 union all select 1, id from g1
//! ```
//!
//! The *guarded* statements come first and answer what they found in order; whatever else is written waits for all of
//! them, so that a version that is no longer so is never drowned out by a key that is taken as a consequence. Whoever
//! loses a race waits at the row of the cart or the order, before it has written anything.
//!
//! All parts see one snapshot and none sees what another wrote, so no two may touch the same row. Foreign and unique
//! keys are checked over all of it.

use std::collections::HashMap;
use std::fmt::Write as _;

use commerce_core::{CommitError, Guard, StoreError, StoreTrouble};
use sqlx::postgres::{PgArguments, PgConnection};
use sqlx::{Arguments, AssertSqlSafe, Encode, Postgres, Type};
use uuid::Uuid;

use crate::error::store_error;

/// The statement while it grows.
#[derive(Default)]
pub(crate) struct Fused {
    guarded: Vec<String>,
    gated: Vec<String>,
    arguments: PgArguments,
    unbound: Option<StoreError>,
    needs: Vec<Need>,
    constraints: Vec<(&'static str, Guard)>,
}

/// A row that a guarded statement must answer, or the guard does not hold.
struct Need {
    statement: i32,
    row: Option<Uuid>,
    guard: Guard,
}

impl Fused {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Adds a statement that writes only while `(select held from guards)`. Its values follow by [`bind`](Self::bind).
    pub(crate) fn write(&mut self, sql: &'static str) -> &mut Self {
        debug_assert!(sql.contains("(select held from guards)"), "this statement waits for no guard: {sql}");
        self.gated.push(renumber(sql, self.arguments.len()));
        self
    }

    /// Adds a statement whose guard is in its `where`: it answers, as column `id`, what it found in order.
    pub(crate) fn guarded(&mut self, sql: &'static str) -> &mut Self {
        self.guarded.push(renumber(sql, self.arguments.len()));
        self
    }

    /// Binds the next value of the statement that was added last.
    pub(crate) fn bind<'v, T>(&mut self, value: T) -> &mut Self
    where
        T: Encode<'v, Postgres> + Type<Postgres>,
    {
        if let Err(error) = self.arguments.add(value) {
            self.unbound.get_or_insert(StoreError::new(StoreTrouble::Broken, error));
        }
        self
    }

    /// A row that the guarded statement that was added last must answer, or else the guard does not hold. It answers
    /// no other rows.
    pub(crate) fn needs(&mut self, row: Option<Uuid>, guard: Guard) -> &mut Self {
        let statement = self.guarded.len() as i32 - 1;
        self.needs.push(Need { statement, row, guard });
        self
    }

    /// Which guard a constraint stands for.
    pub(crate) fn constraint(&mut self, name: &'static str, guard: Guard) -> &mut Self {
        self.constraints.push((name, guard));
        self
    }

    /// The text of the statement, of which the last parameter is the number of rows that the guards need.
    fn sql(&self) -> String {
        let mut with = String::new();
        for (number, sql) in self.guarded.iter().enumerate() {
            let _ = writeln!(with, "g{number} as ({sql}),");
        }
        let counts = (0..self.guarded.len()).map(|number| format!("(select count(*) from g{number})"));
        let counts =
            counts.reduce(|sum, count| format!("{sum} + {count}")).unwrap_or_else(|| "0::int8".to_owned());
        let _ = write!(with, "guards as (select {counts} = ${} as held)", self.arguments.len() + 1);
        for (number, sql) in self.gated.iter().enumerate() {
            let _ = write!(with, ",\nw{number} as ({sql})");
        }
        let rows = (0..self.guarded.len()).map(|number| format!("select {number}::int4, id from g{number}"));
        let rows = rows.reduce(|rows, more| format!("{rows} union all {more}"));
        format!("with {with}\n{}", rows.as_deref().unwrap_or("select 0, null::uuid where false"))
    }

    /// Runs it in the caller's transaction, and compares what it answers with what is needed.
    pub(crate) async fn run(self, conn: &mut PgConnection) -> Result<(), CommitError> {
        if self.guarded.is_empty() && self.gated.is_empty() {
            return Ok(());
        }
        let sql = self.sql();
        let Self { guarded: _, gated: _, mut arguments, unbound, needs, constraints } = self;
        if let Some(error) = unbound {
            return Err(error.into());
        }
        arguments.add(needs.len() as i64).map_err(|error| StoreError::new(StoreTrouble::Broken, error))?;
        // Safe: the text is made of constants of this crate; values are bound.
        let rows = sqlx::query_as_with::<_, (i32, Option<Uuid>), _>(AssertSqlSafe(sql), arguments)
            .fetch_all(&mut *conn)
            .await
            .map_err(|error| refused(error, &constraints))?;
        // Each row answers one need: who needs the same row twice asks for more than there is. Ten thousand may be needed.
        let mut found: HashMap<(i32, Option<Uuid>), usize> = HashMap::new();
        for row in rows {
            *found.entry(row).or_default() += 1;
        }
        for Need { statement, row, guard } in needs {
            match found.get_mut(&(statement, row)) {
                Some(rows) if *rows > 0 => *rows -= 1,
                _ => return Err(CommitError::Stale { guard }),
            }
        }
        debug_assert!(
            found.values().all(|rows| *rows == 0),
            "no rows are answered but those that are needed"
        );
        Ok(())
    }
}

/// A violated constraint is the guard that it stands for; anything else is trouble.
pub(crate) fn refused(error: sqlx::Error, constraints: &[(&'static str, Guard)]) -> CommitError {
    let violated = error.as_database_error().and_then(|said| said.constraint());
    match constraints.iter().find(|(name, _)| Some(*name) == violated) {
        Some((_, guard)) => CommitError::Stale { guard: guard.clone() },
        None => store_error(error).into(),
    }
}

/// The values of one column, row by row: what `unnest` takes.
pub(crate) fn column<R, V>(rows: impl IntoIterator<Item = R>, value: impl FnMut(R) -> V) -> Vec<V> {
    rows.into_iter().map(value).collect()
}

/// `sql` with `$1` become `$(1 + before)`, and so on.
pub(crate) fn renumber(sql: &str, before: usize) -> String {
    let mut renumbered = String::with_capacity(sql.len() + 16);
    let mut rest = sql;
    while let Some(at) = rest.find('$') {
        let (text, parameter) = rest.split_at(at + 1);
        let digits = parameter.bytes().take_while(u8::is_ascii_digit).count();
        let number = parameter[..digits].parse::<usize>().unwrap_or_default();
        debug_assert!(number > 0, "a dollar sign in a statement begins a parameter");
        renumbered.push_str(text);
        let _ = write!(renumbered, "{}", number + before);
        rest = &parameter[digits..];
    }
    renumbered.push_str(rest);
    renumbered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guards_come_first_and_parameters_count_on() {
        let mut fused = Fused::new();
        fused.write("insert into b select $1, $10 where (select held from guards)").bind(3_i64);
        fused.guarded("update a set x = $1 where id = $2 returning id").bind(1_i64).bind(2_i64);
        fused.needs(None, Guard::Sku);
        assert_eq!(
            fused.sql(),
            "with g0 as (update a set x = $2 where id = $3 returning id),\n\
             guards as (select (select count(*) from g0) = $4 as held),\n\
             w0 as (insert into b select $1, $10 where (select held from guards))\n\
             select 0::int4, id from g0"
        );
    }

    #[test]
    fn without_guards_everything_is_written() {
        let mut fused = Fused::new();
        fused.write("delete from b where (select held from guards)");
        assert_eq!(
            fused.sql(),
            "with guards as (select 0::int8 = $1 as held),\n\
             w0 as (delete from b where (select held from guards))\n\
             select 0, null::uuid where false"
        );
    }
}
