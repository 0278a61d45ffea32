//! A message of the gateway is read or refused, whoever wrote it; its signature is none of these.
#![no_main]

use commerce_core::PaymentGateway;
use commerce_paystack::{Client, Paystack};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    let client = Client::builder("sk_test_0123456789abcdef0123456789abcdef").build();
    let gateway = Paystack::new(client.expect("a client that asks nobody"));
    let read = gateway.read_notice(body);
    drop(read);
    assert!(gateway.notice("00", body).is_err());
});
