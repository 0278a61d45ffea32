//! A message of the gateway is read or refused, whoever wrote it; its signature is none of these.
#![no_main]

use std::sync::LazyLock;

use commerce_core::PaymentGateway;
use commerce_paystack::{Client, Paystack};
use libfuzzer_sys::fuzz_target;

static GATEWAY: LazyLock<Paystack> = LazyLock::new(|| {
    let client = Client::builder("sk_test_0123456789abcdef0123456789abcdef").build();
    Paystack::new(client.expect("a client that asks nobody"))
});

fuzz_target!(|body: &[u8]| {
    drop(GATEWAY.read_notice(body));
    assert!(GATEWAY.notice("00", body).is_err());
});
