//! The generation of the catalogue: which state of it an answer shows.

use crate::VariantId;
use crate::commit::ChangeSet;
use crate::inventory;

/// Names a state of all that the public catalogue shows: products, prices, what is left of them, categories.
///
/// A store moves it on in the transaction that changes any of this, so no change is without it, whoever made it: a server,
/// a command line import, a host. It is compared for being the same and for nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Generation(pub u64);

/// One of the counters whose sum is the generation.
///
/// Every sale moves the generation. Were it one row, every order of the shop would wait for the one before it to be on
/// disk; so it is spread, by what is sold: orders of one variant wait for each other anyway, at its stock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Shard(u8);

impl Shard {
    /// How many there are.
    pub const COUNT: u8 = 64;
    /// The one for what is not of one variant.
    pub const FIRST: Self = Self(0);

    /// The one in which changes of this variant's stock are counted.
    ///
    /// ```
    /// use commerce_core::VariantId;
    /// use commerce_core::cache::Shard;
    /// let variant: VariantId = "0190a6c2-7c3e-7d1a-8f00-0123456789ff".parse()?;
    /// assert_eq!(Shard::of(variant).number(), 63);
    /// # Ok::<(), uuid::Error>(())
    /// ```
    #[must_use]
    pub fn of(variant: VariantId) -> Self {
        // The end of a UUID v7 is random.
        Self(variant.0.as_bytes()[15] % Self::COUNT)
    }

    /// Its number, from 0 up to, not including, [`COUNT`](Self::COUNT).
    #[must_use]
    pub fn number(self) -> u8 {
        self.0
    }
}

impl ChangeSet {
    /// Where the generation moves on with this change set; `None`: the catalogue shows afterwards what it showed before.
    ///
    /// The rulebook counts because its currency is the one in which listings are filtered; ratings are shown and sorted by.
    #[must_use]
    pub fn moves_catalog(&self) -> Option<Shard> {
        let rules = self.pricing.rulebook.as_ref().map(|_| Shard::FIRST);
        let ratings = self.review.ratings.first().map(|_| Shard::FIRST);
        let prices = (!self.catalog.reprice.is_empty()).then_some(Shard::FIRST);
        self.inventory.moves_catalog().or(rules).or(ratings).or(prices)
    }
}

impl inventory::Changes {
    /// Where the generation moves on with these; `None`: as much can be bought afterwards as before.
    ///
    /// Goods that leave were not for sale any more: with them `reserved` and `on_hand` fall together. A reservation that
    /// lasts longer, a new location and one that is closed, where there was nothing, change nothing either.
    #[must_use]
    pub fn moves_catalog(&self) -> Option<Shard> {
        let Self { locations: _, revise: _, levels, adjust, reserve, rehold: _, release, fulfil: _ } = self;
        let levels = levels.iter().map(|level| level.variant);
        let adjusted = adjust.iter().map(|adjustment| adjustment.movement.variant);
        let reserved = reserve.iter().map(|reservation| reservation.variant);
        let released = release.iter().map(|release| release.variant);
        levels.chain(adjusted).chain(reserved).chain(released).min().map(Shard::of)
    }
}
