//! Making the shop: find where to begin, make a batch, have the store take it, go on.

use std::time::{Duration, Instant};

use commerce_core::audit::Actor;
use commerce_core::catalog::{ImportKeys, PlanOptions, ProductInput, Slug, StockRule, plan};
use commerce_core::pricing::{Rulebook, RulesError};
use commerce_core::{CommitError, Currency, Engine, Ids, Random, StoreError, SystemRandom, Timestamp};

use super::product::Made;
use crate::import::{Position, Progress, shop_currency};

/// The most products that can be made.
pub const PRODUCTS_MAX: u64 = 2_000_000;
/// The most variants that a product can be made with.
pub const VARIANTS_MAX: u32 = 60;

/// How many products are written in one transaction.
const BATCH_PRODUCTS: u64 = 500;
/// How many variants end a batch early.
const BATCH_VARIANTS: usize = 4_000;
/// How often a batch is planned again when somebody else changed the catalogue meanwhile.
const ATTEMPTS_MAX: u32 = 5;

/// What is to be made.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SeedOptions {
    /// How many products, at most [`PRODUCTS_MAX`].
    pub products: u64,
    /// What they are drawn from.
    pub seed: u64,
    /// The most variants of a product, at most [`VARIANTS_MAX`].
    pub variants_max: u32,
    /// Whether a shop that has other products takes them all the same.
    pub beside_others: bool,
}

/// What was made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Seeded {
    /// Products that were there from a run before.
    pub found: u64,
    /// Products that are new.
    pub products: u64,
    /// Their variants.
    pub variants: u64,
    /// How long it took.
    pub elapsed: Duration,
}

/// Why a shop was not made, or not to its end. What was written before stays, and the same command goes on there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SeedError {
    /// The shop has products that do not come from this seed.
    #[error(
        "the shop is not empty, and its products are not of this seed: name another database, or say --beside-others"
    )]
    NotEmpty,
    /// A number is out of its range.
    #[error("{what} must be from 1 to {max}")]
    OutOfRange {
        /// Which.
        what: &'static str,
        /// The most it may be.
        max: u64,
    },
    /// A product cannot be taken: a shop whose attributes or SKUs clash.
    #[error("product {slug} was refused: {reason}")]
    Refused {
        /// Which.
        slug: String,
        /// Why.
        reason: String,
    },
    /// The rules of the shop cannot be made.
    #[error(transparent)]
    Rules(#[from] RulesError),
    /// The shop could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The shop could not be written.
    #[error("the store did not take a batch: {0}")]
    Commit(CommitError),
}

impl SeedOptions {
    /// So many products of seed 1, with up to six variants each, in an empty shop.
    #[must_use]
    pub fn new(products: u64) -> Self {
        Self { products, seed: 1, variants_max: 6, beside_others: false }
    }
}

/// Fills the shop, from where an earlier run with the same seed stopped.
///
/// # Errors
/// [`SeedError::NotEmpty`] before anything is written; else what went wrong. The batches before it stay.
pub async fn seed(
    engine: &Engine,
    options: &SeedOptions,
    progress: &dyn Progress,
) -> Result<Seeded, SeedError> {
    let SeedOptions { products, seed, variants_max, beside_others } = *options;
    within("--products", products, PRODUCTS_MAX)?;
    within("--variants", variants_max.into(), VARIANTS_MAX.into())?;
    let begun = Instant::now();
    let currency = shop_currency(engine).await?.unwrap_or(Currency::NGN);
    let variants_max = usize::try_from(variants_max).unwrap_or(usize::MAX);
    let run = Run {
        engine,
        made: Made { seed, variants_max, currency },
        options: PlanOptions {
            currency,
            location: "main".to_owned(),
            stock: StockRule::Created,
            actor: Actor::Staff("seed".to_owned()),
            seller: None,
        },
    };
    let found = run.first_absent(products).await?;
    if found == 0 && !beside_others && !engine.catalog().export(None, 1).await?.products.is_empty() {
        return Err(SeedError::NotEmpty);
    }
    // A shop is open for sale at once, also while its catalogue still grows.
    if engine.rules().show().await?.version == 0 {
        engine.rules().apply(Rulebook::starter(currency), &run.options.actor).await?;
    }
    let mut seeded = Seeded { found, ..Seeded::default() };
    let mut next = found;
    progress.at(Position { products: next, ..Position::default() });
    while next < products {
        let (batch, end) = run.batch(next, products)?;
        seeded.variants += batch.iter().map(|product| product.variants.len() as u64).sum::<u64>();
        run.write(batch, next).await?;
        seeded.products += end - next;
        next = end;
        progress.at(Position { products: next, ..Position::default() });
    }
    progress.done();
    seeded.elapsed = begun.elapsed();
    Ok(seeded)
}

fn within(what: &'static str, number: u64, max: u64) -> Result<(), SeedError> {
    if (1..=max).contains(&number) { Ok(()) } else { Err(SeedError::OutOfRange { what, max }) }
}

struct Run<'a> {
    engine: &'a Engine,
    made: Made,
    options: PlanOptions,
}

impl Run<'_> {
    /// The number of the first product that is not there. They are written in their order, so that halving finds it.
    async fn first_absent(&self, products: u64) -> Result<u64, SeedError> {
        let (mut from, mut to) = (0, products);
        while from < to {
            let middle = from + (to - from) / 2;
            let slug = self.slug(middle)?;
            let keys = ImportKeys { slugs: vec![slug], ..ImportKeys::default() };
            let there = !self.engine.store().import_view(&keys).await?.products.is_empty();
            if there { from = middle + 1 } else { to = middle }
        }
        Ok(from)
    }

    /// Products from this number on, and the number after them.
    fn batch(&self, first: u64, products: u64) -> Result<(Vec<ProductInput>, u64), SeedError> {
        let mut batch = Vec::new();
        let mut variants = 0;
        let mut next = first;
        while next < products.min(first + BATCH_PRODUCTS) && variants < BATCH_VARIANTS {
            let product = self.made.product(next).ok_or_else(|| unfit(next))?;
            variants += product.variants.len();
            batch.push(product);
            next += 1;
        }
        Ok((batch, next))
    }

    async fn write(&self, batch: Vec<ProductInput>, first: u64) -> Result<(), SeedError> {
        let keys = ImportKeys::of(&batch);
        for attempt in 1.. {
            let view = self.engine.store().import_view(&keys).await?;
            let mut ids = Ids::new(SystemRandom.seed(), view.now);
            let mut plan = plan(&view, batch.clone(), &self.options, &mut ids);
            if let Some(refusal) = plan.refusals.into_iter().next() {
                return Err(SeedError::Refused { slug: refusal.slug, reason: refusal.reason });
            }
            for (number, write) in (first..).zip(&mut plan.batch.products) {
                let at = self.created_at(number)?;
                (write.product.created_at, write.product.updated_at) = (at, at);
            }
            match self.engine.store().import(&plan.batch).await {
                Ok(()) => break,
                // Somebody else made the same brand, or sold something: look again.
                Err(CommitError::Stale { .. }) if attempt < ATTEMPTS_MAX => {}
                Err(error) => return Err(SeedError::Commit(error)),
            }
        }
        Ok(())
    }

    fn slug(&self, number: u64) -> Result<Slug, SeedError> {
        self.made.slug(number).ok_or_else(|| unfit(number))
    }

    fn created_at(&self, number: u64) -> Result<Timestamp, SeedError> {
        self.made.created_at(number).ok_or_else(|| unfit(number))
    }
}

/// What is made up does not fit the types of the catalogue.
fn unfit(number: u64) -> SeedError {
    SeedError::Refused { slug: format!("number {number}"), reason: "its words are none".to_owned() }
}
