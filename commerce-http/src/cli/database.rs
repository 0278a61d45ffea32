//! The flags that name a database.

use std::path::PathBuf;

use commerce_core::Engine;

use super::failure::Failure;
use crate::config::{Database, Settings};
use crate::store::{Around, Migrations, Opened};

/// Which database.
#[derive(Debug, clap::Args)]
pub(super) struct DatabaseArgs {
    /// The shop's database: sqlite:shop.db or postgres://user:password@host/database [env: COMMERCE_DATABASE_URL]
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
    /// The schema of PostgreSQL that is the shop [env: COMMERCE_SCHEMA]
    #[arg(long, value_name = "NAME")]
    schema: Option<String>,
    /// The configuration file [env: COMMERCE_CONFIG] [default: commerce.toml, if it is there]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl DatabaseArgs {
    /// The settings of all layers, with `flags` beside those of the database as the last one.
    pub(super) fn settings(self, flags: Settings) -> Result<Settings, Failure> {
        let flags = Settings {
            database_url: self.database_url.filter(|url| !url.is_empty()).map(Into::into),
            schema: self.schema,
            ..flags
        };
        Ok(Settings::load(self.config.as_deref(), flags)?)
    }

    /// The open shop, for a command that uses nothing but the database.
    pub(super) async fn open(self, migrations: Migrations) -> Result<Shop, Failure> {
        let settings = self.settings(Settings::default())?;
        super::log(&settings, "warn")?;
        Shop::open(&settings.database()?, migrations).await
    }
}

/// An open shop.
pub(super) struct Shop {
    pub(super) engine: Engine,
    store: Opened,
}

impl Shop {
    /// The shop of a command that has nothing to do with payments, accounts or mails.
    pub(super) async fn open(database: &Database, migrations: Migrations) -> Result<Self, Failure> {
        Self::open_with(database, migrations, &Around::default()).await
    }

    /// The shop with what stands around it.
    pub(super) async fn open_with(
        database: &Database,
        migrations: Migrations,
        around: &Around,
    ) -> Result<Self, Failure> {
        let store = Opened::open(database, migrations).await?;
        let engine = store.engine(around)?;
        Ok(Self { engine, store })
    }

    pub(super) async fn close(self) {
        self.store.close().await;
    }
}
