//! Payment attempts.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{GatewayMode, MobileMoney, NextAction, PaymentState, PaymentTerms};
use crate::{Ids, Money, OrderId, PaymentId, Timestamp};

/// A way to pay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentMethod {
    /// A bank card, through a gateway.
    Card,
    /// A transfer to a bank account that the gateway names.
    BankTransfer,
    /// Mobile money, through a gateway.
    MobileMoney,
    /// A USSD code, through a gateway.
    Ussd,
    /// Cash, collected when the goods are handed over.
    CashOnDelivery,
    /// A transfer to the shop's own account, which staff finds on its statement.
    Manual,
}

/// The text names no payment method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a payment method: card, bank_transfer, mobile_money, ussd, cash_on_delivery or manual")]
pub struct PaymentMethodError;

impl PaymentMethod {
    /// Every method.
    pub const ALL: [Self; 6] =
        [Self::Card, Self::BankTransfer, Self::MobileMoney, Self::Ussd, Self::CashOnDelivery, Self::Manual];

    /// The name in stores and on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Card => "card",
            Self::BankTransfer => "bank_transfer",
            Self::MobileMoney => "mobile_money",
            Self::Ussd => "ussd",
            Self::CashOnDelivery => "cash_on_delivery",
            Self::Manual => "manual",
        }
    }

    /// Whether a gateway acts; else staff collects by hand.
    #[must_use]
    pub fn needs_gateway(self) -> bool {
        !matches!(self, Self::CashOnDelivery | Self::Manual)
    }

    /// How long goods are held for an order that is to be paid before it is shipped, unless the shop says otherwise: one
    /// hour through a gateway, three days for a transfer that staff looks for. `None`: the goods are paid when they are
    /// handed over.
    #[must_use]
    pub fn window(self) -> Option<Duration> {
        match self {
            Self::Card | Self::BankTransfer | Self::MobileMoney | Self::Ussd => {
                Some(Duration::from_secs(60 * 60))
            }
            Self::Manual => Some(Duration::from_secs(3 * 24 * 60 * 60)),
            Self::CashOnDelivery => None,
        }
    }
}

impl fmt::Display for PaymentMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for PaymentMethod {
    type Err = PaymentMethodError;

    fn from_str(text: &str) -> Result<Self, PaymentMethodError> {
        Self::ALL.into_iter().find(|method| method.as_str() == text).ok_or(PaymentMethodError)
    }
}

/// Our own reference of a payment attempt, unique and not guessable: at least 100 random bits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PaymentReference(pub String);

impl fmt::Display for PaymentReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One attempt to pay an order. What it is about never changes; how far it got does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// Its id.
    pub id: PaymentId,
    /// The order.
    pub order: OrderId,
    /// Our own reference.
    pub reference: PaymentReference,
    /// How it is paid.
    pub method: PaymentMethod,
    /// What is to be paid.
    pub amount: Money,
    /// The gateway's mode when it was made; absent where no gateway acts.
    pub mode: Option<GatewayMode>,
    /// The account that is asked to pay.
    pub mobile_money: Option<MobileMoney>,
    /// Where the browser goes after a page of the gateway.
    pub return_url: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// How far it got.
    pub progress: Progress,
    /// 1 at first, one more with each change.
    pub version: u64,
}

/// How far an attempt got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// Where it stands.
    pub state: PaymentState,
    /// The money that came in by it and counts towards the order.
    pub captured: Money,
    /// What of that goes back: of refunds that are under way or done. At most what was captured.
    pub refunded: Money,
    /// What the gateway keeps of it, once it says so.
    pub fee: Option<Money>,
    /// The gateway's own id of the charge, once we know it.
    pub charge: Option<String>,
    /// How it was paid in the end, in the gateway's word.
    pub channel: Option<String>,
    /// When it was paid.
    pub paid_at: Option<Timestamp>,
    /// What the payer does next, once the gateway said so.
    pub next_action: Option<NextAction>,
    /// Until when somebody is asking the gateway to start it: nobody else asks meanwhile.
    pub asking_until: Option<Timestamp>,
    /// When the gateway is to be asked again what became of it; `None`: not any more.
    pub check_at: Option<Timestamp>,
    /// How often it was asked since the attempt was made.
    pub checks: u32,
    /// Why no money came, or what staff should know.
    pub note: Option<String>,
}

impl Progress {
    /// The longest note, in characters.
    pub const NOTE_MAX: usize = 500;

    /// An attempt of which nothing is known yet.
    #[must_use]
    pub fn new(state: PaymentState, amount: Money) -> Self {
        let nothing = Money::zero(amount.currency);
        Self {
            state,
            captured: nothing,
            refunded: nothing,
            fee: None,
            charge: None,
            channel: None,
            paid_at: None,
            next_action: None,
            asking_until: None,
            check_at: None,
            checks: 0,
            note: None,
        }
    }

    /// What could still be paid back; at least 0.
    #[must_use]
    pub fn balance(&self) -> Money {
        Money::from_minor((self.captured.minor - self.refunded.minor).max(0), self.captured.currency)
    }
}

/// What an attempt is opened with.
#[derive(Debug, Clone)]
pub struct Opening {
    /// The order.
    pub order: OrderId,
    /// How it is to be paid.
    pub method: PaymentMethod,
    /// How much.
    pub amount: Money,
    /// The account that is asked to pay; looked at for mobile money only.
    pub mobile_money: Option<MobileMoney>,
    /// Where the browser goes after a page of the gateway.
    pub return_url: Option<String>,
    /// The state in which it starts.
    pub state: PaymentState,
    /// The time.
    pub now: Timestamp,
}

impl Payment {
    /// A new attempt with a reference of our own. Where a gateway is to be asked, whoever commits it has the gateway to
    /// itself for a while.
    #[must_use]
    pub fn open(opening: &Opening, terms: &PaymentTerms, ids: &mut Ids) -> Self {
        let Opening { order, method, amount, mobile_money, return_url, state, now } = opening;
        let mode = terms.mode.filter(|_| *state == PaymentState::Pending);
        let mut progress = Progress::new(*state, *amount);
        if mode.is_some() {
            progress.asking_until = Some(now.plus(PaymentTerms::ASKING));
            progress.check_at = Some(now.plus(PaymentTerms::check_after(0)));
        }
        if *state == PaymentState::Paid {
            progress.paid_at = Some(*now);
        }
        Self {
            id: ids.fresh(),
            order: *order,
            reference: PaymentReference(ids.code(26)),
            method: *method,
            amount: *amount,
            mode,
            mobile_money: mobile_money.clone().filter(|_| *method == PaymentMethod::MobileMoney),
            return_url: return_url.clone().filter(|_| mode.is_some()),
            created_at: *now,
            progress,
            version: 1,
        }
    }

    /// Where it stands.
    #[must_use]
    pub fn state(&self) -> PaymentState {
        self.progress.state
    }

    /// The change to `progress` of the attempt as it was read.
    #[must_use]
    pub fn advance(&self, progress: Progress) -> super::Advance {
        super::Advance { id: self.id, expected_version: self.version, progress }
    }
}
