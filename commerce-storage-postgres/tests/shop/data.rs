//! Hand-made change sets: what services would decide, without them.

use std::sync::Arc;
use std::time::Duration;

use commerce_core::audit::{Actor, Entry};
use commerce_core::cart::{self, Cart, CartLine, Look, TokenHash, View};
use commerce_core::catalog::{
    AttributeValue, Batch, Image, Product, ProductOption, ProductStatus, ProductWrite, TaxClass, Variant,
    Weight, WeightUnit,
};
use commerce_core::customer::{Address, Country};
use commerce_core::event::Event;
use commerce_core::idempotency::{Outcome, Record, Scope};
use commerce_core::inventory::{
    Adjustment, Hold, Level, Location, Movement, MovementReason, Rehold, Release, Reservation,
};
use commerce_core::order::{
    Advance, FulfillmentState, Machine, Order, OrderLine, OrderNumber, OrderState, OrderView, ShippingChoice,
    Transition,
};
use commerce_core::payment::journal::{self, Account, EntryKind, Leg};
use commerce_core::payment::{
    Payment, PaymentMethod, PaymentReference, PaymentState, Progress, Refund, RefundProgress, RefundSource,
    RefundState,
};
use commerce_core::pricing::RoundingProfile;
use commerce_core::pricing::{Adjustment as Part, AdjustmentKind, Origin, Rulebook, StoredRulebook, Summary};
use commerce_core::promotion::{Coupon, CustomerKey, Redemption};
use commerce_core::{
    ChangeSet, CommitError, Currency, Expect, Guard, Ids, LocationId, Money, Quantity, Store, Timestamp,
    UnitPrice, VariantId,
};
use commerce_storage_postgres::PostgresStore;
use serde_json::json;
use uuid::Uuid;

pub(crate) fn now() -> Timestamp {
    "2026-11-22T09:30:00.123456Z".parse().unwrap()
}

pub(crate) fn later(seconds: u64) -> Timestamp {
    now().plus(Duration::from_secs(seconds))
}

/// A stream of ids of its own for each `seed`.
pub(crate) fn ids(seed: u8) -> Ids {
    Ids::new([seed; 32], now())
}

pub(crate) fn naira(minor: i64) -> Money {
    Money::from_minor(minor, Currency::NGN)
}

pub(crate) fn price(minor: i64) -> UnitPrice {
    naira(minor).per_unit().unwrap()
}

pub(crate) fn quantity(units: u32) -> Quantity {
    Quantity::new(units).unwrap()
}

pub(crate) fn token(byte: u8) -> TokenHash {
    TokenHash([byte; 32])
}

pub(crate) fn look(byte: u8) -> Look {
    Look { token: Some(token(byte)), ..Look::default() }
}

pub(crate) fn variant(ids: &mut Ids, sku: &str, minor: i64) -> Variant {
    Variant {
        id: ids.fresh(),
        sku: sku.parse().unwrap(),
        option_values: Vec::new(),
        price: price(minor),
        compare_at_price: None,
        cost: None,
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

/// A published product with one variant, whose SKU is the slug in capitals.
pub(crate) fn product(ids: &mut Ids, slug: &str, minor: i64) -> Product {
    Product {
        id: ids.fresh(),
        slug: slug.parse().unwrap(),
        name: format!("The {slug}"),
        description_html: "<p>good</p>".to_owned(),
        status: ProductStatus::Published,
        featured: false,
        brand: None,
        category: None,
        seller: None,
        tags: Vec::new(),
        options: Vec::new(),
        variants: vec![variant(ids, &slug.to_uppercase(), minor)],
        images: Vec::new(),
        attributes: Vec::new(),
        created_at: now(),
        updated_at: now(),
        deleted_at: None,
        publish_at: None,
        unpublish_at: None,
        version: 1,
    }
}

/// A product that has something of everything. Brand, category and attribute are to be written with it.
pub(crate) fn rich_product(ids: &mut Ids, slug: &str, batch: &mut Batch) -> Product {
    let brand = commerce_core::catalog::Brand::new(
        ids.fresh(),
        format!("brand-of-{slug}").parse().unwrap(),
        format!("Brand of {slug}"),
    );
    let root = category(ids, None, &format!("root-{slug}"));
    let leaf = category(ids, Some(&root), &format!("leaf-{slug}"));
    let colour = commerce_core::catalog::AttributeKind::Colour;
    let attribute =
        commerce_core::catalog::Attribute::new(ids.fresh(), format!("colour-{slug}"), "Colour", colour);
    let mut rich = product(ids, slug, 250_000);
    rich.brand = Some(brand.id);
    rich.category = Some(leaf.id);
    rich.seller = Some(ids.fresh());
    rich.featured = true;
    rich.tags = vec!["new".to_owned(), "été".to_owned()];
    rich.options = vec![
        ProductOption { name: "Size".to_owned(), values: vec!["S".into(), "M".into()], attribute: None },
        ProductOption {
            name: "Colour".to_owned(),
            values: vec!["red".into()],
            attribute: Some(attribute.id),
        },
    ];
    rich.attributes = vec![AttributeValue { attribute: attribute.id, value: "red".to_owned() }];
    rich.images = vec![
        Image {
            id: ids.fresh(),
            url: "https://example.com/1.jpg".to_owned(),
            alt: "front".to_owned(),
            copies: Vec::new(),
        },
        Image {
            id: ids.fresh(),
            url: "https://example.com/2.jpg".to_owned(),
            alt: String::new(),
            copies: Vec::new(),
        },
    ];
    rich.variants[0].option_values = vec!["S".to_owned(), "red".to_owned()];
    rich.variants[0].weight = Weight::parse_grams("187.95733831875", WeightUnit::Ounce);
    let mut second = variant(ids, &format!("{}-M", slug.to_uppercase()), 200_000);
    second.option_values = vec!["M".to_owned(), "red".to_owned()];
    second.compare_at_price = Some(price(300_000));
    second.cost = Some(price(100_000));
    second.barcode = Some("4006381333931".to_owned());
    second.image = Some("https://example.com/m.jpg".to_owned());
    second.backorder = true;
    rich.variants.push(second);
    batch.brands.push(brand);
    batch.categories.extend([root, leaf]);
    batch.attributes.push(attribute);
    rich
}

pub(crate) fn category(
    ids: &mut Ids,
    parent: Option<&commerce_core::catalog::Category>,
    slug: &str,
) -> commerce_core::catalog::Category {
    commerce_core::catalog::Category::new(ids.fresh(), parent, slug.parse().unwrap(), slug)
}

pub(crate) fn new(product: &Product) -> ProductWrite {
    ProductWrite { product: product.clone(), expected_version: None }
}

pub(crate) fn known(product: &Product, expected: u64) -> ProductWrite {
    ProductWrite { product: product.clone(), expected_version: Some(expected) }
}

pub(crate) fn location(ids: &mut Ids, code: &str, priority: i32) -> Location {
    Location::new(ids.fresh(), code, &code.to_lowercase(), priority)
}

pub(crate) fn level(variant: VariantId, location: LocationId) -> Level {
    Level { variant, location, safety_stock: None, reorder_level: None }
}

pub(crate) fn movement(ids: &mut Ids, variant: VariantId, location: LocationId, delta: i64) -> Adjustment {
    Adjustment {
        movement: Movement {
            id: ids.fresh(),
            variant,
            location,
            delta,
            reason: MovementReason::Receipt,
            actor: Actor::Staff("ada".to_owned()),
            note: "delivery 7".to_owned(),
            reference: String::new(),
            audit: None,
            at: now(),
        },
        expected_on_hand: None,
    }
}

/// A shop with products of one variant each, `units` of each at the location `MAIN`.
pub(crate) struct Stocked {
    pub(crate) location: Location,
    pub(crate) products: Vec<Product>,
}

impl Stocked {
    pub(crate) fn variant(&self, index: usize) -> VariantId {
        self.products[index].variants[0].id
    }
}

pub(crate) async fn stocked(store: &PostgresStore, units: i64, slugs: &[&str]) -> Stocked {
    let mut ids = ids(1);
    let products: Vec<Product> = slugs.iter().map(|slug| product(&mut ids, slug, 100_000)).collect();
    stocked_with(store, units, products).await
}

pub(crate) async fn stocked_with(store: &PostgresStore, units: i64, products: Vec<Product>) -> Stocked {
    let mut ids = ids(2);
    let location = location(&mut ids, "MAIN", 1);
    let mut batch = Batch { products: products.iter().map(new).collect(), ..Batch::default() };
    batch.inventory.locations.push(location.clone());
    for variant in products.iter().flat_map(|product| &product.variants) {
        batch.inventory.levels.push(level(variant.id, location.id));
        if units > 0 {
            batch.inventory.adjust.push(movement(&mut ids, variant.id, location.id, units));
        }
    }
    store.import(&batch).await.unwrap();
    Stocked { location, products }
}

pub(crate) fn address() -> Address {
    Address {
        contact_name: "Ada Obi".to_owned(),
        phone: Some("+2348031234567".parse().unwrap()),
        street_line1: "1 Marina".to_owned(),
        street_line2: None,
        city: "Lagos".to_owned(),
        state_province: Some("LA".to_owned()),
        postal_code: None,
        country_code: Country::NG,
        vat_id: None,
    }
}

pub(crate) fn cart(ids: &mut Ids, byte: u8, lines: Vec<CartLine>) -> Cart {
    Cart {
        id: ids.fresh(),
        token: token(byte),
        customer: None,
        currency: None,
        channel: None,
        lines,
        coupons: Vec::new(),
        email: Some("ada@example.com".parse().unwrap()),
        shipping_address: Some(address()),
        billing_address: None,
        shipping_method: Some("standard".to_owned()),
        payment_method: Some(PaymentMethod::Card),
        mobile_money: None,
        order: None,
        created_at: now(),
        updated_at: now(),
        // Far from now by the database's clock, whatever it says.
        expires_at: "2999-01-01T00:00:00Z".parse().unwrap(),
        version: 1,
    }
}

pub(crate) fn cart_line(ids: &mut Ids, variant: VariantId, units: u32) -> CartLine {
    CartLine {
        id: ids.fresh(),
        variant,
        quantity: quantity(units),
        customizations: [("gift".to_owned(), "for Bola".to_owned())].into(),
    }
}

/// Writes the cart anew or over the version before, all its line items with it.
pub(crate) fn write(cart: &Cart) -> ChangeSet {
    ChangeSet {
        cart: cart::Changes {
            write: Some(cart::Write {
                cart: cart.clone(),
                expected_version: (cart.version > 1).then(|| cart.version - 1),
                lines_written: (0..).zip(cart.lines.iter().cloned()).collect(),
                lines_removed: Vec::new(),
            }),
            merged: None,
        },
        ..ChangeSet::default()
    }
}

/// Stores a cart with `units` of each variant, by the token of `byte`.
pub(crate) async fn filled_cart(store: &PostgresStore, byte: u8, units: u32, variants: &[VariantId]) -> Cart {
    let mut ids = ids(100 + byte);
    let lines = variants.iter().map(|variant| cart_line(&mut ids, *variant, units)).collect();
    let cart = cart(&mut ids, byte, lines);
    store.commit(&write(&cart)).await.unwrap();
    cart
}

/// The change set that makes an order of the cart: paid by card, held until `held_until`.
pub(crate) fn place(ids: &mut Ids, cart: &Cart, shop: &Stocked, held_until: Timestamp) -> ChangeSet {
    let order = Order { pay_until: Some(held_until), ..order(ids, cart, shop) };
    let reserve = cart.lines.iter().map(|line| Reservation {
        id: ids.fresh(),
        order: order.id,
        line: line.id,
        variant: line.variant,
        location: shop.location.id,
        quantity: line.quantity,
        hold: Hold::Held(held_until),
        backorder: false,
    });
    let reserve = reserve.collect();
    let closed = Cart { order: Some(order.id), version: cart.version + 1, lines: Vec::new(), ..cart.clone() };
    let mut changes = write(&closed);
    changes.inventory.reserve = reserve;
    changes.payment.open.push(Payment {
        id: ids.fresh(),
        order: order.id,
        reference: PaymentReference(ids.code(26)),
        method: PaymentMethod::Card,
        amount: order.totals.total,
        mode: None,
        mobile_money: None,
        return_url: None,
        created_at: now(),
        progress: Progress::new(PaymentState::Pending, order.totals.total),
        version: 1,
    });
    changes.idempotency = Some(Record {
        scope: scope(cart),
        fingerprint: [7; 32],
        outcome: Outcome::OrderPlaced(order.id),
        at: now(),
    });
    changes.audit.push(Entry {
        id: ids.fresh(),
        at: now(),
        actor: Actor::Guest,
        action: "order.place".to_owned(),
        target: format!("order:{}", order.id),
        data: json!({"lines": order.lines.len()}),
    });
    changes.events.push(Event {
        id: ids.fresh(),
        name: "order.placed",
        subject: format!("order:{}", order.id),
        sequence: 1,
        data: json!({"order_id": order.id}),
        at: now(),
    });
    changes.expects =
        shop.products.iter().map(|product| Expect::Product(product.id, product.version)).collect();
    changes.expects.push(Expect::Rulebook(0));
    changes.order.history =
        [(Machine::Order, "pending"), (Machine::Payment, "pending"), (Machine::Fulfillment, "unfulfilled")]
            .map(|(machine, to)| (order.id, step(machine, None, to)))
            .into();
    changes.order.place = Some(order);
    changes
}

pub(crate) fn scope(cart: &Cart) -> Scope {
    Scope { actor: cart.token.to_hex(), route: "POST /confirm".to_owned(), key: "k-1".parse().unwrap() }
}

pub(crate) fn step(machine: Machine, from: Option<&str>, to: &str) -> Transition {
    Transition {
        machine,
        from: from.map(str::to_owned),
        to: to.to_owned(),
        actor: Actor::Guest,
        note: "said so".to_owned(),
        at: now(),
    }
}

fn order(ids: &mut Ids, cart: &Cart, shop: &Stocked) -> Order {
    let lines: Vec<OrderLine> = cart.lines.iter().map(|line| order_line(line, shop)).collect();
    let sum = |part: fn(&OrderLine) -> Money| naira(lines.iter().map(|line| part(line).minor).sum());
    let (subtotal, discount, shipping) =
        (sum(|line| line.line_total), sum(|line| line.discount), naira(150_000));
    let tax_added = sum(|line| line.tax_added);
    let total = subtotal.minus(discount).and_then(|left| left.plus(shipping)?.plus(tax_added)).unwrap();
    Order {
        id: ids.fresh(),
        number: OrderNumber(ids.code(9)),
        cart: cart.id,
        status: OrderState::Pending,
        payment_status: PaymentState::Pending,
        fulfillment_status: FulfillmentState::Unfulfilled,
        customer: Some(ids.fresh()),
        email: cart.email.clone().unwrap(),
        adjustments: vec![
            Part {
                kind: AdjustmentKind::Promotion,
                origin: origin("Welcome", "promotion:welcome"),
                amount: naira(-discount.minor),
                line: cart.lines.first().map(|line| line.id),
            },
            Part {
                kind: AdjustmentKind::Shipping,
                origin: origin("Standard", "shipping:standard"),
                amount: shipping,
                line: None,
            },
        ],
        taxes: Vec::new(),
        totals: Summary {
            subtotal,
            discount,
            shipping,
            tax_added,
            tax_included: naira(0),
            cash_rounding: naira(0),
            total,
        },
        shipping_address: Some(address()),
        billing_address: None,
        shipping_method: Some(ShippingChoice { code: "standard".to_owned(), label: "Standard".to_owned() }),
        payment_method: PaymentMethod::Card,
        rounding: RoundingProfile::default(),
        rulebook_version: 0,
        placed_at: now(),
        pay_until: None,
        version: 1,
        lines,
    }
}

fn origin(label: &str, source: &str) -> Arc<Origin> {
    Arc::new(Origin { label: label.into(), source: source.into() })
}

fn order_line(line: &CartLine, shop: &Stocked) -> OrderLine {
    let (product, variant) = shop
        .products
        .iter()
        .flat_map(|product| product.variants.iter().map(move |variant| (product, variant)))
        .find(|(_, variant)| variant.id == line.variant)
        .unwrap();
    let total = variant.price.times(line.quantity, Default::default()).unwrap();
    let (discount, tax) = (naira(total.minor / 10), naira(total.minor / 20));
    OrderLine {
        id: line.id,
        variant: variant.id,
        product: product.id,
        seller: product.seller,
        sku: variant.sku.clone(),
        slug: product.slug.clone(),
        name: product.name.clone(),
        options: vec![("Size".to_owned(), "M".to_owned())],
        image: None,
        customizations: line.customizations.clone(),
        unit_price: variant.price,
        quantity: line.quantity,
        line_total: total,
        discount,
        tax_added: tax,
        tax_included: naira(0),
        paid: total.minus(discount).and_then(|left| left.plus(tax)).unwrap(),
        tax_class: variant.tax_class.clone(),
        digital: false,
        stock_limited: true,
    }
}

/// The change set that makes a coupon of this code, which three orders may use, one of each customer.
pub(crate) fn issue(code: &str) -> ChangeSet {
    let mut changes = ChangeSet::default();
    changes.promotion.issue.push(Coupon {
        code: code.parse().unwrap(),
        promotion: "welcome".to_owned(),
        from: Some(now()),
        until: None,
        uses_max: Some(3),
        customer_uses_max: Some(1),
        ended_at: None,
        created_at: now(),
        issued_by: None,
        version: 1,
    });
    changes
}

/// The order of the change set uses the coupon of this code.
pub(crate) fn redeeming(mut changes: ChangeSet, code: &str) -> ChangeSet {
    let order = changes.order.place.as_ref().unwrap();
    changes.promotion.redeem.push(Redemption {
        order: order.id,
        promotion: "welcome".to_owned(),
        coupon: Some(code.parse().unwrap()),
        customer: CustomerKey::of_email(&order.email),
        amount: order.totals.discount,
        at: now(),
        uses_max: Some(9),
        customer_uses_max: None,
        budget: Some(10_000_000),
        coupon_uses_max: Some(3),
        coupon_customer_uses_max: Some(1),
    });
    changes
}

/// The change set that calls a pending order off.
pub(crate) fn cancel(ids: &mut Ids, view: &OrderView) -> ChangeSet {
    let order = &view.order;
    let mut changes = ChangeSet::default();
    changes.order.advance = Some(Advance {
        id: order.id,
        expected_version: order.version,
        status: OrderState::Cancelled,
        payment_status: PaymentState::Failed,
        fulfillment_status: order.fulfillment_status,
        pay_until: None,
    });
    changes.order.history = vec![
        (order.id, step(Machine::Order, Some(order.status.as_str()), "cancelled")),
        (order.id, step(Machine::Payment, Some(order.payment_status.as_str()), "failed")),
    ];
    changes.payment.advance = view
        .payments
        .iter()
        .map(|payment| payment.advance(Progress::new(PaymentState::Failed, payment.amount)))
        .collect();
    changes.inventory.release = view.reservations.iter().map(Release::all).collect();
    changes.events.push(Event {
        id: ids.fresh(),
        name: "order.cancelled",
        subject: format!("order:{}", order.id),
        sequence: order.version + 1,
        data: json!({}),
        at: now(),
    });
    changes
}

/// What pays the order through a gateway.
pub(crate) fn pay(ids: &mut Ids, view: &OrderView) -> ChangeSet {
    let (order, payment) = (&view.order, &view.payments[0]);
    let step = |machine, from: &str, to: &str| {
        let (from, to) = (Some(from.to_owned()), to.to_owned());
        (order.id, Transition { machine, from, to, actor: Actor::System, note: String::new(), at: now() })
    };
    let mut changes = ChangeSet::default();
    changes.order.advance = Some(Advance {
        id: order.id,
        expected_version: order.version,
        status: OrderState::Processing,
        payment_status: PaymentState::Paid,
        fulfillment_status: order.fulfillment_status,
        pay_until: None,
    });
    changes.order.history =
        vec![step(Machine::Payment, "pending", "paid"), step(Machine::Order, "pending", "processing")];
    let paid = Progress {
        captured: payment.amount,
        paid_at: Some(now()),
        ..Progress::new(PaymentState::Paid, payment.amount)
    };
    changes.payment.advance = vec![payment.advance(paid)];
    let received = Money::from_minor(-payment.amount.minor, payment.amount.currency);
    changes.payment.journal = vec![journal::Entry {
        id: ids.fresh(),
        at: now(),
        kind: EntryKind::Capture,
        order: Some(order.id),
        reference: payment.reference.clone(),
        legs: vec![Leg::new(Account::Gateway, payment.amount), Leg::new(Account::Orders, received)],
    }];
    changes.inventory.rehold = view
        .reservations
        .iter()
        .map(|reservation| Rehold { reservation: reservation.id, order: order.id, hold: Hold::Committed })
        .collect();
    changes
}

/// What asks for a refund of two kobo of an order that is paid.
pub(crate) fn pay_back(ids: &mut Ids, view: &OrderView) -> ChangeSet {
    let payment = &view.payments[0];
    let id = ids.fresh();
    let two = Money::from_minor(2, payment.amount.currency);
    let mut changes = ChangeSet::default();
    changes.payment.refund = vec![Refund {
        id,
        request: id,
        order: Some(payment.order),
        source: RefundSource::Payment(payment.id),
        reference: payment.reference.clone(),
        amount: two,
        lines: Vec::new(),
        shipping: Money::zero(two.currency),
        reason: String::new(),
        restock: false,
        actor: Actor::System,
        created_at: now(),
        progress: RefundProgress::in_state(RefundState::Pending),
        version: 1,
    }];
    changes.payment.advance = vec![payment.advance(Progress { refunded: two, ..payment.progress.clone() })];
    changes
}

pub(crate) fn rulebook(version: u64) -> StoredRulebook {
    StoredRulebook { version, rulebook: Rulebook::starter(Currency::NGN) }
}

/// The guard of a commit that must be stale.
#[track_caller]
pub(crate) fn stale(committed: Result<(), CommitError>) -> Guard {
    match committed {
        Err(CommitError::Stale { guard }) => guard,
        other => panic!("expected a stale commit, not {other:?}"),
    }
}

/// The cart of the token, as a look sees it.
pub(crate) async fn seen(store: &PostgresStore, byte: u8) -> View {
    store.cart(&look(byte)).await.unwrap()
}

/// An id that nothing has.
pub(crate) fn nobody<T: From<Uuid>>() -> T {
    T::from(Uuid::from_u128(42))
}
