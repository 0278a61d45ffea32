//! The plan in the making: what has been taken so far, and what became of the shop by it.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::merge::{self, Merged};
use super::own;
use super::shared::Shared;
use super::stock::{self, Said};
use super::{CatalogView, Outcome, Plan, PlanOptions, Refusal, Warning};
use crate::audit::{self, Actor};
use crate::catalog::{
    Batch, ListPrice, PriceChange, Product, ProductInput, ProductWrite, Redirect, RedirectKind, Removal, Sku,
    Slug, Variant,
};
use crate::{Ids, ProductId, Timestamp, VariantId};

/// The plan in the making.
pub(super) struct Draft<'a> {
    view: &'a CatalogView,
    options: &'a PlanOptions,
    ids: &'a mut Ids,
    shared: Shared,
    owners: HashMap<Sku, ProductId>,
    known: HashMap<&'a Slug, &'a Product>,
    taken: Vec<Taken<'a>>,
    place: HashMap<Slug, usize>,
    refusals: Vec<Refusal>,
    warnings: Vec<Warning>,
}

/// A product as it will be.
pub(super) struct Taken<'a> {
    /// As it is.
    pub(super) before: Option<&'a Product>,
    /// As it will be, its version not yet grown.
    pub(super) product: Product,
    /// What was said to be on hand.
    pub(super) stock: BTreeMap<VariantId, Said>,
}

/// What a refusal or a warning is about.
#[derive(Clone, Copy)]
pub(super) struct About<'a> {
    /// Where it was said.
    pub(super) line: u64,
    /// Of which product.
    pub(super) slug: &'a Slug,
}

/// Why a product is left out: at least one refusal.
pub(super) struct Refused(pub(super) Vec<Refusal>);

impl<'a> Draft<'a> {
    pub(super) fn new(view: &'a CatalogView, options: &'a PlanOptions, ids: &'a mut Ids) -> Self {
        let mut owners: HashMap<Sku, ProductId> =
            view.sku_owners.iter().map(|(sku, _, product)| (sku.clone(), *product)).collect();
        for product in &view.products {
            owners.extend(product.variants.iter().map(|variant| (variant.sku.clone(), product.id)));
        }
        Self {
            view,
            options,
            ids,
            shared: Shared::of(view),
            owners,
            known: view.products.iter().map(|product| (&product.slug, product)).collect(),
            taken: Vec::new(),
            place: HashMap::new(),
            refusals: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// Takes what is said about a product, or notes why not.
    pub(super) fn take(&mut self, mut input: ProductInput) {
        let slug = input.slug.clone();
        let place = self.place.get(&slug).copied();
        let present = match place {
            Some(place) => Some(&self.taken[place].product),
            None => self.known.get(&slug).copied(),
        };
        let claimed = match self.options.seller {
            Some(seller) => own::claim(&mut input, present, seller, &self.shared),
            None => Ok(()),
        };
        if let Err(Refused(refusals)) = claimed {
            self.refusals.extend(refusals);
            return;
        }
        let desk = merge::Desk {
            now: self.view.now,
            images: self.known.get(&slug).map_or(&[], |known| &known.images),
            currency: self.options.currency,
            owners: &self.owners,
            slugs: &self.known,
            shared: &mut self.shared,
            ids: self.ids,
        };
        match merge::merge(present, input, desk) {
            Ok(merged) => self.keep(slug, place, merged),
            Err(Refused(refusals)) => self.refusals.extend(refusals),
        }
    }

    fn keep(&mut self, slug: Slug, place: Option<usize>, merged: Merged) {
        let Merged { product, stock, refusals, warnings } = merged;
        self.refusals.extend(refusals);
        self.warnings.extend(warnings);
        self.owners.extend(product.variants.iter().map(|variant| (variant.sku.clone(), product.id)));
        match place {
            Some(place) => {
                let taken = &mut self.taken[place];
                taken.product = product;
                taken.stock.extend(stock);
            }
            None => {
                let before = self.known.get(&slug).copied();
                self.place.insert(slug, self.taken.len());
                self.taken.push(Taken { before, product, stock: stock.into_iter().collect() });
            }
        }
    }

    /// The plan.
    pub(super) fn finish(mut self) -> Plan {
        let (brands, categories, attributes, revise) = self.shared.into_new();
        let mut batch = Batch { brands, categories, attributes, revise, ..Batch::default() };
        let mut outcomes = Vec::with_capacity(self.taken.len());
        for taken in &self.taken {
            let (outcome, write) = write(taken, self.view);
            outcomes.push((taken.product.slug.clone(), outcome));
            batch.products.extend(write);
            if let Some(before) = taken.before {
                let after = &taken.product;
                batch.removed.extend(lost(before, after, self.view.now));
                batch.redirects.extend(moved(before, after));
                batch.prices.extend(repriced(before, after, self.view.now, &self.options.actor, self.ids));
            }
        }
        let set = stock::set(self.view, self.options, &self.taken, self.ids);
        batch.inventory = set.changes;
        self.refusals.extend(set.refusals);
        self.warnings.extend(set.warnings);
        if !batch.is_empty() {
            batch.shared = Some(self.view.shared);
            batch.audit.push(entry(self.view, self.options, &outcomes, &batch, self.ids));
        }
        Plan { batch, outcomes, refusals: self.refusals, warnings: self.warnings }
    }
}

fn write(taken: &Taken<'_>, view: &CatalogView) -> (Outcome, Option<ProductWrite>) {
    match taken.before {
        None => {
            (Outcome::Created, Some(ProductWrite { product: taken.product.clone(), expected_version: None }))
        }
        Some(before) if *before == taken.product => (Outcome::Unchanged, None),
        Some(before) => {
            let mut product = taken.product.clone();
            product.version = before.version + 1;
            product.updated_at = view.now;
            (Outcome::Updated, Some(ProductWrite { product, expected_version: Some(before.version) }))
        }
    }
}

/// The variants that it had and has no more.
fn lost(before: &Product, after: &Product, now: Timestamp) -> Vec<Removal> {
    let kept: HashSet<VariantId> = after.variants.iter().map(|variant| variant.id).collect();
    let lost = before.variants.iter().filter(|variant| !kept.contains(&variant.id));
    lost.map(|variant| Removal { variant: variant.id, at: now }).collect()
}

/// Its name in addresses of before, when it has another now.
fn moved(before: &Product, after: &Product) -> Option<Redirect> {
    (before.slug != after.slug).then(|| Redirect {
        kind: RedirectKind::Product,
        slug: before.slug.clone(),
        id: before.id.0,
    })
}

/// What its variants cost before, where that is another now. A variant that is new had no price.
fn repriced(
    before: &Product,
    after: &Product,
    now: Timestamp,
    actor: &Actor,
    ids: &mut Ids,
) -> Vec<PriceChange> {
    let were: HashMap<VariantId, ListPrice> =
        before.variants.iter().map(|variant| (variant.id, variant.list_price())).collect();
    let change = |variant: &Variant| {
        let was = *were.get(&variant.id)?;
        (was != variant.list_price()).then(|| PriceChange {
            id: ids.fresh(),
            product: after.id,
            variant: variant.id,
            sku: variant.sku.clone(),
            before: was,
            after: variant.list_price(),
            actor: actor.clone(),
            at: now,
        })
    };
    after.variants.iter().filter_map(change).collect()
}

/// One audit row for the whole batch: the products themselves carry their versions, the stock its movements.
fn entry(
    view: &CatalogView,
    options: &PlanOptions,
    outcomes: &[(Slug, Outcome)],
    batch: &Batch,
    ids: &mut Ids,
) -> audit::Entry {
    let count = |wanted| outcomes.iter().filter(|(_, outcome)| *outcome == wanted).count();
    audit::Entry {
        id: ids.fresh(),
        at: view.now,
        actor: options.actor.clone(),
        action: "catalog.import".to_owned(),
        target: "catalog".to_owned(),
        data: serde_json::json!({
            "created": count(Outcome::Created),
            "updated": count(Outcome::Updated),
            "stock_movements": batch.inventory.adjust.len(),
        }),
    }
}

impl About<'_> {
    pub(super) fn refuse(
        &self,
        field: &'static str,
        code: &'static str,
        reason: impl Into<String>,
    ) -> Refusal {
        Refusal { line: self.line, slug: self.slug.to_string(), field, code, reason: reason.into() }
    }

    pub(super) fn warn(&self, field: &'static str, code: &'static str, reason: impl Into<String>) -> Warning {
        Warning { line: self.line, field, code, reason: reason.into() }
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self(vec![refusal])
    }
}
