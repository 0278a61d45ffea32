//! A walk: each step is taken in the shop and on paper, and both must agree.

use std::sync::Arc;
use std::time::Duration;

use super::paper::{CARTS, ITEMS, Kind, Order, PLACES, Paper};
use super::{Pay, Step};
use crate::audit::Actor;
use crate::cart::{CartError, CartToken};
use crate::checkout::{Confirm, ConfirmError, Confirmed};
use crate::idempotency::Request;
use crate::inventory::{Count, InventoryError, MovementReason, Reservation};
use crate::order::{Cancel, CancelError, MoveOnError, OrderState};
use crate::payment::PaymentMethod;
use crate::testkit::conformance::moving_on::moving;
use crate::testkit::conformance::{Shop, before, cancel, check_out, request};
use crate::testkit::{Fault, Intercepted, Item, Losing, add, item, key, location_id, variant_id};
use crate::{CartId, Engine, Quantity, Store, VariantId};

/// A walk through a shop of its own: its items have names that no other walk has.
pub(super) struct Walk<'a> {
    shop: &'a Shop,
    engine: Engine,
    losing: Arc<Losing>,
    name: String,
    paper: Paper,
    tokens: [Option<CartToken>; CARTS],
    keys: u32,
    last_confirmed: Option<(CartToken, Confirm, crate::OrderId)>,
}

/// After so many steps, all is compared rather than the stock alone.
const COMPARE_EVERY: usize = 7;

type Taken = Result<(), String>;

/// Both must be the same.
macro_rules! agree {
    ($seen:expr, $paper:expr, $($about:tt)+) => {{
        let (seen, paper) = (&$seen, &$paper);
        if seen != paper {
            return Err(format!("{}: {seen:?} in the shop, {paper:?} on paper", format_args!($($about)+)));
        }
    }};
}

impl<'a> Walk<'a> {
    pub(super) async fn begin(shop: &'a Shop) -> Self {
        let losing = Arc::new(Losing::default());
        let store: Arc<dyn Store> = Arc::new(Intercepted::new(Arc::clone(&shop.store), Arc::clone(&losing)));
        let name: CartId = shop.ids(shop.now().await).fresh();
        let walk = Self {
            shop,
            engine: shop.through(store),
            losing,
            name: name.to_string(),
            paper: Paper::new(),
            tokens: Default::default(),
            keys: 0,
            last_confirmed: None,
        };
        let stocked = (0..ITEMS).map(|index| {
            let places = PLACES.iter().zip(walk.paper.items[index].on_hand);
            places.fold(walk.item(index), |item, (place, units)| match units {
                Some(units) => item.stock_at(place, units),
                None => item,
            })
        });
        shop.sell(stocked.collect::<Vec<_>>()).await;
        walk
    }

    pub(super) async fn take(mut self, steps: &[Step]) -> Taken {
        for (taken, step) in steps.iter().enumerate() {
            self.step(step).await.map_err(|why| format!("{step:?}: {why}"))?;
            let all = taken % COMPARE_EVERY == 0;
            self.compare(all).await.map_err(|why| format!("after {step:?}: {why}"))?;
        }
        self.compare(true).await?;
        let violations = self.shop.store.violations().await.map_err(|error| error.to_string())?;
        agree!(violations, Vec::new(), "violations");
        Ok(())
    }

    async fn step(&mut self, step: &Step) -> Taken {
        match *step {
            Step::Add(cart, item, units) => self.add(cart % CARTS, item % ITEMS, units).await,
            Step::SetQuantity(cart, line, units) => self.set_quantity(cart % CARTS, line, units).await,
            Step::Confirm(cart, pay, fault) => self.confirm(cart % CARTS, pay, fault).await,
            Step::ConfirmAgain => self.confirm_again().await,
            Step::Cancel(order, fault) => self.cancel(order, fault).await,
            Step::Ship(order) => self.ship(order).await,
            Step::Wait(minutes) => {
                if let Some(clock) = &self.shop.clock {
                    clock.advance(Duration::from_secs(60 * u64::from(minutes)));
                }
                Ok(())
            }
            Step::Expire => self.expire().await,
            Step::Count(item, place, units) => self.count(item % ITEMS, place % PLACES.len(), units).await,
            Step::Reprice(item, price) => {
                self.paper.items[item % ITEMS].price = i64::from(price);
                self.shop.sell([self.item(item % ITEMS)]).await;
                Ok(())
            }
            Step::Toggle(item) => {
                self.paper.items[item % ITEMS].on_sale ^= true;
                self.shop.sell([self.item(item % ITEMS)]).await;
                Ok(())
            }
        }
    }

    async fn add(&mut self, cart: usize, item: usize, units: u32) -> Taken {
        let wanted = units + self.in_cart(cart, item);
        let command = add(&self.sku(item), units);
        let answer = self.engine.carts().add(self.tokens[cart].as_ref(), &command, None).await;
        match answer {
            Ok(answer) if self.paper.items[item].on_sale && !self.paper.short(item, wanted) => {
                self.tokens[cart] = self.tokens[cart].take().or(answer.token);
                match self.paper.carts[cart].iter_mut().find(|(known, _)| *known == item) {
                    Some((_, quantity)) => *quantity = wanted,
                    None => self.paper.carts[cart].push((item, wanted)),
                }
                Ok(())
            }
            Err(CartError::UnknownVariant) if !self.paper.items[item].on_sale => Ok(()),
            Err(CartError::OutOfStock(lines)) if self.paper.short(item, wanted) => {
                agree!(lines[0].wanted, u64::from(wanted), "wanted");
                agree!(i64::try_from(lines[0].available).ok(), self.paper.available(item), "available");
                Ok(())
            }
            other => Err(format!("{other:?}")),
        }
    }

    async fn set_quantity(&mut self, cart: usize, line: usize, units: u32) -> Taken {
        let lines = self.paper.carts[cart].len();
        let Some(token) = self.tokens[cart].clone().filter(|_| lines > 0) else { return Ok(()) };
        let (index, item) = (line % lines, self.paper.carts[cart][line % lines].0);
        let id = self.shop.view(&token).await.cart.ok_or("the cart is gone")?.lines[index].id;
        match self.engine.carts().set_quantity(&token, id, Quantity::new(units), None).await {
            Ok(_) if units == 0 => {
                self.paper.carts[cart].remove(index);
                Ok(())
            }
            Ok(_) if self.paper.items[item].on_sale && !self.paper.short(item, units) => {
                self.paper.carts[cart][index].1 = units;
                Ok(())
            }
            Err(CartError::UnknownVariant) if !self.paper.items[item].on_sale => Ok(()),
            Err(CartError::OutOfStock(_)) if self.paper.short(item, units) => Ok(()),
            other => Err(format!("{other:?}")),
        }
    }

    async fn confirm(&mut self, cart: usize, pay: Pay, fault: Option<Fault>) -> Taken {
        let Some(token) = self.tokens[cart].clone() else { return Ok(()) };
        if !self.paper.carts[cart].is_empty() {
            check_out(&self.engine, &token, method(pay)).await;
        }
        let lines = self.paper.carts[cart].clone();
        let short = lines.iter().any(|(item, units)| self.paper.short(*item, *units));
        if pay == Pay::CardTooLate && !lines.is_empty() && !short {
            let placed = self.confirm_too_late(&token).await?;
            self.paper.place(placed, cart, Some(before(self.shop.now().await, 60)));
            return Ok(());
        }
        let command = Confirm { request: Some(self.request("confirm")), ..Confirm::default() };
        let answer =
            self.losing(fault, async |engine| engine.checkout().confirm(&token, &command).await).await;
        match answer {
            Ok(Confirmed { order, replayed, .. }) if !lines.is_empty() && !short => {
                agree!(replayed, fault == Some(Fault::After), "replayed");
                agree!(order.order.totals.total.minor, self.paper.total(cart), "total");
                self.last_confirmed = Some((token, command, order.order.id));
                let until = method(pay).window().map(|window| order.order.placed_at.plus(window));
                self.paper.place(order.order.id, cart, until);
                Ok(())
            }
            Err(ConfirmError::Incomplete(_)) if lines.is_empty() => Ok(()),
            Err(ConfirmError::OutOfStock(_)) if short => Ok(()),
            other => Err(format!("{other:?}")),
        }
    }

    /// Places the order that would have been placed two hours ago.
    async fn confirm_too_late(&self, token: &CartToken) -> Result<crate::OrderId, String> {
        let placed = self.shop.placed_before(token, 120).await;
        self.shop.store.commit(&placed.changes).await.map_err(|error| error.to_string())?;
        Ok(placed.order.id)
    }

    async fn confirm_again(&mut self) -> Taken {
        let Some((token, command, order)) = &self.last_confirmed else { return Ok(()) };
        let again =
            self.engine.checkout().confirm(token, command).await.map_err(|error| error.to_string())?;
        agree!((again.replayed, again.order.order.id), (true, *order), "the same order again");
        Ok(())
    }

    async fn cancel(&mut self, order: usize, fault: Option<Fault>) -> Taken {
        if self.paper.orders.is_empty() {
            return Ok(());
        }
        let index = order % self.paper.orders.len();
        let (id, open) = (self.paper.orders[index].id, self.paper.orders[index].open);
        let command = Cancel { request: Some(self.request("cancel")), ..cancel() };
        let answer = self.losing(fault, async |engine| engine.orders().cancel(id, &command).await).await;
        match answer {
            Ok(answer) if open && !self.paper.orders[index].shipped => {
                agree!(answer.replayed, fault == Some(Fault::After), "replayed");
                self.paper.orders[index].open = false;
                Ok(())
            }
            Err(CancelError::State(_)) if !open => Ok(()),
            Err(CancelError::Fulfilled) if self.paper.orders[index].shipped => Ok(()),
            other => Err(format!("{other:?}")),
        }
    }

    /// The paper does not say from which location an order comes, so that is read from the shop.
    async fn ship(&mut self, order: usize) -> Taken {
        if self.paper.orders.is_empty() {
            return Ok(());
        }
        let index = order % self.paper.orders.len();
        let Order { id, open, shipped, until, total, .. } = self.paper.orders[index].clone();
        let accepted = self.engine.orders().move_on(id, &moving(OrderState::Processing)).await;
        match accepted {
            Ok(_) if open && !shipped && until.is_none() => {}
            Err(MoveOnError::NotPaid) if open && until.is_some() => return Ok(()),
            Err(MoveOnError::State(_)) if !open || shipped => return Ok(()),
            other => return Err(format!("{other:?}, while it costs {total}")),
        }
        let leaving = self.shop.order_now(id).await.reservations;
        let there = self.are_there(&leaving).await?;
        match self.engine.orders().move_on(id, &moving(OrderState::Shipped)).await {
            Ok(_) if there => {
                self.paper.orders[index].shipped = true;
                for reservation in leaving {
                    let (item, place) = self.level(&reservation)?;
                    let left = self.paper.items[item].on_hand[place].as_mut().ok_or("no row on paper")?;
                    *left -= i64::from(reservation.quantity.get());
                }
                Ok(())
            }
            Err(MoveOnError::NotThere(_)) if !there => Ok(()),
            other => Err(format!("{other:?}, while all is there: {there}")),
        }
    }

    /// Whether these units are on hand, and leave what is promised to others for certain.
    async fn are_there(&self, leaving: &[Reservation]) -> Result<bool, String> {
        let mut others = Vec::new();
        for order in self.paper.orders.iter().filter(|order| order.open && !order.shipped) {
            others.extend(self.shop.order_now(order.id).await.reservations);
        }
        for one in leaving {
            let (item, place) = self.level(one)?;
            let here = |known: &&Reservation| (known.variant, known.location) == (one.variant, one.location);
            let units = |known: &Reservation| i64::from(known.quantity.get());
            let gone: i64 = leaving.iter().filter(here).map(units).sum();
            let scarce = leaving.iter().filter(here).any(|known| known.backorder);
            let certain = others.iter().filter(here).filter(|known| scarce && !known.backorder);
            let kept: i64 = certain.filter(|known| known.order != one.order).map(units).sum();
            if self.paper.items[item].on_hand[place].unwrap_or(0) - gone < kept {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The item and the place of a reservation.
    fn level(&self, reservation: &Reservation) -> Result<(usize, usize), String> {
        let item = (0..ITEMS).find(|index| variant_id(&self.sku(*index)) == reservation.variant);
        let place = PLACES.iter().position(|place| location_id(place) == reservation.location);
        item.zip(place).ok_or_else(|| format!("{reservation:?} lies nowhere"))
    }

    async fn expire(&mut self) -> Taken {
        self.engine.orders().expire_overdue(100_000).await.map_err(|error| error.to_string())?;
        self.paper.expire(self.shop.now().await);
        Ok(())
    }

    /// The paper does not say from which location an order comes, so what is promised at this one is read from the shop.
    async fn count(&mut self, item: usize, place: usize, units: i64) -> Taken {
        if self.paper.items[item].kind == Kind::Untracked {
            return Ok(());
        }
        let levels = self.shop.levels(&self.sku(item)).await;
        let here = levels.iter().find(|level| level.location == location_id(PLACES[place]));
        let (on_hand, promised) = here.map_or((0, 0), |level| (level.on_hand, level.reserved));
        let count = Count {
            sku: key(&self.sku(item)),
            location: PLACES[place].to_owned(),
            on_hand: units,
            safety_stock: None,
        };
        let answer = self.engine.inventory().count(&[count], MovementReason::Count, &Actor::System).await;
        let refused = units < promised && units < on_hand;
        match answer {
            Ok(()) if !refused => {
                self.paper.items[item].on_hand[place] = Some(units);
                Ok(())
            }
            Err(InventoryError::BelowReserved { .. }) if refused => Ok(()),
            other => Err(format!("{other:?}")),
        }
    }

    /// What the paper says, the shop says too: of the stock after each step, of carts and orders now and then.
    async fn compare(&self, all: bool) -> Taken {
        let variants: Vec<VariantId> = (0..ITEMS).map(|index| variant_id(&self.sku(index))).collect();
        let (_, levels) = self.shop.store.stock(&variants).await.map_err(|error| error.to_string())?;
        for (index, variant) in variants.iter().enumerate() {
            let here = levels.iter().filter(|level| level.variant == *variant);
            let seen = here.fold((0, 0), |sum, level| (sum.0 + level.on_hand, sum.1 + level.reserved));
            agree!(seen, self.paper.stock(index), "stock of item {index}");
        }
        for (cart, lines) in self.paper.carts.iter().enumerate().filter(|_| all) {
            let Some(token) = &self.tokens[cart] else { continue };
            let seen = self.shop.view(token).await.cart.map_or_else(Vec::new, |cart| cart.lines);
            let seen: Vec<_> = seen.iter().map(|line| (line.variant, line.quantity.get())).collect();
            let paper: Vec<_> = lines.iter().map(|(item, units)| (variants[*item], *units)).collect();
            agree!(seen, paper, "cart {cart}");
        }
        for order in self.paper.orders.iter().filter(|_| all) {
            let seen = self.shop.order_now(order.id).await.order;
            agree!(seen.totals.total.minor, order.total, "total of {}", order.id);
            agree!(seen.status != OrderState::Cancelled, order.open, "whether {} is open", order.id);
        }
        Ok(())
    }

    /// Asks; when the answer is lost, asks the same again.
    async fn losing<T, E: Lost>(
        &self,
        fault: Option<Fault>,
        ask: impl AsyncFn(&Engine) -> Result<T, E>,
    ) -> Result<T, E> {
        if let Some(fault) = fault {
            self.losing.next(fault);
        }
        let answer = ask(&self.engine).await;
        self.losing.heal();
        match answer {
            Err(error) if error.lost() => ask(&self.engine).await,
            answer => answer,
        }
    }

    fn request(&mut self, what: &str) -> Request {
        self.keys += 1;
        request(&format!("{}-{}", self.name, self.keys), what)
    }

    fn in_cart(&self, cart: usize, item: usize) -> u32 {
        self.paper.carts[cart].iter().filter(|(known, _)| *known == item).map(|(_, units)| units).sum()
    }

    fn sku(&self, index: usize) -> String {
        format!("{}-{index}", self.name)
    }

    fn item(&self, index: usize) -> Item {
        let paper = &self.paper.items[index];
        let item = item(&self.sku(index)).price_exactly(paper.price * crate::UnitPrice::PER_MINOR);
        let item = match paper.kind {
            Kind::Limited => item,
            Kind::Backorder => item.backorder(),
            Kind::Untracked => item.untracked(),
        };
        if paper.on_sale { item } else { item.draft() }
    }
}

fn method(pay: Pay) -> PaymentMethod {
    match pay {
        Pay::Cash => PaymentMethod::CashOnDelivery,
        Pay::Card | Pay::CardTooLate => PaymentMethod::Card,
    }
}

/// An error that may mean that the answer was lost.
trait Lost {
    fn lost(&self) -> bool;
}

impl Lost for ConfirmError {
    fn lost(&self) -> bool {
        matches!(self, Self::Store(_))
    }
}

impl Lost for CancelError {
    fn lost(&self) -> bool {
        matches!(self, Self::Store(_))
    }
}
