//! Typed ids, and the stream of fresh ids, tokens and codes that a decision draws from.

use std::fmt;

use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::Timestamp;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                text.parse().map(Self)
            }
        }
    )+};
}

ids! {
    /// A product.
    ProductId;
    /// A variant: what is priced, stocked and sold.
    VariantId;
    /// A product image.
    ImageId;
    /// A brand.
    BrandId;
    /// A category.
    CategoryId;
    /// A shop-wide typed attribute.
    AttributeId;
    /// A merchant who sells through the shop.
    SellerId;
    /// A stock location: a warehouse or a shop floor.
    LocationId;
    /// A stock movement.
    MovementId;
    /// A reservation of stock for an order line at a location.
    ReservationId;
    /// A review of a product.
    ReviewId;
    /// A cart.
    CartId;
    /// A line item of a cart; the order line that it becomes keeps it.
    LineId;
    /// An order.
    OrderId;
    /// A payment attempt.
    PaymentId;
    /// A refund.
    RefundId;
    /// Money that belongs to no order, as far as we know.
    UnmatchedId;
    /// An entry of the money journal.
    JournalId;
    /// A message of a payment gateway.
    MessageId;
    /// A mail.
    MailId;
    /// An import of a file.
    ImportId;
    /// An account; the registered customer of an order.
    CustomerId;
    /// A session of an account.
    SessionId;
    /// An address of an account.
    AddressId;
    /// An item of a wishlist.
    WishlistItemId;
    /// The key of a program.
    KeyId;
    /// An event in the outbox.
    EventId;
    /// An audit row.
    AuditId;
    /// A row that tells of a price of before.
    PriceChangeId;
}

/// A stream of fresh ids, tokens and codes, drawn from 32 random bytes by SHA-256 in counter mode.
///
/// A decision is a pure function, so it cannot draw random numbers. The service draws one seed from the
/// [`Random`](crate::Random) port and hands the stream in with the command: the same seed gives the same ids, and who
/// does not know the seed can guess none of them.
#[derive(Clone)]
pub struct Ids {
    seed: [u8; 32],
    drawn: u64,
    now: Timestamp,
}

impl fmt::Debug for Ids {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ids").field("drawn", &self.drawn).finish_non_exhaustive() // the seed is a secret
    }
}

impl Ids {
    /// The stream of `seed`, whose ids carry the time `now`.
    #[must_use]
    pub fn new(seed: [u8; 32], now: Timestamp) -> Self {
        Self { seed, drawn: 0, now }
    }

    /// The same stream, whose further ids carry the time `now`: the one that the view of the decision has.
    #[must_use]
    pub fn at(mut self, now: Timestamp) -> Self {
        self.now = now;
        self
    }

    /// A fresh id: UUID v7, and ids of one stream sort in the order in which they were drawn (a counter in the first
    /// twelve bits after the milliseconds: RFC 9562, section 6.2, method 1). 62 random bits remain.
    pub fn fresh<T: From<Uuid>>(&mut self) -> T {
        const COUNTER_SIZE: u64 = 1 << 12;
        let (overflow, count) = (self.drawn / COUNTER_SIZE, self.drawn % COUNTER_SIZE);
        let bytes = self.bytes();
        let mut random = [0; 10];
        random.copy_from_slice(&bytes[..10]);
        random[..2].copy_from_slice(&(count as u16).to_be_bytes());
        let millis = self.now.as_millis() + overflow;
        T::from(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
    }

    /// 32 fresh bytes, for a token.
    pub fn bytes(&mut self) -> [u8; 32] {
        let block = Sha256::new().chain_update(self.seed).chain_update(self.drawn.to_be_bytes()).finalize();
        self.drawn += 1;
        block.into()
    }

    /// A fresh code of `length` (at most 32) characters that are hard to mix up when read aloud: 5 random bits each.
    pub fn code(&mut self, length: usize) -> String {
        const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ"; // Crockford's base 32: no I, L, O, U
        self.bytes().iter().take(length).map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect()
    }
}

/// What sorts before every id that carries this time or a later one.
pub(crate) fn earliest(at: Timestamp) -> Uuid {
    Uuid::from_u128(u128::from(at.as_millis()) << 80)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_ids_and_another_gives_others() {
        let now = Timestamp::from_micros(1_700_000_000_000_000).unwrap();
        let draw = |seed| {
            let mut ids = Ids::new(seed, now);
            (ids.fresh::<OrderId>(), ids.fresh::<OrderId>(), ids.code(9))
        };
        assert_eq!(draw([1; 32]), draw([1; 32]));
        assert_ne!(draw([1; 32]), draw([2; 32]));
        let (first, second, code) = draw([1; 32]);
        assert_ne!(first, second);
        assert_eq!(first.0.get_version_num(), 7);
        assert_eq!(code.len(), 9);
    }

    #[test]
    fn ids_of_one_stream_sort_in_the_order_in_which_they_were_drawn() {
        let mut ids = Ids::new([7; 32], Timestamp::from_micros(1_700_000_000_000_000).unwrap());
        let drawn: Vec<OrderId> = (0..10_000).map(|_| ids.fresh()).collect();
        assert!(drawn.is_sorted() && drawn.windows(2).all(|pair| pair[0] != pair[1]));
    }

    #[test]
    fn ids_of_a_time_sort_behind_its_earliest() {
        let now = Timestamp::from_micros(1_700_000_000_123_456).unwrap();
        let second = std::time::Duration::from_secs(1);
        let fresh: Uuid = Ids::new([7; 32], now).fresh();
        assert!(earliest(now) < fresh && fresh < earliest(now.plus(second)));
        assert!(Ids::new([7; 32], now.minus(second)).fresh::<Uuid>() < earliest(now));
    }
}
