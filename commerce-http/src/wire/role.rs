//! Roles and permissions.

use commerce_core::access::{Permission, Role};
use poem_openapi::Object;
use serde::Serialize;

/// What there is to be given.
#[derive(Serialize, Object)]
#[oai(rename = "Roles")]
pub(crate) struct RolesDto {
    /// The roles, from the one that may least.
    results: Vec<RoleDto>,
    /// The permissions.
    permissions: Vec<PermissionDto>,
}

/// A role.
#[derive(Serialize, Object)]
#[oai(rename = "Role")]
struct RoleDto {
    /// Its name: `customer`, `merchant`, `staff` or `admin`.
    role: String,
    /// What it may do, beside what everybody does with what is their own. A merchant does it with what they sell.
    permissions: Vec<String>,
}

/// A permission.
#[derive(Serialize, Object)]
#[oai(rename = "Permission")]
struct PermissionDto {
    /// Its name: `orders.refund`.
    permission: String,
    /// What it lets its holder do.
    meaning: String,
}

impl RolesDto {
    /// The table, as it is for every shop.
    pub(crate) fn all() -> Self {
        let role = |role: Role| RoleDto {
            role: role.to_string(),
            permissions: role.permissions().iter().map(ToString::to_string).collect(),
        };
        let permission = |permission: &Permission| PermissionDto {
            permission: permission.to_string(),
            meaning: permission.meaning().to_owned(),
        };
        Self {
            results: Role::ALL.into_iter().map(role).collect(),
            permissions: Permission::ALL.iter().map(permission).collect(),
        }
    }
}
