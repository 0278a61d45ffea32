//! What a decision changes about carts.

use super::{Cart, CartLine};
use crate::LineId;

/// Cart changes of one change set.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Changes {
    /// The cart to insert or to put in place of the one that was read.
    pub write: Option<Write>,
    /// The guest's cart that was merged into it: another one, that is there.
    pub merged: Option<Write>,
}

/// A cart to write.
#[derive(Debug, Clone, PartialEq)]
pub struct Write {
    /// The cart as it is after the change, its version already grown.
    pub cart: Cart,
    /// The version that was read: the guard. `None`: the cart is new, and no other open cart may have its token.
    pub expected_version: Option<u64>,
    /// The line items to insert or update, with their place among the items of the cart.
    pub lines_written: Vec<(u32, CartLine)>,
    /// The line items to delete.
    pub lines_removed: Vec<LineId>,
}
