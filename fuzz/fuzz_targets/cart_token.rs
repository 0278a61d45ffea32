//! A token has one form.
#![no_main]

use commerce_core::cart::CartToken;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(token) = text.parse::<CartToken>() {
        assert_eq!(token.reveal(), text);
    }
});
