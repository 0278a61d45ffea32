//! `commerce routes`.

use super::failure::Failure;
use super::out;
use crate::server::Routes;

/// List every address of the server.
///
/// Method, path and the name of the operation in the OpenAPI document.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  commerce routes")]
pub(super) struct Args {}

pub(super) fn run(_: &Args) -> Result<u8, Failure> {
    let routes = Routes::new();
    let width = routes.all().iter().map(|route| route.path.len()).max().unwrap_or(0);
    for route in routes.all() {
        let name = route.operation_id.unwrap_or("-");
        out::line(&format!("{:6} {:width$}  {name}", route.method, route.path))?;
    }
    Ok(0)
}
