//! The import itself: read a batch, have the engine take it, go on.
//!
//! A thread reads the file while the engine takes the batch before: a file waits for nothing but the disk, or the store.

use std::collections::HashSet;
use std::io::{self, Read};
use std::path::PathBuf;
use std::time::Instant;

use commerce_core::access::Caller;
use commerce_core::audit::Actor;
use commerce_core::bulk::{self, Format, Kind};
use commerce_core::catalog::{CatalogError, Plan, PlanOptions, PricesSet, StockRule};
use commerce_core::inventory::{InventoryError, Mode, MovedStock, Moving};
use commerce_core::pricing::{Rulebook, RulesError};
use commerce_core::{Currency, Engine, StoreError};
use tokio::sync::watch;

use super::batch::{Batch, Heard, Took, read_on};
use super::job::Keeping;
use super::progress::{Position, Progress};
use super::record::Broken;
use super::refused::RefusedFile;
use super::source::Reading;
use super::summary::Summary;
use super::table;

/// How a file is to be taken in.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ImportOptions {
    /// What it is about.
    pub kind: Kind,
    /// How it is written.
    pub format: Format,
    /// The currency of its prices.
    pub currency: Currency,
    /// The code of the location where stock is set; one that does not exist is made.
    pub location: String,
    /// For which variants stock is set.
    pub stock: StockRule,
    /// Who imports.
    pub actor: Actor,
    /// Where the refused rows go; `None`: nowhere.
    pub refused: Option<PathBuf>,
}

/// Why an import ended before the file did. What it had taken before stays.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The file is not what it should be.
    #[error("line {line}: {reason}\n{}", before(taken))]
    Malformed {
        /// Where.
        line: u64,
        /// Why, and what to do.
        reason: String,
        /// What was taken before.
        taken: Box<Summary>,
    },
    /// The file could not be read.
    #[error("the file could not be read: {source}\n{}", before(taken))]
    Source {
        /// What the system said.
        source: io::Error,
        /// What was taken before.
        taken: Box<Summary>,
    },
    /// The file of refused rows could not be written.
    #[error("the file of refused rows could not be written: {source}\n{}", before(taken))]
    RefusedFile {
        /// What the system said.
        source: io::Error,
        /// What was taken before.
        taken: Box<Summary>,
    },
    /// The shop could not be read or written.
    #[error("{source}\n{}", before(taken))]
    Catalog {
        /// Why.
        source: CatalogError,
        /// What was taken before.
        taken: Box<Summary>,
    },
    /// The prices of the file are not in the currency of the shop.
    #[error("the shop's prices are in {shop}, and this file would be read as {file}")]
    Currency {
        /// The currency of the shop.
        shop: Currency,
        /// The currency of the import.
        file: Currency,
    },
    /// The code of the location is none.
    #[error("{0:?} is no code of a location: it has 1 to 50 characters")]
    Location(String),
    /// Only products are written in JSON lines.
    #[error("a file of {} is CSV: only products may be JSON lines", .0.as_str())]
    Format(Kind),
}

impl ImportOptions {
    /// Products in CSV, prices in this currency, stock of new variants at the location `main`, refused rows nowhere.
    #[must_use]
    pub fn new(currency: Currency) -> Self {
        Self {
            kind: Kind::Products,
            format: Format::Csv,
            currency,
            location: "main".to_owned(),
            stock: StockRule::Created,
            actor: Actor::Staff("import".to_owned()),
            refused: None,
        }
    }

    /// The same, when they can be followed.
    pub(super) fn checked(mut self) -> Result<Self, ImportError> {
        self.location = self.location.trim().to_owned();
        let Self { kind, format, location, .. } = &self;
        if location.is_empty() || location.chars().count() > 50 || location.contains(char::is_control) {
            return Err(ImportError::Location(self.location));
        }
        if *kind != Kind::Products && *format != Format::Csv {
            return Err(ImportError::Format(*kind));
        }
        Ok(self)
    }
}

/// The currency of the shop: that of its rules, else that of its catalogue; `None` while it has neither.
///
/// # Errors
/// When the shop cannot be read.
pub async fn shop_currency(engine: &Engine) -> Result<Option<Currency>, StoreError> {
    let rules = engine.rules().show().await?;
    if rules.version > 0 {
        return Ok(Some(rules.rulebook.currency));
    }
    let first = engine.catalog().export(None, 1).await?;
    Ok(first.products.iter().find_map(|product| product.cheapest()).map(|variant| variant.price.currency))
}

/// Takes in a file, in batches, with memory that does not grow with it. It is read in a thread of its own.
///
/// `size` is the number of bytes of `source`, if it is known: for the progress alone.
///
/// # Errors
/// [`ImportError::Malformed`] when the file is broken, from the place where it is: the batches before it stay. Rows that
/// cannot be taken are no error: the [`Summary`] counts them, and they are written where the options say.
pub async fn import(
    engine: &Engine,
    source: impl Read + Send + 'static,
    size: Option<u64>,
    options: ImportOptions,
    progress: &dyn Progress,
) -> Result<Summary, ImportError> {
    let refused = RefusedFile::new(options.refused.clone());
    let caller = match &options.actor {
        Actor::Staff(name) => Caller::Operator { name: name.clone() },
        other => Caller::Operator { name: other.to_string() },
    };
    let options = options.checked()?;
    let mut run = Run::begin(engine, options, caller, Keeper::File(refused));
    let outcome = run.all(source, size, progress, None).await;
    progress.done();
    let Run { keeper, mut summary, begun, .. } = run;
    summary.elapsed = begun.elapsed();
    let written = match keeper {
        Keeper::File(refused) => refused.finish(),
        Keeper::Job(_) => Ok(None),
    };
    if let Ok(path) = &written {
        summary.refused_file.clone_from(path);
    }
    match (outcome, written) {
        (Ok(()), Ok(_)) => Ok(summary),
        (Err(stop), _) => Err(stop.error(summary)),
        (Ok(()), Err(source)) => Err(Stop::RefusedFile(source).error(summary)),
    }
}

/// An import that is under way.
pub(super) struct Run<'a> {
    engine: &'a Engine,
    kind: Kind,
    format: Format,
    options: PlanOptions,
    caller: Caller,
    pub(super) keeper: Keeper,
    pub(super) summary: Summary,
    begun: Instant,
}

/// Where is kept what was refused, and how far the import has come.
pub(super) enum Keeper {
    /// In a file, and nowhere: the command is run again.
    File(RefusedFile),
    /// In the store, with each batch.
    Job(Box<Keeping>),
}

/// Why the import stops.
pub(super) enum Stop {
    File(Broken),
    RefusedFile(io::Error),
    Catalog(CatalogError),
    Currency {
        shop: Currency,
        file: Currency,
    },
    /// The server ends.
    Told,
}

impl<'a> Run<'a> {
    pub(super) fn begin(engine: &'a Engine, options: ImportOptions, caller: Caller, keeper: Keeper) -> Self {
        let ImportOptions { kind, format, currency, location, stock, actor, refused: _ } = options;
        let options = PlanOptions { currency, location, stock, actor, seller: caller.seller() };
        let summary = Summary { kind, ..Summary::default() };
        Self { engine, kind, format, options, caller, keeper, summary, begun: Instant::now() }
    }

    /// Takes in what the file has behind the mark, until it ends or `stopped` says so.
    pub(super) async fn all(
        &mut self,
        source: impl Read + Send + 'static,
        size: Option<u64>,
        progress: &dyn Progress,
        stopped: Option<&watch::Receiver<bool>>,
    ) -> Result<(), Stop> {
        let outcome = self.batches(source, size, progress, stopped).await;
        if self.kind != Kind::Products {
            return outcome;
        }
        outcome.and(self.open_for_sale().await.map_err(Stop::from))
    }

    /// A catalogue in another currency than the rules could not be priced. So a shop that has no rules of its own yet
    /// gets those that every shop starts with, in the currency of its catalogue.
    async fn open_for_sale(&self) -> Result<(), CatalogError> {
        let rules = self.engine.rules();
        // What holds for the shop is not for its merchants to say.
        if self.options.seller.is_some() || rules.show().await?.version > 0 {
            return Ok(());
        }
        let Some(currency) = shop_currency(self.engine).await? else { return Ok(()) };
        match rules.apply(Rulebook::starter(currency), &self.options.actor).await {
            Ok(_) => Ok(()),
            Err(RulesError::Store(error)) => Err(error.into()),
            // Somebody else applies rules at this moment: theirs count.
            Err(_) => Ok(()),
        }
    }

    async fn batches(
        &mut self,
        source: impl Read + Send + 'static,
        size: Option<u64>,
        progress: &dyn Progress,
        stopped: Option<&watch::Receiver<bool>>,
    ) -> Result<(), Stop> {
        let file = self.options.currency;
        let shop = match shop_currency(self.engine).await.map_err(CatalogError::from)? {
            None if self.options.seller.is_some() => {
                let rules = self.engine.rules().show().await.map_err(CatalogError::from)?;
                Some(rules.rulebook.currency)
            }
            known => known,
        };
        if let Some(shop) = shop.filter(|shop| *shop != file) {
            return Err(Stop::Currency { shop, file });
        }
        let reading = self.reading().await?;
        let from = match &self.keeper {
            Keeper::Job(keeping) => keeping.mark(),
            Keeper::File(_) => None,
        };
        let mut heard = read_on(source, reading, from);
        while let Some(told) = heard.recv().await {
            match told.map_err(Stop::File)? {
                Heard::Head(head) => {
                    self.summary.columns_not_read = head.columns_not_read;
                    if let Keeper::Job(keeping) = &mut self.keeper {
                        keeping.head(head.text);
                    }
                }
                Heard::Batch(batch) => {
                    let ended = batch.ended;
                    self.take(*batch).await?;
                    progress.at(Position {
                        bytes: self.summary.bytes,
                        size,
                        products: self.summary.taken() + self.summary.refused_products,
                        refused: self.summary.refused.values().map(|tally| tally.count).sum(),
                    });
                    if ended {
                        return Ok(());
                    }
                }
            }
            if stopped.is_some_and(|stopped| *stopped.borrow()) {
                return Err(Stop::Told);
            }
        }
        Err(Stop::File(Broken::Source(io::Error::other("whoever reads the file is gone"))))
    }

    async fn reading(&self) -> Result<Reading, Stop> {
        let locations = match self.kind {
            Kind::Inventory => {
                table::named(&self.engine.inventory().locations().await.map_err(CatalogError::from)?)
            }
            Kind::Products | Kind::Prices => Default::default(),
        };
        Ok(Reading {
            kind: self.kind,
            format: self.format,
            currency: self.options.currency,
            location: self.options.location.clone(),
            locations,
            keep_rows: matches!(self.keeper, Keeper::Job(_)),
        })
    }

    async fn take(&mut self, mut batch: Batch) -> Result<(), Stop> {
        let (summary, refused) = match self.kind {
            Kind::Products => {
                let products = std::mem::take(&mut batch.products);
                let slugs: HashSet<_> = products.iter().map(|product| product.slug.clone()).collect();
                let named = slugs.len();
                let beside = |plan: &Plan| self.beside(&batch, Took::Products { plan, named });
                let catalog = self.engine.catalog();
                if products.is_empty() && self.keeps_nothing() {
                    batch.counted(&self.summary, Took::Nothing)
                } else {
                    let plan = catalog.import_beside(products, &self.options, &beside).await?;
                    batch.counted(&self.summary, Took::Products { plan: &plan, named })
                }
            }
            Kind::Prices => {
                let inputs = std::mem::take(&mut batch.prices);
                let beside = |set: &PricesSet| self.beside(&batch, Took::Prices(set));
                let set = self.engine.catalog().set_prices_beside(&inputs, &self.caller, &beside).await?;
                batch.counted(&self.summary, Took::Prices(&set))
            }
            Kind::Inventory => {
                let moves = std::mem::take(&mut batch.moves);
                let moving = Moving { mode: Mode::Valid, ..Moving::new("stock.import", moves) };
                let beside = |moved: &MovedStock| self.beside(&batch, Took::Levels(moved));
                let moved = self.engine.inventory().move_stock_beside(&moving, &self.caller, &beside).await;
                let moved = moved.map_err(of_inventory)?;
                batch.counted(&self.summary, Took::Levels(&moved))
            }
        };
        match &mut self.keeper {
            Keeper::File(file) => {
                for refused in &refused {
                    file.write(refused).map_err(Stop::RefusedFile)?;
                }
            }
            Keeper::Job(keeping) => keeping.went_on(&batch, &summary, &refused),
        }
        self.summary = summary;
        Ok(())
    }

    fn keeps_nothing(&self) -> bool {
        matches!(self.keeper, Keeper::File(_))
    }

    /// What is written in the commit of the batch.
    fn beside(&self, batch: &Batch, took: Took<'_>) -> bulk::Changes {
        match &self.keeper {
            Keeper::File(_) => bulk::Changes::default(),
            Keeper::Job(keeping) => {
                let (summary, refused) = batch.counted(&self.summary, took);
                keeping.going_on(batch, &summary, &refused)
            }
        }
    }
}

fn of_inventory(error: InventoryError) -> CatalogError {
    match error {
        InventoryError::Store(error) => CatalogError::Store(error),
        // Of what is said row by row nothing else is refused as a whole.
        _ => CatalogError::Busy,
    }
}

impl Stop {
    pub(super) fn error(self, taken: Summary) -> ImportError {
        let taken = Box::new(taken);
        match self {
            Self::File(Broken::Malformed { line, reason }) => ImportError::Malformed { line, reason, taken },
            Self::File(Broken::Source(source)) => ImportError::Source { source, taken },
            Self::RefusedFile(source) => ImportError::RefusedFile { source, taken },
            Self::Catalog(source) => ImportError::Catalog { source, taken },
            Self::Currency { shop, file } => ImportError::Currency { shop, file },
            Self::Told => ImportError::Source { source: io::Error::other("stopped"), taken },
        }
    }
}

impl From<CatalogError> for Stop {
    fn from(error: CatalogError) -> Self {
        Self::Catalog(error)
    }
}

/// What stays of an import that ended early.
fn before(taken: &Summary) -> String {
    match taken.taken() {
        0 => "nothing was taken; the catalogue is as it was".to_owned(),
        count => {
            let what = taken.what();
            format!("{count} {what} before it were taken and stay; the rest of the file was not read")
        }
    }
}
