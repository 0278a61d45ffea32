//! The decision by which somebody leaves.

use serde_json::json;

use super::{Anonymised, Erasure, KnownOrder, View};
use crate::Ids;
use crate::access::Role;
use crate::account::{AccountError, Checked, Decided};
use crate::audit::{Actor, Entry};
use crate::commit::ChangeSet;
use crate::customer::{Address, Email};
use crate::mail::{Kind, Mail};
use crate::order::OrderState;
use crate::review;

/// Erases the account of whoever shows its password: orders are made nobody's, all else is deleted, and the address is told.
/// Of their reviews nothing is left, and they count no more; votes and reports count on as nobody's.
/// Orders that a guest placed with the same address, and carts in which a guest wrote it, are theirs as well.
///
/// # Errors
/// [`AccountError::Credentials`]; [`AccountError::Inactive`]; [`AccountError::Employed`] for whoever works for the shop or
/// sells there; [`AccountError::UnderWay`] while an order has not ended.
pub fn erase(view: &View, checked: &Checked, ids: &mut Ids) -> Result<Decided<()>, AccountError> {
    let account = checked.owner(view.account.as_ref())?;
    if account.role != Role::Customer {
        return Err(AccountError::Employed);
    }
    let orders: Vec<&KnownOrder> = view.of(account).collect();
    let under_way = orders.iter().filter(|order| is_under_way(order.status)).count();
    if under_way > 0 {
        return Err(AccountError::UnderWay(under_way));
    }
    let mut mailed_to: Vec<Email> = orders.iter().map(|order| order.email.clone()).collect();
    mailed_to.push(account.email.clone());
    mailed_to.extend(account.email_change.iter().map(|change| change.email.clone()));
    mailed_to.sort_by(|one, other| one.as_str().cmp(other.as_str()));
    mailed_to.dedup();
    let mut changes = ChangeSet::default();
    changes.audit.push(Entry {
        id: ids.fresh(),
        at: view.now,
        actor: Actor::Customer(account.id),
        action: "account.erase".to_owned(),
        target: format!("account:{}", account.id),
        data: json!({ "orders": orders.len() }),
    });
    let told = Kind::AccountErased { at: view.now };
    let told = Mail::new(ids.fresh(), account.email.clone(), told, view.now);
    changes.mail.send.push(told.in_language(account.locale.clone()));
    for shown in &view.reviews {
        let erased = review::erased(&shown.review, view.now, ids);
        changes.review.write.extend(erased.review.write);
        changes.review.rate(erased.review.ratings);
        changes.events.extend(erased.events);
    }
    changes.review.forget = Some(account.id);
    changes.personal.erase = Some(Erasure {
        account: account.id,
        version: account.version,
        carts: view.carts.clone(),
        orders: orders.into_iter().map(anonymised).collect(),
        mailed_to,
    });
    Ok(Decided { answer: (), changes })
}

/// Whether somebody has to be found for it yet.
fn is_under_way(status: OrderState) -> bool {
    match status {
        OrderState::Pending | OrderState::Processing | OrderState::Shipped => true,
        OrderState::Delivered
        | OrderState::Completed
        | OrderState::Cancelled
        | OrderState::Returned
        | OrderState::Refunded => false,
    }
}

fn anonymised(order: &KnownOrder) -> Anonymised {
    Anonymised {
        id: order.id,
        email: Email::erased(),
        shipping_address: order.shipping_address.as_ref().map(Address::erased),
        billing_address: order.billing_address.as_ref().map(Address::erased),
    }
}
