//! The addresses of an account: the decisions.
//!
//! Of each type one address is the default. Whoever changes one writes the account too, so that two changes at once never
//! leave two defaults, or one address too many.

use super::{Account, AccountError, AddressType, Decided, SavedAddress, View};
use crate::commit::ChangeSet;
use crate::customer::Address;
use crate::{AddressId, Ids};

/// An address to write down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAddress {
    /// What it is for.
    pub kind: AddressType,
    /// Whether it becomes the default of its type. The first of a type does in any case.
    pub is_default: bool,
    /// The address.
    pub address: Address,
}

/// Writes an address down: a new one, or in place of the one of this id. A new one that is in the book already stays one
/// address, so asking twice does no harm.
///
/// # Errors
/// [`AccountError::NotFound`], [`AccountError::Address`], [`AccountError::TooManyAddresses`].
pub fn save_address(
    view: &View,
    id: Option<AddressId>,
    new: &NewAddress,
    ids: &mut Ids,
) -> Result<Decided<SavedAddress>, AccountError> {
    let account = view.account.as_ref().ok_or(AccountError::NotFound)?;
    let there = |id| view.addresses.iter().find(|known| known.id == id).ok_or(AccountError::NotFound);
    let named = id.map(there).transpose()?;
    let address = new.address.clone().check().map_err(AccountError::Address)?;
    let is_new = named.is_none();
    let same = |known: &&SavedAddress| is_new && known.kind == new.kind && known.address == address;
    let again = view.addresses.iter().find(same);
    let before = named.or(again);
    if before.is_none() && view.addresses.len() >= Account::ADDRESSES_MAX {
        return Err(AccountError::TooManyAddresses);
    }
    let others: Vec<&SavedAddress> =
        view.addresses.iter().filter(|known| before.is_none_or(|before| known.id != before.id)).collect();
    let first = !others.iter().any(|known| known.kind == new.kind);
    let saved = SavedAddress {
        id: before.map_or_else(|| ids.fresh(), |before| before.id),
        account: account.id,
        kind: new.kind,
        is_default: new.is_default || first || again.is_some_and(|known| known.is_default),
        address,
        created_at: before.map_or(view.now, |before| before.created_at),
        updated_at: view.now,
    };
    let mut book: Vec<SavedAddress> = others.into_iter().cloned().collect();
    if saved.is_default {
        book.iter_mut().filter(|known| known.kind == saved.kind).for_each(|known| known.is_default = false);
    }
    book.push(saved.clone());
    let changes = written(view, account, book, None);
    let saved = changes.account.addresses.iter().find(|known| known.id == saved.id).cloned().unwrap_or(saved);
    Ok(Decided { answer: saved, changes })
}

/// Deletes an address. When it was the default of its type, the oldest other one becomes it.
///
/// # Errors
/// [`AccountError::NotFound`].
pub fn remove_address(view: &View, id: AddressId) -> Result<Decided<()>, AccountError> {
    let account = view.account.as_ref().ok_or(AccountError::NotFound)?;
    if !view.addresses.iter().any(|known| known.id == id) {
        return Err(AccountError::NotFound);
    }
    let book = view.addresses.iter().filter(|known| known.id != id).cloned().collect();
    let changes = written(view, account, book, Some(id));
    Ok(Decided { answer: (), changes })
}

/// What makes this book of the one that was read.
fn written(
    view: &View,
    account: &Account,
    mut book: Vec<SavedAddress>,
    removed: Option<AddressId>,
) -> ChangeSet {
    for kind in AddressType::ALL {
        let mut of_kind: Vec<&mut SavedAddress> =
            book.iter_mut().filter(|known| known.kind == kind).collect();
        if !of_kind.iter().any(|known| known.is_default)
            && let Some(oldest) = of_kind.iter_mut().min_by_key(|known| (known.created_at, known.id))
        {
            oldest.is_default = true;
        }
    }
    let mut changes = ChangeSet::default();
    changes.account.addresses = book.into_iter().filter(|known| !view.addresses.contains(known)).collect();
    changes.account.addresses_removed.extend(removed);
    changes.account.write.push(account.clone().written(view.now));
    changes
}
