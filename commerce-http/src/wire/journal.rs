//! The money journal, as staff sees it.

use commerce_core::payment::journal::{Balance, Entry, Leg, totals};
use commerce_core::{MoneyError, Timestamp};
use poem_openapi::Object;
use serde::Serialize;
use uuid::Uuid;

use super::word::{AccountName, EntryKindName};
use super::{Instant, MoneyDto};

/// What the accounts of the money journal gained in a span of time.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "Balances")]
pub(crate) struct BalancesDto {
    /// From this instant on.
    from: Instant,
    /// Up to this one.
    to: Instant,
    /// In the whole span, by account, then currency; accounts that did not move are left out.
    balances: Vec<BalanceDto>,
    /// On each of its days, in UTC; days on which nothing moved are left out.
    days: Vec<DayDto>,
}

/// What the accounts gained on a day.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "DailyBalances")]
struct DayDto {
    /// The first instant of the day.
    day: Instant,
    /// By account, then currency.
    balances: Vec<BalanceDto>,
}

/// What an account gained.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "Balance")]
pub(crate) struct BalanceDto {
    /// Which account.
    account: AccountName,
    /// How much; negative: it lost. What was received for orders stands here with a minus, as credits do.
    amount: MoneyDto,
}

impl BalancesDto {
    /// Of the span, with what each of its days gained in order.
    pub(crate) fn new(from: Timestamp, to: Timestamp, daily: &[Balance]) -> Result<Self, MoneyError> {
        let leg = |balance: &Balance| Leg::new(balance.account, balance.amount);
        let days = daily.chunk_by(|one, next| one.day == next.day);
        Ok(Self {
            from: from.into(),
            to: to.into(),
            balances: balances(daily.iter().map(leg))?,
            days: days
                .map(|of| Ok(DayDto { day: of[0].day.into(), balances: balances(of.iter().map(leg))? }))
                .collect::<Result<_, MoneyError>>()?,
        })
    }
}

fn balances(legs: impl Iterator<Item = Leg>) -> Result<Vec<BalanceDto>, MoneyError> {
    Ok(totals(legs)?.into_iter().map(Into::into).collect())
}

impl From<Leg> for BalanceDto {
    fn from(leg: Leg) -> Self {
        Self { account: leg.account.into(), amount: leg.amount.into() }
    }
}

/// The money journal of an order.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "OrderJournal")]
pub(crate) struct OrderJournalDto {
    /// What happened to money for it, the oldest first.
    entries: Vec<JournalEntryDto>,
    /// What the accounts gained by it, by account, then currency.
    balances: Vec<BalanceDto>,
}

/// A movement of money.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "JournalEntry")]
struct JournalEntryDto {
    /// Its id.
    id: Uuid,
    /// When.
    at: Instant,
    /// What happened.
    kind: EntryKindName,
    /// The reference of the charge.
    reference: String,
    /// What each account gained by it; the sum is nothing.
    legs: Vec<BalanceDto>,
}

impl OrderJournalDto {
    pub(crate) fn new(entries: &[Entry]) -> Result<Self, MoneyError> {
        let balances = balances(entries.iter().flat_map(|entry| entry.legs.iter().copied()))?;
        Ok(Self { entries: entries.iter().map(Into::into).collect(), balances })
    }
}

impl From<&Entry> for JournalEntryDto {
    fn from(entry: &Entry) -> Self {
        Self {
            id: entry.id.0,
            at: entry.at.into(),
            kind: entry.kind.into(),
            reference: entry.reference.to_string(),
            legs: entry.legs.iter().copied().map(Into::into).collect(),
        }
    }
}
