//! The decision that merges a guest's cart into that of an account, when its owner logs in.
//!
//! Line items move: each is in one of the two carts before and after, unless both carts have the same variant with the same
//! wishes, which the [`MergePolicy`] makes one. What cannot move stays with the guest's token, and is told. Since what moved
//! is no longer in the guest's cart, the same merge twice moves it once.

use std::fmt;
use std::str::FromStr;

use super::{Cart, CartLine, Member, Shopper, View, Write, open_cart};
use crate::commit::ChangeSet;
use crate::{Currency, Ids, Quantity, VariantId};

/// What becomes of the line items of one variant, with the same wishes, that both carts have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MergePolicy {
    /// Their units add up.
    #[default]
    AddUp,
    /// There are as many as in the cart of the account.
    KeepAccount,
    /// There are as many as in the guest's.
    KeepGuest,
}

impl MergePolicy {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::AddUp, Self::KeepAccount, Self::KeepGuest];

    /// Its name: `add_up`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AddUp => "add_up",
            Self::KeepAccount => "keep_account",
            Self::KeepGuest => "keep_guest",
        }
    }
}

impl fmt::Display for MergePolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text is no policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a way to merge carts: add_up, keep_account or keep_guest")]
pub struct MergePolicyError;

impl FromStr for MergePolicy {
    type Err = MergePolicyError;

    fn from_str(text: &str) -> Result<Self, MergePolicyError> {
        Self::ALL.into_iter().find(|policy| policy.as_str() == text).ok_or(MergePolicyError)
    }
}

/// What came of a merge.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Merged {
    /// How many line items moved.
    pub lines: usize,
    /// Those that did not. They are where they were: in the guest's cart.
    pub left: Vec<LeftLine>,
}

/// A line item that could not be merged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftLine {
    /// Of which variant.
    pub variant: VariantId,
    /// How many units.
    pub quantity: Quantity,
    /// Why.
    pub why: Unmerged,
}

/// Why a line item could not be merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unmerged {
    /// The cart of the account can hold no further line item.
    TooManyLines,
    /// A line item cannot hold so many units as both together have.
    TooManyUnits,
    /// The carts are priced in different currencies.
    Currency,
    /// What both hold together has no total.
    Total,
}

impl Unmerged {
    /// Its name: `too-many-lines`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::TooManyLines => "too-many-lines",
            Self::TooManyUnits => "too-many-units",
            Self::Currency => "currency",
            Self::Total => "total",
        }
    }
}

/// Whether the guest's cart has anything to merge.
pub(super) fn has_lines(guest: &View) -> bool {
    guest.cart.as_ref().is_some_and(|cart| cart.expires_at > guest.now && !cart.lines.is_empty())
}

/// Merges the cart of the guest into that of the member. `currency` is the shop's; `fits` says whether a cart can be
/// priced.
///
/// Stock is not looked at: a cart reserves nothing, and says by itself of what too little is left.
pub fn merge(
    own: &View,
    guest: &View,
    member: &Member,
    policy: MergePolicy,
    currency: Currency,
    fits: &dyn Fn(&Cart) -> bool,
    ids: &mut Ids,
) -> (Merged, ChangeSet) {
    let Some(from) = guest.cart.as_ref().filter(|_| has_lines(guest)) else { return Default::default() };
    let shopper = Shopper::from(member.clone());
    let into = open_cart(own, &shopper).ok().flatten();
    let mut into = into.unwrap_or_else(|| member.new_cart(own.now, ids));
    if into.lines.is_empty() {
        into.currency = from.currency;
        into.channel = into.channel.or_else(|| from.channel.clone());
    }
    let all_stay = |why| Merged { lines: 0, left: from.lines.iter().map(|line| left(line, why)).collect() };
    if into.currency.unwrap_or(currency) != from.currency.unwrap_or(currency) {
        return (all_stay(Unmerged::Currency), ChangeSet::default());
    }
    let mut rest = from.clone();
    let mut merged = Merged::default();
    rest.lines.retain(|line| match put(&mut into, line, policy, ids) {
        Ok(()) => {
            merged.lines += 1;
            false
        }
        Err(why) => {
            merged.left.push(left(line, why));
            true
        }
    });
    if merged.lines == 0 {
        return (merged, ChangeSet::default());
    }
    if !fits(&into) {
        return (all_stay(Unmerged::Total), ChangeSet::default());
    }
    for code in std::mem::take(&mut rest.coupons) {
        if !into.coupons.contains(&code) && into.coupons.len() < Cart::COUPONS_MAX {
            into.coupons.push(code);
        }
    }
    hand_over(&mut rest, &mut into);
    into.touched(own.now);
    rest.touched(own.now);
    let mut changes = ChangeSet::default();
    changes.cart.write = Some(Write::between(own.cart.as_ref(), &mut into));
    changes.cart.merged = Some(Write::between(Some(from), &mut rest));
    (merged, changes)
}

/// Puts a line item into the cart of the account. It gets an id of its own: that of before may be known to others.
fn put(into: &mut Cart, line: &CartLine, policy: MergePolicy, ids: &mut Ids) -> Result<(), Unmerged> {
    let same =
        |known: &&mut CartLine| known.variant == line.variant && known.customizations == line.customizations;
    if let Some(known) = into.lines.iter_mut().find(same) {
        known.quantity = match policy {
            MergePolicy::AddUp => {
                let sum = known.quantity.get().saturating_add(line.quantity.get());
                Quantity::new(sum).ok_or(Unmerged::TooManyUnits)?
            }
            MergePolicy::KeepAccount => known.quantity,
            MergePolicy::KeepGuest => line.quantity,
        };
        return Ok(());
    }
    if into.lines.len() >= Cart::LINES_MAX {
        return Err(Unmerged::TooManyLines);
    }
    into.lines.push(CartLine { id: ids.fresh(), ..line.clone() });
    Ok(())
}

/// What the guest said about delivery and payment, where the account's cart says nothing; it is said once.
fn hand_over(rest: &mut Cart, into: &mut Cart) {
    let (shipping, billing) = (rest.shipping_address.take(), rest.billing_address.take());
    let (method, payment) = (rest.shipping_method.take(), rest.payment_method.take());
    let mobile_money = rest.mobile_money.take();
    rest.email = None;
    if into.shipping_address.is_none() && into.billing_address.is_none() {
        (into.shipping_address, into.billing_address, into.shipping_method) = (shipping, billing, method);
    }
    if into.payment_method.is_none() {
        (into.payment_method, into.mobile_money) = (payment, mobile_money);
    }
}

fn left(line: &CartLine, why: Unmerged) -> LeftLine {
    LeftLine { variant: line.variant, quantity: line.quantity, why }
}
