//! `commerce openapi`.

use super::failure::Failure;
use super::out;

/// Print the OpenAPI document.
///
/// The same build always prints the same bytes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  commerce openapi > openapi.json")]
pub(super) struct Args {}

pub(super) fn run(_: &Args) -> Result<u8, Failure> {
    out::line(&crate::server::openapi())?;
    Ok(0)
}
