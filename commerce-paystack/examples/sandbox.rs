//! The sandbox on a port of its own, for programs in any language:
//!
//! ```sh
//! cargo run -p commerce-paystack --features sandbox --example sandbox -- 8090 http://127.0.0.1:8080/webhook/
//! ```

use commerce_paystack::sandbox::{Currency, Sandbox};

#[tokio::main]
#[expect(clippy::print_stdout, reason = "a program says where it listens")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let port = arguments.next().map_or(Ok(8090), |port| port.parse())?;
    let mut builder = Sandbox::builder().port(port);
    if let Some(url) = arguments.next() {
        builder = builder.webhook_url(url);
    }
    if let Some(currency) = arguments.next() {
        builder = builder.currency(Currency::from_code(&currency).ok_or("no such currency")?);
    }
    let sandbox = builder.start().await?;
    println!("Base URL  {}", sandbox.url());
    println!("Key       {}", sandbox.secret_key());
    println!("Truth     {}/_sandbox/truth", sandbox.url());
    tokio::signal::ctrl_c().await?;
    sandbox.shutdown().await;
    Ok(())
}
