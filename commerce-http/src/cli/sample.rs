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

/// A product of the sample, by which a load that was cut off is known.
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
    // The rules come last: they tell a whole load from one that was cut off.
    let rules: Rulebook = serde_json::from_str(RULES).map_err(unfit)?;
    engine.rules().apply(rules, &Actor::System).await?;
    let coupon = NewCoupon { promotion: "welcome".to_owned(), ..NewCoupon::default() };
    let code = COUPON.parse().map_err(unfit)?;
    match engine.promotions().create(code, &coupon, &Actor::System).await {
        Ok(_) | Err(CouponError::Exists(_)) => Ok(true),
        Err(error) => Err(error.into()),
    }
}

/// Whether an earlier load did not get to its end.
async fn cut_off(engine: &Engine) -> Result<bool, Failure> {
    if engine.rules().show().await?.version > 0 {
        return Ok(false);
    }
    let first = FIRST_PRODUCT.parse().map_err(unfit)?;
    Ok(engine.catalog().product(&first).await?.is_some())
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
    use super::*;

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
