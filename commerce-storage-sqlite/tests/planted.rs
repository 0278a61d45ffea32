//! Bugs are planted, one after the other, and the tests that guard against them go red.

#![cfg(feature = "planted")]

mod fixture;

mod in_memory {
    commerce_core::planted_bugs!(crate::fixture::InMemory);
}

mod on_file {
    commerce_core::planted_bugs!(crate::fixture::OnFile);
}
