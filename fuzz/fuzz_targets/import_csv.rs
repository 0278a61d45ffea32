//! A catalogue is read to its end or to the place where it is broken.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|file: &[u8]| {
    let products = commerce_http::fuzzing::read_catalogue(file);
    assert!(products <= file.len());
});
