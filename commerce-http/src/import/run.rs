//! The import itself: read a batch, have the engine take it, go on.

use std::collections::HashSet;
use std::io::{self, Read};
use std::path::PathBuf;
use std::time::Instant;

use commerce_core::audit::Actor;
use commerce_core::catalog::{
    CatalogError, Outcome, Plan, PlanOptions, ProductInput, Refusal, Slug, StockRule,
};
use commerce_core::pricing::{Rulebook, RulesError};
use commerce_core::{Currency, Engine, StoreError};

use super::column;
use super::progress::{Position, Progress};
use super::record::Broken;
use super::refused::RefusedFile;
use super::shopify::Products;
use super::summary::{Refused, Summary};

/// How many products are written in one transaction.
const BATCH_PRODUCTS: usize = 200;
/// How many variants end a batch early.
const BATCH_VARIANTS: usize = 2_000;
/// How many bytes of rows end a batch early.
const BATCH_BYTES: usize = 4 << 20;

/// How a file is to be taken in.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ImportOptions {
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
}

impl ImportOptions {
    /// Prices in this currency, stock of new variants at the location `main`, refused rows nowhere.
    #[must_use]
    pub fn new(currency: Currency) -> Self {
        Self {
            currency,
            location: "main".to_owned(),
            stock: StockRule::Created,
            actor: Actor::Staff("import".to_owned()),
            refused: None,
        }
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

/// Takes in the products of a Shopify product export, in batches, with memory that does not grow with the file.
///
/// `size` is the number of bytes of `source`, if it is known: for the progress alone.
///
/// # Errors
/// [`ImportError::Malformed`] when the file is broken, from the place where it is: the batches before it stay. Rows that
/// cannot be taken are no error: the [`Summary`] counts them, and they are written where the options say.
pub async fn import(
    engine: &Engine,
    source: impl Read + Send,
    size: Option<u64>,
    options: ImportOptions,
    progress: &dyn Progress,
) -> Result<Summary, ImportError> {
    let ImportOptions { currency, location, stock, actor, refused } = options;
    let location = location.trim().to_owned();
    if location.is_empty() || location.chars().count() > 50 || location.contains(char::is_control) {
        return Err(ImportError::Location(location));
    }
    let mut run = Run {
        engine,
        options: PlanOptions { currency, location, stock, actor },
        refused: RefusedFile::new(refused),
        summary: Summary::default(),
        begun: Instant::now(),
    };
    let outcome = run.all(source, size, progress).await;
    let outcome = outcome.and(run.open_for_sale().await.map_err(Stop::from));
    progress.done();
    let Run { refused, mut summary, begun, .. } = run;
    summary.elapsed = begun.elapsed();
    let written = refused.finish();
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
struct Run<'a> {
    engine: &'a Engine,
    options: PlanOptions,
    refused: RefusedFile,
    summary: Summary,
    begun: Instant,
}

/// Products that are written together.
#[derive(Default)]
struct Batch {
    products: Vec<ProductInput>,
    refused: Vec<Refused>,
    /// Products of which nothing can be taken.
    refused_whole: u64,
    variants: usize,
    bytes: usize,
}

/// Why the import stops.
enum Stop {
    File(Broken),
    RefusedFile(io::Error),
    Catalog(CatalogError),
    Currency { shop: Currency, file: Currency },
}

impl Run<'_> {
    /// A catalogue in another currency than the rules could not be priced. So a shop that has no rules of its own yet
    /// gets those that every shop starts with, in the currency of its catalogue.
    async fn open_for_sale(&self) -> Result<(), CatalogError> {
        let rules = self.engine.rules();
        if rules.show().await?.version > 0 {
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

    async fn all(
        &mut self,
        source: impl Read + Send,
        size: Option<u64>,
        progress: &dyn Progress,
    ) -> Result<(), Stop> {
        let file = self.options.currency;
        match shop_currency(self.engine).await.map_err(CatalogError::from)? {
            Some(shop) if shop != file => return Err(Stop::Currency { shop, file }),
            _ => (),
        }
        let mut products = Products::open(source, file)?;
        self.summary.columns_not_read = products.columns_not_read().to_vec();
        loop {
            // A file that breaks in the middle of a batch takes the batch with it: nothing of it is written.
            let mut batch = Batch::default();
            let ended = batch.fill(&mut products)?;
            self.summary.bytes = products.bytes_read();
            let (rows, blank) = products.rows_read();
            self.summary.rows = rows;
            if blank > 0 {
                self.summary.skipped.insert("blank", blank);
            }
            self.take(batch).await?;
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

    async fn take(&mut self, batch: Batch) -> Result<(), Stop> {
        let Batch { products, mut refused, refused_whole, variants, .. } = batch;
        if !products.is_empty() {
            let slugs: HashSet<Slug> = products.iter().map(|product| product.slug.clone()).collect();
            let plan = self.engine.catalog().import(products, &self.options).await?;
            self.summary.refused_products += (slugs.len() - plan.outcomes.len()) as u64;
            refused.extend(self.count(plan));
        }
        self.summary.refused_products += refused_whole;
        self.summary.variants += variants as u64;
        refused.sort_by_key(|refused| refused.line);
        for refused in &refused {
            self.summary.refuse(refused);
            self.refused.write(refused).map_err(Stop::RefusedFile)?;
        }
        Ok(())
    }

    /// Counts what became of a batch; what of it was refused is left to count.
    fn count(&mut self, plan: Plan) -> impl Iterator<Item = Refused> + use<> {
        let Plan { batch, outcomes, refusals, warnings } = plan;
        let summary = &mut self.summary;
        for (_, outcome) in &outcomes {
            match outcome {
                Outcome::Created => summary.created += 1,
                Outcome::Updated => summary.updated += 1,
                Outcome::Unchanged => summary.unchanged += 1,
            }
        }
        summary.stock_set += batch.inventory.adjust.len() as u64;
        for warning in warnings {
            summary.warn(warning.code, warning.line, &warning.reason);
        }
        refusals.into_iter().map(|Refusal { line, slug, field, code, reason }| {
            let column = column::of_field(field).to_owned();
            Refused { line, handle: slug, column, code, reason }
        })
    }
}

impl Batch {
    /// Reads products until there are enough for a transaction; says whether the file has ended.
    fn fill<R: Read>(&mut self, products: &mut Products<R>) -> Result<bool, Broken> {
        while self.products.len() < BATCH_PRODUCTS
            && self.variants < BATCH_VARIANTS
            && self.bytes < BATCH_BYTES
        {
            let Some(said) = products.next()? else { return Ok(true) };
            self.bytes += said.bytes;
            self.refused.extend(said.refused);
            match said.product {
                Some(product) => {
                    self.variants += product.variants.len();
                    self.products.push(product);
                }
                None => self.refused_whole += 1,
            }
        }
        Ok(false)
    }
}

impl Stop {
    fn error(self, taken: Summary) -> ImportError {
        let taken = Box::new(taken);
        match self {
            Self::File(Broken::Malformed { line, reason }) => ImportError::Malformed { line, reason, taken },
            Self::File(Broken::Source(source)) => ImportError::Source { source, taken },
            Self::RefusedFile(source) => ImportError::RefusedFile { source, taken },
            Self::Catalog(source) => ImportError::Catalog { source, taken },
            Self::Currency { shop, file } => ImportError::Currency { shop, file },
        }
    }
}

impl From<Broken> for Stop {
    fn from(broken: Broken) -> Self {
        Self::File(broken)
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
        taken => format!("{taken} products before it were taken and stay; the rest of the file was not read"),
    }
}
