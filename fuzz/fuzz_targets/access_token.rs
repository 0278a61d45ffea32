//! A JWT that nobody here signed is none, whatever it says.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    assert!(!commerce_http::fuzzing::is_believed(text), "a token that we did not sign");
});
