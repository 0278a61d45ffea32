//! The decisions about what somebody likes.

use std::collections::BTreeMap;

use super::{Added, GLANCES_MAX, Glance, View, WISHLIST_MAX, Wished, WishlistError, WishlistItem};
use crate::cart::{self, CartError, Offer, Shopper, VariantKey};
use crate::catalog::Slug;
use crate::commit::ChangeSet;
use crate::{CustomerId, Ids, LineId, VariantId};

/// Puts a variant on the wishlist of an account. One that is on it already stays as it is.
///
/// # Errors
/// [`WishlistError::UnknownVariant`] when it is not on sale, [`WishlistError::Full`], [`WishlistError::NotFound`] without an
/// account.
pub fn add(
    view: &View,
    account: CustomerId,
    variant: &VariantKey,
    ids: &mut Ids,
) -> Result<(Added, ChangeSet), WishlistError> {
    let offer = view.offer(variant).ok_or(WishlistError::UnknownVariant)?;
    // What is on the list may be asked for again when it is no longer sold.
    if !offer.on_sale && !view.items.iter().any(|item| item.variant == offer.variant) {
        return Err(WishlistError::UnknownVariant);
    }
    put(view, account, offer, ids)
}

/// Moves a line item of the cart of an account to its wishlist, for later: it leaves the one and comes to the other, or
/// neither. Quantity and customizations are not kept. What is no longer sold may be kept too.
///
/// # Errors
/// [`WishlistError::LineNotFound`]; [`WishlistError::UnknownVariant`] when the variant is gone; as [`add`].
pub fn save_for_later(
    view: &View,
    cart: &cart::View,
    shopper: &Shopper,
    line: LineId,
    account: CustomerId,
    ids: &mut Ids,
) -> Result<(Added, ChangeSet), WishlistError> {
    let variant = saved_variant(cart, line).ok_or(WishlistError::LineNotFound)?;
    let offer = view.offer(&VariantKey::Id(variant)).ok_or(WishlistError::UnknownVariant)?;
    let (added, changes) = put(view, account, offer, ids)?;
    let taken_out = cart::set_quantity(cart, shopper, line, None, None).map_err(|error| match error {
        CartError::Store(error) => WishlistError::Store(error),
        _ => WishlistError::LineNotFound,
    })?;
    Ok((added, ChangeSet { interest: changes.interest, ..taken_out.changes }))
}

/// The variant of a line item of the open cart.
pub(super) fn saved_variant(cart: &cart::View, line: LineId) -> Option<VariantId> {
    let lines = cart.cart.as_ref().map_or(&[][..], |cart| &cart.lines);
    lines.iter().find(|known| known.id == line).map(|known| known.variant)
}

fn put(
    view: &View,
    account: CustomerId,
    offer: &Offer,
    ids: &mut Ids,
) -> Result<(Added, ChangeSet), WishlistError> {
    if !view.account_known {
        return Err(WishlistError::NotFound);
    }
    let mut changes = ChangeSet::default();
    let known = view.items.iter().find(|item| item.variant == offer.variant);
    let item = match known {
        Some(known) => *known,
        None if view.count >= WISHLIST_MAX => return Err(WishlistError::Full),
        None => {
            let item = WishlistItem { id: ids.fresh(), account, variant: offer.variant, added_at: view.now };
            changes.interest.add.push(item);
            item
        }
    };
    let wished: Wished = view.shown(&item).ok_or(WishlistError::UnknownVariant)?;
    Ok((Added { wished, is_new: known.is_none() }, changes))
}

/// Takes a variant off the wishlist of an account.
///
/// # Errors
/// [`WishlistError::NotFound`] when it is not on it.
pub fn remove(view: &View, variant: VariantId) -> Result<ChangeSet, WishlistError> {
    let item = view.items.iter().find(|item| item.variant == variant).ok_or(WishlistError::NotFound)?;
    let mut changes = ChangeSet::default();
    changes.interest.remove.push(item.id);
    Ok(changes)
}

/// What is written of these glances: the last of each account at each product, and of each account no more than are kept.
pub fn glances(seen: Vec<Glance>) -> ChangeSet {
    let mut by_account: BTreeMap<CustomerId, BTreeMap<Slug, crate::Timestamp>> = BTreeMap::new();
    for Glance { account, slug, at } in seen {
        let last = by_account.entry(account).or_default().entry(slug).or_insert(at);
        *last = at.max(*last);
    }
    let mut changes = ChangeSet::default();
    for (account, products) in by_account {
        let mut latest: Vec<_> = products.into_iter().collect();
        latest.sort_by(|(one, one_at), (other, other_at)| (other_at, other).cmp(&(one_at, one)));
        latest.truncate(GLANCES_MAX);
        changes.interest.viewed.extend(latest.into_iter().map(|(slug, at)| Glance { account, slug, at }));
    }
    changes
}
