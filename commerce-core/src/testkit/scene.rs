//! Given a view, when a command, then these changes: rules tested as data.

use std::fmt::Debug;

use super::item::{Item, MAIN, item, location_id, named, start, variant_id};
use crate::cart::CartError;
use crate::cart::{
    self, AddItem, Cart, CartLine, CartToken, Decided, Delivery, Offer, PaymentChoice, Shopper, VariantKey,
    View,
};
use crate::catalog::Sku;
use crate::checkout::{Confirm, ConfirmError, Placed, place_order};
use crate::commit::ChangeSet;
use crate::customer::{Address, Country};
use crate::inventory::StockLevel;
use crate::order::{Cancel, CancelError, MoveOn, MoveOnError, OrderView};
use crate::payment::{PaymentMethod, PaymentTerms};
use crate::pricing::{Rulebook, RulesInForce, StoredRulebook};
use crate::promotion::Redemption;
use crate::{Currency, Ids, LineId, OrderId, Quantity, Timestamp};

/// What a decision about a cart sees, made up: see [`view`].
#[derive(Debug, Clone)]
pub struct Scene {
    /// The view.
    pub view: View,
    /// The token of its cart.
    pub token: CartToken,
    /// The rulebook in force.
    pub rules: std::sync::Arc<RulesInForce>,
    /// The ways to pay that the shop takes, and for how long it waits; no gateway unless it is put in.
    pub terms: PaymentTerms,
}

/// An open cart that lacks only line items, in a shop that ships everywhere for nothing and takes every way to pay.
///
/// ```
/// use commerce_core::checkout::{Confirm, ConfirmError};
/// use commerce_core::testkit::{given, view};
/// given(view().stock("mug", 1).line("mug", 2))
///     .when(Confirm::default())
///     .refused(|error| matches!(error, ConfirmError::OutOfStock(short) if short[0].available == 1));
/// given(view().stock("mug", 5).line("mug", 2))
///     .when(Confirm::default())
///     .changes(|changes| assert_eq!(changes.inventory.reserve.len(), 1));
/// ```
#[must_use]
pub fn view() -> Scene {
    let token = CartToken::from_bytes([7; 32]);
    let cart = Cart {
        id: named("cart", "open"),
        token: token.hash(),
        customer: None,
        currency: None,
        channel: None,
        lines: Vec::new(),
        coupons: Vec::new(),
        email: Some("ada@example.com".parse().unwrap()),
        shipping_address: Some(address(Country::NG)),
        billing_address: None,
        shipping_method: Some("standard".to_owned()),
        payment_method: Some(PaymentMethod::CashOnDelivery),
        mobile_money: None,
        order: None,
        created_at: start(),
        updated_at: start(),
        expires_at: start().plus(std::time::Duration::from_secs(Cart::LIFETIME_SECONDS)),
        version: 1,
    };
    let view = View {
        now: start(),
        cart: Some(cart),
        token_known: false,
        offers: Vec::new(),
        levels: Vec::new(),
        coupons: Vec::new(),
        ordered_before: Some(false),
        outside: cart::Outside::default(),
        rulebook_version: 0,
        record: None,
    };
    let rules = StoredRulebook { version: 0, rulebook: Rulebook::starter(Currency::NGN) };
    let rules = rules.in_force().unwrap();
    let terms = PaymentTerms { accepted: PaymentMethod::ALL.to_vec(), ..PaymentTerms::default() };
    Scene { view, token, rules, terms }
}

/// An address in this country.
#[must_use]
pub fn address(country_code: Country) -> Address {
    Address {
        contact_name: "Ada Obi".to_owned(),
        phone: Some("+2348031234567".parse().unwrap()),
        street_line1: "12 Marina Road".to_owned(),
        street_line2: None,
        city: "Lagos".to_owned(),
        state_province: (country_code == Country::NG).then(|| "LA".to_owned()),
        postal_code: None,
        country_code,
        vat_id: None,
    }
}

/// Puts so many units of the SKU into a cart.
#[must_use]
pub fn add(sku: &str, quantity: u32) -> AddItem {
    AddItem::new(VariantKey::Sku(key(sku)), units(quantity))
}

/// Sets how many units the line item of this place holds; 0 removes it.
#[derive(Debug, Clone, Copy)]
pub struct SetQuantity(pub usize, pub u32);

/// The id that [`Scene::line`] gives the line item of this place.
#[must_use]
pub fn line_id(place: usize) -> LineId {
    named("line", &place.to_string())
}

impl Scene {
    /// So many units of the SKU are free at [`MAIN`]; says it again, adds to it.
    #[must_use]
    pub fn stock(self, sku: &str, units: i64) -> Self {
        self.stock_at(sku, MAIN, units)
    }

    /// So many units of the SKU are free at this location; one that is named later ships later.
    #[must_use]
    pub fn stock_at(mut self, sku: &str, location: &str, units: i64) -> Self {
        self = self.sells(item(sku));
        let (variant, location) = (variant_id(sku), location_id(location));
        let rank =
            self.view.levels.iter().find(|level| level.location == location).map(|level| level.priority);
        let next = self.view.levels.iter().map(|level| level.priority + 1).max().unwrap_or(0);
        let priority = rank.unwrap_or(next);
        let known =
            self.view.levels.iter_mut().find(|level| (level.variant, level.location) == (variant, location));
        match known {
            Some(level) => level.on_hand += units,
            None => self.view.levels.push(StockLevel {
                variant,
                location,
                priority,
                on_hand: units,
                reserved: 0,
                safety_stock: 0,
            }),
        }
        self.view.levels.sort_by_key(|level| (level.variant, level.location));
        self
    }

    /// The shop sells this, unless it does already.
    #[must_use]
    pub fn sells(mut self, item: Item) -> Self {
        for offer in offers(&item) {
            if self.view.offer(offer.variant).is_none() {
                self.view.offers.push(offer);
            }
        }
        self.view.offers.sort_by_key(|offer| offer.variant);
        self
    }

    /// What is said of the SKU is changed like this.
    #[must_use]
    pub fn offer(mut self, sku: &str, change: impl FnOnce(&mut Offer)) -> Self {
        self = self.sells(item(sku));
        let variant = variant_id(sku);
        change(self.view.offers.iter_mut().find(|offer| offer.variant == variant).unwrap());
        self
    }

    /// The SKU costs this much per unit.
    #[must_use]
    pub fn price(self, sku: &str, amount: &str) -> Self {
        let price = crate::UnitPrice::parse(amount, self.rules.rulebook.currency).unwrap();
        self.offer(sku, |offer| offer.price = price)
    }

    /// One more line item, of so many units of the SKU. A second one of the same SKU has a wish of its own.
    #[must_use]
    pub fn line(mut self, sku: &str, quantity: u32) -> Self {
        self = self.sells(item(sku));
        let variant = variant_id(sku);
        self.cart(|cart| {
            let place = cart.lines.len();
            let again = cart.lines.iter().any(|line| line.variant == variant);
            let wish = again.then(|| ("for".to_owned(), format!("line {place}")));
            cart.lines.push(CartLine {
                id: line_id(place),
                variant,
                quantity: units(quantity),
                customizations: wish.into_iter().collect(),
            });
        })
    }

    /// The cart is changed like this.
    #[must_use]
    pub fn cart(mut self, change: impl FnOnce(&mut Cart)) -> Self {
        change(self.view.cart.as_mut().unwrap());
        self
    }

    /// The shopper pays like this.
    #[must_use]
    pub fn paying(self, method: PaymentMethod) -> Self {
        self.cart(|cart| cart.payment_method = Some(method))
    }

    /// The shop has these rules.
    #[must_use]
    pub fn rules(mut self, rulebook: Rulebook) -> Self {
        self.rules = StoredRulebook { version: self.rules.version + 1, rulebook }.in_force().unwrap();
        self.view.rulebook_version = self.rules.version;
        self
    }

    /// The store's time is this.
    #[must_use]
    pub fn at(mut self, now: Timestamp) -> Self {
        self.view.now = now;
        self
    }

    /// There is no cart, and the token is of one that became an order, or unknown.
    #[must_use]
    pub fn without_cart(mut self, token_known: bool) -> Self {
        self.view.cart = None;
        self.view.token_known = token_known;
        self
    }

    /// Whose cart it is.
    #[must_use]
    pub fn shopper(&self) -> Shopper {
        (&self.token).into()
    }

    /// The order that confirming the cart places.
    ///
    /// # Panics
    /// When it cannot be confirmed.
    #[must_use]
    pub fn placed(&self) -> Placed {
        Confirm::default().decide(self).unwrap()
    }
}

/// A command and the pure function that decides it, from what it looks at.
pub trait Decide<Seen> {
    /// What it makes.
    type Made: Made;
    /// Why it may be refused.
    type Error: Debug;

    /// Decides it.
    ///
    /// # Errors
    /// The refusals of the decision.
    fn decide(self, seen: &Seen) -> Result<Self::Made, Self::Error>;
}

/// What a decision made: a change set, and perhaps more.
pub trait Made: Debug {
    /// What to commit.
    fn changes(&self) -> &ChangeSet;
}

/// What is seen; see [`given`].
#[derive(Debug)]
pub struct Given<Seen>(Seen);

/// What a decision came to.
#[derive(Debug)]
#[must_use = "an outcome that nobody looks at proves nothing"]
pub struct Decision<M, E>(Result<M, E>);

/// Starts a test of a rule: what is seen.
#[must_use]
pub fn given<Seen>(seen: Seen) -> Given<Seen> {
    Given(seen)
}

impl<Seen> Given<Seen> {
    /// Decides the command.
    pub fn when<C: Decide<Seen>>(self, command: C) -> Decision<C::Made, C::Error> {
        Decision(command.decide(&self.0))
    }
}

impl<M: Made, E: Debug> Decision<M, E> {
    /// It was refused, and the error is right.
    #[track_caller]
    pub fn refused(self, right: impl FnOnce(&E) -> bool) {
        match self.0 {
            Ok(made) => panic!("not refused, but {:?}", made.changes()),
            Err(error) => assert!(right(&error), "refused otherwise: {error:?}"),
        }
    }

    /// It makes changes, which are looked at.
    #[track_caller]
    pub fn changes(self, look: impl FnOnce(&ChangeSet)) {
        look(self.made().changes());
    }

    /// What it made.
    #[track_caller]
    pub fn made(self) -> M {
        match self.0 {
            Ok(made) => made,
            Err(error) => panic!("refused: {error:?}"),
        }
    }
}

impl Made for Placed {
    fn changes(&self) -> &ChangeSet {
        &self.changes
    }
}

impl Made for Decided {
    fn changes(&self) -> &ChangeSet {
        &self.changes
    }
}

impl Made for ChangeSet {
    fn changes(&self) -> &ChangeSet {
        self
    }
}

impl Decide<Scene> for Confirm {
    type Made = Placed;
    type Error = ConfirmError;

    fn decide(self, seen: &Scene) -> Result<Placed, ConfirmError> {
        let Scene { view, token, rules, terms } = seen;
        place_order(view, &token.into(), &self, rules, terms, &mut ids(seen.view.now))
    }
}

impl Decide<Scene> for AddItem {
    type Made = Decided;
    type Error = CartError;

    fn decide(self, seen: &Scene) -> Result<Decided, CartError> {
        cart::add_item(&seen.view, &seen.shopper(), &self, None, &mut ids(seen.view.now))
    }
}

impl Decide<Scene> for SetQuantity {
    type Made = Decided;
    type Error = CartError;

    fn decide(self, seen: &Scene) -> Result<Decided, CartError> {
        cart::set_quantity(&seen.view, &seen.shopper(), line_id(self.0), Quantity::new(self.1), None)
    }
}

impl Decide<Scene> for Delivery {
    type Made = Decided;
    type Error = CartError;

    fn decide(self, seen: &Scene) -> Result<Decided, CartError> {
        let decided = cart::set_delivery(&seen.view, &seen.shopper(), &self, None)?;
        cart::check_delivery(&cart::price(
            &seen.view,
            decided.cart.clone(),
            &seen.rules,
            &seen.terms.accepted,
        )?)?;
        Ok(decided)
    }
}

impl Decide<Scene> for PaymentMethod {
    type Made = Decided;
    type Error = CartError;

    fn decide(self, seen: &Scene) -> Result<Decided, CartError> {
        PaymentChoice::from(self).decide(seen)
    }
}

impl Decide<Scene> for PaymentChoice {
    type Made = Decided;
    type Error = CartError;

    fn decide(self, seen: &Scene) -> Result<Decided, CartError> {
        cart::set_payment(&seen.view, &seen.shopper(), &self, &seen.terms.accepted, None)
    }
}

impl Decide<OrderView> for Cancel {
    type Made = ChangeSet;
    type Error = CancelError;

    fn decide(self, seen: &OrderView) -> Result<ChangeSet, CancelError> {
        crate::order::cancel(seen, &self, &mut ids(seen.now))
    }
}

impl Decide<OrderView> for MoveOn {
    type Made = ChangeSet;
    type Error = MoveOnError;

    /// An order that is there already changes nothing.
    fn decide(self, seen: &OrderView) -> Result<ChangeSet, MoveOnError> {
        Ok(crate::order::move_on(seen, &self, &mut ids(seen.now))?.unwrap_or_default())
    }
}

/// What a look at the order sees right after it was placed.
#[must_use]
pub fn order_view(placed: &Placed) -> OrderView {
    let changes = &placed.changes;
    let history = |order: OrderId| {
        changes
            .order
            .history
            .iter()
            .filter(move |(of, _)| *of == order)
            .map(|(_, transition)| transition.clone())
    };
    let mut reservations = changes.inventory.reserve.clone();
    reservations.sort_by_key(|reservation| reservation.id);
    OrderView {
        now: placed.order.placed_at,
        order: placed.order.clone(),
        history: history(placed.order.id).collect(),
        payments: vec![placed.payment.clone()],
        refunds: Vec::new(),
        unmatched: Vec::new(),
        redemptions: changes.promotion.redeem.iter().cloned().map(Redemption::without_limits).collect(),
        reservations,
        record: None,
    }
}

/// What a look at the variants of this item finds, when it is written alone.
#[must_use]
pub fn offers(item: &Item) -> Vec<Offer> {
    let product = item.product();
    let categories: Vec<_> = item.category_rows().iter().map(|category| category.slug.to_string()).collect();
    let code_of = |attribute| {
        let rows = item.attribute_rows();
        rows.into_iter().find(|row| row.id == attribute).map(|row| row.code)
    };
    let offer = |variant: &crate::catalog::Variant| Offer {
        variant: variant.id,
        sku: variant.sku.clone(),
        product: product.id,
        seller: product.seller,
        product_version: product.version,
        slug: product.slug.clone(),
        name: product.name.clone(),
        options: product
            .options
            .iter()
            .map(|option| option.name.clone())
            .zip(variant.option_values.iter().cloned())
            .collect(),
        image: variant.image.clone().or_else(|| product.listed_image().map(str::to_owned)),
        categories: categories.clone(),
        brand: item.brand_row().map(|brand| brand.slug.to_string()),
        tags: product.tags.clone(),
        attributes: product
            .attributes
            .iter()
            .map(|value| (value.attribute, value.value.clone()))
            .chain(
                product
                    .options
                    .iter()
                    .zip(&variant.option_values)
                    .filter_map(|(option, value)| Some((option.attribute?, value.clone()))),
            )
            .filter_map(|(attribute, value)| Some((code_of(attribute)?, value)))
            .collect(),
        price: variant.price,
        compare_at: variant.compare_at_price,
        weight: variant.weight,
        dimensions: variant.dimensions,
        tax_class: variant.tax_class.clone(),
        digital: variant.digital,
        tracked: variant.tracked,
        backorder: variant.backorder,
        on_sale: product.on_sale(),
    };
    product.variants.iter().map(offer).collect()
}

/// A stream of ids that is the same in every test.
#[must_use]
pub fn ids(now: Timestamp) -> Ids {
    Ids::new([1; 32], now)
}

/// A SKU.
#[must_use]
pub fn key(sku: &str) -> Sku {
    sku.parse().unwrap()
}

/// Every combination of what a list of orders can be asked for.
#[must_use]
pub fn order_searches() -> Vec<crate::order::Search> {
    let search = |chosen: u32| {
        let when = |bit: u32| chosen & (1 << bit) != 0;
        crate::order::Search {
            customer: when(0).then(|| named("customer", "ada")),
            email: when(1).then(|| "ada@example.com".parse().unwrap()),
            number: when(2).then(|| crate::order::OrderNumber("1234-ABCDE".to_owned())),
            status: when(3).then_some(crate::order::OrderState::Processing),
            payment_status: when(4).then_some(crate::payment::PaymentState::Due),
            fulfillment_status: when(4).then_some(crate::order::FulfillmentState::Unfulfilled),
            payment_method: when(5).then_some(PaymentMethod::Card),
            placed_from: when(6).then(start),
            placed_until: when(7).then(start),
            before: when(8).then(|| named("order", "before")),
            seller: when(9).then(|| named("seller", "adire")),
        }
    };
    (0..1 << 10).map(search).collect()
}

/// A number of units.
#[must_use]
pub fn units(quantity: u32) -> Quantity {
    Quantity::new(quantity).unwrap()
}
