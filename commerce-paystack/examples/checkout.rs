//! Begins a payment on Paystack's page and waits until it is paid.
//!
//! ```text
//! PAYSTACK_SECRET_KEY=sk_test_... cargo run -p commerce-paystack --example checkout
//! ```
//!
//! `PAYSTACK_BASE_URL` names another server, such as a sandbox.

#![expect(clippy::print_stdout, reason = "a program prints what it does")]

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use commerce_paystack::{Amount, Client, Currency, Initialize, Mismatch, Reference};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let key = std::env::var("PAYSTACK_SECRET_KEY").map_err(|_| "set PAYSTACK_SECRET_KEY to a test key")?;
    let base_url = std::env::var("PAYSTACK_BASE_URL").unwrap_or_else(|_| Client::BASE_URL.to_owned());
    let client = Client::builder(key).base_url(base_url).build()?;

    // A shop keeps the reference with the order before it calls; here the clock makes one.
    let amount = Amount::new(250_000, Currency::NGN);
    let reference = new_reference()?;
    let checkout = client.initialize(&Initialize::new("ada@example.com", amount, reference.clone())).await?;
    println!("pay {amount} at {}", checkout.authorization_url);

    for _ in 0..30 {
        tokio::time::sleep(Duration::from_secs(10)).await;
        let transaction = match client.verify(&reference).await {
            Ok(transaction) => transaction,
            Err(error) if error.may_retry() => {
                println!("{error}");
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        match transaction.pays(&reference, amount, client.mode()) {
            Ok(()) => {
                println!("paid by {}", transaction.channel.as_deref().unwrap_or("an unknown channel"));
                return Ok(());
            }
            Err(Mismatch::NotPaid) if transaction.status.is_open() => println!("{}...", transaction.status),
            Err(mismatch) => return Err(format!("not what was asked for: {mismatch}").into()),
        }
    }
    println!("not paid so far; the webhook or a later sweep has to find out");
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "a program of its own has no other clock")]
fn new_reference() -> Result<Reference, Box<dyn std::error::Error>> {
    let nanoseconds = SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos();
    Ok(Reference::new(format!("example-{nanoseconds}"))?)
}
