//! The engine inside somebody else's axum service, which writes rows of its own in the transaction of the order.
//!
//! The host gives loyalty points. An order without its points, or points without their order, must not be: so the host
//! opens the transaction, lets the engine decide, applies the engine's change set beside its own insert, and commits
//! both. Browsing and carts go through the engine's services as they are.
//!
//! `cargo run -p commerce-examples --example inside_axum`

use std::path::Path;
use std::sync::Arc;

use axum::extract::{Path as UrlPath, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use commerce_core::cart::{AddItem, CartToken, Delivery, Look, Shopper, VariantKey};
use commerce_core::catalog::{ProductFilter, ProductInput, VariantInput};
use commerce_core::checkout::{Confirm, ConfirmError, Placed, place_order};
use commerce_core::customer::{Address, Country};
use commerce_core::payment::PaymentMethod;
use commerce_core::{Clock, CommitError, Currency, Engine, Quantity, UnitPrice};
use commerce_storage_sqlite::SqliteStore;
use serde_json::{Value, json};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};

type Error = Box<dyn std::error::Error + Send + Sync>;

/// The host's state: the engine, and a pool of its own on the same database file.
struct Host {
    engine: Engine,
    clock: Arc<dyn Clock>,
    pool: SqlitePool,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let file = std::env::temp_dir().join("commerce-inside-axum.db");
    let host = Arc::new(Host::open(&file).await?);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    println!("curl http://127.0.0.1:3000/shelf");
    println!("curl -X POST http://127.0.0.1:3000/buy/MUG-BLUE");
    axum::serve(listener, routes(host)).await?;
    Ok(())
}

fn routes(host: Arc<Host>) -> Router {
    Router::new().route("/shelf", get(shelf)).route("/buy/{sku}", post(buy)).with_state(host)
}

async fn shelf(State(host): State<Arc<Host>>) -> Result<Json<Value>, Trouble> {
    let page = host.engine.catalog().products(&ProductFilter::default()).await?;
    Ok(Json(json!(
        page.rows
            .iter()
            .map(|row| json!({"name": row.name, "price": row.price.amount()}))
            .collect::<Vec<_>>()
    )))
}

/// One click: a cart through the engine's services, then the order in the host's own transaction.
async fn buy(
    State(host): State<Arc<Host>>,
    UrlPath(sku): UrlPath<String>,
    headers: HeaderMap,
) -> Result<Json<Value>, Trouble> {
    let member = headers.get("x-member").and_then(|value| value.to_str().ok()).unwrap_or("ada").to_owned();
    let item = AddItem::new(VariantKey::Sku(sku.parse()?), Quantity::ONE);
    let answer = host.engine.carts().add(Shopper::Newcomer, &item, None).await?;
    let token = answer.token.ok_or("a new cart has a token")?;
    host.engine.carts().set_delivery(&token, &delivery()?, None).await?;
    host.engine.carts().set_payment(&token, PaymentMethod::CashOnDelivery, None).await?;
    let (placed, points) = host.place_with_points(&token, &member).await?;
    Ok(Json(
        json!({"order": placed.order.number, "total": placed.order.totals.total.amount(), "points": points}),
    ))
}

impl Host {
    async fn open(file: &Path) -> Result<Self, Error> {
        let store = SqliteStore::open(file).await?;
        let clock = commerce_core::Store::clock(&store);
        let engine = Engine::builder(store).build();
        let price = UnitPrice::parse("2500.00", Currency::NGN)?;
        let mug = ProductInput::new("enamel-mug".parse()?, "Enamel mug")
            .variant(VariantInput::new("MUG-BLUE".parse()?, price).stock(12));
        engine.catalog().put(mug).await?;

        let options = SqliteConnectOptions::new().filename(file).foreign_keys(true);
        let pool = SqlitePool::connect_with(options).await?;
        sqlx::query(
            "CREATE TABLE IF NOT EXISTS loyalty (order_id BLOB PRIMARY KEY, member TEXT, points INTEGER)",
        )
        .execute(&pool)
        .await?;
        Ok(Self { engine, clock, pool })
    }

    /// The order and its points, both or neither.
    async fn place_with_points(&self, token: &CartToken, member: &str) -> Result<(Placed, i64), Trouble> {
        let rules = self.engine.rules().show().await?;
        let look = Look { token: Some(token.hash()), ..Look::default() };
        for _ in 0..5 {
            let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
            let view = commerce_storage_sqlite::cart_view(&mut transaction, &look, self.clock.now()).await?;
            let mut ids = self.engine.ids(view.now);
            let placed = place_order(
                &view,
                &token.into(),
                &Confirm::default(),
                &rules,
                self.engine.payment_terms(),
                &mut ids,
            )?;
            match commerce_storage_sqlite::apply(&mut transaction, &placed.changes).await {
                Ok(()) => {}
                Err(CommitError::Stale { .. }) => continue, // dropped: rolled back; look again
                Err(CommitError::Store(error)) => return Err(error.into()),
            }
            let points = placed.order.totals.total.minor / 10_000; // one for each hundred naira
            sqlx::query("INSERT INTO loyalty (order_id, member, points) VALUES (?, ?, ?)")
                .bind(placed.order.id.0)
                .bind(member)
                .bind(points)
                .execute(&mut *transaction)
                .await?;
            transaction.commit().await?;
            return Ok((placed, points));
        }
        Err("too many orders at once".into())
    }
}

fn delivery() -> Result<Delivery, Error> {
    let address = Address {
        contact_name: "Ada Obi".into(),
        phone: None,
        street_line1: "12 Marina".into(),
        street_line2: None,
        city: "Lagos".into(),
        state_province: Some("LA".into()),
        postal_code: None,
        country_code: Country::NG,
        vat_id: None,
    };
    let email = "ada@example.com".parse()?;
    Ok(Delivery {
        email,
        address: Some(address),
        billing_address: None,
        shipping_method: Some("standard".into()),
    })
}

/// Whatever went wrong, as the host chooses to answer it.
struct Trouble(StatusCode, String);

impl<E: Into<Error>> From<E> for Trouble {
    fn from(error: E) -> Self {
        let error = error.into();
        let refused = matches!(error.downcast_ref(), Some(ConfirmError::OutOfStock(_)))
            || matches!(error.downcast_ref(), Some(commerce_core::cart::CartError::OutOfStock(_)));
        Self(
            if refused { StatusCode::CONFLICT } else { StatusCode::INTERNAL_SERVER_ERROR },
            error.to_string(),
        )
    }
}

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        (self.0, Json(json!({"error": self.1}))).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn orders_and_points_are_written_together_until_the_mugs_are_gone() {
        let folder = std::env::temp_dir().join(format!("commerce-inside-axum-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let host = Arc::new(Host::open(&folder.join("shop.db")).await.unwrap());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/buy/MUG-BLUE", listener.local_addr().unwrap());
        let server = tokio::spawn(axum::serve(listener, routes(Arc::clone(&host))).into_future());

        let client = reqwest::Client::new();
        for _ in 0..12 {
            let answer = client.post(&url).header("x-member", "bola").send().await.unwrap();
            assert_eq!(answer.status().as_u16(), 200);
            let bought: Value = answer.json().await.unwrap();
            assert_eq!((&bought["total"], &bought["points"]), (&json!("2500.00"), &json!(25)));
        }
        let answer = client.post(&url).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 409);

        let (orders, points): (i64, i64) =
            sqlx::query_as("SELECT (SELECT count(*) FROM orders), (SELECT sum(points) FROM loyalty)")
                .fetch_one(&host.pool)
                .await
                .unwrap();
        assert_eq!((orders, points), (12, 300));
        assert_eq!(host.engine.verify_invariants().await.unwrap(), []);
        server.abort();
        std::fs::remove_dir_all(folder).unwrap();
    }
}
