//! Connections: what each is set to, and the schema that a shop is.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use commerce_core::{Store, StoreError, StoreTrouble};
use sqlx::Connection;
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, Executor};

use crate::PostgresStore;
use crate::error::{Attempts, Stage, store_error};
use crate::search;

/// How old a connection may become: a server keeps memory for each, and after a failover they should move on.
const LIFETIME: Duration = Duration::from_secs(30 * 60);

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// How to connect, with defaults for all but the address.
///
/// ```
/// use commerce_storage_postgres::PostgresOptions;
/// let options = PostgresOptions::new("postgres://shop@localhost/shops").schema("adire").pool_size(32);
/// assert_eq!(options.schema.as_deref(), Some("adire"));
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct PostgresOptions {
    /// Where the database is: `postgres://user:password@host:port/database`, with the parameters of libpq.
    pub url: String,
    /// The schema that is the shop. Absent: what the role's `search_path` says, `public` as a rule. At most 63
    /// lower-case letters, digits and underscores, the first of them no digit.
    pub schema: Option<String>,
    /// The most connections at once; 16 unless set.
    pub pool_size: u32,
    /// How long to wait for a free connection, or for the server to take a new one; 3 seconds unless set.
    pub acquire_timeout: Duration,
    /// How long a statement may run; 15 seconds unless set.
    pub statement_timeout: Duration,
    /// How long a statement may wait for a lock; 4 seconds unless set.
    pub lock_timeout: Duration,
    /// How long a look or a commit may take in all, its tries included; 10 seconds unless set. A server that is silent for
    /// so long is taken for dead, and the connection to it for lost. Imports, exports and the doctor take their time.
    pub answer_timeout: Duration,
    /// How long a transaction may wait for its next statement; 5 seconds unless set. It is how long a client that is gone
    /// without a word keeps its locks.
    pub idle_in_transaction_timeout: Duration,
    /// How many prepared statements a connection keeps; 256 unless set. 0 behind a pooler that hands a connection to
    /// another client after each transaction.
    pub statement_cache_capacity: usize,
    /// Whether [`PostgresStore::migrate`] takes an advisory lock, so that of two runners one waits; it does unless set
    /// otherwise. Relatives of PostgreSQL without such locks need `false`: the runners may then meet, and one of them
    /// tries again.
    pub migration_lock: bool,
}

impl PostgresOptions {
    /// The options for the database at this address.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            schema: None,
            pool_size: 16,
            acquire_timeout: Duration::from_secs(3),
            statement_timeout: Duration::from_secs(15),
            lock_timeout: Duration::from_secs(4),
            answer_timeout: Duration::from_secs(10),
            idle_in_transaction_timeout: Duration::from_secs(5),
            statement_cache_capacity: 256,
            migration_lock: true,
        }
    }

    /// The schema that is the shop.
    #[must_use]
    pub fn schema(mut self, schema: impl Into<String>) -> Self {
        self.schema = Some(schema.into());
        self
    }

    /// The most connections at once.
    #[must_use]
    pub fn pool_size(mut self, connections: u32) -> Self {
        self.pool_size = connections;
        self
    }

    /// Whether migrations take an advisory lock.
    #[must_use]
    pub fn migration_lock(mut self, lock: bool) -> Self {
        self.migration_lock = lock;
        self
    }

    pub(crate) fn check(&self) -> Result<(), StoreError> {
        let first = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
        let right = |schema: &str| {
            schema.len() <= 63
                && schema.bytes().next().is_some_and(first)
                && schema.bytes().all(|byte| first(byte) || byte.is_ascii_digit())
                && !schema.starts_with("pg_")
        };
        match &self.schema {
            Some(schema) if !right(schema) => Err(StoreError::new(
                StoreTrouble::Broken,
                format!(
                    "{schema:?} cannot be the schema of a shop: it has 1 to 63 lower-case letters, digits and \
                     underscores, does not begin with a digit, and not with pg_"
                ),
            )),
            _ => Ok(()),
        }
    }

    fn connect_options(&self) -> Result<PgConnectOptions, StoreError> {
        let options: PgConnectOptions = self.url.parse().map_err(store_error)?;
        let millis = |duration: Duration| duration.as_millis().to_string();
        let mut settings = vec![
            // What the guards are written for, whatever the server's default is.
            ("default_transaction_isolation", "read committed".to_owned()),
            ("timezone", "UTC".to_owned()),
            ("statement_timeout", millis(self.statement_timeout)),
            ("lock_timeout", millis(self.lock_timeout)),
            ("idle_in_transaction_session_timeout", millis(self.idle_in_transaction_timeout)),
            // Compiling a look takes a hundred times as long as running it. The server would do so whenever it thinks a
            // look costly, which it does of every one until its statistics know the tables.
            ("jit", "off".to_owned()),
            // Looks and commits find their rows by key, so one plan serves every value. Planning them anew each time took
            // a tenth of an order's time. Listings are built by the filters that they have, so each has its own plan too.
            ("plan_cache_mode", "force_generic_plan".to_owned()),
            // One look takes one process, so that many can look at once; and what a search is to look at first comes first.
            ("max_parallel_workers_per_gather", "0".to_owned()),
        ];
        if let Some(schema) = &self.schema {
            settings.push(("search_path", schema.clone()));
        }
        let named = options.get_application_name().is_some();
        let options = options.options(settings).statement_cache_capacity(self.statement_cache_capacity);
        Ok(if named { options } else { options.application_name("commerce") })
    }

    /// A pool of connections that are set up as these options say.
    pub(crate) async fn pool(&self) -> Result<PgPool, StoreError> {
        self.check()?;
        PgPoolOptions::new()
            .max_connections(self.pool_size)
            .acquire_timeout(self.acquire_timeout)
            // sqlx looks after both of these in a task that counts idle connections, and its count passes through -1 when
            // one is given back and taken in the same moment: the task then turns round for ever on a thread of the
            // runtime. So nothing is looked after in the background, and a connection's age is looked at when it is taken.
            .idle_timeout(None)
            .max_lifetime(None)
            // Asking each connection whether it still lives costs a round trip each time. One that worked a second ago
            // is believed; should it be gone all the same, a read is done once more on another.
            .test_before_acquire(false)
            .before_acquire(|conn, meta| {
                Box::pin(async move {
                    if meta.age > LIFETIME {
                        Ok(false)
                    } else if meta.idle_for < Duration::from_secs(1) {
                        Ok(true)
                    } else {
                        Ok(conn.ping().await.is_ok())
                    }
                })
            })
            .connect_with(self.connect_options()?)
            .await
            .map_err(store_error)
    }
}

impl fmt::Debug for PostgresOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The address holds a password.
        f.debug_struct("PostgresOptions")
            .field("schema", &self.schema)
            .field("pool_size", &self.pool_size)
            .finish_non_exhaustive()
    }
}

impl PostgresStore {
    /// Connects with the defaults. The schema is not touched: see [`migrate`](Self::migrate).
    ///
    /// # Errors
    /// When the address is not one, or nobody answers there in time.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        Self::connect_with(PostgresOptions::new(url)).await
    }

    /// Connects as the options say. The schema is not touched: see [`migrate`](Self::migrate).
    ///
    /// # Errors
    /// When the options are wrong, or nobody answers in time.
    pub async fn connect_with(options: PostgresOptions) -> Result<Self, StoreError> {
        Ok(Self {
            pool: options.pool().await?,
            schema: options.schema,
            migration_lock: options.migration_lock,
            answer_timeout: options.answer_timeout,
            trigrams: Arc::default(),
        })
    }

    /// The store on the host's own pool, set up by the host: `search_path` and timeouts included, but for
    /// [`answer_timeout`](PostgresOptions::answer_timeout).
    #[must_use]
    pub fn from_pool(pool: PgPool) -> Self {
        let PostgresOptions { migration_lock, answer_timeout, .. } = PostgresOptions::new("");
        Self { pool, schema: None, migration_lock, answer_timeout, trigrams: Arc::default() }
    }

    /// The pool, for a host that opens a transaction of its own.
    #[must_use]
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// Creates the schema unless it is there, and brings its tables to what this version needs. Forward only, and safe
    /// beside the previous version of the program. What is there already is not done again, also when several servers
    /// start at once.
    ///
    /// # Errors
    /// When the database fails, or refuses the role a right that this takes: `create` on the database for a new schema,
    /// or on the schema.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        // Connections of their own: waiting for another runner takes as long as it takes. Files that alter a table in use
        // set a limit of their own.
        let patient = [("statement_timeout", "0"), ("lock_timeout", "0")];
        let options = PgConnectOptions::clone(&self.pool.connect_options()).options(patient);
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_with(options)
            .await
            .map_err(store_error)?;
        let mut attempts = Attempts::default();
        loop {
            match self.migrate_in(&pool).await {
                // Each file is one transaction, so that a second run begins where the first broke off.
                Err(error) if attempts.again(&error, Stage::Before).await => {}
                done => {
                    if done.is_ok() {
                        search::prepare_trigrams(&pool).await;
                    }
                    pool.close().await;
                    done?;
                    break;
                }
            }
        }
        // Products that were there before the search was, or that an older version of the program wrote since.
        while self.index(500).await? > 0 {}
        Ok(())
    }

    async fn migrate_in(&self, pool: &PgPool) -> Result<(), StoreError> {
        if let Some(schema) = &self.schema
            && !exists(pool, schema).await?
        {
            // Safe: the name was checked when the options were.
            let created = pool.execute(AssertSqlSafe(format!("create schema if not exists {schema}"))).await;
            if let Err(error) = created
                && !met_another(&error)
            {
                return Err(store_error(error));
            }
        }
        let mut migrator = Migrator::with_migrations(MIGRATIONS.iter().cloned().collect());
        // An older program beside a newer schema finds what it does not know, and leaves it alone.
        migrator.set_ignore_missing(true);
        migrator.set_locking(self.migration_lock);
        let mut meetings = 0;
        loop {
            match migrator.run(pool).await {
                Err(error) if meetings < MEETINGS_MAX && inner(&error).is_some_and(met_another) => {
                    meetings += 1
                }
                Err(error) => return Err(migrate_error(error)),
                Ok(()) => return Ok(()),
            }
        }
    }
}

/// As often as there are files, and the table that counts them, two runners may meet.
const MEETINGS_MAX: usize = 100;

async fn exists(pool: &PgPool, schema: &str) -> Result<bool, StoreError> {
    sqlx::query_scalar("select exists (select 1 from information_schema.schemata where schema_name = $1)")
        .bind(schema)
        .fetch_one(pool)
        .await
        .map_err(store_error)
}

/// Whether somebody else just made the same thing: duplicate keys of the catalog, duplicate tables and schemas.
fn met_another(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|said| said.code());
    matches!(code.as_deref(), Some("23505" | "42P06" | "42P07" | "42710"))
}

fn inner(error: &MigrateError) -> Option<&sqlx::Error> {
    match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => Some(error),
        _ => None,
    }
}

fn migrate_error(error: MigrateError) -> StoreError {
    match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => store_error(error),
        other => StoreError::new(StoreTrouble::Broken, other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_is_a_plain_name() {
        for good in ["shop", "shop_2", "_x", &"a".repeat(63)] {
            assert!(PostgresOptions::new("").schema(good).check().is_ok(), "{good}");
        }
        for bad in ["", "2shop", "Shop", "a-b", "a b", "a;drop", "\"a\"", "pg_x", "schöp", &"a".repeat(64)] {
            assert!(PostgresOptions::new("").schema(bad).check().is_err(), "{bad}");
        }
    }

    #[test]
    fn the_password_is_not_printed() {
        let printed = format!("{:?}", PostgresOptions::new("postgres://shop:secret@localhost/shop"));
        assert!(!printed.contains("secret"), "{printed}");
    }
}
