//! The one place where a store is opened by its address.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use commerce_core::review::ReviewTerms;
use commerce_core::{Engine, Mailer, MediaStore, Store, StoreError};
use secrecy::SecretString;

use crate::accounts::Accounts;
use crate::config::ConfigError;
use crate::config::{Database, DatabaseUrl};
use crate::gateway::Payments;

/// What a shop has beside its store: how it is paid, how it keeps its accounts, who sends its mails, and where it keeps
/// pictures.
#[derive(Default)]
pub struct Around {
    /// How it is paid.
    pub payments: Payments,
    /// How it keeps its accounts.
    pub accounts: Accounts,
    /// Who may review what.
    pub reviews: ReviewTerms,
    /// Who sends its mails; absent: nobody.
    pub mailer: Option<Arc<dyn Mailer>>,
    /// Where it keeps pictures; absent: nowhere.
    pub media: Option<Arc<dyn MediaStore>>,
}

/// An open store.
#[derive(Clone)]
pub struct Opened {
    store: Arc<dyn Store>,
    kind: Kind,
}

/// What kind of store it is, for what only one kind can do.
#[derive(Clone)]
enum Kind {
    #[cfg(feature = "sqlite")]
    Sqlite(commerce_storage_sqlite::SqliteStore),
    #[cfg(feature = "postgres")]
    Postgres(commerce_storage_postgres::PostgresStore),
}

/// Why a store cannot be opened, and what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The program was built without this kind of store.
    #[error("this build has no support for {0}; build it with `--features {0}`")]
    NotBuilt(&'static str),
    /// There is no such file, and the command does not make one.
    #[error("there is no shop in {}; `commerce import` and `commerce serve` make one", .0.display())]
    Absent(PathBuf),
    /// The folder of the file is not there.
    #[error("the folder of {} does not exist; make it first", .0.display())]
    NoFolder(PathBuf),
    /// It cannot be reached.
    #[error("cannot open {database}: {}", chain(.source))]
    Store {
        /// Which database.
        database: String,
        /// Why.
        source: StoreError,
    },
}

/// Whether the tables are brought up to date when a store is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Migrations {
    /// They are.
    Run,
    /// They stay as they are, and no file is made. A file of SQLite that is there is brought up to date all the same.
    Skip,
}

impl Opened {
    /// Opens the store of the database.
    ///
    /// # Errors
    /// When it cannot be reached or brought up to date.
    pub async fn open(database: &Database, migrations: Migrations) -> Result<Self, OpenError> {
        match &database.url {
            DatabaseUrl::Sqlite(path) => sqlite(path, migrations).await,
            DatabaseUrl::Postgres(url) => postgres(database, url, migrations).await,
        }
    }

    /// The engine over this store.
    ///
    /// # Errors
    /// When the payment gateway cannot be used, or passwords cannot be hashed at the cost.
    pub fn engine(&self, around: &Around) -> Result<Engine, ConfigError> {
        let Around { payments, accounts, reviews, mailer, media } = around;
        let builder = payments.apply(Engine::builder_shared(Arc::clone(&self.store)))?;
        let builder = accounts.apply(builder)?.review_terms(reviews.clone());
        let builder = match mailer {
            Some(mailer) => builder.mailer(Arc::clone(mailer)),
            None => builder,
        };
        Ok(match media {
            Some(media) => builder.media(Arc::clone(media)).build(),
            None => builder.build(),
        })
    }

    /// Writes what waits and closes the store.
    pub async fn close(&self) {
        match &self.kind {
            #[cfg(feature = "sqlite")]
            Kind::Sqlite(store) => store.close().await,
            #[cfg(feature = "postgres")]
            Kind::Postgres(store) => store.pool().close().await,
            #[cfg(not(any(feature = "sqlite", feature = "postgres")))]
            _ => {}
        }
    }
}

#[cfg(feature = "sqlite")]
async fn sqlite(path: &Path, migrations: Migrations) -> Result<Opened, OpenError> {
    if migrations == Migrations::Skip && !path.exists() {
        return Err(OpenError::Absent(path.to_owned()));
    }
    if path.parent().is_some_and(|folder| !folder.as_os_str().is_empty() && !folder.is_dir()) {
        return Err(OpenError::NoFolder(path.to_owned()));
    }
    let failed = |source| OpenError::Store { database: format!("sqlite:{}", path.display()), source };
    let store = commerce_storage_sqlite::SqliteStore::open(path).await.map_err(failed)?;
    Ok(Opened { store: Arc::new(store.clone()), kind: Kind::Sqlite(store) })
}

#[cfg(not(feature = "sqlite"))]
async fn sqlite(_: &Path, _: Migrations) -> Result<Opened, OpenError> {
    Err(OpenError::NotBuilt("sqlite"))
}

#[cfg(feature = "postgres")]
async fn postgres(
    database: &Database,
    url: &SecretString,
    migrations: Migrations,
) -> Result<Opened, OpenError> {
    use commerce_storage_postgres::{PostgresOptions, PostgresStore};

    let failed = |source| OpenError::Store { database: format!("{:?}", database.url), source };
    let mut options =
        PostgresOptions::new(secrecy::ExposeSecret::expose_secret(url)).pool_size(database.connections);
    if let Some(schema) = &database.schema {
        options = options.schema(schema);
    }
    let store = PostgresStore::connect_with(options).await.map_err(failed)?;
    if migrations == Migrations::Run {
        store.migrate().await.map_err(failed)?;
    }
    Ok(Opened { store: Arc::new(store.clone()), kind: Kind::Postgres(store) })
}

#[cfg(not(feature = "postgres"))]
async fn postgres(_: &Database, _: &SecretString, _: Migrations) -> Result<Opened, OpenError> {
    Err(OpenError::NotBuilt("postgres"))
}

/// An error with all that caused it, in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let said = cause.to_string();
        if !words.contains(&said) {
            words.push_str(": ");
            words.push_str(&said);
        }
        source = cause.source();
    }
    words
}
