//! Every invariant is seen to find the damage that it is there for.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use commerce_core::{Invariant, Store};
use common::*;
use sqlx::AssertSqlSafe;

/// Damages a sound shop, with two orders of which one is cancelled, and sees what is found.
async fn finds(damage: &str, invariant: Invariant, row: &str) {
    finds_in(false, damage, invariant, row).await;
}

/// The same; where money moved, the order that is not cancelled was paid, and some of its money goes back.
async fn finds_in(paid: bool, damage: &str, invariant: Invariant, row: &str) {
    let shop = Shop::stocked().await;
    shop.store.commit(&issue()).await.unwrap();
    for number in 1..=2 {
        shop.store.commit(&new_cart(number)).await.unwrap();
        let email = format!("buyer-{number}@example.com");
        shop.store.commit(&redeem(number, &email)).await.unwrap();
    }
    let mut cancelling = cancel(2);
    cancelling.promotion.release.push((id(102), at(2)));
    shop.store.commit(&cancelling).await.unwrap();
    if paid {
        shop.store.commit(&pay(1)).await.unwrap();
        shop.store.commit(&pay_back(1)).await.unwrap();
    }
    shop.is_sound().await;
    let mut conn = shop.raw().await;
    sqlx::query("PRAGMA ignore_check_constraints = ON").execute(&mut conn).await.unwrap();
    let done = sqlx::query(AssertSqlSafe(damage.to_owned())).execute(&mut conn).await.unwrap();
    assert!(done.rows_affected() > 0, "{damage} damaged nothing");
    let found = shop.store.violations().await.unwrap();
    assert!(
        found.iter().any(|said| said.invariant == invariant && said.row.starts_with(row)),
        "{damage}: {found:?}"
    );
}

const ORDER: &str = "00000000-0000-0000-0000-000000000065";

#[tokio::test]
async fn stock_sum() {
    let row =
        "stock variant=00000000-0000-0000-0000-00000000001f location=00000000-0000-0000-0000-000000000032";
    finds("UPDATE stock SET on_hand = on_hand + 1", Invariant::StockSum, row).await;
    finds("DELETE FROM stock_movements", Invariant::StockSum, row).await;
    finds("DELETE FROM stock", Invariant::StockSum, row).await;
}

#[tokio::test]
async fn reserved_sum() {
    let row =
        "stock variant=00000000-0000-0000-0000-00000000001f location=00000000-0000-0000-0000-000000000032";
    finds("UPDATE stock SET reserved = reserved + 1", Invariant::ReservedSum, row).await;
    finds("DELETE FROM reservations", Invariant::ReservedSum, row).await;
    finds("DELETE FROM stock", Invariant::ReservedSum, row).await;
    finds("UPDATE stock SET on_hand = 2", Invariant::ReservedSum, row).await;
}

#[tokio::test]
async fn reservation_live() {
    let row = "reservations id=00000000-0000-0000-0000-00000000012d";
    finds("UPDATE orders SET status = 'cancelled'", Invariant::ReservationLive, row).await;
    finds("UPDATE orders SET payment_status = 'paid'", Invariant::ReservationLive, row).await;
    finds("UPDATE reservations SET expires_at = NULL", Invariant::ReservationLive, row).await;
}

#[tokio::test]
async fn no_oversell() {
    let row = "order_lines variant=00000000-0000-0000-0000-00000000001f";
    finds("UPDATE order_lines SET quantity = 16", Invariant::NoOversell, row).await;
    finds("DELETE FROM stock_movements", Invariant::NoOversell, row).await;
}

#[tokio::test]
async fn order_total() {
    let row = format!("orders id={ORDER}");
    for damage in [
        "UPDATE orders SET total = total + 1",
        "UPDATE orders SET cash_rounding = 5",
        "UPDATE orders SET subtotal = subtotal + 1, total = total + 1",
        "UPDATE orders SET discount = discount - 1, total = total + 1",
        "UPDATE orders SET tax_added = 0, total = total - tax_added",
        "UPDATE order_lines SET tax_included = 1",
        "UPDATE order_lines SET paid = paid - 1",
        "DELETE FROM order_lines",
    ] {
        finds(damage, Invariant::OrderTotal, &row).await;
    }
}

#[tokio::test]
async fn state_legal() {
    let row = format!("order_history order={ORDER}");
    for damage in [
        "UPDATE orders SET status = 'processing'",
        "UPDATE orders SET fulfillment_status = 'partial'",
        "UPDATE order_history SET to_state = 'shipped' WHERE machine = 'order'",
        "UPDATE order_history SET from_state = 'due' WHERE machine = 'payment'",
        "UPDATE order_history SET position = 9 WHERE position = 2",
        "DELETE FROM order_history WHERE machine = 'fulfillment'",
        "DELETE FROM order_history",
    ] {
        finds(damage, Invariant::StateLegal, &row).await;
    }
}

#[tokio::test]
async fn paid_is_paid() {
    let row = format!("orders id={ORDER}");
    finds("UPDATE orders SET payment_status = 'paid'", Invariant::PaidIsPaid, &row).await;
    finds("UPDATE payments SET state = 'paid'", Invariant::PaidIsPaid, &row).await;
}

#[tokio::test]
async fn ref_one() {
    finds("DELETE FROM payments", Invariant::RefOne, &format!("payments order={ORDER}")).await;
}

#[tokio::test]
async fn key_one() {
    let row = "idempotency actor=cart:1 route=POST /confirm/ key=key-1";
    finds("UPDATE idempotency SET outcome_id = randomblob(16)", Invariant::KeyOne, row).await;
    finds("UPDATE idempotency SET outcome = 'cart_changed'", Invariant::KeyOne, row).await;
    finds("UPDATE idempotency SET outcome = 'audited'", Invariant::KeyOne, row).await;
}

#[tokio::test]
async fn cart_one() {
    let row = "carts id=00000000-0000-0000-0000-000000000001";
    finds("UPDATE carts SET order_id = randomblob(16)", Invariant::CartOne, row).await;
    finds("UPDATE carts SET order_id = NULL", Invariant::CartOne, row).await;
    finds("UPDATE orders SET cart_id = randomblob(16)", Invariant::CartOne, row).await;
}

#[tokio::test]
async fn outbox_once() {
    let row = format!("outbox subject=order:{ORDER}");
    finds("DELETE FROM outbox", Invariant::OutboxOnce, &row).await;
    let twice = "INSERT INTO outbox SELECT randomblob(16), name, subject, 2, data, at, NULL FROM outbox";
    finds(twice, Invariant::OutboxOnce, &row).await;
    finds("DELETE FROM orders", Invariant::OutboxOnce, &row).await;
}

#[tokio::test]
async fn coupon_cap() {
    let (promotion, coupon) =
        ("redemptions counter=promotion key=welcome", "redemptions counter=coupon key=WELCOME");
    for (damage, row) in [
        ("UPDATE promotion_usage SET uses = uses + 1", promotion),
        ("UPDATE promotion_usage SET spent = spent - 1", promotion),
        ("DELETE FROM promotion_usage", promotion),
        ("UPDATE promotion_customers SET uses = 1", promotion),
        ("DELETE FROM promotion_customers", promotion),
        ("UPDATE coupons SET uses = uses + 1", coupon),
        ("UPDATE coupons SET uses_max = 0", coupon),
        ("DELETE FROM coupons", coupon),
        ("UPDATE coupon_customers SET uses = 1", coupon),
        ("UPDATE coupons SET customer_uses_max = 0", coupon),
        ("DELETE FROM redemptions", coupon),
        ("UPDATE redemptions SET released_at = NULL", promotion),
        ("UPDATE redemptions SET released_at = 1", coupon),
        ("UPDATE redemptions SET amount = amount + 1", promotion),
        ("UPDATE orders SET status = 'cancelled'", promotion),
        ("INSERT INTO promotion_usage VALUES ('other', 1, 0)", "redemptions counter=promotion key=other"),
    ] {
        finds(damage, Invariant::CouponCap, row).await;
    }
}

#[tokio::test]
async fn capture_bal() {
    let row = "payments id=00000000-0000-0000-0000-0000000000c9";
    for damage in [
        "UPDATE payments SET refunded = refunded + 1 WHERE captured > 0",
        "UPDATE payments SET captured = 1 WHERE captured > 0",
        "UPDATE refunds SET amount = amount + 1",
        "UPDATE refunds SET state = 'failed'",
        "UPDATE refunds SET currency = 'GHS'",
        "DELETE FROM refunds",
    ] {
        finds_in(true, damage, Invariant::CaptureBal, row).await;
    }
}

#[tokio::test]
async fn ledger_zero() {
    let of_order = format!("journal_entries order={ORDER}");
    for (damage, row) in [
        ("DELETE FROM journal_legs WHERE position = 1", "journal_entries id="),
        ("UPDATE journal_legs SET amount = amount + 1 WHERE account = 'gateway'", "journal_entries id="),
        ("UPDATE journal_legs SET currency = 'GHS' WHERE position = 0", "journal_entries id="),
        ("DELETE FROM journal_legs", &of_order),
        ("UPDATE journal_legs SET amount = amount * 2", &of_order),
        ("UPDATE journal_legs SET account = 'unmatched' WHERE account = 'orders'", &of_order),
        ("UPDATE journal_entries SET order_id = NULL", &of_order),
        ("UPDATE refunds SET state = 'processed'", &of_order),
    ] {
        finds_in(true, damage, Invariant::LedgerZero, row).await;
    }
}

#[tokio::test]
async fn money_that_went_back_agrees_with_the_order() {
    let row = format!("orders id={ORDER}");
    for damage in [
        "UPDATE payments SET captured = captured - 1 WHERE captured > 0",
        "UPDATE payments SET state = 'pending'",
        "UPDATE payments SET currency = 'GHS'",
        "UPDATE refunds SET state = 'processed'",
        "UPDATE orders SET payment_status = 'refunded'",
        "UPDATE orders SET payment_status = 'pending'",
    ] {
        finds_in(true, damage, Invariant::PaidIsPaid, &row).await;
    }
}

#[tokio::test]
async fn stray_money_names_its_attempt() {
    let stray = "INSERT INTO unmatched_payments
        SELECT randomblob(16), reference, NULL, NULL, NULL, 1, currency, NULL, 'amount', 1, 'open', NULL, 1 FROM payments";
    finds(stray, Invariant::RefOne, &format!("payments order={ORDER}")).await;
}

#[tokio::test]
async fn what_requests_about_money_made_is_there() {
    for outcome in ["payment_opened", "payment_collected", "refund_requested", "unheard_of"] {
        let damage = format!("UPDATE idempotency SET outcome = '{outcome}'");
        finds(&damage, Invariant::KeyOne, "idempotency actor=cart:1 route=POST /confirm/ key=key-1").await;
    }
}

#[tokio::test]
async fn units_that_went_back_into_stock_are_not_sold() {
    let shop = Shop::stocked().await;
    shop.store.commit(&new_cart(1)).await.unwrap();
    shop.store.commit(&place(1)).await.unwrap();
    let mut conn = shop.raw().await;
    let oversold = async |damage: &str| {
        sqlx::query(AssertSqlSafe(damage.to_owned())).execute(&mut conn).await.unwrap();
        let found = shop.store.violations().await.unwrap();
        found.iter().any(|said| said.invariant == Invariant::NoOversell)
    };
    let mut oversold = oversold;
    assert!(oversold("UPDATE stock_movements SET delta = 1").await, "three are sold, two came in");
    let back = "INSERT INTO refunds (id, request_id, order_id, payment_id, reference, amount, shipping, currency, reason,
                                     restock, actor, created_at, state, checks, version)
        SELECT randomblob(16), id, order_id, id, reference, 1, 0, currency, '', 1, 'system', 1, 'failed', 0, 1 FROM payments";
    assert!(oversold(back).await, "no units are named");
    let line = "INSERT INTO refund_lines SELECT id, 0, (SELECT id FROM order_lines), 1 FROM refunds";
    assert!(!oversold(line).await);
    assert!(oversold("UPDATE refunds SET restock = 0").await);
    assert!(!oversold("UPDATE refunds SET restock = 1").await);
    assert!(oversold("UPDATE stock_movements SET reason = 'return'").await, "what came back did not come in");
}

#[tokio::test]
async fn audit_chain() {
    let slipped_in = "
        INSERT INTO audit_seals SELECT 1, max(id), zeroblob(32) FROM audit;
        INSERT INTO audit SELECT zeroblob(16), at - 3600000001, actor, action, target, data FROM audit LIMIT 1";
    finds(slipped_in, Invariant::AuditChain, "audit id=00000000-0000-0000-0000-000000000000").await;
}

#[tokio::test]
async fn a_mail_holds_a_token_only_while_it_waits() {
    let shop = Shop::stocked().await;
    let mut conn = shop.raw().await;
    let (kept, gone) = (r#"{"token": "t", "expires_at": "2999-01-01T00:00:00Z"}"#, r#"{"token": null}"#);
    for (state, link, right) in [
        ("waiting", kept, true),
        ("waiting", gone, false),
        ("sent", gone, true),
        ("sent", kept, false),
        ("parked", gone, true),
        ("parked", kept, false),
    ] {
        let damage = format!(
            "DELETE FROM mails;
             INSERT INTO mails VALUES (x'00112233445566778899aabbccddeeff', 'ada@example.com', NULL,
                '{{\"kind\": \"password_reset\", \"first_name\": null, \"link\": {link}}}', 1, '{state}', 0, 1, NULL, 1)"
        );
        sqlx::raw_sql(AssertSqlSafe(damage)).execute(&mut conn).await.unwrap();
        let found = shop.store.violations().await.unwrap();
        let found: Vec<_> = found.iter().map(|said| (said.invariant, said.row.as_str())).collect();
        let expected = [(Invariant::MailSecret, "mails id=00112233-4455-6677-8899-aabbccddeeff")];
        assert_eq!(found, if right { &[][..] } else { &expected[..] }, "{state} {link}");
    }
}
