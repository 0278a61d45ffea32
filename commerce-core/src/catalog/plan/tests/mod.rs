//! Given what is there, when this is said, then this is written.

mod again;
mod product;
mod shared;
mod stock;
mod variants;

use super::{CatalogView, Outcome, Plan, PlanOptions, StockRule, plan};
use crate::audit::Actor;
use crate::catalog::{Cell, Product, ProductInput, SharedVersion, VariantInput};
use crate::inventory::StockLevel;
use crate::{Currency, Ids, Timestamp, UnitPrice};

/// A shop, as the next import finds it.
struct Shop {
    view: CatalogView,
    options: PlanOptions,
    imports: u8,
}

fn empty_shop() -> Shop {
    let now = Timestamp::from_micros(1_700_000_000_000_000).unwrap();
    let (products, sku_owners, brands, categories) = Default::default();
    let (attributes, locations, levels, record) = Default::default();
    Shop {
        view: CatalogView {
            now,
            products,
            sku_owners,
            brands,
            categories,
            attributes,
            locations,
            levels,
            shared: SharedVersion::default(),
            record,
        },
        options: PlanOptions {
            seller: None,
            currency: Currency::NGN,
            location: "LAGOS".to_owned(),
            stock: StockRule::Created,
            actor: Actor::System,
        },
        imports: 0,
    }
}

impl Shop {
    /// Plans, and leaves the shop as the plan makes it.
    fn takes(&mut self, inputs: impl IntoIterator<Item = ProductInput>) -> Plan {
        self.imports += 1;
        self.view.now = self.view.now.plus(std::time::Duration::from_secs(60));
        let mut ids = Ids::new([self.imports; 32], self.view.now);
        let plan = plan(&self.view, inputs.into_iter().collect(), &self.options, &mut ids);
        self.write(&plan);
        plan
    }

    fn stock(mut self, rule: StockRule) -> Self {
        self.options.stock = rule;
        self
    }

    fn product(&self, slug: &str) -> &Product {
        self.view.products.iter().find(|product| product.slug.as_str() == slug).unwrap()
    }

    /// What a store makes of a batch, with the guards that it would check.
    fn write(&mut self, plan: &Plan) {
        let batch = plan.batch.clone();
        for brand in &batch.revise.brands {
            *self.view.brands.iter_mut().find(|known| known.id == brand.id).unwrap() = brand.clone();
        }
        for category in &batch.revise.categories {
            *self.view.categories.iter_mut().find(|known| known.id == category.id).unwrap() =
                category.clone();
        }
        self.view.brands.extend(batch.brands);
        self.view.categories.extend(batch.categories);
        self.view.attributes.extend(batch.attributes);
        for write in batch.products {
            let known = self.view.products.iter().position(|product| product.id == write.product.id);
            let version = known.map(|place| self.view.products[place].version);
            assert_eq!(version, write.expected_version);
            assert_eq!(write.product.version, version.unwrap_or(0) + 1);
            match known {
                Some(place) => self.view.products[place] = write.product,
                None => self.view.products.push(write.product),
            }
        }
        let variants = self.view.products.iter().flat_map(|product| {
            product.variants.iter().map(|variant| (variant.sku.clone(), variant.id, product.id))
        });
        self.view.sku_owners = variants.collect();
        let skus: std::collections::HashSet<_> = self.view.sku_owners.iter().map(|(sku, ..)| sku).collect();
        assert_eq!(skus.len(), self.view.sku_owners.len(), "every SKU has one variant");
        self.view.locations.extend(batch.inventory.locations);
        for level in batch.inventory.levels {
            let (variant, location) = (level.variant, level.location);
            let level =
                StockLevel { variant, location, priority: 0, on_hand: 0, reserved: 0, safety_stock: 0 };
            self.view.levels.push(level);
        }
        for adjust in batch.inventory.adjust {
            let moved = adjust.movement;
            let level = self
                .view
                .levels
                .iter_mut()
                .find(|level| (level.variant, level.location) == (moved.variant, moved.location));
            let level = level.expect("a level is opened before anything moves there");
            assert!(adjust.expected_on_hand.is_none_or(|expected| expected == level.on_hand));
            level.on_hand += moved.delta;
            assert!(level.on_hand >= 0 && (level.on_hand >= level.reserved || moved.delta >= 0));
        }
    }

    /// What is on hand of the variant, everywhere.
    fn on_hand(&self, sku: &str) -> Option<i64> {
        let (_, id, _) = self.view.sku_owners.iter().find(|(known, ..)| known.as_str() == sku)?;
        let levels: Vec<i64> =
            self.view.levels.iter().filter(|level| level.variant == *id).map(|level| level.on_hand).collect();
        (!levels.is_empty()).then(|| levels.iter().sum())
    }
}

fn naira(amount: &str) -> UnitPrice {
    UnitPrice::parse(amount, Currency::NGN).unwrap()
}

fn input(slug: &str) -> ProductInput {
    let mut input = ProductInput::new(slug.parse().unwrap(), slug);
    input.line = 2;
    input
}

/// A later word about a product: nothing but its slug is said.
fn later(slug: &str) -> ProductInput {
    ProductInput { name: Cell::Absent, ..input(slug) }
}

fn variant(sku: &str, price: &str) -> VariantInput {
    VariantInput::new(sku.parse().unwrap(), naira(price))
}

fn without_sku(price: &str) -> VariantInput {
    VariantInput { price: Cell::Is(naira(price)), ..VariantInput::default() }
}

fn mug() -> ProductInput {
    input("mug").variant(variant("MUG", "2500"))
}

/// In three sizes, without SKUs.
fn shirt() -> ProductInput {
    let sizes = ["S", "M", "L"].map(|size| without_sku("4000").values(&[size]));
    ProductInput { variants: sizes.into(), ..input("shirt").options(&["Size"]) }
}

fn codes(plan: &Plan) -> Vec<&'static str> {
    plan.refusals.iter().map(|refusal| refusal.code).collect()
}

fn outcomes(plan: &Plan) -> Vec<Outcome> {
    plan.outcomes.iter().map(|(_, outcome)| *outcome).collect()
}
