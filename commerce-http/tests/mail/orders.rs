//! What happens to an order is mailed, with a link that opens it.

use commerce_core::testkit::conformance::block_on;

use crate::MailShop;
use crate::server::{KINDS, Kind};

#[test]
fn what_happens_to_an_order_is_mailed() {
    block_on(async { tokio::join!(story(KINDS[0]), story(KINDS[1])) });
}

async fn story(kind: Kind) {
    let mut shop = MailShop::open(kind).await;
    let (order, token) = shop.order("ada@example.com").await;
    let mails = shop.catcher.wait_for(1).await;
    let placed = &mails[0];
    assert_eq!(placed.recipients, ["ada@example.com"]);
    assert!(placed.header("Subject").starts_with("Your order "), "{}", placed.header("Subject"));
    let parts = placed.parts();
    // The address is the configured one, whatever the request called the server.
    let link = format!("https://shop.example/orders/{order}#{token}");
    assert!(parts[0].contains(&link), "{}", parts[0]);
    assert!(parts[1].contains(&link.replace('/', "&#x2f;")), "{}", parts[1]);
    assert!(parts[0].contains("1 × Mug: ₦1,500.00"), "{}", parts[0]);
    assert!(!placed.raw.contains(shop.server.address()));
    // What the mail says opens the order.
    shop.server.get(&format!("/api/orders/{order}/")).order(&token).send().await.expect(200);
    let cancel = shop.server.post(&format!("/api/orders/{order}/cancel/")).order(&token).key("cancel");
    cancel.json(&serde_json::json!({})).send().await.expect(200);
    let cancelled = shop.catcher.wait_for(2).await.pop().unwrap();
    assert!(cancelled.header("Subject").ends_with("was cancelled"), "{}", cancelled.header("Subject"));
    assert!(cancelled.parts()[0].contains("As you wished"), "{}", cancelled.parts()[0]);
    shop.wait_for("sent", 2).await;
    let log = shop.server.stop().await;
    assert!(!log.contains(&token), "a token is in the log: {log}");
    assert_eq!(shop.catcher.caught().len(), 2);
}
