//! What mails are about, with what each tells.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::mailer::LEFT_OUT;
use crate::customer::Email;
use crate::{Money, OrderId, Timestamp};

/// What a mail is about. The names are those of templates, and stand in stores.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Kind {
    /// To who registered: the link that proves the address.
    Verification {
        /// How they are called.
        first_name: Option<String>,
        /// Proves the address.
        link: Link,
    },
    /// To who has an account, when somebody registers with the address again.
    AlreadyRegistered {
        /// How they are called.
        first_name: Option<String>,
    },
    /// The link by which a new password is set.
    PasswordReset {
        /// How they are called.
        first_name: Option<String>,
        /// Opens the account.
        link: Link,
    },
    /// The password was changed.
    PasswordChanged {
        /// How they are called.
        first_name: Option<String>,
        /// When.
        at: Timestamp,
    },
    /// To the new address of an account: the link that proves it.
    EmailChange {
        /// How they are called.
        first_name: Option<String>,
        /// Proves the new address.
        link: Link,
    },
    /// To the address of an account, when somebody asks for another in its place: the link that agrees to it.
    EmailChangeRequested {
        /// How they are called.
        first_name: Option<String>,
        /// The address that was asked for.
        new_email: Email,
        /// Agrees to it.
        link: Link,
    },
    /// To both addresses: the account has another now.
    EmailChanged {
        /// How they are called.
        first_name: Option<String>,
        /// The address of the account now.
        new_email: Email,
        /// When.
        at: Timestamp,
    },
    /// Somebody logged in from a device that was not seen before.
    NewDevice {
        /// How they are called.
        first_name: Option<String>,
        /// What the device said that it is.
        device: Option<String>,
        /// When.
        at: Timestamp,
    },
    /// A session was ended because a token of it came back that was spent: somebody may have a copy.
    SessionStolen {
        /// How they are called.
        first_name: Option<String>,
        /// What the device of the session said that it is.
        device: Option<String>,
        /// When.
        at: Timestamp,
    },
    /// The account was erased, by its owner.
    AccountErased {
        /// When.
        at: Timestamp,
    },
    /// An order was placed.
    OrderPlaced {
        /// Which order.
        order: OrderId,
    },
    /// All of an order is paid.
    OrderPaid {
        /// Which order.
        order: OrderId,
        /// What came last.
        amount: Money,
    },
    /// An order was called off.
    OrderCancelled {
        /// Which order.
        order: OrderId,
        /// By whom.
        by: CancelledBy,
        /// What was paid and goes back.
        back: Option<Money>,
    },
    /// Money of an order went back.
    OrderRefunded {
        /// Which order.
        order: OrderId,
        /// How much.
        amount: Money,
    },
}

/// Who called an order off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CancelledBy {
    /// The shopper.
    Shopper,
    /// The shop.
    Shop,
    /// Nobody: it was not paid in time.
    Lapse,
}

/// What a link of a mail proves or opens, and until when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The secret in it; absent once the mail was sent or parked.
    pub token: Option<Token>,
    /// When it stops to be good: the mail is not sent any more then.
    pub expires_at: Timestamp,
}

impl Link {
    /// A link that is good until `expires_at`.
    #[must_use]
    pub fn new(token: Token, expires_at: Timestamp) -> Self {
        Self { token: Some(token), expires_at }
    }
}

/// A secret in a link. It does not print.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Token(pub String);

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

impl Kind {
    /// The names of all kinds, in the order in which they are declared.
    pub const NAMES: [&str; 14] = [
        "verification",
        "already_registered",
        "password_reset",
        "password_changed",
        "email_change",
        "email_change_requested",
        "email_changed",
        "new_device",
        "session_stolen",
        "account_erased",
        "order_placed",
        "order_paid",
        "order_cancelled",
        "order_refunded",
    ];

    /// Its name, as in stores and of templates.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Verification { .. } => "verification",
            Self::AlreadyRegistered { .. } => "already_registered",
            Self::PasswordReset { .. } => "password_reset",
            Self::PasswordChanged { .. } => "password_changed",
            Self::EmailChange { .. } => "email_change",
            Self::EmailChangeRequested { .. } => "email_change_requested",
            Self::EmailChanged { .. } => "email_changed",
            Self::NewDevice { .. } => "new_device",
            Self::SessionStolen { .. } => "session_stolen",
            Self::AccountErased { .. } => "account_erased",
            Self::OrderPlaced { .. } => "order_placed",
            Self::OrderPaid { .. } => "order_paid",
            Self::OrderCancelled { .. } => "order_cancelled",
            Self::OrderRefunded { .. } => "order_refunded",
        }
    }

    /// The order that it tells of.
    #[must_use]
    pub fn order(&self) -> Option<OrderId> {
        match self {
            Self::OrderPlaced { order }
            | Self::OrderPaid { order, .. }
            | Self::OrderCancelled { order, .. }
            | Self::OrderRefunded { order, .. } => Some(*order),
            _ => None,
        }
    }

    /// The link in it that proves or opens something.
    #[must_use]
    pub fn link(&self) -> Option<&Link> {
        match self {
            Self::Verification { link, .. }
            | Self::PasswordReset { link, .. }
            | Self::EmailChange { link, .. }
            | Self::EmailChangeRequested { link, .. } => Some(link),
            _ => None,
        }
    }

    /// A text about the mail without the token of its link.
    pub(super) fn without_token_in(&self, text: &str) -> String {
        match self.link().and_then(|link| link.token.as_ref()).filter(|token| !token.0.is_empty()) {
            Some(token) => text.replace(&token.0, LEFT_OUT),
            None => text.to_owned(),
        }
    }

    /// The same without what is secret in it.
    #[must_use]
    pub fn without_token(mut self) -> Self {
        if let Self::Verification { link, .. }
        | Self::PasswordReset { link, .. }
        | Self::EmailChange { link, .. }
        | Self::EmailChangeRequested { link, .. } = &mut self
        {
            link.token = None;
        }
        self
    }
}
