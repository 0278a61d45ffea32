//! Locations, levels, movements and reservations.

use serde::{Deserialize, Serialize};

use crate::audit::Actor;
use crate::customer::Country;
use crate::{
    AuditId, LineId, LocationId, MovementId, OrderId, Quantity, ReservationId, Timestamp, VariantId,
};

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
    /// Where it is, in lines as they stand on a parcel; may be empty.
    pub address: String,
    /// In which country.
    pub country: Option<Country>,
    /// Whether goods lie there. One that is not active has no stock rows, so nothing is allocated from it.
    pub active: bool,
    /// 1 at first, one more with each change.
    pub version: u64,
}

impl Location {
    /// The most characters of a code.
    pub const CODE_MAX: usize = 64;
    /// The most characters of a name.
    pub const NAME_MAX: usize = 200;
    /// The most characters of an address.
    pub const ADDRESS_MAX: usize = 1_000;

    /// A new location, of which nothing else is said yet.
    #[must_use]
    pub fn new(id: LocationId, code: &str, name: &str, priority: i32) -> Self {
        Self {
            id,
            code: code.to_owned(),
            name: name.to_owned(),
            priority,
            address: String::new(),
            country: None,
            active: true,
            version: 1,
        }
    }
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
    /// What it belongs to in other books: a delivery note, a purchase order; may be empty.
    pub reference: String,
    /// The audit row of the change that it is part of, when somebody of the shop made it.
    pub audit: Option<AuditId>,
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
    /// Otherwise corrected.
    Adjustment,
    /// Sold goods left.
    Sale,
    /// Sold goods came back with a refund, or unpaid.
    Return,
    /// Broken: they cannot be sold any more.
    Damaged,
    /// Gone, and nobody knows where.
    Lost,
    /// There after all.
    Found,
    /// Somebody had written down something wrong.
    Correction,
    /// Brought back beside any refund.
    Returned,
    /// Moved from one location to another: what leaves the one comes to the other in the same commit.
    Transfer,
}

impl MovementReason {
    /// Every reason.
    pub const ALL: [Self; 12] = [
        Self::Receipt,
        Self::Import,
        Self::Count,
        Self::Adjustment,
        Self::Sale,
        Self::Return,
        Self::Damaged,
        Self::Lost,
        Self::Found,
        Self::Correction,
        Self::Returned,
        Self::Transfer,
    ];

    /// The reasons that whoever adjusts a level may give.
    pub const OF_ADJUSTMENTS: [Self; 5] =
        [Self::Damaged, Self::Lost, Self::Found, Self::Correction, Self::Returned];

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
            Self::Damaged => "damaged",
            Self::Lost => "lost",
            Self::Found => "found",
            Self::Correction => "correction",
            Self::Returned => "returned",
            Self::Transfer => "transfer",
        }
    }

    /// The reason of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == name)
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
