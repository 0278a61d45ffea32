//! What reads the bytes of strangers and has no door of its own, for the targets in `fuzz/`.

use commerce_core::Currency;

use crate::access_token::AccessTokens;
use crate::config::TokenAlgorithm;

/// Whether the text is an access token that some server of ours believes, by one algorithm or the other.
#[must_use]
pub fn is_believed(text: &str) -> bool {
    let secret = "a secret that no fuzzer finds, of forty bytes".into();
    [TokenAlgorithm::Hs256, TokenAlgorithm::EdDsa]
        .into_iter()
        .any(|algorithm| AccessTokens::new(&secret, None, algorithm).read(text).is_some())
}

/// Reads a catalogue as an import does, and writes nothing: of how many products it says something.
#[must_use]
pub fn read_catalogue(file: &[u8]) -> usize {
    crate::import::read_through(file, Currency::NGN)
}

/// What the targets begin with is tried in every run of the tests.
#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use commerce_core::PaymentGateway;
    use commerce_core::cart::CartToken;
    use commerce_core::idempotency::Key;
    use commerce_paystack::{Client, Paystack};

    use super::*;

    /// The seeds of a target, by name.
    fn seeds(target: &str) -> Vec<(String, Vec<u8>)> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds").join(target);
        let seeds = fs::read_dir(folder).unwrap().map(|entry| {
            let entry = entry.unwrap();
            (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap())
        });
        let mut seeds: Vec<_> = seeds.collect();
        seeds.sort();
        seeds
    }

    /// The names of the seeds that pass.
    fn passing(target: &str, passes: impl Fn(&[u8]) -> bool) -> Vec<String> {
        seeds(target).into_iter().filter(|(_, bytes)| passes(bytes)).map(|(name, _)| name).collect()
    }

    fn text(bytes: &[u8]) -> &str {
        std::str::from_utf8(bytes).unwrap()
    }

    #[test]
    fn seeds_are_read_as_they_should() {
        let none: [&str; 0] = [];
        assert_eq!(passing("access_token", |seed| is_believed(text(seed))), none);
        assert_eq!(passing("idempotency_key", |seed| text(seed).parse::<Key>().is_ok()), ["short", "uuid"]);
        assert_eq!(passing("cart_token", |seed| text(seed).parse::<CartToken>().is_ok()), ["zeros"]);
        assert_eq!(passing("import_csv", |seed| read_catalogue(seed) > 0), ["one", "options"]);
        let client = Client::builder("sk_test_0123456789abcdef0123456789abcdef").build().unwrap();
        let gateway = Paystack::new(client);
        let read = passing("webhook_body", |seed| gateway.read_notice(seed).is_ok());
        assert_eq!(read, ["charge", "odd_shapes", "refund", "unknown"]);
    }
}
