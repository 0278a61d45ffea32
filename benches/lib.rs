//! Benchmarks live beside this file: `cargo xtask bench`.
