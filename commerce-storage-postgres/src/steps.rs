//! Guarded deltas of shared rows as one statement, taken in one order.
//!
//! An order may count uses of coupons and promotions beside its stock. Each of these counters is a row that others want
//! too, so each is a guarded write that locks its row. In one statement they cost one round trip; but PostgreSQL is free to
//! run the parts of a statement in any order, and two orders that lock the same rows in different orders wait for each
//! other. So each step is made to wait for the one before it:
//!
//! ```sql
//! with s0 (a, b) as (update coupons .. returning null::uuid, null::uuid),
//!      b1 as (select (select count(*) from s0) = $9 as held),
//!      s1 (a, b) as (update stock .. where (select held from b1) .. returning variant_id, location_id)
//! select 0, a, b from s0 union all select 1, a, b from s1
//! ```
//!
//! A step whose guard does not hold finds nothing, and those after it lock nothing.

use std::collections::HashMap;

use commerce_core::{CommitError, Guard, StoreError, StoreTrouble};
use sqlx::postgres::{PgArguments, PgConnection};
use sqlx::{Arguments, AssertSqlSafe, Encode, Postgres, Type};
use uuid::Uuid;

use crate::error::store_error;
use crate::fused::renumber;

/// Where a step says that it waits for the one before it.
const GATE: &str = "(select held from before)";

/// The statement while it grows.
#[derive(Default)]
pub(crate) struct Steps {
    steps: Vec<String>,
    /// What follows them, and answers nothing.
    last: Option<String>,
    arguments: PgArguments,
    unbound: Option<StoreError>,
    needs: Vec<Need>,
}

/// A row that a step must answer, or the guard does not hold.
struct Need {
    step: i32,
    row: Option<(Uuid, Uuid)>,
    guard: Guard,
}

impl Steps {
    pub(crate) fn is_empty(&self) -> bool {
        self.steps.is_empty() && self.last.is_none()
    }

    /// Adds a step, which waits for those before it and answers two columns. Its values follow by [`bind`](Self::bind).
    pub(crate) fn step(&mut self, sql: &'static str) -> &mut Self {
        debug_assert!(sql.contains(GATE), "this step waits for none before it: {sql}");
        let step = self.gated(sql);
        self.steps.push(step);
        self
    }

    /// Adds what is done after all steps, which answers nothing. No other step follows. Its values follow by
    /// [`bind`](Self::bind).
    pub(crate) fn last(&mut self, sql: &'static str) -> &mut Self {
        debug_assert!(sql.contains(GATE), "this waits for no step before it: {sql}");
        self.last = Some(self.gated(sql));
        self
    }

    fn gated(&self, sql: &'static str) -> String {
        let gate = match self.steps.len() {
            0 => "true".to_owned(),
            number => format!("(select held from b{number})"),
        };
        renumber(sql, self.arguments.len()).replace(GATE, &gate)
    }

    /// How many steps have one that waits for them.
    fn awaited(&self) -> usize {
        if self.last.is_some() { self.steps.len() } else { self.steps.len().saturating_sub(1) }
    }

    /// Binds the next value of the step that was added last.
    pub(crate) fn bind<'v, T>(&mut self, value: T) -> &mut Self
    where
        T: Encode<'v, Postgres> + Type<Postgres>,
    {
        if let Err(error) = self.arguments.add(value) {
            self.unbound.get_or_insert(StoreError::new(StoreTrouble::Broken, error));
        }
        self
    }

    /// A row that the step that was added last must answer, or else the guard does not hold. It answers no other rows.
    pub(crate) fn needs(&mut self, row: Option<(Uuid, Uuid)>, guard: Guard) -> &mut Self {
        let step = self.steps.len() as i32 - 1;
        self.needs.push(Need { step, row, guard });
        self
    }

    /// The text of the statement, of which the last parameters are the numbers of rows that the steps need for which others wait.
    fn sql(&self) -> String {
        let mut parts = Vec::with_capacity(2 * self.steps.len() + 1);
        for (number, step) in self.steps.iter().enumerate() {
            parts.push(format!("s{number} (a, b) as ({step})"));
            let next = number + 1;
            if next <= self.awaited() {
                let needed = self.arguments.len() + next;
                parts.push(format!(
                    "b{next} as (select (select count(*) from s{number}) = ${needed} as held)"
                ));
            }
        }
        parts.extend(self.last.as_ref().map(|last| format!("last as ({last})")));
        let rows = (0..self.steps.len()).map(|number| format!("select {number}::int4, a, b from s{number}"));
        let rows = rows
            .reduce(|rows, more| format!("{rows} union all {more}"))
            .unwrap_or_else(|| "select 0, null::uuid, null::uuid where false".to_owned());
        format!("with {}\n{rows}", parts.join(",\n"))
    }

    /// Runs it in the caller's transaction, and compares what it answers with what is needed.
    pub(crate) async fn run(self, conn: &mut PgConnection) -> Result<(), CommitError> {
        if self.is_empty() {
            return Ok(());
        }
        let (sql, awaited) = (self.sql(), self.awaited() as i32);
        let Self { steps: _, last: _, mut arguments, unbound, needs } = self;
        if let Some(error) = unbound {
            return Err(error.into());
        }
        for step in 0..awaited {
            let needed = needs.iter().filter(|need| need.step == step).count();
            arguments.add(needed as i64).map_err(|error| StoreError::new(StoreTrouble::Broken, error))?;
        }
        // Safe: the text is made of constants of this crate; values are bound.
        let query =
            sqlx::query_as_with::<_, (i32, Option<Uuid>, Option<Uuid>), _>(AssertSqlSafe(sql), arguments);
        let mut found: HashMap<(i32, Option<Uuid>, Option<Uuid>), usize> = HashMap::new();
        for row in query.fetch_all(conn).await.map_err(store_error)? {
            *found.entry(row).or_default() += 1;
        }
        for Need { step, row, guard } in needs {
            let answer = (step, row.map(|(a, _)| a), row.map(|(_, b)| b));
            match found.get_mut(&answer) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_step_waits_for_the_one_before_it() {
        let mut steps = Steps::default();
        steps.step("update a set x = $1 where (select held from before) returning y, z").bind(1_i64);
        steps.needs(None, Guard::Sku);
        steps.step("update b set x = $1 where id = $2 and (select held from before) returning y, z");
        steps.bind(1_i64).bind(2_i64).needs(None, Guard::Sku);
        assert_eq!(
            steps.sql(),
            "with s0 (a, b) as (update a set x = $1 where true returning y, z),\n\
             b1 as (select (select count(*) from s0) = $4 as held),\n\
             s1 (a, b) as (update b set x = $2 where id = $3 and (select held from b1) returning y, z)\n\
             select 0::int4, a, b from s0 union all select 1::int4, a, b from s1"
        );
    }

    #[test]
    fn what_is_last_waits_for_all_steps_and_answers_nothing() {
        let mut steps = Steps::default();
        steps.step("update a set x = $1 where (select held from before) returning y, z").bind(1_i64);
        steps.needs(None, Guard::Sku).last("update b set x = $1 where (select held from before)").bind(1_i64);
        assert_eq!(
            steps.sql(),
            "with s0 (a, b) as (update a set x = $1 where true returning y, z),\n\
             b1 as (select (select count(*) from s0) = $3 as held),\n\
             last as (update b set x = $2 where (select held from b1))\n\
             select 0::int4, a, b from s0"
        );
        let mut alone = Steps::default();
        alone.last("update b set x = $1 where (select held from before)").bind(1_i64);
        assert_eq!(
            alone.sql(),
            "with last as (update b set x = $1 where true)\n\
             select 0, null::uuid, null::uuid where false"
        );
    }
}
