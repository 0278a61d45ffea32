//! Programs that embed the engine live beside this file, a folder each: `cargo run -p commerce-examples --example first_sale`.
