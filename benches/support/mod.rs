//! What the benchmarks share: shops to measure, carts that are ready to confirm, and the figures of the machine.

#![allow(dead_code, reason = "every benchmark uses another part of this")]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use commerce_core::cart::{Cart, CartLine, CartToken, Write};
use commerce_core::catalog::{ProductInput, ProductKey, VariantInput};
use commerce_core::checkout::{Confirm, Confirmed};
use commerce_core::customer::{Address, Country};
use commerce_core::idempotency::{Request, Scope};
use commerce_core::payment::PaymentMethod;
use commerce_core::{
    ChangeSet, Currency, Engine, Ids, Quantity, Random, Store, SystemRandom, UnitPrice, VariantId,
};

/// A shop with things to sell and more stock than any benchmark buys.
pub struct Shop {
    pub engine: Engine,
    pub variants: Vec<VariantId>,
}

impl Shop {
    /// Opens the shop in the store and stocks it with this many variants.
    pub async fn stocked(store: Arc<dyn Store>, variants: usize) -> Self {
        Self::of(Engine::builder_shared(store).build(), variants).await
    }

    /// Opens the shop of this engine and stocks it with this many variants.
    pub async fn of(engine: Engine, variants: usize) -> Self {
        let mut known = Vec::new();
        for n in 0..variants {
            let price = UnitPrice::parse(&format!("{}.50", 1_000 + n * 37), Currency::NGN).expect("a price");
            let slug: commerce_core::catalog::Slug = format!("thing-{n}").parse().expect("a slug");
            let product = ProductInput::new(slug.clone(), &format!("Thing {n}")).variant(
                VariantInput::new(format!("THING-{n}").parse().expect("a SKU"), price).stock(100_000_000),
            );
            engine.catalog().put(product).await.expect("the product is taken");
            let detail = engine.store().product(&ProductKey::Slug(slug)).await.expect("read").expect("there");
            known.push(detail.product.variants[0].id);
        }
        Self { engine, variants: known }
    }

    /// Stores this many carts of two line items each that can be confirmed at once and are paid on delivery.
    pub async fn ready_carts(&self, count: usize) -> Vec<CartToken> {
        self.ready_carts_paid_by(PaymentMethod::CashOnDelivery, count).await
    }

    /// Stores this many carts of two line items each that can be confirmed at once and are paid in this way.
    pub async fn ready_carts_paid_by(&self, method: PaymentMethod, count: usize) -> Vec<CartToken> {
        let mut ids = Ids::new(SystemRandom.seed(), self.engine.store().clock().now());
        let mut tokens = Vec::with_capacity(count);
        let mut waiting = tokio::task::JoinSet::new();
        for n in 0..count {
            let token = CartToken::from_bytes(ids.bytes());
            let changes = self.ready_cart(n, &token, method, &mut ids);
            tokens.push(token);
            let store = Arc::clone(self.engine.store());
            waiting.spawn(async move { store.commit(&changes).await.expect("a cart is stored") });
            if waiting.len() >= 64 {
                waiting.join_next().await;
            }
        }
        waiting.join_all().await;
        tokens
    }

    /// Confirms a cart, as the server does for a request with a key.
    pub async fn confirm(&self, token: &CartToken) -> Confirmed {
        let scope = Scope {
            actor: token.hash().to_hex(),
            route: "POST /api/cart/checkout/confirm/".into(),
            key: "the-only-key".parse().expect("a key"),
        };
        let command = Confirm { request: Some(Request::new(scope, b"{}")), ..Confirm::default() };
        self.engine.checkout().confirm(token, &command).await.expect("an order")
    }

    /// Sees that the benchmark left the books in order.
    pub async fn books_are_right(&self) {
        let violations = self.engine.verify_invariants().await.expect("the store is read");
        assert!(violations.is_empty(), "{} violations, the first: {}", violations.len(), violations[0]);
    }

    fn ready_cart(&self, n: usize, token: &CartToken, method: PaymentMethod, ids: &mut Ids) -> ChangeSet {
        let now = self.engine.store().clock().now();
        let line = |at: usize, ids: &mut Ids| CartLine {
            id: ids.fresh(),
            variant: self.variants[at % self.variants.len()],
            quantity: Quantity::new(1 + (at as u32 % 3)).expect("a quantity"),
            customizations: Default::default(),
        };
        let mut cart = Cart {
            id: ids.fresh(),
            token: token.hash(),
            customer: None,
            currency: None,
            channel: None,
            coupons: Vec::new(),
            lines: vec![line(2 * n, ids), line(2 * n + 1, ids)],
            email: Some("ada@example.com".parse().expect("an address")),
            shipping_address: Some(Address {
                contact_name: "Ada Obi".into(),
                phone: None,
                street_line1: "12 Marina".into(),
                street_line2: None,
                city: "Lagos".into(),
                state_province: Some("LA".into()),
                postal_code: None,
                country_code: Country::NG,
                vat_id: None,
            }),
            billing_address: None,
            shipping_method: Some("standard".into()),
            payment_method: Some(method),
            mobile_money: None,
            order: None,
            created_at: now,
            updated_at: now,
            expires_at: now.plus(Duration::from_secs(86_400)),
            version: 0,
        };
        let mut changes = ChangeSet::default();
        changes.cart.write = Some(Write::between(None, &mut cart));
        changes
    }
}

/// Runs `work` on every item with so many callers at once, and answers items per second.
pub async fn rate<T, F, W>(callers: usize, items: Vec<T>, work: W) -> f64
where
    T: Send + 'static,
    F: Future<Output = ()> + Send + 'static,
    W: Fn(T) -> F + Clone + Send + 'static,
{
    let count = items.len();
    let queue = Arc::new(std::sync::Mutex::new(items));
    let since = Instant::now();
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..callers {
        let (queue, work) = (Arc::clone(&queue), work.clone());
        running.spawn(async move {
            loop {
                let item = queue.lock().expect("no caller panics").pop();
                let Some(item) = item else { break };
                work(item).await;
            }
        });
    }
    running.join_all().await;
    count as f64 / since.elapsed().as_secs_f64()
}

/// The middle of the values, and their extremes.
pub struct Spread {
    pub least: f64,
    pub median: f64,
    pub most: f64,
}

impl Spread {
    pub fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        Self { least: values[0], median: values[values.len() / 2], most: values[values.len() - 1] }
    }
}

impl std::fmt::Display for Spread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.2} ({:.2} to {:.2})", self.median, self.least, self.most)
    }
}

/// A folder that goes away with its owner.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("commerce-bench-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a folder for the benchmark");
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

/// The median time of a 4 KiB write with fsync in the folder, in milliseconds.
pub fn fsync_millis(folder: &Path) -> f64 {
    use std::io::Write as _;
    let mut file = std::fs::File::create(folder.join("fsync")).expect("a file");
    let times = (0..100).map(|_| {
        let since = Instant::now();
        file.write_all(&[7; 4096]).expect("a write");
        file.sync_all().expect("an fsync");
        since.elapsed().as_secs_f64() * 1_000.0
    });
    Spread::of(times.collect()).median
}

/// The address of a throw-away PostgreSQL, which `cargo xtask bench` starts.
pub fn postgres_url() -> String {
    std::env::var("COMMERCE_TEST_POSTGRES_URL")
        .expect("run this by `cargo xtask bench`, which starts a PostgreSQL")
}
