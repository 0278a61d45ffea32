//! A key is what was sent, or none.
#![no_main]

use commerce_core::idempotency::Key;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(key) = text.parse::<Key>() {
        assert!((1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()));
        assert_eq!(key.as_str(), text);
    }
});
