//! What a decision changes about stock.

use super::{Hold, Location, Movement, MovementReason, Reservation};
use crate::audit::Actor;
use crate::{LocationId, MovementId, OrderId, Quantity, ReservationId, Timestamp, VariantId};

/// Stock changes of one change set. Every one of them is guarded in the write itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// New locations; an existing code is [`Guard::Location`](crate::Guard::Location).
    pub locations: Vec<Location>,
    /// Locations to write in place of those that were read, with the version that was: another one is
    /// [`Guard::Location`](crate::Guard::Location). One that is not active any more loses its stock rows, and with a unit
    /// on hand or reserved there it is [`Guard::Location`](crate::Guard::Location) too. Code and id stay.
    pub revise: Vec<(Location, u64)>,
    /// Rows to open, and safety stock and reorder levels to set, before anything moves there.
    pub levels: Vec<Level>,
    /// Movements of what is on hand.
    pub adjust: Vec<Adjustment>,
    /// New reservations. Each raises `reserved` where `on_hand - reserved - safety_stock >= quantity`, or anyhow when
    /// it is a backorder; else [`Guard::Stock`](crate::Guard::Stock).
    pub reserve: Vec<Reservation>,
    /// Reservations that last longer, or for good. One that is no longer open is
    /// [`Guard::Reservation`](crate::Guard::Reservation).
    pub rehold: Vec<Rehold>,
    /// Reservations that end without the goods leaving. Each lowers `reserved` once: only while it is open.
    pub release: Vec<Release>,
    /// Reservations that end because the goods leave. Each lowers `reserved` and `on_hand` together, once.
    pub fulfil: Vec<Fulfil>,
}

/// A stock row to open, or whose safety stock or reorder level to set. At a location that is not there or not active it is
/// [`Guard::Stock`](crate::Guard::Stock).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level {
    /// Which variant.
    pub variant: VariantId,
    /// Where.
    pub location: LocationId,
    /// Units that are never promised; `None` leaves what is set, 0 at first.
    pub safety_stock: Option<i64>,
    /// Below how many units that can be promised goods are to be ordered; `None` leaves what is set, `Some(None)` takes it
    /// away.
    pub reorder_level: Option<Option<i64>>,
}

/// A movement, and the level on which it was decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adjustment {
    /// The movement. It never takes `on_hand` below `reserved` or below 0: that is [`Guard::Stock`](crate::Guard::Stock).
    pub movement: Movement,
    /// What must be on hand before: given when a level is set rather than changed by so many.
    pub expected_on_hand: Option<i64>,
}

/// A reservation that lasts longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rehold {
    /// Which reservation.
    pub reservation: ReservationId,
    /// Its order.
    pub order: OrderId,
    /// How long now.
    pub hold: Hold,
}

/// A reservation that ends, or of which a part does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Release {
    /// Which reservation; no longer open, or of another quantity than was read, is
    /// [`Guard::Reservation`](crate::Guard::Reservation).
    pub reservation: ReservationId,
    /// Its order.
    pub order: OrderId,
    /// Its variant.
    pub variant: VariantId,
    /// Its location.
    pub location: LocationId,
    /// The units that it had when it was read.
    pub of: Quantity,
    /// The units that are given back: all of them, which ends it, or fewer, and it goes on with the rest.
    pub quantity: Quantity,
}

impl Release {
    /// All of a reservation.
    #[must_use]
    pub fn all(reservation: &Reservation) -> Self {
        Self::some(reservation, reservation.quantity)
    }

    /// So many units of a reservation, at most all.
    #[must_use]
    pub fn some(reservation: &Reservation, quantity: Quantity) -> Self {
        Self {
            reservation: reservation.id,
            order: reservation.order,
            variant: reservation.variant,
            location: reservation.location,
            of: reservation.quantity,
            quantity: quantity.min(reservation.quantity),
        }
    }
}

/// Units of a reservation that leave.
///
/// They must be there: `on_hand` never falls below 0 by them, and units that were sold beyond the stock never take those
/// that are promised to others for certain. Else it is [`Guard::Stock`](crate::Guard::Stock).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fulfil {
    /// The reservation that ends as fulfilled, or goes on with fewer units.
    pub ends: Release,
    /// Whether it was promised beyond the stock.
    pub backorder: bool,
    /// What explains it: a [sale](MovementReason::Sale) of these units, there.
    pub movement: Movement,
}

impl Fulfil {
    /// So many units of a reservation leave, at most all.
    #[must_use]
    pub fn some(
        reservation: &Reservation,
        quantity: Quantity,
        id: MovementId,
        actor: &Actor,
        note: &str,
        at: Timestamp,
    ) -> Self {
        let ends = Release::some(reservation, quantity);
        let movement = Movement {
            id,
            variant: ends.variant,
            location: ends.location,
            delta: -i64::from(ends.quantity.get()),
            reason: MovementReason::Sale,
            actor: actor.clone(),
            note: note.to_owned(),
            reference: String::new(),
            audit: None,
            at,
        };
        Self { ends, backorder: reservation.backorder, movement }
    }
}

impl Changes {
    /// Whether there is nothing to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self == &Self::default()
    }
}
