//! Every invariant is seen to be broken by a row that breaks it, and by nothing else.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod shop;

use commerce_core::order::OrderView;
use commerce_core::{ChangeSet, Ids, Invariant, Store};
use commerce_storage_postgres::PostgresStore;
use shop::data::*;
use shop::{in_shop, sabotage};

/// A shop with one order of two line items.
async fn sold(store: &PostgresStore) {
    let stocked = stocked(store, 5, &["mug", "cup"]).await;
    let cart = filled_cart(store, 1, 2, &[stocked.variant(0), stocked.variant(1)]).await;
    let held = "2999-01-01T00:00:00Z".parse().unwrap();
    store.commit(&place(&mut ids(50), &cart, &stocked, held)).await.unwrap();
    assert_eq!(store.violations().await.unwrap(), []);
}

/// A shop with two orders of one mug each, both with a coupon.
async fn redeemed(store: &PostgresStore) {
    let stocked = stocked(store, 5, &["mug"]).await;
    store.commit(&issue("WELCOME")).await.unwrap();
    let held = "2999-01-01T00:00:00Z".parse().unwrap();
    for (byte, email) in [(1, "ada@example.com"), (2, "bola@example.com")] {
        let mut cart = filled_cart(store, byte, 1, &[stocked.variant(0)]).await;
        cart.email = Some(email.parse().unwrap());
        let changes = redeeming(place(&mut ids(50 + byte), &cart, &stocked, held), "WELCOME");
        store.commit(&changes).await.unwrap();
    }
    assert_eq!(store.violations().await.unwrap(), []);
}

/// A shop with one order that is paid, and of whose money some goes back.
async fn paid(store: &PostgresStore) {
    let stocked = stocked(store, 5, &["mug"]).await;
    let cart = filled_cart(store, 1, 2, &[stocked.variant(0)]).await;
    let held = "2999-01-01T00:00:00Z".parse().unwrap();
    let placed = place(&mut ids(50), &cart, &stocked, held);
    store.commit(&placed).await.unwrap();
    let order = placed.order.place.unwrap().id;
    for (seed, changes) in [(51, pay as fn(&mut Ids, &OrderView) -> ChangeSet), (52, pay_back)] {
        let view = store.order(order.into(), None).await.unwrap().unwrap();
        store.commit(&changes(&mut ids(seed), &view)).await.unwrap();
    }
    assert_eq!(store.violations().await.unwrap(), []);
}

/// What is in the shop before it is damaged.
#[derive(Clone, Copy)]
enum Sold {
    Plainly,
    WithCoupons,
    AndPaid,
}

async fn broken_by(sql: &'static str) -> Vec<Invariant> {
    broken_in(Sold::Plainly, sql).await
}

async fn broken_in(shop: Sold, sql: &'static str) -> Vec<Invariant> {
    let (say, hear) = std::sync::mpsc::channel();
    in_shop(move |store| async move {
        match shop {
            Sold::Plainly => sold(&store).await,
            Sold::WithCoupons => redeemed(&store).await,
            Sold::AndPaid => paid(&store).await,
        }
        // As somebody would who works on the tables by hand: the constraints are the last line, and here they are gone.
        sabotage(
            &store,
            "alter table orders drop constraint orders_total_check, drop constraint orders_cart_key;
             alter table order_lines drop constraint order_lines_paid_check;
             alter table payments drop constraint payments_reference_key, drop constraint payments_captured_check;
             alter table stock drop constraint stock_counters_check;
             alter table outbox drop constraint outbox_subject_key;",
        )
        .await;
        sabotage(&store, sql).await;
        let violations = store.violations().await.unwrap();
        assert!(violations.iter().all(|violation| !violation.row.is_empty() && !violation.detail.is_empty()));
        let mut broken: Vec<_> = violations.into_iter().map(|violation| violation.invariant).collect();
        broken.dedup();
        say.send(broken).unwrap();
    })
    .await;
    hear.recv().unwrap()
}

#[tokio::test]
async fn stock_sum() {
    assert_eq!(broken_by("update stock set on_hand = on_hand + 1").await, [Invariant::StockSum]);
    assert_eq!(broken_by("update stock_movements set delta = delta + 1").await, [Invariant::StockSum]);
    let elsewhere = "update stock_movements set location_id = gen_random_uuid()";
    assert_eq!(broken_by(elsewhere).await, [Invariant::StockSum]);
}

#[tokio::test]
async fn reserved_sum() {
    assert_eq!(broken_by("update stock set reserved = reserved + 1").await, [Invariant::ReservedSum]);
    assert_eq!(broken_by("update reservations set quantity = 1").await, [Invariant::ReservedSum]);
    let more_than_there_is = "update stock set on_hand = 1; update stock_movements set delta = 1";
    assert_eq!(broken_by(more_than_there_is).await, [Invariant::ReservedSum, Invariant::NoOversell]);
}

#[tokio::test]
async fn reservation_live() {
    assert_eq!(broken_by("update reservations set expires_at = null").await, [Invariant::ReservationLive]);
    let cancelled = "update orders set status = 'cancelled';
        insert into order_history select order_id, 3, 'order', 'pending', 'cancelled', actor, note, at
          from order_history where position = 0";
    assert_eq!(broken_by(cancelled).await, [Invariant::ReservationLive]);
}

#[tokio::test]
async fn no_oversell() {
    let more = "insert into order_lines
        select order_id, 9, gen_random_uuid(), variant_id, product_id, sku, slug, name, options, image, customizations, 0,
               4, 0, 0, 0, 0, 0, tax_class, digital, stock_limited
          from order_lines where position = 0";
    assert_eq!(broken_by(more).await, [Invariant::NoOversell]);
    // Two units are sold and one came in: but one went back into stock.
    let (back, not_back) = (
        "update stock_movements set delta = 1; update stock set on_hand = 1; update reservations set quantity = 1;
         update stock set reserved = 1; update refunds set restock = true;
         insert into refund_lines select f.id, 0, l.id, 1 from refunds f cross join order_lines l",
        "update stock_movements set delta = 1; update stock set on_hand = 1; update reservations set quantity = 1;
         update stock set reserved = 1;
         insert into refund_lines select f.id, 0, l.id, 1 from refunds f cross join order_lines l",
    );
    assert_eq!(broken_in(Sold::AndPaid, back).await, []);
    assert_eq!(broken_in(Sold::AndPaid, not_back).await, [Invariant::NoOversell]);
    let came_back = "update stock_movements set reason = 'return'";
    assert_eq!(broken_by(came_back).await, [Invariant::NoOversell], "what came back did not come in");
}

#[tokio::test]
async fn order_total() {
    let rounding = "update orders set cash_rounding = 5";
    assert_eq!(broken_by(rounding).await, [Invariant::OrderTotal]);
    let total = "update orders set total = total + 1";
    assert_eq!(broken_by(total).await, [Invariant::OrderTotal]);
    let subtotal = "update orders set subtotal = subtotal + 1, total = total + 1";
    assert_eq!(broken_by(subtotal).await, [Invariant::OrderTotal]);
    let line = "update order_lines set paid = paid + 1 where position = 0";
    assert_eq!(broken_by(line).await, [Invariant::OrderTotal]);
    assert_eq!(broken_by("update order_lines set discount = 0").await, [Invariant::OrderTotal]);
    let tax = "update order_lines set tax_included = tax_included + 1";
    assert_eq!(broken_by(tax).await, [Invariant::OrderTotal]);
    assert_eq!(broken_by("delete from order_lines").await, [Invariant::OrderTotal]);
}

#[tokio::test]
async fn state_legal() {
    let unheard_of = "update orders set status = 'shipped';
        insert into order_history select order_id, 3, 'order', 'pending', 'shipped', actor, note, at
          from order_history where position = 0";
    let goods_stay = [Invariant::ReservationLive, Invariant::StateLegal];
    assert_eq!(broken_by(unheard_of).await, goods_stay, "no such move, and nothing of it has left");
    assert_eq!(
        broken_by("update orders set status = 'processing'").await,
        [Invariant::StateLegal],
        "no step"
    );
    assert_eq!(
        broken_by("delete from order_history where position = 1").await,
        [Invariant::StateLegal],
        "a gap"
    );
    let start = "update order_history set from_state = 'pending' where position = 0";
    assert_eq!(broken_by(start).await, [Invariant::StateLegal]);
    let jump = "update orders set status = 'processing';
        insert into order_history select order_id, 3, 'order', 'cancelled', 'pending', actor, note, at
          from order_history where position = 0;
        insert into order_history select order_id, 4, 'order', 'pending', 'processing', actor, note, at
          from order_history where position = 0";
    assert_eq!(broken_by(jump).await, [Invariant::StateLegal], "a legal move from where it never was");
}

#[tokio::test]
async fn paid_is_paid() {
    let never_came = "update orders set payment_status = 'paid';
        update reservations set expires_at = null;
        insert into order_history select order_id, 3, 'payment', 'pending', 'paid', actor, note, at
          from order_history where position = 0";
    assert_eq!(broken_by(never_came).await, [Invariant::PaidIsPaid]);
    assert_eq!(broken_by("update payments set state = 'paid'").await, [Invariant::PaidIsPaid]);
    let too_little = "update orders set payment_status = 'paid';
        update reservations set expires_at = null;
        update payments set state = 'paid', amount = amount - 1;
        insert into order_history select order_id, 3, 'payment', 'pending', 'paid', actor, note, at
          from order_history where position = 0";
    assert_eq!(broken_by(too_little).await, [Invariant::PaidIsPaid]);
}

#[tokio::test]
async fn ref_one() {
    assert_eq!(broken_by("delete from payments").await, [Invariant::RefOne]);
    let twice =
        "insert into payments select gen_random_uuid(), order_id, reference, method, amount, currency, state,
        created_at, version from payments";
    assert_eq!(broken_by(twice).await, [Invariant::RefOne]);
    let stray = "insert into unmatched_payments
        select gen_random_uuid(), reference, null, null, null, 1, currency, null, 'amount', created_at, 'open', null, 1
          from payments";
    assert_eq!(broken_by(stray).await, [Invariant::RefOne], "it does not name the attempt");
}

#[tokio::test]
async fn capture_bal() {
    for damage in [
        "update payments set refunded = refunded + 1",
        "update payments set refunded = -1; delete from refunds",
        "update refunds set amount = amount + 1",
        "update refunds set state = 'failed'",
        "update refunds set currency = 'GHS'",
        "delete from refunds",
    ] {
        assert_eq!(broken_in(Sold::AndPaid, damage).await, [Invariant::CaptureBal], "{damage}");
    }
}

#[tokio::test]
async fn ledger_zero() {
    for damage in [
        "delete from journal_legs where position = 0",
        "update journal_legs set amount = amount + 1 where account = 'gateway'",
        "update journal_legs set currency = 'GHS' where position = 0",
        "delete from journal_legs",
        "update journal_legs set amount = amount * 2",
        "update journal_legs set account = 'unmatched' where account = 'orders'",
        "update journal_entries set order_id = null",
    ] {
        assert_eq!(broken_in(Sold::AndPaid, damage).await, [Invariant::LedgerZero], "{damage}");
    }
}

#[tokio::test]
async fn money_that_went_back_agrees_with_the_order() {
    for damage in [
        "update payments set state = 'pending'",
        "update orders set payment_status = 'refunded';
         insert into order_history select order_id, 5, 'payment', 'paid', 'refunded', actor, note, at
           from order_history where position = 0",
        "update orders set payment_status = 'partially_refunded';
         insert into order_history select order_id, 5, 'payment', 'paid', 'partially_refunded', actor, note, at
           from order_history where position = 0",
    ] {
        assert_eq!(broken_in(Sold::AndPaid, damage).await, [Invariant::PaidIsPaid], "{damage}");
    }
    let too_little = "update payments set captured = captured - 1";
    let both = [Invariant::PaidIsPaid, Invariant::LedgerZero];
    assert_eq!(broken_in(Sold::AndPaid, too_little).await, both);
    assert_eq!(broken_in(Sold::AndPaid, "update refunds set state = 'processed'").await, both);
}

#[tokio::test]
async fn key_one() {
    assert_eq!(broken_by("update idempotency set outcome_id = gen_random_uuid()").await, [Invariant::KeyOne]);
    assert_eq!(broken_by("update idempotency set outcome = 'cart_changed'").await, [Invariant::KeyOne]);
    assert_eq!(broken_by("update idempotency set outcome = 'payment_opened'").await, [Invariant::KeyOne]);
    assert_eq!(broken_by("update idempotency set outcome = 'payment_collected'").await, [Invariant::KeyOne]);
    assert_eq!(broken_by("update idempotency set outcome = 'refund_requested'").await, [Invariant::KeyOne]);
    assert_eq!(broken_by("update idempotency set outcome = 'unheard_of'").await, [Invariant::KeyOne]);
    assert_eq!(broken_by("update idempotency set outcome = 'audited'").await, [Invariant::KeyOne]);
}

#[tokio::test]
async fn cart_one() {
    assert_eq!(broken_by("update carts set order_id = null").await, [Invariant::CartOne]);
    assert_eq!(broken_by("update carts set order_id = gen_random_uuid()").await, [Invariant::CartOne]);
    assert_eq!(broken_by("update orders set cart_id = gen_random_uuid()").await, [Invariant::CartOne]);
}

#[tokio::test]
async fn outbox_once() {
    assert_eq!(broken_by("delete from outbox").await, [Invariant::OutboxOnce]);
    let of_nobody =
        "insert into outbox select gen_random_uuid(), name, 'order:' || gen_random_uuid(), sequence, data, at
        from outbox";
    assert_eq!(broken_by(of_nobody).await, [Invariant::OutboxOnce]);
    let twice = "insert into outbox select gen_random_uuid(), name, subject, sequence, data, at from outbox";
    assert_eq!(broken_by(twice).await, [Invariant::OutboxOnce]);
}

#[tokio::test]
async fn coupon_cap() {
    for damage in [
        "update promotion_usage set uses = uses + 1",
        "update promotion_usage set spent = spent - 1",
        "delete from promotion_usage",
        "update promotion_customers set uses = 0",
        "update promotion_customers set customer_key = sha256(customer_key)",
        "update coupons set uses = uses - 1",
        "update coupons set uses_max = 1",
        "delete from coupons",
        "update coupon_customers set uses = 2",
        "delete from coupon_customers",
        "update redemptions set amount = amount + 1",
        "update redemptions set released_at = at",
        "delete from redemptions",
        "insert into promotion_usage values ('other', 1, 0)",
    ] {
        assert_eq!(broken_in(Sold::WithCoupons, damage).await, [Invariant::CouponCap], "{damage}");
    }
    let cancelled = "update orders set status = 'cancelled';
        update reservations set state = 'released', ended_at = now();
        update stock set reserved = 0;
        insert into order_history select order_id, 3, 'order', 'pending', 'cancelled', actor, note, at
          from order_history where position = 0";
    assert_eq!(broken_in(Sold::WithCoupons, cancelled).await, [Invariant::CouponCap]);
}

#[tokio::test]
async fn audit_chain() {
    let slipped_in = "
        insert into audit_seals select 1, id, sha256('') from audit order by id desc limit 1;
        insert into audit select gen_random_uuid(), at - interval '2 hours', actor, action, target, data
          from audit limit 1";
    assert_eq!(broken_by(slipped_in).await, [Invariant::AuditChain]);
}

#[tokio::test]
async fn mail_secret() {
    let mail = |state: &str, link: &str| {
        format!(
            "insert into mails values (gen_random_uuid(), 'ada@example.com', null,
             '{{\"kind\": \"password_reset\", \"first_name\": null, \"link\": {link}}}', now(), '{state}', 0, now(), null, 1)"
        )
    };
    let (kept, gone) = (r#"{"token": "t", "expires_at": "2999-01-01T00:00:00Z"}"#, r#"{"token": null}"#);
    for (state, link, right) in [
        ("waiting", kept, true),
        ("waiting", gone, false),
        ("sent", gone, true),
        ("sent", kept, false),
        ("parked", gone, true),
        ("parked", kept, false),
    ] {
        let found = broken_by(mail(state, link).leak()).await;
        let expected: &[Invariant] = if right { &[] } else { &[Invariant::MailSecret] };
        assert_eq!(found, expected, "{state} {link}");
    }
}
