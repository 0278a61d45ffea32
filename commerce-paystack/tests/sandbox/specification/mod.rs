//! What is sent and answered, against the specification that Paystack publishes.
//!
//! The specification itself is not kept here. `fixtures/specification.txt` is what it demands of the operations that the
//! sandbox offers, in a notation of our own: a line for each parameter, each field of a body and each field of an answer.
//! A run of every operation, by our own client where it has the call, is held against this table in every test run.
//!
//! Where the table comes from is proved with the file at hand
//! (<https://github.com/PaystackOSS/openapi>, `dist/paystack.yaml`):
//!
//! ```text
//! PAYSTACK_OPENAPI=/path/to/paystack.yaml cargo test -p commerce-paystack --features sandbox --test sandbox specification
//! ```
//!
//! makes the table anew and compares, and judges the same run by the file's own schemas with a JSON Schema validator.
//! Without the file the table is written to where `PAYSTACK_TABLE` says, and copied over the one that is kept.
//!
//! The specification was derived from samples and contradicts answers that were recorded. [`DEVIATIONS`] lists every such
//! place with the reason; one that is not needed any more fails the test as a new one does.

mod deviations;
mod file;
mod run;
mod table;

use std::collections::BTreeSet;

use deviations::{DEVIATIONS, Deviation};
use file::Specification;
use run::Exchange;
use table::Table;

/// What the sandbox offers, as the specification writes it.
const OPERATIONS: [&str; 29] = [
    "POST /transaction/initialize",
    "POST /transaction/charge_authorization",
    "POST /transaction/partial_debit",
    "GET /transaction/verify/{reference}",
    "GET /transaction",
    "GET /transaction/{id}",
    "GET /transaction/timeline/{id}",
    "GET /transaction/totals",
    "POST /charge",
    "POST /charge/submit_pin",
    "POST /charge/submit_otp",
    "POST /charge/submit_phone",
    "POST /charge/submit_birthday",
    "POST /charge/submit_address",
    "GET /charge/{reference}",
    "POST /refund",
    "GET /refund",
    "GET /refund/{id}",
    "POST /refund/retry_with_customer_details/{id}",
    "GET /bank",
    "GET /bank/resolve",
    "GET /decision/bin/{bin}",
    "POST /customer",
    "GET /customer",
    "GET /customer/{code}",
    "PUT /customer/{code}",
    "POST /customer/authorization/deactivate",
    "GET /integration/payment_session_timeout",
    "PUT /integration/payment_session_timeout",
];

/// A place where an exchange is not as specified: the operation, which part of it, and the field.
type Place = (String, String, String);

/// Every difference: where, and what.
type Differences = BTreeSet<(Place, String)>;

/// Fails unless the differences are those that are known.
#[track_caller]
fn only_known(differences: &Differences) {
    let known = |(place, what): &(_, String)| {
        DEVIATIONS.iter().filter(|deviation| deviation.covers(place, what)).collect::<Vec<_>>()
    };
    let new = differences.iter().filter(|difference| known(difference).is_empty());
    let new: String =
        new.map(|((operation, part, at), what)| format!("{operation} {part} {at}: {what}\n")).collect();
    assert!(new.is_empty(), "not as specified:\n{new}");
    let used: BTreeSet<&Deviation> = differences.iter().flat_map(known).collect();
    let stale: Vec<_> = DEVIATIONS.iter().filter(|deviation| !used.contains(deviation)).collect();
    assert!(stale.is_empty(), "as specified after all: {stale:#?}");
}

/// The exchanges by what they are in the specification. Each operation was answered well, and without a key refused.
fn by_operation(exchanges: &[Exchange]) -> Vec<(&'static str, &Exchange)> {
    let found: Vec<_> = exchanges
        .iter()
        .map(|exchange| {
            let matching = OPERATIONS.iter().filter(|operation| exchange.is(operation));
            // `/transaction/totals` is also a `/transaction/{id}`; the more exact one is meant.
            let operation = matching.min_by_key(|operation| operation.matches('{').count());
            let unknown =
                || panic!("{} {} is no operation of the specification", exchange.method, exchange.path);
            (*operation.unwrap_or_else(unknown), exchange)
        })
        .collect();
    for operation in OPERATIONS {
        let statuses: BTreeSet<u16> =
            found.iter().filter(|(it, _)| *it == operation).map(|(_, exchange)| exchange.status).collect();
        assert!(statuses.contains(&200) || operation == run::ALWAYS_REFUSED, "{operation}: {statuses:?}");
        assert!(statuses.contains(&401), "{operation}: {statuses:?}");
    }
    found
}

#[tokio::test]
async fn every_operation_is_as_the_table_says() {
    let exchanges = run::run().await;
    let table = Table::kept();
    let mut differences = Differences::new();
    for (operation, exchange) in by_operation(&exchanges) {
        table.judge(operation, exchange, &mut differences);
    }
    only_known(&differences);
}

#[tokio::test]
async fn the_table_and_every_operation_are_as_the_file_says() {
    let Some(path) = std::env::var_os("PAYSTACK_OPENAPI") else {
        eprintln!(
            "SKIPPED: the table was not compared with Paystack's file. To do so, set PAYSTACK_OPENAPI to the path of \
             dist/paystack.yaml of https://github.com/PaystackOSS/openapi"
        );
        return;
    };
    let specification = Specification::read(path.as_ref());
    let made = specification.table(&OPERATIONS);
    if let Some(path) = std::env::var_os("PAYSTACK_TABLE") {
        std::fs::write(path, &made).unwrap();
    }
    assert!(made == table::KEPT, "the table is not that of the file: PAYSTACK_TABLE=path writes the new one");
    let exchanges = run::run().await;
    let mut judge = specification.judge();
    let mut differences = Differences::new();
    for (operation, exchange) in by_operation(&exchanges) {
        judge.judge(operation, exchange, &mut differences);
    }
    only_known(&differences);
}
