//! What the shopkeeper keeps on paper.

use std::collections::BTreeMap;

use crate::{OrderId, Timestamp};

/// How many items a walk sells.
pub(super) const ITEMS: usize = 4;
/// How many carts it fills.
pub(super) const CARTS: usize = 3;
/// Where its stock lies.
pub(super) const PLACES: [&str; 2] = ["main", "second"];

/// The shop, on paper.
#[derive(Debug, Clone)]
pub(super) struct Paper {
    pub(super) items: [Item; ITEMS],
    pub(super) carts: [Vec<(usize, u32)>; CARTS],
    pub(super) orders: Vec<Order>,
}

/// What is sold.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) kind: Kind,
    pub(super) price: i64,
    pub(super) on_sale: bool,
    /// Units at each location; `None`: no row there.
    pub(super) on_hand: [Option<i64>; PLACES.len()],
}

/// How the stock of an item counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Nothing is sold beyond it.
    Limited,
    /// More may be sold.
    Backorder,
    /// Nobody counts.
    Untracked,
}

/// What was sold.
#[derive(Debug, Clone)]
pub(super) struct Order {
    pub(super) id: OrderId,
    pub(super) units: BTreeMap<usize, u32>,
    pub(super) total: i64,
    pub(super) open: bool,
    /// Whether its goods have left.
    pub(super) shipped: bool,
    /// When it lapses.
    pub(super) until: Option<Timestamp>,
}

impl Paper {
    pub(super) fn new() -> Self {
        let item = |kind, price, on_hand| Item { kind, price, on_sale: true, on_hand };
        Self {
            items: [
                item(Kind::Limited, 1_000, [Some(5), Some(3)]),
                item(Kind::Limited, 2_550, [None, Some(4)]),
                item(Kind::Backorder, 333, [Some(2), None]),
                item(Kind::Untracked, 99, [None, None]),
            ],
            carts: Default::default(),
            orders: Vec::new(),
        }
    }

    /// Units on hand, and units promised to open orders.
    pub(super) fn stock(&self, item: usize) -> (i64, i64) {
        let on_hand = self.items[item].on_hand.iter().flatten().sum();
        let counted = self.items[item].kind != Kind::Untracked;
        let open = self.orders.iter().filter(|order| order.open && !order.shipped && counted);
        (on_hand, open.filter_map(|order| order.units.get(&item)).map(|units| i64::from(*units)).sum())
    }

    /// Units that can be bought; `None`: any number.
    pub(super) fn available(&self, item: usize) -> Option<i64> {
        let (on_hand, promised) = self.stock(item);
        match self.items[item].kind {
            _ if !self.items[item].on_sale => Some(0),
            Kind::Limited => Some(on_hand - promised),
            Kind::Backorder | Kind::Untracked => None,
        }
    }

    /// Whether so many units cannot be bought.
    pub(super) fn short(&self, item: usize, units: u32) -> bool {
        self.available(item).is_some_and(|available| available < i64::from(units))
    }

    /// What the cart costs.
    pub(super) fn total(&self, cart: usize) -> i64 {
        let lines = self.carts[cart].iter().filter(|(item, _)| self.items[*item].on_sale);
        lines.map(|(item, units)| self.items[*item].price * i64::from(*units)).sum()
    }

    /// The cart becomes an order.
    pub(super) fn place(&mut self, id: OrderId, cart: usize, until: Option<Timestamp>) {
        let total = self.total(cart);
        let units: BTreeMap<usize, u32> = std::mem::take(&mut self.carts[cart]).into_iter().collect();
        // What costs nothing is paid.
        self.orders.push(Order {
            id,
            units,
            total,
            open: true,
            shipped: false,
            until: until.filter(|_| total > 0),
        });
    }

    /// What was not paid by now lapses.
    pub(super) fn expire(&mut self, now: Timestamp) {
        for order in &mut self.orders {
            order.open &= order.until.is_none_or(|until| until > now);
        }
    }
}
