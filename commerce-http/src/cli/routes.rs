//! `commerce routes`.

use commerce_core::access::{Permission, Role};

use super::failure::Failure;
use super::out;
use crate::server::Routes;

/// List every address of the server.
///
/// Method, path and the name of the operation in the OpenAPI document.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  commerce routes
  commerce routes --permissions")]
pub(super) struct Args {
    /// Show what each operation asks for, and what each role may do
    #[arg(long)]
    permissions: bool,
}

pub(super) fn run(args: &Args) -> Result<u8, Failure> {
    let routes = Routes::new();
    let width = routes.all().iter().map(|route| route.path.len()).max().unwrap_or(0);
    for route in routes.all() {
        let name = route.operation_id.unwrap_or("-");
        let asked = route.permission.filter(|_| args.permissions);
        let asked = asked.map(|permission| format!("  {permission}")).unwrap_or_default();
        out::line(&format!("{:6} {:width$}  {name}{asked}", route.method, route.path))?;
    }
    if args.permissions {
        out::line("")?;
        for permission in Permission::ALL {
            let roles = Role::ALL.into_iter().filter(|role| role.permissions().contains(permission));
            let roles: Vec<&str> = roles.map(Role::as_str).collect();
            out::line(&format!(
                "{:18} {:22} {}",
                permission.as_str(),
                roles.join(" "),
                permission.meaning()
            ))?;
        }
    }
    Ok(0)
}
