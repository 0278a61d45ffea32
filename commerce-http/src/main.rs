//! The `commerce` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    commerce_http::cli::main()
}
