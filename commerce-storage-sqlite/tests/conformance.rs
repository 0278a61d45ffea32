//! The suite that every store runs and random walks beside a model, in memory and on a file.

mod fixture;

mod in_memory {
    commerce_core::store_conformance!(crate::fixture::InMemory);
    commerce_core::store_model!(crate::fixture::InMemory);
}

mod on_file {
    commerce_core::store_conformance!(crate::fixture::OnFile);
    commerce_core::store_model!(crate::fixture::OnFile);
}
