//! A small shop, built by hand: what the tests of this crate commit.

#![expect(dead_code, reason = "each test file uses its part of it")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use commerce_core::audit::{Actor, Entry};
use commerce_core::cart::{self, Cart, CartLine, TokenHash};
use commerce_core::catalog::{
    Attribute, AttributeKind, AttributeValue, Batch, Brand, Category, Image, Product, ProductOption,
    ProductStatus, ProductWrite, TaxClass, Variant, Weight, WeightUnit,
};
use commerce_core::event::Event;
use commerce_core::idempotency::{Outcome, Record, Scope};
use commerce_core::inventory::{
    self, Adjustment, Hold, Level, Location, Movement, MovementReason, Release, Reservation,
};
use commerce_core::order::{
    self, FulfillmentState, Machine, Order, OrderLine, OrderNumber, OrderState, ShippingChoice, Transition,
};
use commerce_core::payment::journal::{self, Account, Leg};
use commerce_core::payment::{
    self, Payment, PaymentMethod, PaymentReference, PaymentState, Progress, Refund, RefundProgress,
    RefundSource, RefundState,
};
use commerce_core::pricing::RoundingProfile;
use commerce_core::pricing::{
    self, Adjustment as Amount, AdjustmentKind, Origin, Rulebook, StoredRulebook, Summary,
};
use commerce_core::promotion::{self, Coupon, CustomerKey, Redemption};
use commerce_core::{
    CartId, ChangeSet, Clock, CommitError, Currency, Guard, LineId, Money, OrderId, Quantity, Store,
    Timestamp, UnitPrice, VariantId,
};
use commerce_storage_sqlite::{Options, SqliteStore};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, Connection};
use uuid::Uuid;

/// 2026-11-22T09:30:00Z, when every test begins.
pub(crate) const START: i64 = 1_795_339_800_000_000;

/// The id with this number.
pub(crate) fn id<T: From<Uuid>>(number: u128) -> T {
    T::from(Uuid::from_u128(number))
}

/// Seconds after the start.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(START + seconds * 1_000_000).unwrap()
}

/// A clock that the test sets.
pub(crate) struct TestClock(AtomicI64);

impl TestClock {
    pub(crate) fn set(&self, now: Timestamp) {
        self.0.store(now.as_micros(), Ordering::SeqCst);
    }
}

#[async_trait]
impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst)).unwrap()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// A folder of one test, removed with it.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static MADE: AtomicU64 = AtomicU64::new(0);
        let number = MADE.fetch_add(1, Ordering::SeqCst);
        let path = std::env::temp_dir().join(format!("commerce-sqlite-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.0.join("shop.db")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

/// An opened store with its file and its clock.
pub(crate) struct Shop {
    pub(crate) store: SqliteStore,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) folder: Folder,
}

impl Shop {
    /// An empty shop in a file.
    pub(crate) async fn empty() -> Self {
        Self::with(|options| options).await
    }

    /// An empty shop in a file, opened with further options.
    pub(crate) async fn with(more: impl FnOnce(Options) -> Options) -> Self {
        let (folder, clock) = (Folder::new(), Arc::new(TestClock(AtomicI64::new(START))));
        let options = more(Options::file(folder.file()).clock(clock.clone()));
        Self { store: SqliteStore::open_with(options).await.unwrap(), clock, folder }
    }

    /// A shop that sells mugs (variant 31 in white, 32 in blue), with 10 of each at location 50 and 5 white ones at 51.
    pub(crate) async fn stocked() -> Self {
        let shop = Self::empty().await;
        shop.store.import(&catalogue()).await.unwrap();
        shop
    }

    /// A connection of its own to the file, as another process has one.
    pub(crate) async fn raw(&self) -> SqliteConnection {
        raw(&self.folder.file()).await
    }

    /// Everything in the file, row by row: to see that nothing changed.
    pub(crate) async fn everything(&self) -> String {
        let mut conn = self.raw().await;
        let tables: Vec<String> = sqlx::query_scalar(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name",
        )
        .fetch_all(&mut conn)
        .await
        .unwrap();
        let mut all = String::new();
        for table in tables {
            let columns: Vec<String> = sqlx::query_scalar("SELECT name FROM pragma_table_info(?1)")
                .bind(&table)
                .fetch_all(&mut conn)
                .await
                .unwrap();
            let list: Vec<String> = columns.iter().map(|column| format!("quote({column})")).collect();
            let sql = format!("SELECT concat_ws('|', {}) AS row FROM {table} ORDER BY row", list.join(", "));
            let rows: Vec<String> =
                sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(&mut conn).await.unwrap();
            all.push_str(&format!("{table}: {rows:#?}\n"));
        }
        all
    }

    /// Commits, expects this guard to refuse, and sees that nothing changed.
    pub(crate) async fn refuses(&self, changes: &ChangeSet, guard: Guard) {
        let before = self.everything().await;
        refused(self.store.commit(changes).await, guard);
        assert_eq!(before, self.everything().await, "a stale commit leaves nothing behind");
    }

    /// Sees that every invariant holds.
    pub(crate) async fn is_sound(&self) {
        assert_eq!(self.store.violations().await.unwrap(), []);
    }
}

pub(crate) async fn raw(path: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(path).foreign_keys(false);
    SqliteConnection::connect_with(&options).await.unwrap()
}

pub(crate) fn refused(done: Result<(), CommitError>, guard: Guard) {
    match done {
        Err(CommitError::Stale { guard: said }) => assert_eq!(said, guard),
        other => panic!("wanted {guard:?}, got {other:?}"),
    }
}

pub(crate) const WHITE: u128 = 31;
pub(crate) const BLUE: u128 = 32;
pub(crate) const LAGOS: u128 = 50;
pub(crate) const ABUJA: u128 = 51;

/// Brand 10, category 20 within 21 (kitchen/mugs), attribute 15, product 30 with two variants, two locations.
pub(crate) fn catalogue() -> Batch {
    let kitchen = Category::new(id(21), None, "kitchen".parse().unwrap(), "Kitchen");
    let mugs = Category::new(id(20), Some(&kitchen), "mugs".parse().unwrap(), "Mugs");
    Batch {
        brands: vec![Brand::new(id(10), "acme".parse().unwrap(), "Acme")],
        categories: vec![kitchen, mugs],
        attributes: vec![Attribute::new(id(15), "colour", "Colour", AttributeKind::Colour)],
        products: vec![ProductWrite { product: mug(), expected_version: None }],
        inventory: inventory::Changes {
            locations: vec![location(LAGOS, "LAGOS", 1), location(ABUJA, "ABUJA", 2)],
            levels: vec![level(WHITE, LAGOS), level(BLUE, LAGOS), level(WHITE, ABUJA)],
            adjust: vec![
                movement(60, WHITE, LAGOS, 10),
                movement(61, BLUE, LAGOS, 10),
                movement(62, WHITE, ABUJA, 5),
            ],
            ..Default::default()
        },
        audit: vec![audit_entry(70)],
        ..Batch::default()
    }
}

pub(crate) fn mug() -> Product {
    Product {
        id: id(30),
        slug: "enamel-mug".parse().unwrap(),
        name: "Enamel mug".into(),
        description_html: "<p>It holds \"tea\".</p>".into(),
        status: ProductStatus::Published,
        featured: true,
        brand: Some(id(10)),
        category: Some(id(20)),
        seller: None,
        tags: vec!["tea".into(), "camping".into()],
        options: vec![ProductOption {
            name: "Colour".into(),
            values: vec!["White".into(), "Blue".into()],
            attribute: Some(id(15)),
        }],
        variants: vec![
            Variant {
                compare_at_price: Some(price("3000.00")),
                weight: Weight::parse_grams("350.5", WeightUnit::Kilogram),
                barcode: Some("4006381333931".into()),
                image: Some("https://img.example/white.jpg".into()),
                ..variant(WHITE, "MUG-W", "2500.00", "White")
            },
            variant(BLUE, "MUG-B", "2750.50", "Blue"),
        ],
        images: vec![Image {
            id: id(40),
            url: "https://img.example/mug.jpg".into(),
            alt: "A mug".into(),
            copies: Vec::new(),
        }],
        attributes: vec![AttributeValue { attribute: id(15), value: "white".into() }],
        created_at: at(0),
        updated_at: at(0),
        deleted_at: None,
        publish_at: None,
        unpublish_at: None,
        version: 1,
    }
}

pub(crate) fn variant(number: u128, sku: &str, amount: &str, value: &str) -> Variant {
    Variant {
        id: id(number),
        sku: sku.parse().unwrap(),
        option_values: vec![value.to_owned()],
        price: price(amount),
        compare_at_price: None,
        cost: Some(price("1000.1234")),
        weight: None,
        dimensions: None,
        barcode: None,
        image: None,
        tax_class: TaxClass::standard(),
        digital: false,
        tracked: true,
        backorder: false,
    }
}

pub(crate) fn price(amount: &str) -> UnitPrice {
    UnitPrice::parse(amount, Currency::NGN).unwrap()
}

pub(crate) fn naira(minor: i64) -> Money {
    Money::from_minor(minor, Currency::NGN)
}

pub(crate) fn location(number: u128, code: &str, priority: i32) -> Location {
    Location::new(id(number), code, &format!("Shop in {code}"), priority)
}

pub(crate) fn level(variant: u128, location: u128) -> Level {
    Level { variant: id(variant), location: id(location), safety_stock: None, reorder_level: None }
}

pub(crate) fn movement(number: u128, variant: u128, location: u128, delta: i64) -> Adjustment {
    Adjustment {
        movement: Movement {
            id: id(number),
            variant: id(variant),
            location: id(location),
            delta,
            reason: MovementReason::Receipt,
            actor: Actor::Staff("ada".into()),
            note: "delivered".into(),
            reference: String::new(),
            audit: None,
            at: at(0),
        },
        expected_on_hand: None,
    }
}

pub(crate) fn audit_entry(number: u128) -> Entry {
    Entry {
        id: id(number),
        at: at(0),
        actor: Actor::Staff("ada".into()),
        action: "catalog.import".into(),
        target: "catalog".into(),
        data: serde_json::json!({"products": 1}),
    }
}

pub(crate) fn token(number: u8) -> TokenHash {
    TokenHash([number; 32])
}

/// Cart `number` with the token of that number and one line (1000 more) of three white mugs.
pub(crate) fn cart(number: u128) -> Cart {
    Cart {
        id: id(number),
        token: token(number as u8),
        customer: None,
        currency: None,
        channel: None,
        coupons: vec![],
        lines: vec![cart_line(number + 1000, WHITE, 3)],
        email: Some("ada@example.com".parse().unwrap()),
        shipping_address: Some(
            serde_json::from_str(
                r#"{"contact_name": "Ada", "street_line1": "1 Marina", "city": "Lagos", "country_code": "NG"}"#,
            )
            .unwrap(),
        ),
        billing_address: None,
        shipping_method: Some("standard".into()),
        payment_method: Some(PaymentMethod::Card),
        mobile_money: None,
        order: None,
        created_at: at(0),
        updated_at: at(0),
        expires_at: at(3600),
        version: 1,
    }
}

pub(crate) fn cart_line(number: u128, variant: u128, units: u32) -> CartLine {
    CartLine {
        id: id(number),
        variant: id(variant),
        quantity: quantity(units),
        customizations: BTreeMap::from([("engraving".to_owned(), "\"Ọlá\" & co".to_owned())]),
    }
}

pub(crate) fn quantity(units: u32) -> Quantity {
    Quantity::new(units).unwrap()
}

/// Makes the cart.
pub(crate) fn new_cart(number: u128) -> ChangeSet {
    let cart = cart(number);
    let lines_written = (0..).zip(cart.lines.clone()).collect();
    let write = cart::Write { cart, expected_version: None, lines_written, lines_removed: vec![] };
    ChangeSet { cart: cart::Changes { write: Some(write), merged: None }, ..Default::default() }
}

pub(crate) const TOTAL: i64 = 750_000 - 50_000 + 150_000 + 52_500;

/// Order 100 more than its cart, of three white mugs from Lagos, to be paid by card until 600 s after the start.
pub(crate) fn order_of(cart_number: u128) -> Order {
    let line = cart(cart_number).lines.remove(0);
    Order {
        id: id(cart_number + 100),
        number: OrderNumber(format!("N{cart_number}")),
        cart: id(cart_number),
        status: OrderState::Pending,
        payment_status: PaymentState::Pending,
        fulfillment_status: FulfillmentState::Unfulfilled,
        customer: None,
        email: "ada@example.com".parse().unwrap(),
        lines: vec![OrderLine {
            id: line.id,
            variant: line.variant,
            product: id(30),
            seller: None,
            sku: "MUG-W".parse().unwrap(),
            slug: "enamel-mug".parse().unwrap(),
            name: "Enamel mug".into(),
            options: vec![("Colour".into(), "White".into())],
            image: Some("https://img.example/white.jpg".into()),
            customizations: line.customizations,
            unit_price: price("2500.00"),
            quantity: line.quantity,
            line_total: naira(750_000),
            discount: naira(50_000),
            tax_added: naira(52_500),
            tax_included: naira(0),
            paid: naira(752_500),
            tax_class: TaxClass::standard(),
            digital: false,
            stock_limited: true,
        }],
        adjustments: vec![
            amount(AdjustmentKind::Promotion, "promotion:welcome", -50_000, Some(line.id)),
            amount(AdjustmentKind::Shipping, "shipping:standard", 150_000, None),
            amount(AdjustmentKind::TaxAdded, "tax:NG", 52_500, Some(line.id)),
        ],
        totals: Summary {
            subtotal: naira(750_000),
            discount: naira(50_000),
            shipping: naira(150_000),
            tax_added: naira(52_500),
            tax_included: naira(0),
            cash_rounding: naira(0),
            total: naira(TOTAL),
        },
        taxes: vec![],
        shipping_address: cart(cart_number).shipping_address,
        billing_address: None,
        shipping_method: Some(ShippingChoice { code: "standard".into(), label: "Standard".into() }),
        payment_method: PaymentMethod::Card,
        rounding: RoundingProfile::default(),
        rulebook_version: 0,
        placed_at: at(1),
        pay_until: Some(at(600)),
        version: 1,
    }
}

fn amount(kind: AdjustmentKind, source: &str, minor: i64, line: Option<LineId>) -> Amount {
    let origin = Arc::new(Origin { label: source.to_uppercase().into(), source: source.into() });
    Amount { kind, origin, amount: naira(minor), line }
}

pub(crate) fn payment_of(cart_number: u128) -> Payment {
    Payment {
        id: id(cart_number + 200),
        order: id(cart_number + 100),
        reference: PaymentReference(format!("REF{cart_number}")),
        method: PaymentMethod::Card,
        amount: naira(TOTAL),
        mode: None,
        mobile_money: None,
        return_url: None,
        created_at: at(1),
        progress: Progress::new(PaymentState::Pending, naira(TOTAL)),
        version: 1,
    }
}

pub(crate) fn reservation_of(cart_number: u128) -> Reservation {
    Reservation {
        id: id(cart_number + 300),
        order: id(cart_number + 100),
        line: id(cart_number + 1000),
        variant: id(WHITE),
        location: id(LAGOS),
        quantity: quantity(3),
        hold: Hold::Held(at(600)),
        backorder: false,
    }
}

pub(crate) fn release_of(cart_number: u128) -> Release {
    Release::all(&reservation_of(cart_number))
}

pub(crate) fn scope(key: &str) -> Scope {
    Scope { actor: "cart:1".into(), route: "POST /confirm/".into(), key: key.parse().unwrap() }
}

pub(crate) fn record(key: &str, outcome: Outcome) -> Record {
    Record { scope: scope(key), fingerprint: [7; 32], outcome, at: at(1) }
}

pub(crate) fn step(
    order: OrderId,
    machine: Machine,
    from: Option<&str>,
    to: &str,
    when: i64,
) -> (OrderId, Transition) {
    let (from, to) = (from.map(str::to_owned), to.to_owned());
    (order, Transition { machine, from, to, actor: Actor::Guest, note: String::new(), at: at(when) })
}

/// Places the order of a cart that is at version 1.
pub(crate) fn place(cart_number: u128) -> ChangeSet {
    let order = order_of(cart_number);
    let order_id = order.id;
    let closed = Cart { order: Some(order_id), updated_at: at(1), version: 2, ..cart(cart_number) };
    ChangeSet {
        cart: cart::Changes {
            write: Some(cart::Write {
                cart: closed,
                expected_version: Some(1),
                lines_written: vec![],
                lines_removed: vec![],
            }),
            merged: None,
        },
        order: order::Changes {
            notes: Vec::new(),
            place: Some(order),
            advance: None,
            history: vec![
                step(order_id, Machine::Order, None, "pending", 1),
                step(order_id, Machine::Payment, None, "pending", 1),
                step(order_id, Machine::Fulfillment, None, "unfulfilled", 1),
            ],
        },
        payment: payment::Changes { open: vec![payment_of(cart_number)], ..Default::default() },
        inventory: inventory::Changes { reserve: vec![reservation_of(cart_number)], ..Default::default() },
        idempotency: Some(record(&format!("key-{cart_number}"), Outcome::OrderPlaced(order_id))),
        audit: vec![audit_entry(cart_number + 400)],
        events: vec![Event {
            id: id(cart_number + 500),
            name: "order.placed",
            subject: format!("order:{order_id}"),
            sequence: 1,
            data: serde_json::json!({"total": "9025.00"}),
            at: at(1),
        }],
        ..Default::default()
    }
}

/// Makes the coupon WELCOME, which three orders may use, one of each customer.
pub(crate) fn issue() -> ChangeSet {
    let coupon = Coupon {
        code: "WELCOME".parse().unwrap(),
        promotion: "welcome".to_owned(),
        from: Some(at(0)),
        until: None,
        uses_max: Some(3),
        customer_uses_max: Some(1),
        ended_at: None,
        created_at: at(0),
        issued_by: None,
        version: 1,
    };
    ChangeSet {
        promotion: promotion::Changes { issue: vec![coupon], ..Default::default() },
        ..Default::default()
    }
}

/// Places the order of a cart that is at version 1, by this customer with the coupon WELCOME.
pub(crate) fn redeem(cart_number: u128, email: &str) -> ChangeSet {
    let mut changes = place(cart_number);
    changes.promotion.redeem.push(Redemption {
        order: id(cart_number + 100),
        promotion: "welcome".to_owned(),
        coupon: Some("WELCOME".parse().unwrap()),
        customer: CustomerKey::of_email(&email.parse().unwrap()),
        amount: naira(50_000),
        at: at(1),
        uses_max: Some(9),
        customer_uses_max: None,
        budget: Some(1_000_000),
        coupon_uses_max: Some(3),
        coupon_customer_uses_max: Some(1),
    });
    changes
}

/// Cancels the order of that cart, which is at version 1.
pub(crate) fn cancel(cart_number: u128) -> ChangeSet {
    let order: OrderId = id(cart_number + 100);
    ChangeSet {
        order: order::Changes {
            notes: Vec::new(),
            advance: Some(order::Advance {
                id: order,
                expected_version: 1,
                status: OrderState::Cancelled,
                payment_status: PaymentState::Failed,
                fulfillment_status: FulfillmentState::Unfulfilled,
                pay_until: None,
            }),
            history: vec![
                step(order, Machine::Order, Some("pending"), "cancelled", 2),
                step(order, Machine::Payment, Some("pending"), "failed", 2),
            ],
            ..Default::default()
        },
        payment: payment::Changes {
            advance: vec![payment_of(cart_number).advance(Progress::new(PaymentState::Failed, naira(TOTAL)))],
            ..Default::default()
        },
        inventory: inventory::Changes { release: vec![release_of(cart_number)], ..Default::default() },
        ..Default::default()
    }
}

/// Pays the order of that cart, which is at version 1.
pub(crate) fn pay(cart_number: u128) -> ChangeSet {
    let order: OrderId = id(cart_number + 100);
    let payment = payment_of(cart_number);
    let paid = Progress {
        captured: payment.amount,
        paid_at: Some(at(2)),
        ..Progress::new(PaymentState::Paid, payment.amount)
    };
    let (came, received) = (naira(TOTAL), naira(-TOTAL));
    ChangeSet {
        order: order::Changes {
            notes: Vec::new(),
            advance: Some(order::Advance {
                id: order,
                expected_version: 1,
                status: OrderState::Processing,
                payment_status: PaymentState::Paid,
                fulfillment_status: FulfillmentState::Unfulfilled,
                pay_until: None,
            }),
            history: vec![
                step(order, Machine::Payment, Some("pending"), "paid", 2),
                step(order, Machine::Order, Some("pending"), "processing", 2),
            ],
            ..Default::default()
        },
        payment: payment::Changes {
            advance: vec![payment.advance(paid)],
            journal: vec![journal::Entry {
                id: id(cart_number + 700),
                at: at(2),
                kind: journal::EntryKind::Capture,
                order: Some(order),
                reference: payment.reference.clone(),
                legs: vec![Leg::new(Account::Gateway, came), Leg::new(Account::Orders, received)],
            }],
            ..Default::default()
        },
        inventory: inventory::Changes {
            rehold: vec![inventory::Rehold {
                reservation: reservation_of(cart_number).id,
                order,
                hold: Hold::Committed,
            }],
            ..Default::default()
        },
        ..Default::default()
    }
}

/// Asks for a refund of two kobo of that order, which is paid.
pub(crate) fn pay_back(cart_number: u128) -> ChangeSet {
    let payment = Payment { version: 2, ..payment_of(cart_number) };
    let taken = Progress {
        captured: payment.amount,
        refunded: naira(2),
        paid_at: Some(at(2)),
        ..Progress::new(PaymentState::Paid, payment.amount)
    };
    let refund = Refund {
        id: id(cart_number + 800),
        request: id(cart_number + 800),
        order: Some(payment.order),
        source: RefundSource::Payment(payment.id),
        reference: payment.reference.clone(),
        amount: naira(2),
        lines: vec![],
        shipping: naira(0),
        reason: String::new(),
        restock: false,
        actor: Actor::System,
        created_at: at(3),
        progress: RefundProgress::in_state(RefundState::Pending),
        version: 1,
    };
    ChangeSet {
        payment: payment::Changes {
            advance: vec![payment.advance(taken)],
            refund: vec![refund],
            ..Default::default()
        },
        ..Default::default()
    }
}

pub(crate) fn rulebook(version: u64) -> ChangeSet {
    let rulebook = StoredRulebook { version, rulebook: Rulebook::starter(Currency::NGN) };
    ChangeSet {
        pricing: pricing::Changes { rulebook: Some(rulebook), gone: pricing::Gone::default() },
        ..Default::default()
    }
}

pub(crate) fn stock_change(inventory: inventory::Changes) -> ChangeSet {
    ChangeSet { inventory, ..Default::default() }
}

pub(crate) fn stock_guard(variant: u128, location: u128) -> Guard {
    Guard::Stock { variant: id(variant), location: id(location) }
}

pub(crate) fn cart_guard(number: u128) -> Guard {
    Guard::Cart(id::<CartId>(number))
}

/// On hand, reserved and safety stock of a level.
pub(crate) async fn units(shop: &Shop, variant: u128, location: u128) -> (i64, i64, i64) {
    let (_, levels) = shop.store.stock(&[id::<VariantId>(variant)]).await.unwrap();
    let level = levels.into_iter().find(|level| level.location == id(location)).unwrap();
    (level.on_hand, level.reserved, level.safety_stock)
}
