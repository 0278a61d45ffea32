//! What is written is what is read.

use std::collections::BTreeMap;

use serde_json::json;

use super::payments::{captured, paid};
use super::{Shop, cancel, delivery};
use crate::audit::Actor;
use crate::cart::{Cart, CartLine, CartToken, Write};
use crate::catalog::{AttributeKind, LengthUnit, Product, ProductKey, ProductStatus, TaxClass, WeightUnit};
use crate::checkout::Confirm;
use crate::customer::{Address, Country, Destination};
use crate::inventory::{Adjustment, Count, Movement, MovementReason};
use crate::money::Rounding;
use crate::order::{Advance, Cancel, FulfillmentState, Machine, OrderState, Transition};
use crate::payment::{MobileMoney, PaymentMethod, PaymentReference, PaymentState};
use crate::pricing::RoundingProfile;
use crate::pricing::Rulebook;
use crate::testkit::{Item, add, address, item, key, named, units, variant_id};
use crate::{CartId, ChangeSet, Currency, CustomerId, LineId, Money, Quantity, SellerId};

/// Text that wants care: quotes, percent signs, backslashes, combining marks, other scripts, beyond the basic plane.
const TEXT: &str = "Ọjà's \"50 %\" _off_ \\ naïve e\u{301} 日本 🧵 <b>&amp;</b> 'x'; --";

/// A product in which everything is set, with unlikely text and numbers.
pub async fn a_product_in_full(shop: &Shop) {
    let full = full_product();
    shop.sell([full.clone()]).await;
    assert_eq!(product(shop, "full").await, full.product());
}

/// A product in which nothing is set that need not be.
pub async fn a_product_with_nothing_optional(shop: &Shop) {
    let plain = item("plain");
    shop.sell([plain.clone()]).await;
    assert_eq!(product(shop, "plain").await, plain.product());
}

/// Putting a product in place of another leaves nothing of the one before: not a tag, not a picture, not an option.
pub async fn a_product_put_in_place_of_another(shop: &Shop) {
    let full = full_product();
    shop.sell([full]).await;
    let plain = item("full").sku("full-s");
    let mut batch = shop.batch([plain.clone()]).await;
    let product_write = &mut batch.products[0];
    let others = full_product().product().variants.split_off(1).into_iter();
    product_write.product.variants.extend(others.map(|mut variant| {
        variant.option_values = Vec::new();
        variant
    }));
    let expected = product_write.product.clone();
    shop.store.import(&batch).await.unwrap();
    assert_eq!(product(shop, "full").await, expected);
    assert_eq!(expected.version, 2);
    shop.sell([full_product()]).await;
    assert_eq!(product(shop, "full").await, Product { version: 3, ..full_product().product() });
}

/// Prices in currencies without decimals, with two and with three, down to a ten-thousandth of a minor unit and up to
/// the largest number there is.
pub async fn prices_in_every_kind_of_currency(shop: &Shop) {
    let items = [
        item("naira").price("299.99"),
        item("finest").price_exactly(1),
        item("largest").price_exactly(i64::MAX),
        item("franc").currency(Currency::XOF).price("1500").compare_at("2000").cost("999.5"),
        item("dinar").currency(Currency::KWD).price("1.2345678"),
        item("nothing").draft().price("0"),
    ];
    shop.sell(items.clone()).await;
    for item in items {
        assert_eq!(product(shop, item.slug().as_str()).await, item.product());
    }
}

/// A cart in which everything is set, and one in which nothing is.
pub async fn a_cart_in_full_and_one_with_nothing(shop: &Shop) {
    shop.sell([item("a").stock(9), item("b").stock(9)]).await;
    let now = shop.now().await;
    let full_address = Address {
        contact_name: TEXT.to_owned(),
        phone: Some("+2348031234567".parse().unwrap()),
        street_line1: TEXT.to_owned(),
        street_line2: Some(TEXT.to_owned()),
        city: TEXT.to_owned(),
        state_province: Some("LA".to_owned()),
        postal_code: Some("100001".to_owned()),
        country_code: Country::GH,
        vat_id: Some("XIGD001".parse().unwrap()),
    };
    let line = |place: u32, sku, quantity, wishes: BTreeMap<String, String>| CartLine {
        id: named::<LineId>("line", &place.to_string()),
        variant: variant_id(sku),
        quantity: units(quantity),
        customizations: wishes,
    };
    let wishes = BTreeMap::from([
        ("engraving".to_owned(), TEXT.to_owned()),
        (TEXT.to_owned(), "two\nlines".to_owned()),
    ]);
    let owner = super::accounts::registered(shop, "owner@example.com").await.id;
    let full = Cart {
        id: named::<CartId>("cart", "full"),
        token: CartToken::from_bytes([1; 32]).hash(),
        customer: Some(owner),
        currency: Some(Currency::GHS),
        channel: Some(TEXT.to_owned()),
        lines: vec![
            line(3, "b", Quantity::MAX, wishes.clone()),
            line(1, "a", 1, BTreeMap::new()),
            line(2, "a", 2, wishes),
        ],
        coupons: vec!["WELCOME-10".parse().unwrap(), "ÉTÉ2026".parse().unwrap()],
        email: Some("ọlá@müller.example".parse().unwrap()),
        shipping_address: Some(full_address.clone()),
        billing_address: Some(Address { street_line2: None, phone: None, ..full_address }),
        shipping_method: Some(TEXT.to_owned()),
        payment_method: Some(PaymentMethod::MobileMoney),
        mobile_money: Some(MobileMoney {
            phone: "+233241234567".parse().unwrap(),
            provider: TEXT.to_owned(),
        }),
        order: None,
        created_at: now,
        updated_at: now,
        expires_at: now.plus(std::time::Duration::from_micros(1_000_001)),
        version: 1,
    };
    let plain = Cart {
        id: named::<CartId>("cart", "plain"),
        token: CartToken::from_bytes([2; 32]).hash(),
        customer: None,
        currency: None,
        channel: None,
        lines: Vec::new(),
        coupons: Vec::new(),
        email: None,
        shipping_address: None,
        billing_address: None,
        shipping_method: None,
        payment_method: None,
        mobile_money: None,
        ..full.clone()
    };
    for cart in [&full, &plain] {
        put_cart(shop, None, cart).await;
    }
    assert_eq!(shop.view(&CartToken::from_bytes([1; 32])).await.cart.as_ref(), Some(&full));
    assert_eq!(shop.view(&CartToken::from_bytes([2; 32])).await.cart.as_ref(), Some(&plain));
    // Each becomes the other: what was set goes, what was not comes.
    let swapped =
        |cart: &Cart, like: &Cart| Cart { id: cart.id, token: cart.token, version: 2, ..like.clone() };
    let (emptied, mut filled) = (swapped(&full, &plain), swapped(&plain, &full));
    for (place, line) in filled.lines.iter_mut().enumerate() {
        line.id = named::<LineId>("other line", &place.to_string());
    }
    put_cart(shop, Some(&full), &emptied).await;
    put_cart(shop, Some(&plain), &filled).await;
    assert_eq!(shop.view(&CartToken::from_bytes([1; 32])).await.cart, Some(emptied));
    assert_eq!(shop.view(&CartToken::from_bytes([2; 32])).await.cart, Some(filled));
}

/// Line items that move up when one before them goes keep their order.
pub async fn line_items_keep_their_order(shop: &Shop) {
    shop.sell(["a", "b", "c", "d"].map(|slug| item(slug).stock(9))).await;
    let token = shop.cart(&[("c", 1), ("a", 1), ("d", 1), ("b", 1)]).await;
    let lines = shop.view(&token).await.cart.unwrap().lines;
    shop.engine.carts().set_quantity(&token, lines[1].id, None, None).await.unwrap();
    shop.engine.carts().set_quantity(&token, lines[2].id, Quantity::new(7), None).await.unwrap();
    shop.engine.carts().add(Some(&token), &add("a", 2), None).await.unwrap();
    let seen = shop.view(&token).await.cart.unwrap();
    let seen: Vec<_> = seen.lines.iter().map(|line| (line.variant, line.quantity.get())).collect();
    let expected = [("c", 1), ("d", 7), ("b", 1), ("a", 2)];
    assert_eq!(seen, expected.map(|(sku, quantity)| (variant_id(sku), quantity)));
}

/// An order with discounts, shipping, tax on top and inside, wishes, two addresses and unlikely text.
pub async fn an_order_in_full(shop: &Shop) {
    for prices_include_tax in [false, true] {
        shop.sell([book()]).await;
        shop.rules(full_rulebook(Currency::NGN, prices_include_tax)).await;
        let prefix = if prices_include_tax { "in" } else { "on" };
        let tee = format!("{prefix}-tee");
        let pdf = format!("{prefix}-pdf");
        shop.sell([
            item(&tee)
                .name(TEXT)
                .image("https://img.example/tee.jpg", "")
                .options(&["Size", TEXT])
                .values(&["S", "Indigo"])
                .price("1999.9999")
                .weight("187.5", WeightUnit::Gram)
                .stock(2)
                .stock_at("second", 9),
            item(&pdf).digital().untracked().tax_class(&TaxClass::exempt()).price("0.333"),
        ])
        .await;
        let token = shop.cart(&[(&pdf, 3)]).await;
        let mut wish = add(&tee, 4);
        wish.customizations.insert("engraving".to_owned(), TEXT.to_owned());
        shop.engine.carts().add(Some(&token), &wish, None).await.unwrap();
        let mut delivery = by_weight();
        delivery.billing_address = Some(Address {
            contact_name: TEXT.to_owned(),
            vat_id: Some("GH-C0001234567".parse().unwrap()),
            ..address(Country::GH)
        });
        shop.engine.carts().set_delivery(&token, &delivery, None).await.unwrap();
        shop.engine.carts().set_payment(&token, PaymentMethod::BankTransfer, None).await.unwrap();
        let confirmed = shop.confirm(&token).await.unwrap();
        let mut answered = confirmed.order;
        assert!(answered.order.totals.discount.minor > 0);
        assert!(answered.order.totals.shipping.minor > 0);
        let tax = if prices_include_tax {
            answered.order.totals.tax_included
        } else {
            answered.order.totals.tax_added
        };
        assert!(tax.minor > 0);
        let read = shop.order_now(answered.order.id).await;
        answered.now = read.now;
        answered.reservations.sort_by_key(|reservation| reservation.id);
        assert_eq!(read, answered);
    }
}

/// An order that is paid in cash in a currency whose smallest coin is five: what rounding adds or takes, with its rule; and
/// the tax of each rate. In the very words, because others read them too.
pub async fn an_order_with_its_taxes_and_its_rounding(shop: &Shop) {
    let mut rulebook = full_rulebook(Currency::NGN, false);
    rulebook.rounding.cash_interval = 5;
    shop.sell([book()]).await;
    shop.rules(rulebook).await;
    for (price, rounding) in [("10.01", -1), ("10.04", 1)] {
        let sku = format!("mug{price}");
        shop.sell([item("mug").sku(&sku).price(price).stock(9).weight("1", WeightUnit::Gram)]).await;
        let token = shop.cart(&[(&sku, 1)]).await;
        shop.engine.carts().set_delivery(&token, &by_weight(), None).await.unwrap();
        shop.engine.carts().set_payment(&token, PaymentMethod::CashOnDelivery, None).await.unwrap();
        let placed = shop.confirm(&token).await.unwrap().order.order;
        let read = shop.order_now(placed.id).await.order;
        assert_eq!(read, placed);
        assert_eq!(read.totals.cash_rounding.minor, rounding, "{:?}", read.totals);
        let taxes = json!([{
            "label": "VAT 7.5 %", "source": "tax:ng-vat", "rate": "7.5", "base": {"minor": read.taxes[0].base.minor, "currency": "NGN"},
            "amount": {"minor": read.totals.tax_added.minor, "currency": "NGN"}, "included": false,
        }]);
        assert_eq!(serde_json::to_value(&read.taxes).unwrap(), taxes);
        let last = json!({
            "kind": "cash_rounding", "label": "Rounding", "source": "cash_rounding",
            "amount": {"minor": rounding, "currency": "NGN"}, "line": null,
        });
        assert_eq!(serde_json::to_value(read.adjustments.last()).unwrap(), last);
    }
}

/// An order of digital goods that cost nothing: no address, no shipping, no reservation, paid at once.
pub async fn an_order_with_nothing_optional(shop: &Shop) {
    shop.sell([item("pdf").digital().untracked().price("0")]).await;
    let token = shop.cart(&[("pdf", 1)]).await;
    let delivery = crate::cart::Delivery { address: None, shipping_method: None, ..delivery() };
    shop.engine.carts().set_delivery(&token, &delivery, None).await.unwrap();
    shop.engine.carts().set_payment(&token, PaymentMethod::Ussd, None).await.unwrap();
    let mut answered = shop.confirm(&token).await.unwrap().order;
    let read = shop.order_now(answered.order.id).await;
    answered.now = read.now;
    assert_eq!(read, answered);
    let order = &read.order;
    assert_eq!(
        (&order.shipping_address, &order.billing_address, &order.shipping_method),
        (&None, &None, &None)
    );
    assert_eq!((order.status, order.payment_status), (OrderState::Processing, PaymentState::Paid));
    assert_eq!((read.reservations.len(), read.history.len()), (0, 4));
}

/// Orders in a currency without decimals.
pub async fn orders_in_a_currency_without_decimals(shop: &Shop) {
    orders_in(shop, Currency::XOF, "1500.5", 6_002).await;
}

/// Orders in a currency with three decimals.
pub async fn orders_in_a_currency_with_three_decimals(shop: &Shop) {
    orders_in(shop, Currency::KWD, "1.23456", 4_938).await;
}

/// Every way to pay, and how each holds the goods.
pub async fn every_way_to_pay(shop: &Shop) {
    shop.sell([item("mug").stock(99)]).await;
    for method in PaymentMethod::ALL {
        let token = shop.ready_cart_paying(method, &[("mug", 1)]).await;
        let confirmed = shop.confirm(&token).await.unwrap();
        let read = shop.order_now(confirmed.order.order.id).await;
        assert_eq!((read.order.payment_method, read.payments[0].method), (method, method));
        assert_eq!(read.payments, [confirmed.payment]);
        assert_eq!(read.reservations, confirmed.order.reservations);
    }
}

/// An order that gets further: its three states, its version, its payment and its history, by every kind of actor.
pub async fn an_order_that_gets_further(shop: &Shop) {
    shop.sell([item("pdf").digital().untracked()]).await;
    let placed = shop.order(&[("pdf", 1)]).await;
    let order = &placed.order;
    let at = placed.now;
    let step = |machine, from: &str, to: &str, actor, note: &str| {
        let transition = Transition {
            machine,
            from: Some(from.to_owned()),
            to: to.to_owned(),
            actor,
            note: note.to_owned(),
            at,
        };
        (order.id, transition)
    };
    let staff = Actor::Staff("ọlá:of:accounts".to_owned());
    let customer = Actor::Customer(named::<CustomerId>("customer", "ada"));
    let mut changes = ChangeSet::default();
    changes.order.advance = Some(Advance {
        id: order.id,
        expected_version: 1,
        status: OrderState::Processing,
        payment_status: PaymentState::Paid,
        fulfillment_status: FulfillmentState::Fulfilled,
        pay_until: Some(at),
    });
    changes.order.history = vec![
        step(Machine::Fulfillment, "unfulfilled", "partial", staff, TEXT),
        step(Machine::Payment, "due", "paid", customer, ""),
        step(Machine::Order, "pending", "processing", Actor::System, "accepted"),
        step(Machine::Fulfillment, "partial", "fulfilled", Actor::Guest, "two\nlines"),
    ];
    changes.payment.advance = vec![placed.payments[0].advance(paid(&placed.payments[0]))];
    changes.payment.journal = vec![captured(&placed.payments[0], &mut shop.ids(at))];
    shop.store.commit(&changes).await.unwrap();
    let read = shop.order_now(order.id).await;
    assert_eq!(read.order.version, 2);
    assert_eq!(
        (read.order.status, read.order.payment_status, read.order.fulfillment_status),
        (OrderState::Processing, PaymentState::Paid, FulfillmentState::Fulfilled)
    );
    let mut history = placed.history;
    history.extend(changes.order.history.into_iter().map(|(_, transition)| transition));
    assert_eq!(read.history, history);
    assert_eq!((read.payments[0].state(), read.payments[0].version), (PaymentState::Paid, 2));
}

/// Payment attempts come by when they were made.
pub async fn payment_attempts_come_oldest_first(shop: &Shop) {
    shop.sell([item("mug").stock(9)]).await;
    let placed = shop.card_order(&[("mug", 1)]).await;
    let first = placed.payments[0].clone();
    let mut expected = vec![first.clone()];
    for attempt in 1..=3_u64 {
        let mut next = first.clone();
        next.id = named("payment", &attempt.to_string());
        next.reference = PaymentReference(format!("REF-{attempt}"));
        next.created_at = first.created_at.plus(std::time::Duration::from_secs(attempt));
        expected.push(next);
    }
    let mut changes = ChangeSet::default();
    changes.payment.open = expected[1..].iter().rev().cloned().collect();
    shop.store.commit(&changes).await.unwrap();
    assert_eq!(shop.order_now(placed.order.id).await.payments, expected);
}

/// A cancellation with a reason that wants care.
pub async fn a_cancellation_with_its_reason(shop: &Shop) {
    shop.sell([item("mug").stock(9)]).await;
    let order = shop.order(&[("mug", 1)]).await.order.id;
    let reason = TEXT.repeat(5);
    let answer =
        shop.engine.orders().cancel(order, &Cancel { reason: reason.clone(), ..cancel() }).await.unwrap();
    let last = answer.order.history.last().unwrap();
    assert_eq!(
        (last.machine, last.to.as_str(), last.note.as_str()),
        (Machine::Payment, "failed", reason.as_str())
    );
}

/// Movements up to the largest number, safety stock, and levels at several locations.
pub async fn stock_of_every_size(shop: &Shop) {
    shop.sell([item("mug").stock(3).safety_stock(1).stock_at("second", 0)]).await;
    let level = shop.levels("mug").await;
    assert_eq!(level.len(), 2);
    let seen: Vec<_> = [0, 1].map(|rank| level.iter().find(|level| level.priority == rank).unwrap()).to_vec();
    assert_eq!((seen[0].on_hand, seen[0].reserved, seen[0].safety_stock, seen[0].free()), (3, 0, 1, 2));
    assert_eq!((seen[1].on_hand, seen[1].reserved, seen[1].safety_stock), (0, 0, 0));
    let mut changes = ChangeSet::default();
    for (index, (reason, delta)) in [
        (MovementReason::Receipt, 1_000_000_000_000),
        (MovementReason::Adjustment, -2),
        (MovementReason::Count, 1),
    ]
    .into_iter()
    .enumerate()
    {
        changes.inventory.adjust.push(Adjustment {
            movement: Movement {
                id: named("movement", &index.to_string()),
                variant: variant_id("mug"),
                location: crate::testkit::location_id("second"),
                delta,
                reason,
                actor: Actor::Staff(TEXT.to_owned()),
                note: TEXT.to_owned(),
                reference: String::new(),
                audit: None,
                at: shop.now().await,
            },
            expected_on_hand: None,
        });
    }
    shop.store.commit(&changes).await.unwrap();
    assert_eq!(
        shop.stock("mug").await,
        (1_000_000_000_002, 0),
        "three movements of one row in one change set"
    );
    let count = Count { sku: key("mug"), location: "main".to_owned(), on_hand: 3, safety_stock: Some(2) };
    shop.engine.inventory().count(&[count], MovementReason::Count, &Actor::System).await.unwrap();
    assert_eq!(shop.levels("mug").await.iter().map(|level| level.safety_stock).max(), Some(2));
}

/// A rulebook in which everything is set.
pub async fn a_rulebook_in_full(shop: &Shop) {
    let mut rulebook = full_rulebook(Currency::NGN, true);
    rulebook.rounding = RoundingProfile { mode: Rounding::HalfEven, ..RoundingProfile::default() };
    shop.sell([book()]).await;
    let applied = shop.rules(rulebook.clone()).await;
    assert_eq!(shop.store.rulebook().await.unwrap(), Some(applied));
    let offered = shop
        .engine
        .carts()
        .shipping_options(crate::cart::Shopper::Newcomer, Destination::in_country(Country::NG))
        .await
        .unwrap();
    assert_eq!(offered, [], "nothing to ship, nothing offered");
}

/// What was confirmed with an expectation is what was expected.
pub async fn an_expected_total_is_kept(shop: &Shop) {
    shop.sell([book()]).await;
    shop.rules(full_rulebook(Currency::NGN, false)).await;
    shop.sell([item("mug").price("33.33").stock(9).weight("1", WeightUnit::Gram)]).await;
    let token = shop.cart(&[("mug", 3)]).await;
    let shown = shop.engine.carts().set_delivery(&token, &by_weight(), None).await.unwrap();
    shop.engine.carts().set_payment(&token, PaymentMethod::CashOnDelivery, None).await.unwrap();
    let total = shown.cart.quote.summary.total;
    let command = Confirm { expected_total: Some(total), ..Confirm::default() };
    let confirmed = shop.engine.checkout().confirm(&token, &command).await.unwrap();
    assert_eq!(shop.order_now(confirmed.order.order.id).await.order.totals, shown.cart.quote.summary);
}

fn full_product() -> Item {
    item("full")
        .name(TEXT)
        .description(&format!("<p>{TEXT}</p>\n{}", "long ".repeat(20_000)))
        .status(ProductStatus::Archived)
        .featured()
        .brand("Ọjà & Söhne")
        .category(&["Haus", "Küche"])
        .tags(&["b", "a", TEXT, "c"])
        .image("https://img.example/2.jpg?x=1&y=%20", TEXT)
        .image("https://img.example/1.jpg", "")
        .options(&["Size", TEXT, "Third"])
        .linked_to("size")
        .attribute("z-code", AttributeKind::Colour, TEXT)
        .attribute("a-code", AttributeKind::Number, "12.5")
        .sku("full-s")
        .values(&["S", TEXT, "3"])
        .price("0.0035")
        .compare_at("1.5")
        .cost("0.0001")
        .weight("187.957338318750123456", WeightUnit::Pound)
        .dimensions("0.000001", "30.5", "12", LengthUnit::Inch)
        .with(|variant| {
            variant.barcode = Some("00012345600012".to_owned());
            variant.image = Some("https://img.example/s.jpg".to_owned());
            variant.tax_class = TEXT[..20].trim().parse().unwrap();
        })
        .variant(&format!("{TEXT} sku"), &["L", "other", "3"])
        .digital()
        .backorder()
        .variant("full-m", &["M", "other", "3"])
        .weight("0", WeightUnit::Kilogram)
        .dimensions("100", "100", "100", LengthUnit::Metre)
        .untracked()
        .with_product(|product| {
            product.seller = Some(named::<SellerId>("seller", "one"));
            product.version = 1;
        })
}

/// What the full rulebook names of the catalogue.
fn book() -> Item {
    item("book").category(&["Books"]).attribute("color", AttributeKind::Colour, "red")
}

fn full_rulebook(currency: Currency, prices_include_tax: bool) -> Rulebook {
    let mut rulebook: Rulebook = serde_json::from_str(FULL_RULEBOOK).unwrap();
    rulebook.currency = currency;
    rulebook.tax.prices_include_tax = prices_include_tax;
    rulebook.promotions[0].label = TEXT.to_owned();
    rulebook.compile().unwrap();
    rulebook
}

const FULL_RULEBOOK: &str = r#"{
    "currency": "NGN",
    "home_country": "NG",
    "rounding": {"mode": "half_even"},
    "customer_groups": [{"code": "trade", "label": "Trade", "tax_exempt": true}],
    "price_lists": [{
        "code": "trade", "label": "Trade", "groups": ["trade"], "channels": ["web"],
        "from": "2026-01-01T00:00:00Z", "until": "2027-01-01T00:00:00Z", "includes_tax": false,
        "prices": [{"sku": "a", "price": "0.0035", "compare_at": "1", "from_quantity": 100}]
    }],
    "price_choice": "most_specific",
    "promotions": [
        {"code": "tenth", "label": "A tenth", "action": {"percent": "10"}},
        {
            "code": "welcome", "label": "Welcome", "scope": "order", "action": {"amount": "1"},
            "when": {"subtotal": {"from": "2"}}, "limits": {"total": 1000000, "per_customer": 1000, "budget": "9000000"}
        },
        {
            "code": "third-free", "label": "Three for two", "coupon": true, "priority": 5, "lane": "sets",
            "from": "2026-01-01T00:00:00Z", "until": "2030-01-01T00:00:00Z",
            "when": {"all": [{"country": ["NG", "GH"]}, {"any": [{"first_order": true}, {"customer_group": ["trade"]}]}]},
            "targets": [{"categories": ["books"], "except": [{"tags": ["rare"]}]}, {"attributes": {"color": ["red"]}}],
            "action": {"buy_get": {"buy": 2, "get": 1, "reduction": {"percent": "100"}, "sets_max": 3}},
            "max_discount": {"NGN": "5000", "GHS": "40"}, "floor_price": "1", "discounted_lines": "left_out",
            "conditions_on": "running"
        }
    ],
    "tax": {
        "zones": [
            {"code": "ng", "name": "Nigeria", "areas": [{"country": "NG"}]},
            {"code": "gh", "name": "Ghana", "areas": [{"country": "GH"}]}
        ],
        "rates": [
            {"code": "ng-vat", "zone": "ng", "name": "VAT", "rate": "7.5"},
            {"code": "gh-vat", "zone": "gh", "name": "VAT", "rate": "15", "compound": true}
        ],
        "shipping_class": "standard"
    },
    "shipping": {
        "zones": [{"code": "home", "name": "Home", "areas": [{"country": "NG", "subdivisions": ["LA"], "postal": ["1*"]}]}],
        "methods": [
            {"code": "standard", "label": "Standard", "rate": {"flat": "0"}},
            {
                "code": "by-weight", "label": "By weight", "zones": ["home"],
                "rate": {"by_weight": [{"up_to": 100, "price": "1500"}, {"up_to": 5000, "price": "2500.5"}]},
                "free_from": {"amount": "1000000"}
            }
        ]
    }
}"#;

/// To an address that the full rulebook ships to by weight.
fn by_weight() -> crate::cart::Delivery {
    let address = Address { postal_code: Some("100001".to_owned()), ..address(Country::NG) };
    crate::cart::Delivery {
        address: Some(address),
        shipping_method: Some("by-weight".to_owned()),
        ..delivery()
    }
}

async fn orders_in(shop: &Shop, currency: Currency, price: &str, total: i64) {
    shop.rules(Rulebook::starter(currency)).await;
    shop.sell([item("mug").currency(currency).price(price).stock(9)]).await;
    let order = shop.order(&[("mug", 4)]).await.order;
    assert_eq!(order.totals.total, Money::from_minor(total, currency));
    assert_eq!(shop.order_now(order.id).await.order, order);
}

async fn product(shop: &Shop, slug: &str) -> Product {
    shop.store.product(&ProductKey::Slug(slug.parse().unwrap())).await.unwrap().unwrap().product
}

async fn put_cart(shop: &Shop, before: Option<&Cart>, cart: &Cart) {
    let mut after = cart.clone();
    let mut changes = ChangeSet::default();
    changes.cart.write = Some(Write::between(before, &mut after));
    assert_eq!(after.version, cart.version);
    shop.store.commit(&changes).await.unwrap();
}
