//! The decision by which orders of a guest become those of an account.

use serde_json::json;

use super::{Claim, View};
use crate::account::{AccountError, Decided};
use crate::audit::{Actor, Entry};
use crate::commit::ChangeSet;
use crate::{Ids, OrderId};

/// The orders that became somebody's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Claimed {
    /// Which, by id; none when there is nothing left to claim.
    pub orders: Vec<OrderId>,
}

/// Makes the orders that a guest placed with the confirmed address of the account its own. Doing it again finds nothing.
///
/// # Errors
/// [`AccountError::NotFound`]; [`AccountError::EmailNotVerified`] when its owner was not seen to receive mail there.
pub fn claim(view: &View, ids: &mut Ids) -> Result<Decided<Claimed>, AccountError> {
    let account = view.account.as_ref().ok_or(AccountError::NotFound)?;
    if account.email_verified_at.is_none() {
        return Err(AccountError::EmailNotVerified);
    }
    let orders: Vec<OrderId> = view.of_a_guest(account).map(|order| order.id).collect();
    let mut changes = ChangeSet::default();
    if !orders.is_empty() {
        // The account is written too: so it is still there, and its address is the one that was looked for.
        changes.account.write.push(account.clone().written(view.now));
        changes.personal.claim = Some(Claim { account: account.id, orders: orders.clone() });
        changes.audit.push(Entry {
            id: ids.fresh(),
            at: view.now,
            actor: Actor::Customer(account.id),
            action: "account.claim".to_owned(),
            target: format!("account:{}", account.id),
            data: json!({ "orders": orders }),
        });
    }
    Ok(Decided { answer: Claimed { orders }, changes })
}
