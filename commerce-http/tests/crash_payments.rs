//! P-CRASH and P-MONEY: the real server, crashed at every named point of a payment and killed at random moments under load,
//! loses no charge, takes none twice and gives none back twice.
//!
//! The gateway is the sandbox, which lives in the test and knows what really happened. After each crash the server is
//! started again, whoever did not get an answer asks again with the same key, and the jobs work. Then `commerce doctor`
//! must find nothing, and the shop must say of every charge, refund, order and unit what the gateway's own log says.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test that cannot go on panics, and tells its seed"
)]
#![cfg(all(feature = "sqlite", feature = "postgres", feature = "sandbox"))]

mod server;
mod till;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use commerce_core::{Random, SystemRandom, crash};
use commerce_paystack::sandbox::{Effect, Fault, On, Sandbox};
use serde_json::Value;
use server::Kind;
use till::{Answer, Placed, Shopper, Till, placed};

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_heals_after_a_crash_at_every_point() {
    crashes_everywhere(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_heals_after_a_crash_at_every_point() {
    crashes_everywhere(Kind::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_survives_kills_while_money_moves() {
    survives_kills(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_survives_kills_while_money_moves() {
    survives_kills(Kind::Postgres).await;
}

async fn crashes_everywhere(kind: Kind) {
    for point in crash::POINTS {
        println!("{kind:?}: {point}");
        match *point {
            "confirm.placed" => crash_in_confirm(kind, point, 1).await,
            "initialize.opened" => crash_in_initialize(kind, point, 2).await,
            "payment.answered" => {
                crash_in_confirm(kind, point, 2).await;
                crash_in_initialize(kind, point, 3).await;
            }
            "webhook.stored" | "webhook.claimed" | "webhook.settled" => crash_in_webhook(kind, point).await,
            "refund.requested" | "refund.asked" | "refund.answered" => crash_in_refund(kind, point).await,
            other => panic!("no test crashes at {other}"),
        }
    }
}

/// `charges`: how many the gateway is asked for in the end. One whose answer was lost stays behind: where the shopper was to
/// go on cannot be asked for again.
async fn crash_in_confirm(kind: Kind, point: &str, charges: usize) {
    let mut till = Till::open(kind).await;
    till.crash_at(point).await;
    let cart = till.client().ready_cart(2).await.unwrap();
    till.client().confirm(&cart).await.unwrap_err();
    till.crashed().await;

    let first = till.client().confirm(&cart).await.unwrap();
    assert_eq!(first.1["payment"]["next_action"]["type"], "redirect", "{}", first.1);
    let (order, reference) = placed(first);
    let (same, again) = placed(till.client().confirm(&cart).await.unwrap());
    assert_eq!((&order.id, &reference), (&same.id, &again), "one key, one order, one attempt that counts");
    assert_eq!(till.sandbox.truth().charges.len(), charges);
    closes(till, order).await;
}

async fn crash_in_initialize(kind: Kind, point: &str, charges: usize) {
    let mut till = Till::open(kind).await;
    let cart = till.client().ready_cart(1).await.unwrap();
    let (order, reference) = placed(till.client().confirm(&cart).await.unwrap());
    till.sandbox.fail(&reference, "Declined").unwrap();
    till.crash_at(point).await;
    till.client().initialize(&order).await.unwrap_err();
    till.crashed().await;

    let (status, first) = till.client().initialize(&order).await.unwrap();
    assert_eq!((status, &first["next_action"]["type"]), (201, &Value::from("redirect")), "{first}");
    let (status, again) = till.client().initialize(&order).await.unwrap();
    assert_eq!((status, &again["reference"]), (201, &first["reference"]), "one key, one attempt that counts");
    assert_eq!(till.sandbox.truth().charges.len(), charges);
    closes(till, order).await;
}

async fn crash_in_webhook(kind: Kind, point: &str) {
    let mut till = Till::open(kind).await;
    let cart = till.client().ready_cart(3).await.unwrap();
    let (order, reference) = placed(till.client().confirm(&cart).await.unwrap());
    till.crash_at(point).await;
    // Only the message tells: nobody comes back to the shop.
    till.sandbox.pay(&reference).unwrap();
    till.crashed().await;

    till.agrees(std::slice::from_ref(&order)).await;
    let told = till.sandbox.truth().deliveries.len();
    for number in 0..told {
        assert!(till.sandbox.resend_webhook(number));
    }
    closes(till, order).await;
}

async fn crash_in_refund(kind: Kind, point: &str) {
    let mut till = Till::open(kind).await;
    let cart = till.client().ready_cart(1).await.unwrap();
    let (order, reference) = placed(till.client().confirm(&cart).await.unwrap());
    till.sandbox.pay(&reference).unwrap();
    let (status, verified) = till.client().verify(&reference).await.unwrap();
    assert_eq!((status, &verified["status"]), (200, &Value::from("paid")), "{verified}");
    till.crash_at(point).await;
    till.client().refund(&order).await.unwrap_err();
    till.crashed().await;

    let (status, first) = till.client().refund(&order).await.unwrap();
    assert_eq!((status, first["refunds"].as_array().map(Vec::len)), (201, Some(1)), "{first}");
    till.agrees(std::slice::from_ref(&order)).await;
    let (_, again) = till.client().refund(&order).await.unwrap();
    assert_eq!(first["refunds"][0]["id"], again["refunds"][0]["id"], "one key, one refund");
    assert_eq!(till.sandbox.truth().refunds.len(), 1);
    closes(till, order).await;
}

/// Every page that was ever opened is paid, and all agree.
async fn closes(mut till: Till, order: Placed) {
    till.everybody_pays();
    till.agrees(std::slice::from_ref(&order)).await;
    till.server.stop().await;
    till.sandbox.shutdown().await;
}

const SHOPPERS: u64 = 6;

/// What shoppers and staff were told, and what they wait to hear.
#[derive(Default)]
struct Ledger {
    orders: Vec<Placed>,
    lost: Vec<Lost>,
}

/// A request whose answer never came.
enum Lost {
    Confirm(String),
    Initialize(Placed),
    Refund(Placed),
}

async fn survives_kills(kind: Kind) {
    let kills = if std::env::var_os("COMMERCE_SOAK").is_some() { 200 } else { 20 };
    let seed =
        std::env::var("COMMERCE_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or_else(fresh_seed);
    println!("{kind:?}: COMMERCE_SEED={seed}");
    let mut random = Dice(seed);
    let mut till = Till::open(kind).await;
    // What is done and not yet answered is where it hurts.
    till.sandbox.script(Fault::on(On::AnyCall, Effect::DelayMs(20)).times(u32::MAX));
    let ledger = Arc::new(Mutex::new(Ledger::default()));
    for kill in 0..kills {
        let shoppers: Vec<_> = (0..SHOPPERS)
            .map(|_| {
                let load = Load {
                    client: till.client(),
                    sandbox: (*till.sandbox).clone(),
                    ledger: Arc::clone(&ledger),
                    dice: Dice(random.next()),
                };
                tokio::spawn(load.run())
            })
            .collect();
        // The moment is measured in orders as well as in time, so that a slow machine is not killed before it sells.
        let until = ledger.lock().unwrap().orders.len() + random.below(8) as usize;
        let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
        while ledger.lock().unwrap().orders.len() < until && tokio::time::Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        tokio::time::sleep(Duration::from_micros(random.below(60_000))).await;
        till.server.kill();
        for shopper in shoppers {
            shopper.await.unwrap();
        }
        till.start_later().await;
        ask_again(&till.client(), &ledger, kill).await;
    }
    let orders = ledger.lock().unwrap().orders.clone();
    assert!(!orders.is_empty(), "nobody bought anything");
    till.agrees(&orders).await;
    let truth = till.sandbox.truth();
    let paid = truth.charges.iter().filter(|charge| charge.paid_at.is_some()).count();
    println!(
        "{kind:?}: {kills} kills, {} orders, {} attempts, {paid} paid, {} refunds, {} messages",
        orders.len(),
        truth.charges.len(),
        truth.refunds.len(),
        truth.deliveries.len()
    );
    till.server.stop().await;
    till.sandbox.shutdown().await;
}

/// Whoever did not get an answer asks again with the same key, and once more: the effect is one.
async fn ask_again(client: &Shopper, ledger: &Mutex<Ledger>, kill: usize) {
    let lost = std::mem::take(&mut ledger.lock().unwrap().lost);
    for lost in lost {
        match lost {
            Lost::Confirm(cart) => {
                let (order, _) = placed(client.confirm(&cart).await.unwrap());
                let (again, _) = placed(client.confirm(&cart).await.unwrap());
                assert_eq!(order.id, again.id, "after kill {kill}: one key, one order");
                ledger.lock().unwrap().orders.push(order);
            }
            // The first attempt may have been paid meanwhile.
            Lost::Initialize(order) => {
                let (status, body) = client.initialize(&order).await.unwrap();
                assert!(status == 201 || body["code"] == "invalid-transition", "after kill {kill}: {body}");
            }
            Lost::Refund(order) => {
                let (status, first) = client.refund(&order).await.unwrap();
                assert_eq!(status, 201, "after kill {kill}: {first}");
                let (_, again) = client.refund(&order).await.unwrap();
                assert_eq!(first["refunds"][0]["id"], again["refunds"][0]["id"], "after kill {kill}");
            }
        }
    }
}

/// A shopper, and the payer and the staff that have to do with the same order.
struct Load {
    client: Shopper,
    sandbox: Sandbox,
    ledger: Arc<Mutex<Ledger>>,
    dice: Dice,
}

impl Load {
    /// Buys again and again. An error ends it: the server is gone.
    async fn run(mut self) {
        while self.shop().await.is_ok() {}
    }

    async fn shop(&mut self) -> Result<(), reqwest::Error> {
        let cart = self.client.ready_cart(1 + self.dice.below(3)).await?;
        let confirmed = self.client.confirm(&cart).await;
        let (order, reference) = placed(self.or_lost(confirmed, || Lost::Confirm(cart))?);
        self.ledger.lock().unwrap().orders.push(order.clone());
        match self.dice.below(8) {
            0 => {} // turns away
            1 | 2 => self.pay(&reference),
            3 => {
                self.pay(&reference);
                self.client.verify(&reference).await?;
            }
            // Calls it off, and pays all the same.
            4 => {
                self.client.cancel(&order).await?;
                self.pay(&reference);
            }
            // Pays, and calls it off: all of it goes back.
            5 => {
                self.pay(&reference);
                self.client.verify(&reference).await?;
                self.client.cancel(&order).await?;
            }
            // Pays on two pages.
            6 => {
                let again = self.client.initialize(&order).await;
                let (status, body) = self.or_lost(again, || Lost::Initialize(order))?;
                assert_eq!(status, 201, "{body}");
                self.pay(&reference);
                self.pay(body["reference"].as_str().unwrap());
            }
            _ => {
                self.pay(&reference);
                self.client.verify(&reference).await?;
                let refunded = self.client.refund(&order).await;
                let (status, body) = self.or_lost(refunded, || Lost::Refund(order))?;
                assert_eq!(status, 201, "{body}");
            }
        }
        Ok(())
    }

    /// The payer pays. Some messages of it never come, some come again and again.
    fn pay(&mut self, reference: &str) {
        let message = match self.dice.below(6) {
            0 => Some(Effect::Lose),
            1 => Some(Effect::Duplicate(3)),
            _ => None,
        };
        if let Some(message) = message {
            self.sandbox.script(Fault::webhook(message).only(reference));
        }
        self.sandbox.pay(reference).unwrap();
    }

    /// The answer, or a note of who waits for it.
    fn or_lost(&self, answer: Answer, lost: impl FnOnce() -> Lost) -> Answer {
        answer.inspect_err(|_| self.ledger.lock().unwrap().lost.push(lost()))
    }
}

fn fresh_seed() -> u64 {
    SystemRandom.seed()[..8].iter().fold(0, |seed, byte| seed << 8 | u64::from(*byte))
}

/// SplitMix64.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}
