//! A walk through the shop that leaves a trace in every table: what a spoiled store is made to show its violations by.

use std::sync::Arc;

use crate::access::{Caller, Role};
use crate::account::{Login, Register, Standing};
use crate::audit::Actor;
use crate::cart::CartToken;
use crate::catalog::{BrandChange, CategoryChange, SharedKey};
use crate::checkout::Confirm;
use crate::order::OrderState;
use crate::payment::{Collect, PaymentMethod};
use crate::promotion::Coupon;
use crate::review::{Draft, Moderate, ReviewError, ReviewTerms};
use crate::testkit::conformance::moving_on::moving;
use crate::testkit::conformance::promotions::{code, coupon, gives, issue, of, promotion};
use crate::testkit::conformance::{Opened, Shop, cancel, check_out, fill, request};
use crate::testkit::{Intercepted, Meeting, PretendMailer, add, item};
use crate::{CustomerId, Engine, Money, Store};

/// Sells, cancels and lets orders lapse, whatever the answers, and says which of them were trouble rather than a refusal.
pub(super) async fn journey(opened: Opened) -> Vec<String> {
    let shop = Shop::over(opened);
    shop.sell([
        item("mug").stock(3).stock_at("second", 2),
        item("pen").stock(9),
        item("last").stock(1),
        item("tee").brand("Lagos Looms").category(&["Clothing", "Tops", "Tees"]),
    ])
    .await;
    let mut trouble = Vec::new();
    for (key, method, units) in [
        ("key-1", PaymentMethod::CashOnDelivery, 4),
        ("key-2", PaymentMethod::Card, 1),
        ("key-3", PaymentMethod::Card, 1),
    ] {
        let Ok(token) = cart(&shop.engine, method, &[("mug", units), ("pen", 1)]).await else { continue };
        let command = Confirm { request: Some(request(key, "confirm")), ..Confirm::default() };
        match shop.engine.checkout().confirm(&token, &command).await {
            Ok(confirmed) if key != "key-2" => {
                let cancelled = shop.engine.orders().cancel(confirmed.order.order.id, &cancel()).await;
                trouble.extend(cancelled.err().map(|error| error.to_string()));
            }
            Ok(_) => {}
            Err(error) => trouble.push(error.to_string()),
        }
    }
    // Five units are there, and these want more: each finds enough when too little was reserved for those before it.
    for units in [4, 2, 2, 4] {
        let Ok(token) = cart(&shop.engine, PaymentMethod::CashOnDelivery, &[("mug", units)]).await else {
            continue;
        };
        let _ = shop.engine.checkout().confirm(&token, &Confirm::default()).await;
    }
    buy_the_last_unit_twice(&shop).await;
    trouble.extend(collect_too_much_and_pay_back(&shop).await);
    use_coupons_once_too_often(&shop).await;
    trouble.extend(ship(&shop).await);
    trouble.extend(register_twice_and_be_made_staff(&shop).await);
    trouble.extend(rename_and_move(&shop).await);
    trouble
}

/// A brand is called otherwise, and a branch of the tree hangs elsewhere; a product says both.
async fn rename_and_move(shop: &Shop) -> Vec<String> {
    let taxonomy = shop.engine.taxonomy();
    let change = BrandChange { slug: "weavers".parse().ok(), ..BrandChange::default() };
    let renamed = taxonomy.change_brand(&SharedKey::new("lagos-looms"), &change, None, &Actor::System).await;
    let change = CategoryChange { parent: Some(None), ..CategoryChange::default() };
    let moved = taxonomy.change_category(&SharedKey::new("tops"), &change, None, &Actor::System).await;
    renamed.err().into_iter().chain(moved.err()).map(|error| error.to_string()).collect()
}

/// Somebody registers twice and begins to work for the shop; another one is deactivated while logged in.
async fn register_twice_and_be_made_staff(shop: &Shop) -> Vec<String> {
    let mut trouble = Vec::new();
    let engine = shop.mailing_through(Arc::new(PretendMailer::default()));
    let accounts = engine.accounts();
    let by = Caller::Operator { name: "admin".to_owned() };
    let (Ok(email), Ok(password)) = ("eve@example.com".parse(), "tr0mbone & oar 99".parse()) else {
        return trouble;
    };
    let registering = Register {
        email,
        password,
        first_name: "Eve".to_owned(),
        last_name: "Obi".to_owned(),
        phone: None,
        locale: None,
    };
    for _ in 0..2 {
        trouble.extend(accounts.register(&registering).await.err().map(|error| error.to_string()));
    }
    let Ok(boss) = "boss@example.com".parse() else { return trouble };
    let password = &registering.password;
    match accounts.create(&by, &boss, Some(password), ("B", "O"), Role::Staff).await {
        Ok(made) => {
            let login = Login { email: boss, password: password.clone(), device: None };
            trouble.extend(accounts.log_in(&login).await.err().map(|error| error.to_string()));
            let off = Standing { is_active: Some(false), ..Standing::default() };
            let ended = accounts.change_standing(&by, made.id, &off, None).await;
            trouble.extend(ended.err().map(|error| error.to_string()));
            trouble.extend(review(shop, made.id).await.err().map(|error| error.to_string()));
        }
        Err(error) => trouble.push(error.to_string()),
    }
    trouble.extend(engine.mails().send_waiting(100).await.err().map(|error| error.to_string()));
    trouble
}

/// Somebody writes what they think of a mug, and the shop publishes it.
async fn review(shop: &Shop, author: CustomerId) -> Result<(), ReviewError> {
    let Ok(slug) = "mug".parse() else { return Ok(()) };
    let reviews = shop.reviewing(ReviewTerms { buyers_only: false, ..ReviewTerms::default() }).reviews();
    let draft = Draft { rating: 4, ..Draft::default() };
    let made = reviews.submit(&slug, author, &draft, None).await?.shown.review.id;
    let (by, note) = (Actor::System, String::new());
    let decision = Moderate { publish: true, note, version: None, by, request: None };
    reviews.moderate(made, &decision).await.map(drop)
}

/// A coupon that may be used once, and one that each customer may use once: two buyers at once, with the address of one
/// customer or of two. What a third one was used for is called off.
async fn use_coupons_once_too_often(shop: &Shop) {
    shop.sell([item("cup").stock(99)]).await;
    gives(shop, [promotion("off", true, serde_json::json!({}))]).await;
    let now = shop.now().await;
    let once = Coupon { uses_max: Some(1), ..coupon("ONCE", "off", now) };
    let each = Coupon { customer_uses_max: Some(1), ..coupon("EACH", "off", now) };
    issue(shop, &[once, each, coupon("BACK", "off", now)]).await;
    for (text, emails) in [
        ("ONCE", ["ada@example.com", "bola@example.com"]),
        ("EACH", ["ada@example.com"; 2]),
        ("BACK", ["ada@example.com"; 2]),
    ] {
        let store: Arc<dyn Store> = Arc::new(Intercepted::new(Arc::clone(&shop.store), Meeting::of(2)));
        let mut buyers = tokio::task::JoinSet::new();
        for email in emails {
            let engine = shop.through(Arc::clone(&store));
            let Ok(token) = cart(&shop.engine, PaymentMethod::CashOnDelivery, &[("cup", 1)]).await else {
                continue;
            };
            let _ = shop.engine.carts().set_delivery(&token, &of(email), None).await;
            let _ = shop.engine.carts().apply_coupon(&token, &code(text), None).await;
            buyers.spawn(async move {
                let confirmed = engine.checkout().confirm(&token, &Confirm::default()).await;
                if let Ok(confirmed) = confirmed
                    && text == "BACK"
                {
                    let _ = engine.orders().cancel(confirmed.order.order.id, &cancel()).await;
                }
            });
        }
        buyers.join_all().await;
    }
}

/// An order whose goods are held for a transfer, which staff finds: more than is due. Then it is called off, and its money
/// goes back.
async fn collect_too_much_and_pay_back(shop: &Shop) -> Vec<String> {
    let mut trouble = Vec::new();
    shop.sell([item("vase").stock(9)]).await;
    for called_off in [false, true] {
        let Ok(token) = cart(&shop.engine, PaymentMethod::Manual, &[("vase", 1)]).await else { continue };
        let confirmed = match shop.engine.checkout().confirm(&token, &Confirm::default()).await {
            Ok(confirmed) => confirmed,
            Err(error) => {
                trouble.push(error.to_string());
                continue;
            }
        };
        let total = confirmed.order.order.totals.total;
        let command = Collect {
            reference: confirmed.payment.reference.clone(),
            amount: Money::from_minor(total.minor + 1, total.currency),
            proof: None,
            actor: Actor::System,
            request: None,
        };
        let collected = shop.engine.payments().collect(&command).await;
        trouble.extend(collected.err().map(|error| error.to_string()));
        if called_off {
            let cancelled = shop.engine.orders().cancel(confirmed.order.order.id, &cancel()).await;
            trouble.extend(cancelled.err().map(|error| error.to_string()));
        }
    }
    trouble
}

/// An order that is paid at the door is accepted and shipped.
async fn ship(shop: &Shop) -> Vec<String> {
    shop.sell([item("bowl").stock(9)]).await;
    let Ok(token) = cart(&shop.engine, PaymentMethod::CashOnDelivery, &[("bowl", 1)]).await else {
        return Vec::new();
    };
    let id = match shop.engine.checkout().confirm(&token, &Confirm::default()).await {
        Ok(confirmed) => confirmed.order.order.id,
        Err(error) => return vec![error.to_string()],
    };
    let mut trouble = Vec::new();
    for to in [OrderState::Processing, OrderState::Shipped] {
        let moved = shop.engine.orders().move_on(id, &moving(to)).await;
        trouble.extend(moved.err().map(|error| error.to_string()));
    }
    trouble
}

async fn buy_the_last_unit_twice(shop: &Shop) {
    let store: Arc<dyn Store> = Arc::new(Intercepted::new(Arc::clone(&shop.store), Meeting::of(2)));
    let mut buyers = tokio::task::JoinSet::new();
    for _ in 0..2 {
        let Ok(token) = cart(&shop.engine, PaymentMethod::CashOnDelivery, &[("last", 1)]).await else {
            continue;
        };
        let engine = shop.through(Arc::clone(&store));
        buyers.spawn(async move {
            let _ = engine.checkout().confirm(&token, &Confirm::default()).await;
        });
    }
    buyers.join_all().await;
}

/// A cart that is ready to confirm, or nothing when there is too little left to fill it.
async fn cart(engine: &Engine, method: PaymentMethod, lines: &[(&str, u32)]) -> Result<CartToken, ()> {
    for (sku, quantity) in lines {
        engine
            .carts()
            .add(crate::cart::Shopper::Newcomer, &add(sku, *quantity), None)
            .await
            .map_err(|_| ())?;
    }
    let token = fill(engine, lines).await;
    check_out(engine, &token, method).await;
    Ok(token)
}
