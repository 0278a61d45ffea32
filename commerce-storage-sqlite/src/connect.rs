//! Opening a store: connections, pragmas, migrations.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use commerce_core::{Clock, CommitError, StoreError, StoreTrouble};
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};
use sqlx::{Connection, Sqlite, Transaction};
use tokio::sync::{mpsc, oneshot};

use crate::clock::SystemClock;
use crate::patience::patiently;
use crate::search;
use crate::trouble::trouble;
use crate::writer::{Job, QUEUE_MAX, Waiting, Write, Writer};

/// Where a store is kept and how it works.
///
/// ```
/// use commerce_storage_sqlite::Options;
/// let options = Options::file("shop.db").readers(8);
/// # let _ = options;
/// ```
#[derive(Clone)]
#[must_use = "options open nothing by themselves"]
pub struct Options {
    path: Option<PathBuf>,
    clock: Arc<dyn Clock>,
    readers: u32,
    busy_timeout: Duration,
    bytes_max: Option<u64>,
}

impl Options {
    /// Bytes of a page: SQLite's default, named because [`Options::bytes_max`] counts in it.
    const PAGE_BYTES: u32 = 4096;

    /// In this file, which is made when it is absent.
    pub fn file(path: impl AsRef<Path>) -> Self {
        Self { path: Some(path.as_ref().to_owned()), ..Self::in_memory() }
    }

    /// In memory, gone with the store: for tests. One connection reads and writes.
    pub fn in_memory() -> Self {
        Self {
            path: None,
            clock: Arc::new(SystemClock),
            readers: 4,
            busy_timeout: Duration::from_secs(4),
            bytes_max: None,
        }
    }

    /// Takes the time from this clock instead of the operating system's.
    pub fn clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }

    /// How many connections read a file: at least 1, 4 when not given.
    pub fn readers(self, readers: u32) -> Self {
        Self { readers: readers.max(1), ..self }
    }

    /// How long a write waits while another process writes: 4 seconds when not given.
    pub fn busy_timeout(self, busy_timeout: Duration) -> Self {
        Self { busy_timeout, ..self }
    }

    /// How many bytes the database may grow to; beyond, writes fail with [`StoreTrouble::Full`] and reads go on. Without
    /// it, that comes when the disk is full.
    pub fn bytes_max(self, bytes_max: u64) -> Self {
        Self { bytes_max: Some(bytes_max), ..self }
    }

    /// The pool of the one connection that writes and the pool of those that read, of tables that are up to date.
    async fn connect(&self) -> Result<(SqlitePool, SqlitePool), StoreError> {
        let writing = self.writing();
        let write = self.pool(1).connect_with(writing.clone()).await.map_err(trouble)?;
        let mut conn = write.acquire().await.map_err(trouble)?;
        migrate(&mut conn).await?;
        drop(conn);
        let read = match self.path {
            Some(_) => {
                let reading = writing.read_only(true).create_if_missing(false);
                self.pool(self.readers).connect_with(reading).await.map_err(trouble)?
            }
            None => write.clone(),
        };
        Ok((write, read))
    }

    fn pool(&self, connections: u32) -> SqlitePoolOptions {
        // A connection in memory is the database itself, and one to a file never goes stale: keep them all.
        SqlitePoolOptions::new()
            .max_connections(connections)
            .min_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            .acquire_timeout(self.busy_timeout.max(Duration::from_secs(5)))
    }

    fn writing(&self) -> SqliteConnectOptions {
        let options = self
            .path
            .as_ref()
            .map_or_else(
                || SqliteConnectOptions::new().in_memory(true).shared_cache(false),
                |path| SqliteConnectOptions::new().filename(path),
            )
            .create_if_missing(true)
            .page_size(Self::PAGE_BYTES)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(self.busy_timeout / 5) // one try; the writer makes others for the rest of the time
            .statement_cache_capacity(256)
            .pragma("temp_store", "memory")
            .pragma("cache_size", "-16000")
            .pragma("mmap_size", "268435456")
            .pragma("journal_size_limit", "67108864");
        match self.bytes_max {
            Some(bytes) => {
                options.pragma("max_page_count", (bytes / u64::from(Self::PAGE_BYTES)).max(1).to_string())
            }
            None => options,
        }
    }
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options").field("path", &self.path).finish_non_exhaustive()
    }
}

/// The store on SQLite. Clones are cheap and share everything.
///
/// It lives on the Tokio runtime that opened it; when that is gone, writes answer
/// [`StoreTrouble::Unavailable`].
#[derive(Clone)]
pub struct SqliteStore {
    inner: Arc<Inner>,
}

struct Inner {
    read: SqlitePool,
    write: SqlitePool,
    jobs: mpsc::Sender<Job>,
    clock: Arc<dyn Clock>,
}

impl SqliteStore {
    /// Opens the store in this file, which is made when it is absent, and brings its tables up to date.
    ///
    /// # Errors
    /// When the file cannot be opened or is no database of this engine.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        Self::open_with(Options::file(path)).await
    }

    /// Opens an empty store in memory, gone with the last clone of it: for tests. One connection reads and writes.
    ///
    /// # Errors
    /// When there is no memory for it.
    pub async fn in_memory() -> Result<Self, StoreError> {
        Self::open_with(Options::in_memory()).await
    }

    /// Opens the store that the options name, and brings its tables up to date.
    ///
    /// # Errors
    /// When it cannot be opened or is no database of this engine.
    pub async fn open_with(options: Options) -> Result<Self, StoreError> {
        let (jobs, waiting) = mpsc::channel(QUEUE_MAX);
        let (clock, patience) = (Arc::clone(&options.clock), options.busy_timeout);
        let (write, read) = patiently(&*clock, Instant::now(), patience, || options.connect()).await?;
        let writer = Writer { pool: write.clone(), clock: clock.clone(), patience };
        tokio::spawn(writer.run(waiting));
        Ok(Self { inner: Arc::new(Inner { read, write, jobs, clock }) })
    }

    /// Writes what waits, folds the log back into the file and closes every connection. All clones are closed by it.
    pub async fn close(&self) {
        let (answer, stopped) = oneshot::channel();
        if self.inner.jobs.send(Job::Stop(answer)).await.is_ok() {
            stopped.await.ok();
        }
        // Readers first: the log cannot be folded back beyond what one of them still looks at.
        self.inner.read.close().await;
        if let Ok(mut conn) = self.inner.write.acquire().await {
            for chore in ["PRAGMA optimize", "PRAGMA wal_checkpoint(TRUNCATE)"] {
                if let Err(error) = sqlx::query(chore).execute(&mut *conn).await {
                    tracing::warn!(%error, chore, "left for the next start");
                }
            }
        }
        self.inner.write.close().await;
    }

    pub(crate) fn the_clock(&self) -> &Arc<dyn Clock> {
        &self.inner.clock
    }

    pub(crate) async fn reader(&self) -> Result<sqlx::pool::PoolConnection<Sqlite>, StoreError> {
        self.inner.read.acquire().await.map_err(trouble)
    }

    /// A transaction that only reads: its statements see one snapshot.
    pub(crate) async fn snapshot(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        self.inner.read.begin().await.map_err(trouble)
    }

    /// Hands it to the writer and waits for what became of it.
    pub(crate) async fn write(&self, write: Write) -> Result<(), CommitError> {
        let (answer, answered) = oneshot::channel();
        let waiting = Waiting { write, since: Instant::now(), answer };
        self.inner.jobs.send(Job::Write(waiting)).await.map_err(|_| closed())?;
        answered.await.unwrap_or_else(|_| Err(closed().into()))
    }
}

impl std::fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqliteStore").finish_non_exhaustive()
    }
}

fn closed() -> StoreError {
    StoreError::new(StoreTrouble::Unavailable, "the store is closed")
}

/// Brings the tables of the engine up to date, in one transaction: for a host that has a pool of its own.
///
/// Migrations only go forward. They keep their books in a table of their own, `_commerce_migrations`, beside those of the
/// host; one that a newer version has applied is left alone, so that the version before it still runs.
///
/// # Errors
/// When the database fails or its tables are not those of this engine.
pub async fn migrate(conn: &mut SqliteConnection) -> Result<(), StoreError> {
    let mut migrations: Migrator = sqlx::migrate!("./migrations");
    migrations.dangerous_set_table_name("_commerce_migrations");
    migrations.set_ignore_missing(true);
    // Another process may open the same new file at the same time: the first one makes the tables, the other waits.
    let mut tx = conn.begin_with("BEGIN IMMEDIATE").await.map_err(trouble)?;
    // `run` would do the same, but its future cannot be proven `Send`, and a host may open the store in a task.
    migrations.run_direct(None, &mut *tx, false).await.map_err(|error| match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => trouble(error),
        other => StoreError::new(StoreTrouble::Broken, other),
    })?;
    tx.commit().await.map_err(trouble)?;
    index(conn).await
}

/// Indexes what is not: products that were there before the search was, or that an older version wrote since.
async fn index(conn: &mut SqliteConnection) -> Result<(), StoreError> {
    loop {
        let unindexed = search::unindexed(conn, 500).await?;
        if unindexed.is_empty() {
            return Ok(());
        }
        let mut tx = conn.begin_with("BEGIN IMMEDIATE").await.map_err(trouble)?;
        search::index(&mut tx, unindexed).await.map_err(|error| match error {
            CommitError::Store(error) => error,
            stale @ CommitError::Stale { .. } => StoreError::new(StoreTrouble::Broken, stale),
        })?;
        tx.commit().await.map_err(trouble)?;
    }
}
