//! How many units.

use std::fmt;
use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

/// A positive number of units of one SKU, at most [`Quantity::MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Quantity(NonZeroU32);

/// Zero, or more than [`Quantity::MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a quantity lies between 1 and {}", Quantity::MAX)]
pub struct QuantityError;

impl Quantity {
    /// The most units that one line item can hold.
    pub const MAX: u32 = 10_000;
    /// One unit.
    pub const ONE: Self = Self(NonZeroU32::MIN);

    /// `units` as a quantity, unless it is zero or above [`Quantity::MAX`].
    #[must_use]
    pub fn new(units: u32) -> Option<Self> {
        if units > Self::MAX { None } else { NonZeroU32::new(units).map(Self) }
    }

    /// The number of units.
    #[must_use]
    pub fn get(self) -> u32 {
        self.0.get()
    }
}

impl TryFrom<u32> for Quantity {
    type Error = QuantityError;

    fn try_from(units: u32) -> Result<Self, QuantityError> {
        Self::new(units).ok_or(QuantityError)
    }
}

impl From<Quantity> for u32 {
    fn from(quantity: Quantity) -> Self {
        quantity.get()
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
