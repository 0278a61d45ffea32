//! The floor: what somebody writes who places an order with sqlx and no engine. The same rows in the same tables, with
//! the same guards, one statement for each table, one transaction for each order.

pub mod postgres;
pub mod sqlite;

use commerce_core::{Ids, Random, SystemRandom, Timestamp};
use uuid::Uuid;

pub type Error = Box<dyn std::error::Error + Send + Sync>;

/// A line item of the cart, with what the catalogue says and where it ships from.
#[derive(sqlx::FromRow)]
pub struct Line {
    pub id: Uuid,
    pub variant_id: Uuid,
    pub product_id: Uuid,
    pub location_id: Uuid,
    pub sku: String,
    pub slug: String,
    pub name: String,
    pub price: i64,
    pub quantity: i64,
}

impl Line {
    /// In minor units, half up.
    pub fn total(&self) -> i64 {
        (self.price * self.quantity + 5_000) / 10_000
    }
}

/// Ids for the rows of an order.
pub fn ids(now: i64) -> Ids {
    Ids::new(SystemRandom.seed(), Timestamp::from_micros(now).expect("a time"))
}

pub const FREE_STANDARD_SHIPPING: &str = "Standard delivery";
pub const ROUTE: &str = "POST /api/cart/checkout/confirm/";
pub const HISTORY: [(&str, &str, &str, &str); 3] = [
    ("order", "pending", "guest", "placed"),
    ("payment", "due", "system", "cash_on_delivery"),
    ("fulfillment", "unfulfilled", "system", ""),
];
