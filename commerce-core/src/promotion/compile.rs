//! Promotions, read once for each version of the rulebook: texts become numbers, and everything wrong is named.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::types::{
    Action, BuyGet, Condition, Limits, Promotion, Reduction, Scope, Subtotal, TierMeasure, Tiers, Units,
};
use crate::customer::Country;
use crate::money::{Fraction, Percent};
use crate::pricing::{
    Amounts, AnyOf, DiscountedLines, Measure, MinorAmounts, OrderDiscount, Origin, PromotionOrder,
    RoundingProfile, Selection, Symbols, Wrong,
};
use crate::{Currency, Money};

/// A promotion, read.
#[derive(Debug, Clone)]
pub(crate) struct Compiled {
    pub(crate) code: Arc<str>,
    pub(crate) origin: Arc<Origin>,
    pub(crate) coupon: bool,
    /// Microseconds since 1970 from which it runs, and from which it is over.
    pub(crate) window: (i64, i64),
    pub(crate) when: Option<When>,
    pub(crate) targets: AnyOf,
    pub(crate) action: Act,
    pub(crate) scope: Scope,
    pub(crate) phase: Phase,
    pub(crate) max_discount: Option<MinorAmounts>,
    pub(crate) floor: Option<MinorAmounts>,
    pub(crate) discounted_lines: DiscountedLines,
    pub(crate) measure: Measure,
    pub(crate) exclusive: bool,
    pub(crate) lane: Option<u32>,
    pub(crate) total: Option<u64>,
    pub(crate) per_customer: Option<u64>,
    pub(crate) budget: Option<i64>,
    /// Which has its turn first where nothing else says so: the highest priority, then the earlier one in the document.
    pub(crate) rank: (Reverse<i32>, u32),
}

/// When in a quote a promotion has its turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// On units and line items; where priority alone counts, on the order too.
    Goods,
    /// On the order, after those on goods.
    Order,
    /// Once the price of shipping is known.
    Shipping,
}

/// What a promotion gives, read.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    /// A reduction of what the scope says.
    Reduce(Cut),
    /// Units for units.
    BuyGet { buy: u32, of: AnyOf, get: u32, cut: Cut, sets_max: u32 },
    /// The last step that is reached.
    Tiers { by: TierMeasure, steps: Vec<(Reached, Cut)> },
}

/// How much takes a tier to reach.
#[derive(Debug, Clone)]
pub(crate) enum Reached {
    Units(u64),
    Amount(MinorAmounts),
}

/// A reduction, read.
#[derive(Debug, Clone)]
pub(crate) enum Cut {
    Percent(Fraction),
    Amount(MinorAmounts),
    FixedPrice(MinorAmounts),
}

/// A condition, read.
#[derive(Debug, Clone)]
pub(crate) enum When {
    All(Vec<When>),
    Any(Vec<When>),
    Not(Box<When>),
    Subtotal { from: Option<MinorAmounts>, below: Option<MinorAmounts>, of: AnyOf },
    Quantity { from: u64, up_to: u64, of: AnyOf },
    DistinctItems { from: u64, up_to: u64, of: AnyOf },
    CustomerGroup(Vec<String>),
    FirstOrder(bool),
    Country(Vec<Country>),
    Currency(Vec<Currency>),
    Channel(Vec<String>),
    Applied(Arc<str>),
}

/// What compiling promotions needs to know of the rulebook.
pub(crate) struct Context<'a> {
    pub(crate) currency: Currency,
    pub(crate) profile: &'a RoundingProfile,
    pub(crate) groups: &'a HashSet<&'a str>,
}

/// Reads all promotions, in the order in which they apply.
pub(crate) fn compile(
    promotions: &[Promotion],
    context: &Context<'_>,
    symbols: &mut Symbols,
    wrong: &mut Wrong<'_>,
) -> Vec<Compiled> {
    if promotions.len() > Promotion::COUNT_MAX {
        wrong.here(format!("has {} promotions, more than {}", promotions.len(), Promotion::COUNT_MAX));
        return Vec::new();
    }
    let mut codes = HashSet::new();
    let known: HashSet<&str> = promotions.iter().map(|promotion| promotion.code.as_str()).collect();
    let mut lanes = HashMap::new();
    let mut lane_phases: Vec<bool> = Vec::new();
    let mut compiled = Vec::with_capacity(promotions.len());
    for (index, promotion) in promotions.iter().enumerate() {
        let mut wrong = wrong.below(index);
        wrong.code(&promotion.code, &mut codes);
        let place = u32::try_from(index).unwrap_or(u32::MAX);
        let read = promotion.compile(place, context, symbols, &known, &mut wrong);
        let shipping = read.phase == Phase::Shipping;
        let lane = promotion.lane.as_ref().map(|lane| {
            let number = *lanes.entry(lane.as_str()).or_insert(lane_phases.len());
            match lane_phases.get(number) {
                None => lane_phases.push(shipping),
                Some(other) if *other != shipping => {
                    wrong.at(
                        "lane",
                        format!("`{lane}` has promotions on goods and on shipping: use two lanes"),
                    );
                }
                Some(_) => {}
            }
            u32::try_from(number).unwrap_or(u32::MAX)
        });
        compiled.push(Compiled { lane, ..read });
    }
    find_cycles(promotions, wrong);
    compiled.sort_by_key(|promotion| (promotion.phase, promotion.rank));
    compiled
}

/// Two promotions that wait for each other would never apply.
fn find_cycles(promotions: &[Promotion], wrong: &mut Wrong<'_>) {
    let needs: HashMap<&str, Vec<&str>> = promotions
        .iter()
        .map(|promotion| {
            let mut needs = Vec::new();
            promotion.when.iter().for_each(|when| when.applied(&mut needs));
            (promotion.code.as_str(), needs)
        })
        .filter(|(_, needs)| !needs.is_empty())
        .collect();
    for (index, promotion) in promotions.iter().enumerate() {
        let (mut waiting, mut seen) = (vec![promotion.code.as_str()], HashSet::new());
        while let Some(code) = waiting.pop() {
            for needed in needs.get(code).into_iter().flatten() {
                if *needed == promotion.code {
                    wrong.below(index).at("when", format!("`{needed}` waits for itself to be applied"));
                    waiting.clear();
                    break;
                }
                if seen.insert(*needed) {
                    waiting.push(needed);
                }
            }
        }
    }
}

impl Compiled {
    /// Whether its use is counted.
    pub(crate) fn is_limited(&self) -> bool {
        self.total.is_some() || self.per_customer.is_some() || self.budget.is_some()
    }
}

impl Promotion {
    fn compile(
        &self,
        place: u32,
        context: &Context<'_>,
        symbols: &mut Symbols,
        known: &HashSet<&str>,
        wrong: &mut Wrong<'_>,
    ) -> Compiled {
        let Self {
            code,
            label,
            coupon,
            from,
            until,
            when,
            targets,
            action,
            scope: _,
            max_discount,
            floor_price,
            discounted_lines,
            conditions_on,
            priority,
            exclusive,
            lane,
            limits,
        } = self;
        let currency = context.currency;
        wrong.label(label);
        wrong.window(*from, *until);
        if lane.as_deref().is_some_and(|lane| lane.trim().is_empty() || lane.len() > 100) {
            wrong.at("lane", "must have 1 to 100 characters");
        }
        let mut left = Promotion::CONDITIONS_MAX;
        let when = when.as_ref().map(|when| {
            when.compile(context, symbols, known, Promotion::DEPTH_MAX, &mut left, &mut wrong.below("when"))
        });
        let targets = Selection::compile_all(targets, "targets", symbols, wrong);
        let scope = self.effective_scope(context.profile, wrong);
        let action = action.compile(currency, symbols, &mut wrong.below("action"));
        let mut positive = |amounts: &Option<Amounts>, field: &str| {
            amounts.as_ref().map(|amounts| amounts.compile(currency, &mut wrong.below(field)))
        };
        let max_discount = positive(max_discount, "max_discount");
        let floor = positive(floor_price, "floor_price");
        if max_discount.as_ref().is_some_and(|most| !most.all_positive()) {
            wrong.at("max_discount", "must be above 0");
        }
        if floor.is_some() && scope == Scope::Shipping {
            wrong.at("floor_price", "is for goods, not for shipping");
        }
        let Limits { total, per_customer, budget } = limits;
        for (field, limit) in [("total", total), ("per_customer", per_customer)] {
            if limit.is_some_and(|limit| limit == 0 || i64::try_from(limit).is_err()) {
                wrong.below("limits").at(field, "must be from 1 to 9223372036854775807");
            }
        }
        let budget = budget.as_deref().map(|text| {
            let read = Money::parse_unsigned(text, currency).map(|money| money.minor);
            read.ok().filter(|minor| *minor > 0).unwrap_or_else(|| {
                let reason = format!("must be an amount of {currency} above 0, such as \"50000.00\"");
                wrong.below("limits").at("budget", reason);
                0
            })
        });
        let phase = match scope {
            Scope::Shipping | Scope::ItemsAndShipping => Phase::Shipping,
            Scope::Order if context.profile.promotion_order == PromotionOrder::ByScope => Phase::Order,
            Scope::Order | Scope::Line | Scope::Unit => Phase::Goods,
        };
        Compiled {
            code: code.as_str().into(),
            origin: Arc::new(Origin {
                label: label.as_str().into(),
                source: format!("promotion:{code}").into(),
            }),
            coupon: *coupon,
            window: (
                from.map_or(i64::MIN, |from| from.as_micros()),
                until.map_or(i64::MAX, |until| until.as_micros()),
            ),
            when,
            targets,
            action,
            scope,
            phase,
            max_discount,
            floor,
            discounted_lines: discounted_lines.unwrap_or(context.profile.discounted_lines),
            measure: conditions_on.unwrap_or(context.profile.conditions),
            exclusive: *exclusive,
            lane: None,
            total: *total,
            per_customer: *per_customer,
            budget,
            rank: (Reverse(*priority), place),
        }
    }

    /// The scope, which must fit the action. What is on the order reaches shipping where the profile says so.
    fn effective_scope(&self, profile: &RoundingProfile, wrong: &mut Wrong<'_>) -> Scope {
        let scope = self.scope();
        match &self.action {
            Action::BuyGet(_) if scope != Scope::Unit => wrong.at("scope", "must be `unit` for `buy_get`"),
            Action::FreeShipping if scope != Scope::Shipping => {
                wrong.at("scope", "must be `shipping` for `free_shipping`");
            }
            Action::Tiers(_) if scope == Scope::Shipping && !self.targets.is_empty() => {}
            _ if scope == Scope::Shipping && !self.targets.is_empty() => {
                wrong.at("targets", "are goods, but this promotion is on shipping: use a condition");
            }
            _ => {}
        }
        match (scope, profile.order_discount) {
            (Scope::Order, OrderDiscount::ItemsAndShipping) => Scope::ItemsAndShipping,
            _ => scope,
        }
    }
}

impl Action {
    fn compile(&self, currency: Currency, symbols: &mut Symbols, wrong: &mut Wrong<'_>) -> Act {
        let amounts = |amounts: &Amounts, field: &str, wrong: &mut Wrong<'_>| {
            amounts.compile(currency, &mut wrong.below(field))
        };
        match self {
            Self::Percent(percent) => Act::Reduce(Cut::Percent(percentage(*percent, "percent", wrong))),
            Self::Amount(off) => {
                let off = amounts(off, "amount", wrong);
                if !off.all_positive() {
                    wrong.at("amount", "must be above 0");
                }
                Act::Reduce(Cut::Amount(off))
            }
            Self::FixedPrice(price) => Act::Reduce(Cut::FixedPrice(amounts(price, "fixed_price", wrong))),
            Self::FreeShipping => Act::Reduce(Cut::Percent(Fraction::ONE)),
            Self::BuyGet(sets) => {
                let mut wrong = wrong.below("buy_get");
                let BuyGet { buy, of, get, reduction, sets_max } = sets;
                for (field, count) in [("buy", Some(*buy)), ("get", Some(*get)), ("sets_max", *sets_max)] {
                    if count.is_some_and(|count| count == 0 || count > 1_000_000) {
                        wrong.at(field, "must be from 1 to 1000000");
                    }
                }
                Act::BuyGet {
                    buy: (*buy).max(1),
                    of: Selection::compile_all(of, "of", symbols, &mut wrong),
                    get: (*get).max(1),
                    cut: reduction.compile(currency, &mut wrong.below("reduction")),
                    sets_max: sets_max.unwrap_or(u32::MAX),
                }
            }
            Self::Tiers(tiers) => tiers.compile(currency, &mut wrong.below("tiers")),
        }
    }
}

impl Tiers {
    fn compile(&self, currency: Currency, wrong: &mut Wrong<'_>) -> Act {
        let mut wrong = wrong.below("steps");
        if self.steps.is_empty() || self.steps.len() > Promotion::TIERS_MAX {
            wrong.here(format!("must have 1 to {} steps", Promotion::TIERS_MAX));
        }
        let mut before: Option<Reached> = None;
        let mut steps = Vec::with_capacity(self.steps.len());
        for (index, step) in self.steps.iter().enumerate() {
            let mut wrong = wrong.below(index);
            let reached = match (self.by, &step.from) {
                (TierMeasure::Quantity, Amounts::Shop(text)) if text.parse::<u64>().is_ok() => {
                    Reached::Units(text.parse().unwrap_or(0))
                }
                (TierMeasure::Quantity, _) => {
                    wrong.at("from", "must be a whole number of units, such as \"10\"");
                    Reached::Units(0)
                }
                (TierMeasure::Amount, from) => {
                    Reached::Amount(from.compile(currency, &mut wrong.below("from")))
                }
            };
            if before.as_ref().is_some_and(|before| !reached.is_above(before, currency)) {
                wrong.at("from", "must be above that of the step before");
            }
            steps.push((reached.clone(), step.reduction.compile(currency, &mut wrong.below("reduction"))));
            before = Some(reached);
        }
        Act::Tiers { by: self.by, steps }
    }
}

impl Reached {
    fn is_above(&self, before: &Self, currency: Currency) -> bool {
        match (self, before) {
            (Self::Units(this), Self::Units(before)) => this > before,
            (Self::Amount(this), Self::Amount(before)) => this.of(currency) > before.of(currency),
            _ => false,
        }
    }
}

impl Reduction {
    fn compile(&self, currency: Currency, wrong: &mut Wrong<'_>) -> Cut {
        match self {
            Self::Percent(percent) => Cut::Percent(percentage(*percent, "percent", wrong)),
            Self::Amount(off) => Cut::Amount(off.compile(currency, &mut wrong.below("amount"))),
            Self::FixedPrice(price) => {
                Cut::FixedPrice(price.compile(currency, &mut wrong.below("fixed_price")))
            }
        }
    }
}

fn percentage(percent: Percent, field: &str, wrong: &mut Wrong<'_>) -> Fraction {
    if percent > Percent::HUNDRED || percent.is_zero() {
        wrong.at(field, "must be above 0 and at most 100");
        return Fraction::ONE;
    }
    percent.into()
}

impl Condition {
    /// Codes of promotions that must have been applied.
    fn applied<'a>(&'a self, found: &mut Vec<&'a str>) {
        match self {
            Self::All(several) | Self::Any(several) => several.iter().for_each(|one| one.applied(found)),
            Self::Not(inner) => inner.applied(found),
            Self::Applied(code) => found.push(code),
            _ => {}
        }
    }

    fn compile(
        &self,
        context: &Context<'_>,
        symbols: &mut Symbols,
        known: &HashSet<&str>,
        depth: usize,
        left: &mut usize,
        wrong: &mut Wrong<'_>,
    ) -> When {
        if depth == 0 || *left == 0 {
            let (most, deep) = (Promotion::CONDITIONS_MAX, Promotion::DEPTH_MAX);
            wrong.here(format!(
                "goes on: a promotion has at most {most} conditions, {deep} inside each other"
            ));
            return When::All(Vec::new());
        }
        *left -= 1;
        let mut several = |list: &[Self], field: &str, wrong: &mut Wrong<'_>| {
            let mut wrong = wrong.below(field);
            if list.is_empty() {
                wrong.here("must not be empty");
            }
            let mut compiled = Vec::with_capacity(list.len());
            for (index, one) in list.iter().enumerate() {
                if *left == 0 {
                    wrong.at(
                        index,
                        format!("is one condition too many: at most {}", Promotion::CONDITIONS_MAX),
                    );
                    break;
                }
                compiled.push(one.compile(context, symbols, known, depth - 1, left, &mut wrong.below(index)));
            }
            compiled
        };
        match self {
            Self::All(list) => When::All(several(list, "all", wrong)),
            Self::Any(list) => When::Any(several(list, "any", wrong)),
            Self::Not(inner) => {
                let inner = inner.compile(context, symbols, known, depth - 1, left, &mut wrong.below("not"));
                When::Not(Box::new(inner))
            }
            Self::Subtotal(Subtotal { from, below, of }) => {
                let mut wrong = wrong.below("subtotal");
                if from.is_none() && below.is_none() {
                    wrong.here("must say `from`, `below` or both");
                }
                let mut amounts = |amounts: &Option<Amounts>, field| {
                    amounts.as_ref().map(|given| given.compile(context.currency, &mut wrong.below(field)))
                };
                let (from, below) = (amounts(from, "from"), amounts(below, "below"));
                let both = from.as_ref().zip(below.as_ref());
                let shop = |amounts: &MinorAmounts| amounts.of(context.currency);
                if both.is_some_and(|(from, below)| shop(from) >= shop(below) && shop(below).is_some()) {
                    wrong.at("below", "must be above `from`");
                }
                When::Subtotal { from, below, of: Selection::compile_all(of, "of", symbols, &mut wrong) }
            }
            Self::Quantity(units) => {
                let (from, up_to, of) = units.compile(symbols, &mut wrong.below("quantity"));
                When::Quantity { from, up_to, of }
            }
            Self::DistinctItems(units) => {
                let (from, up_to, of) = units.compile(symbols, &mut wrong.below("distinct_items"));
                When::DistinctItems { from, up_to, of }
            }
            Self::CustomerGroup(groups) => {
                not_empty(groups, "customer_group", wrong);
                for (index, group) in groups.iter().enumerate() {
                    if !context.groups.contains(group.as_str()) {
                        wrong
                            .below("customer_group")
                            .at(index, format!("there is no customer group `{group}`"));
                    }
                }
                When::CustomerGroup(groups.clone())
            }
            Self::FirstOrder(first) => When::FirstOrder(*first),
            Self::Country(countries) => {
                not_empty(countries, "country", wrong);
                When::Country(countries.clone())
            }
            Self::Currency(currencies) => {
                not_empty(currencies, "currency", wrong);
                When::Currency(currencies.clone())
            }
            Self::Channel(channels) => {
                not_empty(channels, "channel", wrong);
                When::Channel(channels.clone())
            }
            Self::Applied(code) => {
                if !known.contains(code.as_str()) {
                    wrong.at("applied", format!("there is no promotion `{code}`"));
                }
                When::Applied(code.as_str().into())
            }
        }
    }
}

impl Units {
    fn compile(&self, symbols: &mut Symbols, wrong: &mut Wrong<'_>) -> (u64, u64, AnyOf) {
        let Self { from, up_to, of } = self;
        if from.is_none() && up_to.is_none() {
            wrong.here("must say `from`, `up_to` or both");
        }
        if from.zip(*up_to).is_some_and(|(from, up_to)| from > up_to) {
            wrong.at("up_to", "must be at least `from`");
        }
        let of = Selection::compile_all(of, "of", symbols, wrong);
        (from.unwrap_or(0), up_to.unwrap_or(u64::MAX), of)
    }
}

fn not_empty<T>(list: &[T], field: &str, wrong: &mut Wrong<'_>) {
    if list.is_empty() || list.len() > 1_000 {
        wrong.at(field, "must name 1 to 1000");
    }
}
