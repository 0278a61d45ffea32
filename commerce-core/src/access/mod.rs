//! Who may do what: permissions, the roles that have them, the keys of programs, and whoever asks.
//!
//! A permission is a name such as `orders.refund`. What each role may do is a table in this module, so it can be listed;
//! what a program may do stands with its key. Shoppers need no permission for what is their own.
//!
//! Who asks is found anew with every request: the store is looked at, so a role that was taken away, an account that was
//! deactivated or a key that was revoked counts at once.

mod api_key;
mod caller;
mod changes;
mod decide;
mod error;
mod permission;
mod service;
mod view;

pub use api_key::{ApiKey, ApiSecret, ApiSecretError};
pub use caller::Caller;
pub use changes::Changes;
pub use decide::{KeyMade, NewKey, admit, create_key, revoke_key, unusable};
pub use error::KeyError;
pub use permission::{Permission, PermissionError, Role, RoleError};
pub use service::{Access, Listed, Made};
pub use view::{Look, Owner, Unusable, View};
