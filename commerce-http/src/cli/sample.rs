//! The sample shop: a catalogue, stock at two locations, rules.

use commerce_core::audit::Actor;
use commerce_core::inventory::{Count, MovementReason};
use commerce_core::pricing::Rulebook;
use commerce_core::promotion::{CouponError, NewCoupon};
use commerce_core::{Currency, Engine};

use super::failure::Failure;
use crate::import::{self, ImportOptions, Silent};

const PRODUCTS: &[u8] = include_bytes!("../../sample/products.csv");
const STOCK: &[u8] = include_bytes!("../../sample/stock.csv");
const RULES: &str = include_str!("../../sample/rules.json");

/// A coupon for the promotion of first orders.
const COUPON: &str = "WELCOME10";

/// The product of the sample that is written first: with it and without the coupon, a load was cut off.
const FIRST_PRODUCT: &str = "adunni-adire-wrap-dress";
/// The locations with their names; the first ships first.
const LOCATIONS: [(&str, &str); 2] = [("LAGOS", "Lagos warehouse"), ("ABUJA", "Abuja shop")];
/// The quantities of the catalogue are sums over both locations, so the stock file alone says what lies where.
const QUANTITY_COLUMN: &str = "Variant Inventory Qty";

/// Loads the sample into a store that has no products, and says whether it did.
pub(super) async fn load_into_empty(engine: &Engine) -> Result<bool, Failure> {
    let empty = engine.catalog().export(None, 1).await?.products.is_empty();
    if !empty && !cut_off(engine).await? {
        return Ok(false);
    }
    for (priority, (code, name)) in (1..).zip(LOCATIONS) {
        engine.inventory().add_location(code, name, priority).await?;
    }
    load_products(engine).await?;
    engine.inventory().count(&counts()?, MovementReason::Receipt, &Actor::System).await?;
    let rules: Rulebook = serde_json::from_str(RULES).map_err(unfit)?;
    engine.rules().apply(rules, &Actor::System).await?;
    // The coupon comes last: it tells a whole load from one that was cut off.
    let coupon = NewCoupon { promotion: "welcome".to_owned(), ..NewCoupon::default() };
    let code = COUPON.parse().map_err(unfit)?;
    match engine.promotions().create(code, &coupon, &Actor::System, None).await {
        Ok(_) | Err(CouponError::Exists(_)) => Ok(true),
        Err(error) => Err(error.into()),
    }
}

/// Whether an earlier load did not get to its end.
async fn cut_off(engine: &Engine) -> Result<bool, Failure> {
    let first = FIRST_PRODUCT.parse().map_err(unfit)?;
    if engine.catalog().product(&first).await?.is_none() {
        return Ok(false);
    }
    match engine.promotions().coupon(&COUPON.parse().map_err(unfit)?).await {
        Ok(_) => Ok(false),
        Err(CouponError::NotFound) => Ok(true),
        Err(error) => Err(error.into()),
    }
}

async fn load_products(engine: &Engine) -> Result<(), Failure> {
    let products = without_column(PRODUCTS, QUANTITY_COLUMN).map_err(unfit)?;
    let mut options = ImportOptions::new(Currency::NGN);
    options.location = LOCATIONS[0].0.to_owned();
    let size = products.len() as u64;
    let summary = import::import(engine, std::io::Cursor::new(products), Some(size), options, &Silent)
        .await
        .map_err(unfit)?;
    tracing::debug!(%summary, "loaded the sample catalogue");
    Ok(())
}

fn counts() -> Result<Vec<Count>, Failure> {
    let mut counts = Vec::new();
    for row in csv::Reader::from_reader(STOCK).deserialize::<(String, String, i64, i64)>() {
        let (sku, location, on_hand, safety_stock) = row.map_err(unfit)?;
        let sku = sku.parse().map_err(unfit)?;
        counts.push(Count { sku, location, on_hand, safety_stock: Some(safety_stock) });
    }
    Ok(counts)
}

/// The table without one of its columns.
fn without_column(table: &[u8], column: &str) -> Result<Vec<u8>, csv::Error> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(table);
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut place = None;
    for row in reader.records() {
        let row = row?;
        let place = *place.get_or_insert_with(|| row.iter().position(|name| name == column));
        writer.write_record(
            row.iter().enumerate().filter(|(at, _)| Some(*at) != place).map(|(_, cell)| cell),
        )?;
    }
    writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))
}

/// What ships with the program does not fit the program.
fn unfit(error: impl std::fmt::Display) -> Failure {
    Failure::Other(format!("the sample cannot be loaded: {error}"))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use async_trait::async_trait;
    use commerce_core::catalog::{Batch, ProductFilter};
    use commerce_core::testkit::{Intercept, Intercepted};
    use commerce_core::{ChangeSet, CommitError, Store, StoreError, StoreTrouble};

    use super::*;

    /// Takes so many writes, and none after them.
    struct CutOff(AtomicUsize);

    impl CutOff {
        fn after(writes: usize, store: &Arc<dyn Store>) -> Engine {
            let cut = Self(AtomicUsize::new(writes));
            Engine::builder_shared(Arc::new(Intercepted::new(Arc::clone(store), cut))).build()
        }

        fn pass(&self) -> Result<(), CommitError> {
            let less = |left: usize| left.checked_sub(1);
            let passed = self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less);
            passed.map(drop).map_err(|_| StoreError::new(StoreTrouble::Unavailable, "cut off").into())
        }
    }

    #[async_trait]
    impl Intercept for CutOff {
        async fn commit(&self, store: &dyn Store, changes: &ChangeSet) -> Result<(), CommitError> {
            self.pass()?;
            store.commit(changes).await
        }

        async fn import(&self, store: &dyn Store, batch: &Batch) -> Result<(), CommitError> {
            self.pass()?;
            store.import(batch).await
        }
    }

    #[cfg(feature = "sqlite")]
    #[tokio::test]
    async fn a_load_that_was_cut_off_anywhere_is_finished_by_the_next() {
        let rules: Rulebook = serde_json::from_str(RULES).unwrap();
        for writes in 0.. {
            let store: Arc<dyn Store> =
                Arc::new(commerce_storage_sqlite::SqliteStore::in_memory().await.unwrap());
            let whole = load_into_empty(&CutOff::after(writes, &store)).await.is_ok();
            let engine = Engine::builder_shared(Arc::clone(&store)).build();
            assert_eq!(load_into_empty(&engine).await.unwrap(), !whole, "cut off after {writes} writes");
            assert_eq!(engine.rules().show().await.unwrap().rulebook, rules, "after {writes} writes");
            engine.promotions().coupon(&COUPON.parse().unwrap()).await.unwrap();
            let products = engine.catalog().products(&ProductFilter::default()).await.unwrap();
            assert_eq!(products.count, 132, "after {writes} writes");
            assert_eq!(engine.verify_invariants().await.unwrap(), []);
            if whole {
                assert!(writes > 4, "the sample is written in only {writes} writes");
                return;
            }
        }
    }

    #[test]
    fn the_rules_are_without_fault() {
        let rules: Rulebook = serde_json::from_str(RULES).unwrap();
        rules.compile().unwrap();
    }

    #[test]
    fn the_stock_file_names_the_locations() {
        let counts = counts().unwrap();
        assert!(counts.iter().all(|count| LOCATIONS.iter().any(|(code, _)| *code == count.location)));
        assert!(counts.len() > 700);
    }

    #[test]
    fn a_column_can_be_left_out() {
        let table = "a,b,c\n1,\"2,\n2\",3\n,,\n";
        let left = without_column(table.as_bytes(), "b").unwrap();
        assert_eq!(String::from_utf8(left).unwrap(), "a,c\n1,3\n,\n");
    }
}
