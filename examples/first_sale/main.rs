//! A shop in forty lines: open a store, add a product, fill a cart, place the order.
//!
//! `cargo run -p commerce-examples --example first_sale`

use commerce_core::cart::{AddItem, Delivery, Shopper, VariantKey};
use commerce_core::catalog::{ProductInput, VariantInput};
use commerce_core::checkout::Confirm;
use commerce_core::customer::{Address, Country};
use commerce_core::payment::PaymentMethod;
use commerce_core::{Currency, Engine, Quantity, UnitPrice};
use commerce_storage_sqlite::SqliteStore;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let engine = Engine::builder(SqliteStore::in_memory().await?).build();

    let price = UnitPrice::parse("2500.00", Currency::NGN)?;
    let mug = ProductInput::new("enamel-mug".parse()?, "Enamel mug")
        .variant(VariantInput::new("MUG-BLUE".parse()?, price).stock(12));
    engine.catalog().put(mug).await?;

    let mugs = AddItem::new(VariantKey::Sku("MUG-BLUE".parse()?), Quantity::try_from(2)?);
    let made = engine.carts().add(Shopper::Newcomer, &mugs, None).await?;
    let token = made.token.ok_or("a new cart has a token")?;
    let address = Address {
        contact_name: "Ada Obi".into(),
        phone: Some("+2348031234567".parse()?),
        street_line1: "12 Marina".into(),
        street_line2: None,
        city: "Lagos".into(),
        state_province: Some("LA".into()),
        postal_code: None,
        country_code: Country::NG,
        vat_id: None,
    };
    let delivery = Delivery {
        email: "ada@example.com".parse()?,
        address: Some(address),
        billing_address: None,
        shipping_method: Some("standard".into()),
    };
    engine.carts().set_delivery(&token, &delivery, None).await?;
    engine.carts().set_payment(&token, PaymentMethod::CashOnDelivery, None).await?;

    let confirmed = engine.checkout().confirm(&token, &Confirm::default()).await?;
    let order = &confirmed.order.order;
    println!("order {} over {}: {}", order.number, order.totals.total, order.status);
    Ok(())
}
