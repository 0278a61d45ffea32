//! Coupons and the uses of promotions: what is written is what is read, every cap is a guard, and what an order used it
//! gives back once.

use serde_json::json;

use super::{Shop, before, cancel, delivery, request};
use crate::audit::{Actor, Entry, Search};
use crate::cart::{CartError, CartToken, Delivery, Look};
use crate::checkout::ConfirmError;
use crate::pricing::{Rulebook, RulesError, Usage};
use crate::promotion::{
    Coupon, CouponChange, CouponCode, CouponError, CouponState, CustomerKey, Promotion, Reason, Redemption,
};
use crate::testkit::{item, named};
use crate::{ChangeSet, Currency, Guard, OrderId, Timestamp};

/// A coupon in which everything is set, and one in which nothing is: read by the list and by the look at a cart.
pub async fn a_coupon_in_full_and_one_with_nothing(shop: &Shop) {
    let now = shop.now().await;
    let full = Coupon {
        code: "ÉTÉ-2026_v1.0".parse().unwrap(),
        promotion: "summer \"sale\" – Ọjà".to_owned(),
        from: Some(before(now, 1)),
        until: Some(now.plus(std::time::Duration::from_micros(1))),
        uses_max: Some(i64::MAX as u64),
        customer_uses_max: Some(1),
        ended_at: Some(now),
        created_at: before(now, 2),
        issued_by: Some(named("audit", "made")),
        version: 7,
    };
    let plain = coupon("PLAIN", "summer \"sale\" – Ọjà", now);
    issue(shop, &[full.clone(), plain.clone()]).await;
    let unused = |coupon: Coupon| CouponState { coupon, uses: 0, customer_uses: 0 };
    let listed = shop.store.coupons(None, None, 9).await.unwrap();
    assert_eq!(listed, [unused(plain.clone()), unused(full.clone())], "É comes after every letter of ASCII");
    let issued = shop.store.issued(&full.promotion, named("audit", "made")).await.unwrap();
    assert_eq!(issued, [unused(full.clone())]);
    assert_eq!(shop.store.issued("other", named("audit", "made")).await.unwrap(), []);
    for coupon in [full, plain] {
        let look = Look { coupon: Some(coupon.code.clone()), ..Look::default() };
        assert_eq!(shop.store.cart(&look).await.unwrap().coupons, [unused(coupon)]);
    }
    let unknown = Look { coupon: Some(code("UNKNOWN")), ..Look::default() };
    assert_eq!(shop.store.cart(&unknown).await.unwrap().coupons, []);
}

/// Coupons come by code, compared bytewise, of one promotion or of all, page by page.
pub async fn coupons_come_by_code(shop: &Shop) {
    let now = shop.now().await;
    let made = [("B-2", "b"), ("A-10", "a"), ("A-2", "b"), ("ZZZ", "a"), ("A_1", "a"), ("Ä-1", "a")];
    issue(shop, &made.map(|(code, promotion)| coupon(code, promotion, now))).await;
    let list = async |promotion: Option<&str>, after: Option<&str>, limit| {
        let listed = shop.store.coupons(promotion.map(str::to_owned), after.map(code), limit).await.unwrap();
        listed.into_iter().map(|state| state.coupon.code.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(list(None, None, 9).await, ["A-10", "A-2", "A_1", "B-2", "ZZZ", "Ä-1"]);
    assert_eq!(list(Some("a"), None, 9).await, ["A-10", "A_1", "ZZZ", "Ä-1"]);
    assert_eq!(list(None, None, 2).await, ["A-10", "A-2"]);
    assert_eq!(list(None, Some("A-2"), 2).await, ["A_1", "B-2"]);
    assert_eq!(list(Some("a"), Some("A-2"), 2).await, ["A_1", "ZZZ"], "after a code of another promotion");
    assert_eq!(list(Some("none"), None, 9).await, [""; 0]);
    assert_eq!(list(None, Some("Ä-1"), 9).await, [""; 0]);
    assert_eq!(list(None, None, 0).await, [""; 0]);
}

/// A cart comes with the coupons on it and the one asked for, each once, by code, as far as they exist; with the uses of
/// whoever has the cart's e-mail address, in whatever case.
pub async fn a_cart_comes_with_its_coupons(shop: &Shop) {
    let now = shop.now().await;
    gives(shop, [promotion("off", true, json!({}))]).await;
    shop.sell([item("mug").stock(9)]).await;
    issue(shop, &["ONE", "TWO", "SIX"].map(|code| coupon(code, "off", now))).await;
    let token = shop.cart(&[("mug", 1)]).await;
    let seen = async |asked: Option<&str>| {
        let look = Look { token: Some(token.hash()), coupon: asked.map(code), ..Look::default() };
        let coupons = shop.store.cart(&look).await.unwrap().coupons;
        let told = |state: CouponState| (state.coupon.code.to_string(), state.uses, state.customer_uses);
        coupons.into_iter().map(told).collect::<Vec<_>>()
    };
    let unused = |code: &str| (code.to_owned(), 0, 0);
    assert_eq!(seen(None).await, []);
    shop.engine.carts().apply_coupon(&token, &code("two"), None).await.unwrap();
    assert_eq!(seen(None).await, [unused("TWO")]);
    assert_eq!(seen(Some("ONE")).await, [unused("ONE"), unused("TWO")]);
    assert_eq!(seen(Some("TWO")).await, [unused("TWO")]);
    assert_eq!(seen(Some("NONE")).await, [unused("TWO")]);
    let used = |code: &str, uses, customer_uses| (code.to_owned(), uses, customer_uses);
    for email in ["ada@example.com", "bola@example.com"] {
        let other = cart_with(shop, email, &["TWO"]).await;
        shop.confirm(&other).await.unwrap();
    }
    assert_eq!(seen(None).await, [used("TWO", 2, 0)], "the cart has no e-mail address yet");
    shop.engine.carts().set_delivery(&token, &of("Ada@EXAMPLE.com"), None).await.unwrap();
    assert_eq!(seen(Some("SIX")).await, [unused("SIX"), used("TWO", 2, 1)]);
    shop.engine.carts().remove_coupon(&token, &code("TWO"), None).await.unwrap();
    assert_eq!(seen(None).await, []);
}

/// Whether somebody has ordered before is known by their e-mail address, in whatever case; what was cancelled does not
/// count.
pub async fn who_has_ordered_before(shop: &Shop) {
    shop.sell([item("mug").stock(9)]).await;
    let token = shop.cart(&[("mug", 1)]).await;
    assert_eq!(shop.store.cart(&Look::default()).await.unwrap().ordered_before, None);
    assert_eq!(shop.view(&token).await.ordered_before, None, "without an e-mail address");
    shop.engine.carts().set_delivery(&token, &of("ADA@example.com"), None).await.unwrap();
    assert_eq!(shop.view(&token).await.ordered_before, Some(false));
    let other = cart_with(shop, "bola@example.com", &[]).await;
    shop.confirm(&other).await.unwrap();
    assert_eq!(shop.view(&token).await.ordered_before, Some(false), "somebody else's order");
    let first = shop.order(&[("mug", 1)]).await.order.id;
    assert_eq!(shop.view(&token).await.ordered_before, Some(true));
    shop.engine.orders().cancel(first, &cancel()).await.unwrap();
    assert_eq!(shop.view(&token).await.ordered_before, Some(false));
}

/// A cart that gets another e-mail address costs in the answer what it costs in the next look: by the uses and orders of
/// the new one. A look for a customer tells of them and not of the cart's own.
pub async fn a_new_email_address_is_priced_at_once(shop: &Shop) {
    let now = shop.now().await;
    let first = json!({
        "code": "first", "label": "first", "scope": "order", "action": {"amount": "1"}, "when": {"first_order": true},
    });
    let first: Promotion = serde_json::from_value(first).unwrap();
    gives(shop, [promotion("off", true, json!({})), first]).await;
    shop.sell([item("mug").stock(9)]).await;
    issue(shop, &[Coupon { customer_uses_max: Some(1), ..coupon("ONCE", "off", now) }]).await;
    let ordered = cart_with(shop, "ada@example.com", &["ONCE"]).await;
    shop.confirm(&ordered).await.unwrap();
    let carts = shop.engine.carts();
    let token = cart_with(shop, "bola@example.com", &["ONCE"]).await;
    let mut answers = Vec::new();
    for email in ["Ada@example.com", "bola@example.com", "ada@example.com"] {
        let answered = carts.set_delivery(&token, &of(email), Some(&request(email, ""))).await.unwrap().cart;
        let next = carts.get(Some(&token)).await.unwrap();
        assert_eq!((&answered.quote, &answered.messages), (&next.quote, &next.messages), "{email}");
        answers.push((answered.quote.summary.discount.minor, answered.quote.coupons[0].refused));
    }
    let spent = (0, Some(Reason::CustomerUsesSpent));
    assert_eq!(answers, [spent, (600, None), spent]);
    let bola = "bola@example.com";
    let repeated = carts.set_delivery(&token, &of(bola), Some(&request(bola, ""))).await.unwrap();
    assert_eq!(
        (repeated.replayed, repeated.cart.quote.summary.discount.minor),
        (true, 0),
        "it is Ada's by now"
    );

    let look = async |token: Option<&CartToken>, email: &str| {
        let (token, coupon) = (token.map(CartToken::hash), Some(code("ONCE")));
        let look = Look { token, coupon, customer: Some(customer(email)), ..Look::default() };
        let view = shop.store.cart(&look).await.unwrap();
        (view.coupons[0].customer_uses, view.ordered_before)
    };
    assert_eq!(look(Some(&token), "bola@example.com").await, (0, Some(false)));
    assert_eq!(look(Some(&token), "ADA@example.com").await, (1, Some(true)));
    let bare = shop.cart(&[("mug", 1)]).await;
    assert_eq!(look(Some(&bare), "ada@example.com").await, (1, Some(true)), "the cart has no address yet");
    assert_eq!(look(None, "ada@example.com").await, (1, None));
}

/// Uses are counted of the coupon and of the promotion, in all and by customer, whether there is a cap or none; what
/// takes nothing off and what nobody counts is not.
pub async fn uses_are_counted_in_all_and_by_customer(shop: &Shop) {
    let now = shop.now().await;
    gives(
        shop,
        [
            promotion("off", true, json!({})),
            promotion("limited", false, json!({"per_customer": 9})),
            promotion("free-for-all", false, json!({})),
        ],
    )
    .await;
    shop.sell([item("mug").stock(9)]).await;
    issue(shop, &[coupon("WELCOME", "off", now)]).await;
    for (email, codes) in
        [("ada@example.com", &["WELCOME"][..]), ("ada@example.com", &[]), ("b@example.com", &[])]
    {
        let token = cart_with(shop, email, codes).await;
        shop.confirm(&token).await.unwrap();
    }
    let (ada, bola) = (customer("ADA@example.com"), customer("b@example.com"));
    let used = |promotion: &str, uses, customer_uses| Usage {
        promotion: promotion.to_owned(),
        uses,
        customer_uses,
        spent: 500 * uses as i64,
    };
    assert_eq!(usage(shop, Some(ada)).await, [used("limited", 3, 2), used("off", 1, 1)]);
    assert_eq!(usage(shop, Some(bola)).await, [used("limited", 3, 1), used("off", 1, 0)]);
    assert_eq!(usage(shop, None).await, [used("limited", 3, 0), used("off", 1, 0)]);
    assert_eq!(shop.store.promotion_usage(&[], Some(ada)).await.unwrap(), []);
    assert_eq!(uses(shop, "WELCOME").await, 1);
}

/// A cancelled order gives its uses back, once: asking again changes nothing, and the uses of others stay.
pub async fn a_cancelled_order_gives_its_uses_back_once(shop: &Shop) {
    let now = shop.now().await;
    gives(
        shop,
        [promotion("off", true, json!({"total": 2})), promotion("other", false, json!({"total": 9}))],
    )
    .await;
    shop.sell([item("mug").stock(9)]).await;
    let welcome = Coupon { uses_max: Some(2), customer_uses_max: Some(2), ..coupon("WELCOME", "off", now) };
    issue(shop, &[welcome]).await;
    let mut orders = Vec::new();
    for _ in 0..2 {
        let token = cart_with(shop, "ada@example.com", &["WELCOME"]).await;
        orders.push(shop.confirm(&token).await.unwrap().order.order.id);
    }
    assert_eq!(counted(shop).await, [2, 2, 2, 1_000, 2, 2, 1_000, 2]);
    shop.engine.orders().cancel(orders[0], &cancel()).await.unwrap();
    assert_eq!(counted(shop).await, [1, 1, 1, 500, 1, 1, 500, 1]);
    let again = |order: OrderId| {
        let mut changes = ChangeSet::default();
        changes.promotion.release = vec![(order, now), (order, now)];
        changes
    };
    shop.store.commit(&again(orders[0])).await.unwrap();
    shop.store.commit(&again(named("order", "nowhere"))).await.unwrap();
    assert_eq!(counted(shop).await, [1, 1, 1, 500, 1, 1, 500, 1], "asked again, and of nobody's order");
    let token = cart_with(shop, "ada@example.com", &["WELCOME"]).await;
    shop.confirm(&token).await.unwrap();
    assert_eq!(counted(shop).await, [2, 2, 2, 1_000, 2, 2, 1_000, 2], "what was given back can be used");
    shop.engine.orders().cancel(orders[1], &cancel()).await.unwrap();
    assert_eq!(counted(shop).await, [1, 1, 1, 500, 1, 1, 500, 1]);
}

/// A use that was given back is counted again for the same order; one that counts is not counted twice.
pub async fn a_use_that_was_given_back_is_counted_again(shop: &Shop) {
    let now = shop.now().await;
    gives(shop, [promotion("off", true, json!({})), promotion("other", false, json!({"total": 9}))]).await;
    shop.sell([item("mug").stock(9)]).await;
    issue(shop, &[coupon("WELCOME", "off", now)]).await;
    let token = cart_with(shop, "ada@example.com", &["WELCOME"]).await;
    let placed = shop.placed(&token).await;
    shop.store.commit(&placed.changes).await.unwrap();
    let (order, uses) = (placed.order.id, placed.changes.promotion.redeem);
    let told: Vec<Redemption> = uses.iter().cloned().map(Redemption::without_limits).collect();
    assert_eq!(shop.order_now(order).await.redemptions, told);
    let redeem = |uses: &[Redemption]| {
        let mut changes = ChangeSet::default();
        changes.promotion.redeem = uses.to_vec();
        changes
    };
    let all = [1, 1, 1, 500, 1, 1, 500, 1];
    assert_eq!(shop.stale(&redeem(&uses)).await, Guard::PromotionUses("off".to_owned()));
    assert_eq!(shop.stale(&redeem(&uses[1..])).await, Guard::PromotionUses("other".to_owned()));
    assert_eq!(counted(shop).await, all);

    let mut release = ChangeSet::default();
    release.promotion.release = vec![(order, now)];
    shop.store.commit(&release).await.unwrap();
    assert_eq!(counted(shop).await, [0; 8]);
    assert_eq!(shop.order_now(order).await.redemptions, told, "those that were given back are told of too");
    shop.store.commit(&redeem(&uses[1..])).await.unwrap();
    assert_eq!(shop.stale(&redeem(&uses)).await, Guard::PromotionUses("other".to_owned()));
    let mut first = uses[0].clone();
    first.at = now.plus(std::time::Duration::from_secs(60));
    shop.store.commit(&redeem(std::slice::from_ref(&first))).await.unwrap();
    assert_eq!(counted(shop).await, all);
    assert_eq!(shop.order_now(order).await.redemptions, [first.without_limits(), told[1].clone()]);
    // Both at once, in one change set.
    release.promotion.redeem = uses;
    shop.store.commit(&release).await.unwrap();
    assert_eq!(counted(shop).await, all);
}

/// An order that nobody paid in time gives its uses back.
pub async fn an_unpaid_order_gives_its_uses_back(shop: &Shop) {
    let now = shop.now().await;
    gives(shop, [promotion("off", true, json!({})), promotion("other", false, json!({"total": 9}))]).await;
    shop.sell([item("mug").stock(9)]).await;
    issue(shop, &[Coupon { from: Some(before(now, 200)), ..coupon("WELCOME", "off", now) }]).await;
    let token = cart_with(shop, "ada@example.com", &["WELCOME"]).await;
    shop.engine.carts().set_payment(&token, crate::payment::PaymentMethod::Card, None).await.unwrap();
    let placed = shop.placed_before(&token, 61).await;
    shop.store.commit(&placed.changes).await.unwrap();
    assert_eq!(counted(shop).await, [1, 1, 1, 500, 1, 1, 500, 1]);
    assert_eq!(shop.engine.orders().expire_overdue(9).await.unwrap(), 1);
    assert_eq!(counted(shop).await, [0; 8]);
}

/// A coupon code that is taken, by another coupon or twice in one change set: the guard names it, and none is made.
pub async fn a_coupon_code_that_is_taken(shop: &Shop) {
    let now = shop.now().await;
    issue(shop, &[coupon("TAKEN", "off", now)]).await;
    let issuing = |codes: &[&str]| {
        let mut changes = ChangeSet::default();
        changes.promotion.issue = codes.iter().map(|code| coupon(code, "other", now)).collect();
        changes
    };
    assert_eq!(shop.stale(&issuing(&["NEW", "TAKEN", "NEWER"])).await, Guard::Coupon(code("TAKEN")));
    assert_eq!(shop.stale(&issuing(&["NEW", "NEWER", "NEW"])).await, Guard::Coupon(code("NEW")));
    shop.store.commit(&issuing(&["NEW", "NEWER"])).await.unwrap();
    assert_eq!(shop.store.coupons(Some("other".to_owned()), None, 9).await.unwrap().len(), 2);
}

/// A coupon that changed since it was read, or is not there: the guard names it, and none is changed.
pub async fn a_coupon_that_changed(shop: &Shop) {
    let now = shop.now().await;
    let made = ["ONE", "TWO"].map(|code| coupon(code, "off", now));
    issue(shop, &made).await;
    let [one, two] = made;
    let at = |coupon: &Coupon, version| Coupon { version, ..coupon.clone() };
    let revising = |coupons: &[(Coupon, u64)]| {
        let mut changes = ChangeSet::default();
        changes.promotion.revise = coupons.to_vec();
        changes
    };
    let bounded = Coupon {
        from: Some(before(now, 2)),
        until: Some(now.plus(std::time::Duration::from_micros(1))),
        uses_max: Some(i64::MAX as u64),
        customer_uses_max: Some(1),
        ended_at: Some(now),
        ..at(&two, 2)
    };
    shop.store.commit(&revising(&[(bounded.clone(), 1), (at(&one, 2), 1)])).await.unwrap();
    let nowhere = coupon("NOWHERE", "off", now);
    for (refused, version) in [(at(&two, 2), 1), (at(&two, 4), 3), (at(&nowhere, 2), 1)] {
        let changes = revising(&[(at(&one, 3), 2), (refused.clone(), version)]);
        assert_eq!(shop.stale(&changes).await, Guard::Coupon(refused.code));
    }
    let listed = shop.store.coupons(None, None, 9).await.unwrap();
    let kept: Vec<_> = listed.into_iter().map(|state| state.coupon).collect();
    assert_eq!(kept, [at(&one, 2), bounded.clone()]);
    shop.store.commit(&revising(&[(at(&two, 3), 2)])).await.unwrap();
    let listed = shop.store.coupons(None, None, 9).await.unwrap();
    assert_eq!(listed[1].coupon, at(&two, 3), "and back");
}

/// A coupon is changed if it is what staff saw, whatever it was used for before, and goes by its new limits at once.
pub async fn a_coupon_is_revised(shop: &Shop) {
    let now = shop.now().await;
    gives(shop, [promotion("off", true, json!({}))]).await;
    shop.sell([item("mug").stock(9)]).await;
    issue(shop, &[Coupon { uses_max: Some(9), customer_uses_max: Some(5), ..coupon("WELCOME", "off", now) }])
        .await;
    let welcome = code("WELCOME");
    for _ in 0..2 {
        let token = cart_with(shop, "ada@example.com", &["WELCOME"]).await;
        shop.confirm(&token).await.unwrap();
    }
    let promotions = shop.engine.promotions();
    let revise = async |change: CouponChange, expected| {
        promotions.revise(&welcome, &change, expected, &Actor::System, None).await
    };
    // Below what was used: it is spent, for her and for all, and no invariant is broken.
    let one =
        CouponChange { uses_max: Some(Some(1)), customer_uses_max: Some(Some(1)), ..CouponChange::default() };
    let revised = revise(one.clone(), Some(1)).await.unwrap().coupon;
    assert_eq!((revised.coupon.version, revised.coupon.uses_max, revised.uses), (2, Some(1), 2));
    assert_eq!(
        revise(one.clone(), None).await.unwrap().coupon.coupon.version,
        2,
        "that is how it is already"
    );
    let apply = async |email: &str| {
        let token = cart_with(shop, email, &[]).await;
        match shop.engine.carts().apply_coupon(&token, &welcome, None).await {
            Ok(_) => None,
            Err(CartError::Coupon { reason, .. }) => Some(reason),
            Err(other) => panic!("{other}"),
        }
    };
    assert_eq!(apply("bola@example.com").await, Some(Reason::UsesSpent));
    let more = CouponChange { uses_max: Some(None), ..CouponChange::default() };
    assert!(matches!(revise(more.clone(), Some(1)).await, Err(CouponError::Version(2))));
    revise(more.clone(), Some(2)).await.unwrap();
    assert_eq!(apply("bola@example.com").await, None);
    assert_eq!(apply("ada@example.com").await, Some(Reason::CustomerUsesSpent));
    let over = CouponChange { from: Some(Some(now)), until: Some(Some(now)), ..CouponChange::default() };
    assert!(matches!(revise(over, None).await, Err(CouponError::Invalid { field: "until", .. })));
    let none = CouponChange { uses_max: Some(Some(0)), ..CouponChange::default() };
    assert!(matches!(revise(none, None).await, Err(CouponError::Invalid { field: "uses_max", .. })));
    assert!(matches!(
        promotions.revise(&code("NOWHERE"), &more, None, &Actor::System, None).await,
        Err(CouponError::NotFound)
    ));
    let ended = promotions.end(&welcome, &Actor::System, None).await.unwrap().coupon.coupon;
    assert_eq!(ended.version, 4);
    assert_eq!(promotions.end(&welcome, &Actor::System, None).await.unwrap().coupon.coupon, ended);
    assert!(matches!(revise(one, None).await, Err(CouponError::Ended(_))));
    let search = Search { target: Some("coupon:WELCOME".to_owned()), ..Search::default() };
    let told = shop.engine.audit_trail().search(&search, 9).await.unwrap();
    // They may be of one instant, and then no later than each other.
    let mut actions: Vec<_> = told.iter().map(|entry| entry.action.as_str()).collect();
    actions.sort_unstable();
    assert_eq!(actions, ["coupon.end", "coupon.update", "coupon.update"]);
    let lowered =
        |entry: &&Entry| entry.data["after"]["uses_max"] == 1 && entry.data["before"]["uses_max"] == 9;
    assert_eq!(told.iter().filter(lowered).count(), 1, "{told:?}");
}

/// A promotion that has coupons is not taken out of the rules, whoever applies them; one that has none is.
pub async fn a_promotion_with_coupons_stays(shop: &Shop) {
    let now = shop.now().await;
    let off = || promotion("off", true, json!({}));
    gives(shop, [off(), promotion("other", true, json!({}))]).await;
    issue(shop, &[Coupon { ended_at: Some(now), ..coupon("WELCOME", "off", now) }]).await;
    let only = |promotions| Rulebook { promotions, ..Rulebook::starter(Currency::NGN) };
    let applied = shop.engine.rules().apply(only(vec![]), &Actor::System).await;
    assert!(matches!(&applied, Err(RulesError::HasCoupons(code)) if code == "off"), "{applied:?}");
    assert_eq!(shop.engine.rules().show().await.unwrap().version, 1);
    assert_eq!(shop.rules(only(vec![off()])).await.version, 2);
}

/// A coupon that is used up since it was read, in all or by this customer.
pub async fn a_coupon_that_is_used_up(shop: &Shop) {
    let now = shop.now().await;
    gives(shop, [promotion("off", true, json!({}))]).await;
    shop.sell([item("mug").stock(9)]).await;
    let scarce = Coupon { uses_max: Some(1), ..coupon("SCARCE", "off", now) };
    let personal = Coupon { customer_uses_max: Some(1), ..coupon("PERSONAL", "off", now) };
    issue(shop, &[scarce, personal]).await;
    for (text, buyer) in [("SCARCE", "bola@example.com"), ("PERSONAL", "ADA@example.com")] {
        let token = cart_with(shop, "ada@example.com", &[text]).await;
        let placed = shop.placed(&token).await;
        let other = cart_with(shop, buyer, &[text]).await;
        shop.confirm(&other).await.unwrap();
        assert_eq!(shop.stale(&placed.changes).await, Guard::CouponUses(code(text)));
        let Err(ConfirmError::CouponExhausted { code: refused, reason, cart }) = shop.confirm(&token).await
        else {
            panic!("{text} was used again");
        };
        assert_eq!(refused, code(text));
        let expected = if text == "SCARCE" { Reason::UsesSpent } else { Reason::CustomerUsesSpent };
        assert_eq!((reason, cart.quote.summary.discount.minor), (expected, 0));
        let third = cart_with(shop, "chi@example.com", &[]).await;
        let applied = shop.engine.carts().apply_coupon(&third, &code(text), None).await;
        assert_eq!(applied.is_ok(), text == "PERSONAL", "{text} for somebody else");
    }
}

/// A coupon that has ended since it was read, whose time is over or has not come, or that is not there.
pub async fn a_coupon_that_has_ended(shop: &Shop) {
    let now = shop.now().await;
    gives(shop, [promotion("off", true, json!({}))]).await;
    shop.sell([item("mug").stock(9)]).await;
    issue(shop, &[coupon("WELCOME", "off", now)]).await;
    let token = cart_with(shop, "ada@example.com", &["WELCOME"]).await;
    let placed = shop.placed(&token).await;
    let at = placed.order.placed_at;
    let timed = |code: &str, from, until| Coupon { from, until, ..coupon(code, "off", now) };
    let later = at.plus(std::time::Duration::from_micros(1));
    issue(shop, &[timed("BEGINS", Some(later), None), timed("OVER", None, Some(at))]).await;
    issue(shop, &[timed("IN-TIME", Some(at), Some(later))]).await;
    let by = |text: &str| {
        let mut changes = placed.changes.clone();
        changes.promotion.redeem[0].coupon = Some(code(text));
        changes
    };
    for text in ["BEGINS", "OVER", "NOWHERE"] {
        assert_eq!(shop.stale(&by(text)).await, Guard::CouponUses(code(text)), "{text}");
    }
    let mut ending = ChangeSet::default();
    let ended = Coupon { ended_at: Some(now), version: 2, ..coupon("WELCOME", "off", now) };
    ending.promotion.revise = vec![(ended, 1)];
    shop.store.commit(&ending).await.unwrap();
    assert_eq!(shop.stale(&placed.changes).await, Guard::CouponUses(code("WELCOME")));
    let refused = shop.confirm(&token).await;
    assert!(
        matches!(refused, Err(ConfirmError::CouponExhausted { reason: Reason::Ended, .. })),
        "{refused:?}"
    );
    shop.store.commit(&by("IN-TIME")).await.unwrap();
}

/// A promotion that is used up since it was read, in all or by this customer, or whose budget does not hold it any more.
pub async fn a_promotion_that_is_used_up(shop: &Shop) {
    let now = shop.now().await;
    let limits = [
        ("total", json!({"total": 1}), "bola@example.com"),
        ("personal", json!({"per_customer": 1}), "ADA@example.com"),
        ("budget", json!({"budget": "9.99"}), "bola@example.com"),
    ];
    gives(shop, limits.clone().map(|(code, limits, _)| promotion(code, true, limits))).await;
    shop.sell([item("mug").stock(9)]).await;
    issue(shop, &limits.clone().map(|(promotion, ..)| coupon(promotion, promotion, now))).await;
    for (name, _, buyer) in limits {
        let token = cart_with(shop, "ada@example.com", &[name]).await;
        let placed = shop.placed(&token).await;
        let other = cart_with(shop, buyer, &[name]).await;
        shop.confirm(&other).await.unwrap();
        assert_eq!(shop.stale(&placed.changes).await, Guard::PromotionUses(name.to_owned()));
        let refused = shop.confirm(&token).await;
        assert!(matches!(refused, Err(ConfirmError::CouponExhausted { .. })), "{name}: {refused:?}");
    }
}

/// Where several counters and the stock refuse, nothing of the order is left; where none does, all of it is there.
pub async fn an_order_with_coupons_is_all_or_nothing(shop: &Shop) {
    let now = shop.now().await;
    gives(shop, [promotion("a", true, json!({"total": 5})), promotion("b", false, json!({"budget": "50"}))])
        .await;
    shop.sell([item("mug").stock(2)]).await;
    issue(shop, &[Coupon { uses_max: Some(5), ..coupon("WELCOME", "a", now) }]).await;
    let token = cart_with(shop, "ada@example.com", &["WELCOME"]).await;
    let placed = shop.placed(&token).await;
    let without_stock = ChangeSet { inventory: Default::default(), ..placed.changes.clone() };
    assert_eq!(placed.changes.promotion.redeem.len(), 2);
    for redemption in 0..2 {
        let mut changes = placed.changes.clone();
        changes.promotion.redeem[redemption].uses_max = Some(0);
        let promotion = changes.promotion.redeem[redemption].promotion.clone();
        assert_eq!(shop.stale(&changes).await, Guard::PromotionUses(promotion));
    }
    let sold = shop.order(&[("mug", 2)]).await.order.id;
    let guard = shop.stale(&placed.changes).await;
    assert!(matches!(guard, Guard::Stock { .. }), "the counters rose, the stock is gone: {guard:?}");
    shop.engine.orders().cancel(sold, &cancel()).await.unwrap();
    assert_eq!(counted_of(shop, "a", "WELCOME", "b").await, [0; 8]);
    shop.store.commit(&placed.changes).await.unwrap();
    assert_eq!(counted_of(shop, "a", "WELCOME", "b").await, [1, 1, 1, 500, 1, 1, 500, 1]);
    assert_eq!(shop.stale(&without_stock).await, Guard::Cart(placed.order.cart));
}

/// Carts that changed lately come by id, open ones and those that became orders, each as a look sees it.
pub async fn recent_carts_come_by_id(shop: &Shop) {
    let now = shop.now().await;
    gives(shop, [promotion("off", true, json!({"total": 9}))]).await;
    shop.sell([item("mug").stock(9), item("pen").stock(9)]).await;
    issue(shop, &[coupon("WELCOME", "off", now)]).await;
    let mut tokens = Vec::new();
    for email in ["ada@example.com", "bola@example.com", "chi@example.com"] {
        tokens.push(cart_with(shop, email, &["WELCOME"]).await);
    }
    let ordered = shop.confirm(&tokens[1]).await.unwrap().order.order;
    let bare = shop.cart(&[("pen", 1)]).await;
    let long_ago = shop.view(&tokens[2]).await.cart.unwrap();
    let mut old = long_ago.clone();
    old.updated_at = before(now, 60);
    let mut changes = ChangeSet::default();
    changes.cart.write = Some(crate::cart::Write::between(Some(&long_ago), &mut old));
    shop.store.commit(&changes).await.unwrap();
    let recent = async |since, after, limit| {
        let mut views = shop.store.recent_carts(since, after, limit).await.unwrap();
        views.iter_mut().for_each(|view| view.now = now);
        views
    };
    let all = recent(before(now, 30), None, 9).await;
    let ids: Vec<_> = all.iter().map(|view| view.cart.as_ref().unwrap().id).collect();
    assert_eq!(ids.len(), 3, "the old one is left out");
    assert!(ids.is_sorted());
    for token in [&tokens[0], &bare] {
        let mut view = shop.view(token).await;
        view.now = now;
        assert!(all.contains(&view), "{view:#?} is not among {all:#?}");
    }
    let closed = all.iter().find(|view| view.cart.as_ref().unwrap().order == Some(ordered.id)).unwrap();
    let cart = closed.cart.as_ref().unwrap();
    assert_eq!(
        (cart.id, cart.lines.len(), cart.coupons.as_slice()),
        (ordered.cart, 1, &[code("WELCOME")][..])
    );
    assert_eq!((closed.offers.len(), closed.levels.len()), (1, 1));
    assert_eq!((closed.coupons[0].uses, closed.coupons[0].customer_uses), (1, 1));
    assert_eq!(closed.ordered_before, Some(false), "its own order was not before it");
    assert!(closed.token_known && closed.record.is_none() && closed.outside == Default::default());
    assert_eq!(recent(before(now, 30), None, 2).await, all[..2]);
    assert_eq!(recent(before(now, 30), Some(ids[0]), 9).await, all[1..]);
    assert_eq!(recent(before(now, 30), Some(ids[2]), 9).await, []);
    assert_eq!(recent(before(now, 60), None, 9).await.len(), 4, "from the very instant on");
    assert_eq!(recent(now.plus(std::time::Duration::from_secs(3_600)), None, 9).await, []);
}

/// A promotion that takes 5.00 off an order.
pub(in crate::testkit) fn promotion(code: &str, coupon: bool, limits: serde_json::Value) -> Promotion {
    serde_json::from_value(json!({
        "code": code, "label": code, "coupon": coupon, "scope": "order", "action": {"amount": "5"}, "limits": limits,
    }))
    .unwrap()
}

/// Puts these promotions in force.
pub(in crate::testkit) async fn gives(shop: &Shop, promotions: impl IntoIterator<Item = Promotion>) {
    let promotions = promotions.into_iter().collect();
    shop.rules(Rulebook { promotions, ..Rulebook::starter(Currency::NGN) }).await;
}

/// A coupon without limits.
pub(in crate::testkit) fn coupon(text: &str, promotion: &str, created_at: Timestamp) -> Coupon {
    Coupon {
        code: code(text),
        promotion: promotion.to_owned(),
        from: None,
        until: None,
        uses_max: None,
        customer_uses_max: None,
        ended_at: None,
        created_at,
        issued_by: None,
        version: 1,
    }
}

/// Makes these coupons.
pub(in crate::testkit) async fn issue(shop: &Shop, coupons: &[Coupon]) {
    let mut changes = ChangeSet::default();
    changes.promotion.issue = coupons.to_vec();
    shop.store.commit(&changes).await.unwrap();
}

/// A code.
pub(in crate::testkit) fn code(text: &str) -> CouponCode {
    text.parse().unwrap()
}

/// To somebody of this e-mail address.
pub(in crate::testkit) fn of(email: &str) -> Delivery {
    Delivery { email: email.parse().unwrap(), ..delivery() }
}

/// How often the coupon was used.
pub(super) async fn uses(shop: &Shop, text: &str) -> u64 {
    let look = Look { coupon: Some(code(text)), ..Look::default() };
    shop.store.cart(&look).await.unwrap().coupons[0].uses
}

/// A cart of one mug with these coupons, ready to confirm.
async fn cart_with(shop: &Shop, email: &str, codes: &[&str]) -> CartToken {
    let token = shop.ready_cart(&[("mug", 1)]).await;
    shop.engine.carts().set_delivery(&token, &of(email), None).await.unwrap();
    for text in codes {
        shop.engine.carts().apply_coupon(&token, &code(text), None).await.unwrap();
    }
    token
}

fn customer(email: &str) -> CustomerKey {
    CustomerKey::of_email(&email.parse().unwrap())
}

/// How often each promotion of the rulebook was used, by code, as far as it was.
async fn usage(shop: &Shop, customer: Option<CustomerKey>) -> Vec<Usage> {
    let promotions = shop.store.rulebook().await.unwrap().unwrap().rulebook.promotions;
    let codes: Vec<String> = promotions.into_iter().map(|promotion| promotion.code).collect();
    let mut usage = shop.store.promotion_usage(&codes, customer).await.unwrap();
    usage.sort_by(|a, b| a.promotion.cmp(&b.promotion));
    usage
}

async fn counted(shop: &Shop) -> [i64; 8] {
    counted_of(shop, "off", "WELCOME", "other").await
}

/// The counters of a coupon, of its promotion, and of another promotion, where Ada is the only customer: uses of the
/// coupon, by Ada; uses of the promotion, what it took off, by Ada; and so of the other.
async fn counted_of(shop: &Shop, promotion: &str, text: &str, other: &str) -> [i64; 8] {
    let token = cart_with(shop, "ada@example.com", &[]).await;
    let look = Look { token: Some(token.hash()), coupon: Some(code(text)), ..Look::default() };
    let coupon = shop.store.cart(&look).await.unwrap().coupons.remove(0);
    let asked = [promotion.to_owned(), other.to_owned()];
    let usage = shop.store.promotion_usage(&asked, Some(customer("ada@example.com"))).await.unwrap();
    let of = |promotion: &str| {
        let found = usage.iter().find(|usage| usage.promotion == promotion);
        found.map_or([0; 3], |usage| [usage.uses as i64, usage.spent, usage.customer_uses as i64])
    };
    let ([uses, spent, by_ada], [others, other_spent, others_by_ada]) = (of(promotion), of(other));
    let coupon = [coupon.uses, coupon.customer_uses].map(|uses| uses as i64);
    [coupon[0], coupon[1], uses, spent, by_ada, others, other_spent, others_by_ada]
}
