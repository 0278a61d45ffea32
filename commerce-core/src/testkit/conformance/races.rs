//! Many at once. Every race is run twice over: with the commits of all meeting after their looks, so that every one of
//! them was decided on what the others are about to change; and as it comes.

use std::sync::Arc;

use serde_json::json;
use tokio::task::JoinSet;

use super::moving_on::moving;
use super::promotions::{code, coupon, gives, issue, of, promotion, uses};
use super::{Shop, cancel, check_out, fill, request};
use crate::cart::CartToken;
use crate::checkout::{Confirm, ConfirmError, Confirmed};
use crate::order::{Cancel, CancelError, OrderState};
use crate::payment::PaymentMethod;
use crate::promotion::{Coupon, Reason};
use crate::testkit::{Intercepted, Meeting, add, item, soaking, variant_id};
use crate::{Currency, Engine, Money, Store};

const BUYERS: usize = 50;

/// Fifty buyers want the last unit, again and again: one gets it, the others are told that it is gone.
pub async fn the_last_unit(shop: &Shop) {
    let rounds = if soaking() { 20 } else { 5 };
    for round in 0..rounds {
        let sku = format!("mug-{round}");
        shop.sell([item(&sku).stock(1)]).await;
        let tokens = carts(shop, BUYERS, &[(&sku, 1)]).await;
        let answers = confirm_at_once(&door(shop, round, BUYERS), tokens).await;
        let (won, lost) = tally(answers);
        assert_eq!((won.len(), lost), (1, BUYERS - 1), "round {round}");
        assert_eq!(shop.stock(&sku).await, (1, 1), "round {round}");
    }
}

/// Two hundred buyers and a stock of fifty: fifty orders, and 150 who are told that nothing is left.
pub async fn two_hundred_buyers_of_fifty_units(shop: &Shop) {
    shop.sell([item("mug").stock(50)]).await;
    let tokens = carts(shop, 200, &[("mug", 1)]).await;
    let (won, lost) = tally(confirm_at_once(&shop.engine, tokens).await);
    assert_eq!((won.len(), lost), (50, 150));
    assert_eq!(shop.stock("mug").await, (50, 50));
}

/// Buyers of several units each over several locations: what is left in the end is less than any of them wanted.
pub async fn buyers_over_several_locations(shop: &Shop) {
    for round in 0..2 {
        let sku = format!("mug-{round}");
        shop.sell([item(&sku).stock(7).stock_at("second", 7).stock_at("third", 7)]).await;
        let tokens = carts(shop, 20, &[(&sku, 2)]).await;
        let (won, lost) = tally(confirm_at_once(&door(shop, round, 20), tokens).await);
        assert_eq!((won.len(), lost), (10, 10), "round {round}");
        assert_eq!(shop.stock(&sku).await, (21, 20), "round {round}");
    }
}

/// Buyers of the same two variants, named in either order: no two of them wait for each other for ever, and each gets
/// both or none.
pub async fn buyers_of_two_variants_in_either_order(shop: &Shop) {
    for round in 0..2 {
        let (a, b) = (format!("a-{round}"), format!("b-{round}"));
        shop.sell([item(&a).stock(10), item(&b).stock(12)]).await;
        let mut tokens = carts(shop, 10, &[(&a, 1), (&b, 1)]).await;
        tokens.extend(carts(shop, 10, &[(&b, 1), (&a, 1)]).await);
        let (won, lost) = tally(confirm_at_once(&door(shop, round, 20), tokens).await);
        assert_eq!((won.len(), lost), (10, 10), "round {round}");
        assert_eq!((shop.stock(&a).await, shop.stock(&b).await), ((10, 10), (12, 10)), "round {round}");
    }
}

/// Thirty confirms of one cart under one key: all are answered with the same order.
pub async fn one_key_confirmed_thirty_times(shop: &Shop) {
    for round in 0..2 {
        let sku = format!("mug-{round}");
        shop.sell([item(&sku).stock(99)]).await;
        let token = shop.ready_cart(&[(&sku, 2)]).await;
        let engine = door(shop, round, 30);
        let command =
            Confirm { request: Some(request(&format!("key-{round}"), "confirm")), ..Confirm::default() };
        let answers = at_once(30, |_| {
            let (engine, token, command) = (engine.clone(), token.clone(), command.clone());
            async move { engine.checkout().confirm(&token, &command).await }
        })
        .await;
        let answers: Vec<Confirmed> = answers.into_iter().map(|answer| answer.unwrap()).collect();
        assert_eq!(answers.iter().filter(|answer| !answer.replayed).count(), 1, "round {round}");
        for answer in &answers {
            assert_eq!(answer.order.order, answers[0].order.order, "round {round}");
            assert_eq!(answer.payment, answers[0].payment, "round {round}");
        }
        assert_eq!(shop.stock(&sku).await, (99, 2), "round {round}");
    }
}

/// Thirty confirms of one cart, each under a key of its own: one order; the others find the cart empty.
pub async fn one_cart_confirmed_under_thirty_keys(shop: &Shop) {
    for round in 0..2 {
        let sku = format!("mug-{round}");
        shop.sell([item(&sku).stock(99)]).await;
        let token = shop.ready_cart(&[(&sku, 2)]).await;
        let engine = door(shop, round, 30);
        let answers = at_once(30, |n| {
            let (engine, token) = (engine.clone(), token.clone());
            let request = Some(request(&format!("key-{round}-{n}"), "confirm"));
            async move { engine.checkout().confirm(&token, &Confirm { request, ..Confirm::default() }).await }
        })
        .await;
        let empty = |answer: &Result<Confirmed, ConfirmError>| matches!(answer, Err(ConfirmError::Incomplete(cart)) if cart.missing.contains(&"items"));
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1, "round {round}");
        assert_eq!(answers.iter().filter(|answer| empty(answer)).count(), 29, "round {round}");
        assert_eq!(shop.stock(&sku).await, (99, 2), "round {round}");
    }
}

/// Thirty units put into one cart at once, one by one: none is lost.
pub async fn thirty_add_to_one_cart(shop: &Shop) {
    for round in 0..2 {
        shop.sell([item("mug").stock(99), item("pen").stock(99)]).await;
        let token = shop.cart(&[("mug", 1)]).await;
        let engine = door(shop, round, 30);
        let answers = at_once(30, |n| {
            let (engine, token) = (engine.clone(), token.clone());
            let sku = if n % 2 == 0 { "mug" } else { "pen" };
            async move { engine.carts().add(Some(&token), &add(sku, 1), None).await.map(|_| ()) }
        })
        .await;
        assert!(answers.iter().all(Result::is_ok), "{answers:?}");
        let cart = shop.view(&token).await.cart.unwrap();
        let quantity = |sku: &str| {
            let line = cart.lines.iter().find(|line| line.variant == variant_id(sku));
            line.map(|line| line.quantity.get())
        };
        assert_eq!(
            (quantity("mug"), quantity("pen"), cart.lines.len()),
            (Some(16), Some(15), 2),
            "round {round}"
        );
        assert_eq!(cart.version, 31, "round {round}");
    }
}

/// Carts are confirmed while the price goes up and down. Whoever is asked about another total agrees to it: in the end
/// each has an order, at the total that was agreed to last.
pub async fn confirms_while_the_price_changes(shop: &Shop) {
    shop.sell([item("mug").price("10").stock(99)]).await;
    let tokens = carts(shop, 30, &[("mug", 1)]).await;
    let engine = shop.engine.clone();
    let confirming = at_once(30, |n| {
        let (engine, token) = (engine.clone(), tokens[n].clone());
        let mut agreed = Money::from_minor(if n % 2 == 0 { 1_000 } else { 1_100 }, Currency::NGN);
        async move {
            loop {
                let command = Confirm { expected_total: Some(agreed), ..Confirm::default() };
                match engine.checkout().confirm(&token, &command).await {
                    Err(ConfirmError::PriceChanged(cart)) => {
                        assert_ne!(cart.quote.summary.total, agreed);
                        agreed = cart.quote.summary.total;
                    }
                    answer => return (agreed, answer),
                }
            }
        }
    });
    let changing = async {
        for amount in ["11", "10", "11", "10", "11"] {
            shop.sell([item("mug").price(amount)]).await;
        }
    };
    let (answers, ()) = tokio::join!(confirming, changing);
    for (agreed, answer) in answers {
        let order = shop.order_now(answer.unwrap().order.order.id).await.order;
        assert_eq!(order.totals.total, agreed);
        assert_eq!(order.lines[0].line_total, agreed);
    }
    assert_eq!(shop.stock("mug").await, (99, 30));
}

/// Ten cancellations of one order at once: one has an effect, and the stock comes back once.
pub async fn one_order_cancelled_ten_times(shop: &Shop) {
    shop.sell([item("mug").stock(9), item("pdf").digital().untracked()]).await;
    for (round, sku) in ["mug", "mug", "pdf", "pdf"].into_iter().enumerate() {
        shop.order(&[("mug", 1)]).await;
        let id = shop.order(&[(sku, 2)]).await.order.id;
        let before = shop.stock("mug").await.1;
        let engine = door(shop, round, 10);
        let answers = at_once(10, |_| {
            let engine = engine.clone();
            async move { engine.orders().cancel(id, &cancel()).await }
        })
        .await;
        let late = |answer: &&Result<_, CancelError>| matches!(answer, Err(CancelError::State(_)));
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1, "round {round}");
        assert_eq!(answers.iter().filter(late).count(), 9, "round {round}");
        let order = shop.order_now(id).await;
        assert_eq!((order.order.status, order.order.version), (OrderState::Cancelled, 2), "round {round}");
        let returned = if sku == "mug" { 2 } else { 0 };
        assert_eq!(shop.stock("mug").await.1, before - returned, "round {round}");
    }
}

/// Ten of the staff ship one order: its goods leave once, and all are answered that they did.
pub async fn one_order_shipped_ten_times(shop: &Shop) {
    shop.sell([item("mug").stock(9)]).await;
    for round in 0..2 {
        let id = shop.order(&[("mug", 2)]).await.order.id;
        shop.engine.orders().move_on(id, &moving(OrderState::Processing)).await.unwrap();
        let engine = door(shop, round, 10);
        let answers = at_once(10, |_| {
            let engine = engine.clone();
            async move { engine.orders().move_on(id, &moving(OrderState::Shipped)).await }
        })
        .await;
        for answer in answers {
            let order = answer.unwrap().order.order;
            assert_eq!((order.status, order.version), (OrderState::Shipped, 3), "round {round}");
        }
        assert_eq!(shop.stock("mug").await, (7 - 2 * round as i64, 0));
    }
}

/// Twenty orders of one variant are shipped while twenty others are placed: all of them get what they wanted.
pub async fn orders_shipped_while_others_buy(shop: &Shop) {
    shop.sell([item("mug").stock(40)]).await;
    let (mut accepted, mut carts) = (Vec::new(), Vec::new());
    for _ in 0..20 {
        let id = shop.order(&[("mug", 1)]).await.order.id;
        shop.engine.orders().move_on(id, &moving(OrderState::Processing)).await.unwrap();
        accepted.push(id);
        carts.push(shop.ready_cart(&[("mug", 1)]).await);
    }
    let answers = at_once(40, |number| {
        let (engine, id, token) = (shop.engine.clone(), accepted[number / 2], carts[number / 2].clone());
        async move {
            if number % 2 == 0 {
                engine.orders().move_on(id, &moving(OrderState::Shipped)).await.map(drop).unwrap();
            } else {
                engine.checkout().confirm(&token, &Confirm::default()).await.map(drop).unwrap();
            }
        }
    })
    .await;
    assert_eq!(answers.len(), 40);
    assert_eq!(shop.stock("mug").await, (20, 20));
}

/// Ten cancellations of one order under one key: all are answered with the cancelled order.
pub async fn one_cancellation_repeated_ten_times(shop: &Shop) {
    shop.sell([item("mug").stock(9)]).await;
    for round in 0..2 {
        let id = shop.order(&[("mug", 2)]).await.order.id;
        let engine = door(shop, round, 10);
        let command = Cancel { request: Some(request(&format!("key-{round}"), "cancel")), ..cancel() };
        let answers = at_once(10, |_| {
            let (engine, command) = (engine.clone(), command.clone());
            async move { engine.orders().cancel(id, &command).await }
        })
        .await;
        let answers: Vec<_> = answers.into_iter().map(|answer| answer.unwrap()).collect();
        assert_eq!(answers.iter().filter(|answer| !answer.replayed).count(), 1, "round {round}");
        assert!(answers.iter().all(|answer| answer.order.order.status == OrderState::Cancelled));
        assert_eq!(shop.stock("mug").await, (9, 0), "round {round}");
    }
}

/// Several servers look for overdue orders at once, while their shoppers cancel them: each order is cancelled once.
pub async fn expiry_on_several_servers(shop: &Shop) {
    shop.sell([item("mug").stock(50)]).await;
    let mut orders = Vec::new();
    for minutes in 1..=10 {
        orders.push(shop.order_overdue_by(minutes, &[("mug", 3)]).await.order.id);
    }
    let engine = shop.engine.clone();
    let expiring = at_once(4, |_| {
        let engine = engine.clone();
        async move { engine.orders().expire_overdue(20).await.unwrap() }
    });
    let cancelling = at_once(5, |n| {
        let (engine, id) = (engine.clone(), orders[n]);
        async move { u32::from(engine.orders().cancel(id, &cancel()).await.is_ok()) }
    });
    let (expired, cancelled) = tokio::join!(expiring, cancelling);
    assert_eq!(expired.iter().chain(&cancelled).sum::<u32>(), 10);
    assert_eq!(shop.stock("mug").await, (50, 0));
    for id in orders {
        let order = shop.order_now(id).await;
        assert_eq!((order.order.status, order.order.version), (OrderState::Cancelled, 2));
    }
}

/// Units come back while others want them: nobody gets what is not there, and what is left in the end adds up.
pub async fn cancellations_while_others_buy(shop: &Shop) {
    shop.sell([item("mug").stock(5)]).await;
    let mut held = Vec::new();
    for _ in 0..5 {
        held.push(shop.order(&[("mug", 1)]).await.order.id);
    }
    // These carts were filled by hand before the stock went: there is nothing left to put into one.
    for id in &held[3..] {
        shop.engine.orders().cancel(*id, &cancel()).await.unwrap();
    }
    let tokens = carts(shop, 10, &[("mug", 1)]).await;
    let engine = shop.engine.clone();
    let cancelling = at_once(3, |n| {
        let (engine, id) = (engine.clone(), held[n]);
        async move { engine.orders().cancel(id, &cancel()).await.map(|_| ()) }
    });
    let (answers, cancelled) = tokio::join!(confirm_at_once(&shop.engine, tokens), cancelling);
    assert!(cancelled.iter().all(Result::is_ok), "{cancelled:?}");
    let (won, _) = tally(answers);
    assert!((2..=5).contains(&won.len()), "{} orders", won.len());
    assert_eq!(shop.stock("mug").await, (5, i64::try_from(won.len()).unwrap()));
}

/// Ten changes with the token of a closed cart at once: they open one next cart, and all of them are in it.
pub async fn a_closed_cart_is_followed_by_one(shop: &Shop) {
    for round in 0..2 {
        shop.sell([item("mug").stock(99)]).await;
        let token = shop.ready_cart(&[("mug", 1)]).await;
        shop.confirm(&token).await.unwrap();
        let engine = door(shop, round, 10);
        let answers = at_once(10, |_| {
            let (engine, token) = (engine.clone(), token.clone());
            async move { engine.carts().add(Some(&token), &add("mug", 1), None).await.map(|_| ()) }
        })
        .await;
        assert!(answers.iter().all(Result::is_ok), "{answers:?}");
        let cart = shop.view(&token).await.cart.unwrap();
        assert_eq!((cart.lines.len(), cart.lines[0].quantity.get()), (1, 10), "round {round}");
    }
}

/// A hundred carts want one of ten uses of a coupon: ten orders have it, the others are told that it is used up.
pub async fn a_hundred_carts_and_ten_uses_of_a_coupon(shop: &Shop) {
    gives(shop, [promotion("off", true, json!({})), promotion("limited", false, json!({"total": 1_000}))])
        .await;
    shop.sell([item("mug").stock(999)]).await;
    for round in 0..2 {
        let text = format!("TEN-{round}");
        let ten = Coupon { uses_max: Some(10), ..coupon(&text, "off", shop.now().await) };
        issue(shop, &[ten]).await;
        let tokens =
            coupon_carts(shop, 100, |n| (format!("buyer-{n}@example.com"), vec![text.clone()])).await;
        let (won, lost) = tally_coupons(confirm_at_once(&door(shop, round, 100), tokens).await);
        assert_eq!((won.len(), lost), (10, vec![Reason::UsesSpent; 90]), "round {round}");
        assert!(won.iter().all(|won| won.order.order.totals.discount.minor == 1_000), "round {round}");
        assert_eq!(uses(shop, &text).await, 10, "round {round}");
    }
    assert_eq!(shop.stock("mug").await, (999, 20));
}

/// One customer confirms several carts, in which the address is written in different ways, with what they may use once:
/// by the coupon, and by the promotion.
pub async fn one_customer_in_several_carts(shop: &Shop) {
    gives(shop, [promotion("off", true, json!({})), promotion("once", true, json!({"per_customer": 1}))])
        .await;
    shop.sell([item("mug").stock(999)]).await;
    let now = shop.now().await;
    for round in 0..4 {
        let text = format!("ONCE-{round}");
        let once = if round < 2 {
            Coupon { customer_uses_max: Some(1), ..coupon(&text, "off", now) }
        } else {
            coupon(&text, "once", now)
        };
        issue(shop, &[once]).await;
        let tokens = coupon_carts(shop, 10, |n| {
            let name = if n % 2 == 0 { "Ada" } else { "ADA" };
            (format!("{name}.{}@example.com", round % 2), vec![text.clone()])
        })
        .await;
        let (won, lost) = tally_coupons(confirm_at_once(&door(shop, round, 10), tokens).await);
        assert_eq!((won.len(), lost), (1, vec![Reason::CustomerUsesSpent; 9]), "round {round}");
    }
}

/// A budget that holds three orders: three get it. Who has a coupon for it is told that nothing is left, who has none
/// pays the whole price.
pub async fn a_budget_that_holds_three_orders(shop: &Shop) {
    for round in 0..4 {
        let (name, with_coupon) = (format!("budget-{round}"), round < 2);
        // Those that have coupons stay in the rules.
        let in_force = (0..=round).filter(|kept| *kept < 2 || *kept == round);
        let in_force = in_force.map(|kept| (format!("budget-{kept}"), kept < 2));
        gives(shop, in_force.map(|(name, coupon)| promotion(&name, coupon, json!({"budget": "17"})))).await;
        shop.sell([item("mug").stock(999)]).await;
        if with_coupon {
            issue(shop, &[coupon(&name, &name, shop.now().await)]).await;
        }
        let codes: Vec<String> = with_coupon.then(|| name.clone()).into_iter().collect();
        let tokens = coupon_carts(shop, 10, |n| (format!("buyer-{n}@example.com"), codes.clone())).await;
        let (won, lost) = tally_coupons(confirm_at_once(&door(shop, round, 10), tokens).await);
        let reduced = won.iter().filter(|won| won.order.order.totals.discount.minor == 500).count();
        assert_eq!(reduced, 3, "round {round}");
        let expected = if with_coupon { (3, vec![Reason::BudgetSpent; 7]) } else { (10, Vec::new()) };
        assert_eq!((won.len(), lost), expected, "round {round}");
        let used = shop.store.promotion_usage(&[name], None).await.unwrap();
        assert_eq!((used[0].uses, used[0].spent), (3, 1_500), "round {round}");
    }
}

/// Orders with the same coupons and the same goods, named in either order, while others of their kind are called off: no
/// two wait for each other for ever, and what is given back is what was used.
pub async fn coupons_and_stock_in_either_order(shop: &Shop) {
    gives(
        shop,
        [promotion("a", true, json!({"total": 99})), promotion("b", true, json!({"per_customer": 99}))],
    )
    .await;
    shop.sell([item("mug").stock(999), item("pen").stock(999)]).await;
    let now = shop.now().await;
    issue(shop, &[coupon("FIRST", "b", now), coupon("SECOND", "a", now)]).await;
    let email = "ada@example.com".to_owned();
    let either = |n: usize| match n % 2 {
        0 => vec!["FIRST".to_owned(), "SECOND".to_owned()],
        _ => vec!["SECOND".to_owned(), "FIRST".to_owned()],
    };
    let placed = coupon_carts(shop, 10, |n| (email.clone(), either(n))).await;
    let (placed, _) = tally_coupons(confirm_at_once(&shop.engine, placed).await);
    let tokens = coupon_carts(shop, 20, |n| (email.clone(), either(n))).await;
    let cancelling = at_once(10, |n| {
        let (engine, id) = (shop.engine.clone(), placed[n].order.order.id);
        async move { engine.orders().cancel(id, &cancel()).await.map(|_| ()) }
    });
    let (answers, cancelled) = tokio::join!(confirm_at_once(&shop.engine, tokens), cancelling);
    assert!(cancelled.iter().all(Result::is_ok), "{cancelled:?}");
    let (won, lost) = tally_coupons(answers);
    assert_eq!((won.len(), lost), (20, Vec::new()));
    assert_eq!((uses(shop, "FIRST").await, uses(shop, "SECOND").await), (20, 20));
    assert_eq!((shop.stock("mug").await, shop.stock("pen").await), ((999, 20), (999, 20)));
}

/// So many carts of a mug, and of a pen where that is sold, ready to confirm: of whom and with which coupons.
async fn coupon_carts(
    shop: &Shop,
    count: usize,
    whose: impl Fn(usize) -> (String, Vec<String>),
) -> Vec<CartToken> {
    let pens = !shop.levels("pen").await.is_empty();
    at_once(count, |n| {
        let (engine, (email, codes)) = (shop.engine.clone(), whose(n));
        async move {
            let goods = if n % 2 == 0 { ["mug", "pen"] } else { ["pen", "mug"] };
            let lines: Vec<(&str, u32)> =
                goods.into_iter().filter(|sku| pens || *sku == "mug").map(|sku| (sku, 1)).collect();
            let token = fill(&engine, &lines).await;
            engine.carts().set_delivery(&token, &of(&email), None).await.unwrap();
            engine.carts().set_payment(&token, PaymentMethod::CashOnDelivery, None).await.unwrap();
            for text in codes {
                engine.carts().apply_coupon(&token, &code(&text), None).await.unwrap();
            }
            token
        }
    })
    .await
}

/// Who got an order, and why the others were told that their coupon cannot be used. Nobody may hear anything else.
#[track_caller]
fn tally_coupons(answers: Vec<Result<Confirmed, ConfirmError>>) -> (Vec<Confirmed>, Vec<Reason>) {
    let mut won = Vec::new();
    let mut lost = Vec::new();
    for answer in answers {
        match answer {
            Ok(confirmed) => won.push(confirmed),
            Err(ConfirmError::CouponExhausted { reason, .. }) => lost.push(reason),
            Err(other) => panic!("refused otherwise: {other}"),
        }
    }
    (won, lost)
}

/// In even rounds a door at which the first commits of so many meet, in odd ones the engine as it is.
fn door(shop: &Shop, round: usize, expected: usize) -> Engine {
    if round % 2 == 1 {
        return shop.engine.clone();
    }
    let store: Arc<dyn Store> = Arc::new(Intercepted::new(Arc::clone(&shop.store), Meeting::of(expected)));
    shop.through(store)
}

/// So many carts of the same, ready to confirm, made by the documented path.
async fn carts(shop: &Shop, count: usize, lines: &[(&str, u32)]) -> Vec<CartToken> {
    let lines: Vec<(String, u32)> =
        lines.iter().map(|(sku, quantity)| ((*sku).to_owned(), *quantity)).collect();
    at_once(count, |_| {
        let (engine, lines) = (shop.engine.clone(), lines.clone());
        async move {
            let lines: Vec<(&str, u32)> =
                lines.iter().map(|(sku, quantity)| (sku.as_str(), *quantity)).collect();
            let token = fill(&engine, &lines).await;
            check_out(&engine, &token, PaymentMethod::CashOnDelivery).await;
            token
        }
    })
    .await
}

async fn confirm_at_once(engine: &Engine, tokens: Vec<CartToken>) -> Vec<Result<Confirmed, ConfirmError>> {
    at_once(tokens.len(), |n| {
        let (engine, token) = (engine.clone(), tokens[n].clone());
        async move { engine.checkout().confirm(&token, &Confirm::default()).await }
    })
    .await
}

/// Who got an order, and how many were told that too little is left. Nobody may hear anything else.
#[track_caller]
fn tally(answers: Vec<Result<Confirmed, ConfirmError>>) -> (Vec<Confirmed>, usize) {
    let mut won = Vec::new();
    let mut lost = 0;
    for answer in answers {
        match answer {
            Ok(confirmed) => won.push(confirmed),
            Err(ConfirmError::OutOfStock(_)) => lost += 1,
            Err(other) => panic!("refused otherwise: {other}"),
        }
    }
    (won, lost)
}

/// Runs so many at once, and answers in their order.
async fn at_once<T, F>(count: usize, task: impl Fn(usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let mut running = JoinSet::new();
    for n in 0..count {
        let task = task(n);
        running.spawn(async move { (n, task.await) });
    }
    let mut done: Vec<(usize, T)> = Vec::with_capacity(count);
    while let Some(answer) = running.join_next().await {
        done.push(answer.unwrap());
    }
    done.sort_by_key(|(n, _)| *n);
    done.into_iter().map(|(_, answer)| answer).collect()
}
