//! Locations, levels, movements and reservations.

use serde::{Deserialize, Serialize};

use crate::audit::Actor;
use crate::{LineId, LocationId, MovementId, OrderId, Quantity, ReservationId, Timestamp, VariantId};

/// Where stock lies: a warehouse or a shop floor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Location {
    /// Its id.
    pub id: LocationId,
    /// Its code, unique in the shop: `LAGOS`.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Which location ships first when several could: the lowest number, then the code.
    pub priority: i32,
}

/// What lies of a variant at a location.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockLevel {
    /// Which variant.
    pub variant: VariantId,
    /// Where.
    pub location: LocationId,
    /// The location's rank; see [`Location::priority`].
    pub priority: i32,
    /// Units that are there; the sum of the movements; at least 0.
    pub on_hand: i64,
    /// Units promised to open orders.
    pub reserved: i64,
    /// Units that are never promised.
    pub safety_stock: i64,
}

impl StockLevel {
    /// Units that can be promised here now; at least 0.
    #[must_use]
    pub fn free(&self) -> i64 {
        (self.on_hand - self.reserved - self.safety_stock).max(0)
    }
}

/// A change of what is on hand. Movements are only ever added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Movement {
    /// Its id.
    pub id: MovementId,
    /// Which variant.
    pub variant: VariantId,
    /// Where.
    pub location: LocationId,
    /// Units that came, or went when negative.
    pub delta: i64,
    /// Why.
    pub reason: MovementReason,
    /// Who moved them.
    pub actor: Actor,
    /// Free words.
    pub note: String,
    /// When.
    pub at: Timestamp,
}

/// Why stock moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MovementReason {
    /// Goods came in.
    Receipt,
    /// An import set the level.
    Import,
    /// A count found another number.
    Count,
    /// Lost, broken or otherwise corrected.
    Adjustment,
    /// Sold goods left.
    Sale,
    /// Sold goods came back.
    Return,
}

impl MovementReason {
    /// Every reason.
    pub const ALL: [Self; 6] =
        [Self::Receipt, Self::Import, Self::Count, Self::Adjustment, Self::Sale, Self::Return];

    /// The name in stores and on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Receipt => "receipt",
            Self::Import => "import",
            Self::Count => "count",
            Self::Adjustment => "adjustment",
            Self::Sale => "sale",
            Self::Return => "return",
        }
    }
}

/// Units at a location that are promised to an order line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reservation {
    /// Its id.
    pub id: ReservationId,
    /// The order.
    pub order: OrderId,
    /// The order's line item.
    pub line: LineId,
    /// Which variant.
    pub variant: VariantId,
    /// Where.
    pub location: LocationId,
    /// How many units.
    pub quantity: Quantity,
    /// For how long.
    pub hold: Hold,
    /// Whether it may go beyond what is free: the variant allows backorder.
    pub backorder: bool,
}

/// How long a reservation lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hold {
    /// Until the payment window closes at this instant, unless the order is paid before.
    Held(Timestamp),
    /// Until the order is fulfilled or cancelled.
    Committed,
}

impl Hold {
    /// When it ends by itself.
    #[must_use]
    pub fn until(self) -> Option<Timestamp> {
        match self {
            Self::Held(until) => Some(until),
            Self::Committed => None,
        }
    }
}
