//! Programs that embed the engine, a folder each: `cargo run -p commerce-examples --example first_sale`.

#[cfg(test)]
mod tests {
    /// The quick start is one program: what the readers of the two pages see is what is built and run.
    #[test]
    fn the_quick_start_is_the_example() {
        let program = include_str!("first_sale/main.rs");
        let shown = &program[program.find("use commerce_core").expect("it uses the engine")..];
        for page in [include_str!("../README.md"), include_str!("../commerce-storage-sqlite/README.md")] {
            assert!(
                page.contains(&format!("```rust\n{shown}```")),
                "copy examples/first_sale/main.rs into the page"
            );
        }
    }
}
