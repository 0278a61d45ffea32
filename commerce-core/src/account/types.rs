//! Accounts, and the addresses that belong to them.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{EmailKey, PasswordHash};
use crate::access::Role;
use crate::customer::{Address, Email, Phone};
use crate::mail::Language;
use crate::text::fold;
use crate::{AddressId, CustomerId, SellerId, Timestamp};

/// Somebody whom the shop knows: a shopper, a merchant, somebody who works there.
#[derive(Debug, Clone, PartialEq)]
pub struct Account {
    /// Its id. Orders of a registered customer carry it.
    pub id: CustomerId,
    /// The address that mail goes to.
    pub email: Email,
    /// The form of the address that no two accounts share.
    pub email_key: EmailKey,
    /// When its owner was seen to receive mail there; without it nobody logs in.
    pub email_verified_at: Option<Timestamp>,
    /// The hash of the password; absent: there is none to log in with.
    pub password: Option<PasswordHash>,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// Phone number.
    pub phone: Option<Phone>,
    /// The language of mails.
    pub locale: Option<Language>,
    /// What it is for.
    pub role: Role,
    /// As whom it sells, once it was a merchant's.
    pub seller: Option<SellerId>,
    /// Which customer group it is in, for prices and promotions.
    pub customer_group: Option<String>,
    /// Whether anybody may log in.
    pub is_active: bool,
    /// Another address that waits to be confirmed.
    pub email_change: Option<EmailChange>,
    /// When somebody last logged in.
    pub last_login_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// 1 at first, one more with each change and each login.
    pub version: u64,
}

impl Account {
    /// The longest name, in characters.
    pub const NAME_LENGTH_MAX: usize = 100;
    /// The most sessions at once: one more ends the one that was unused for longest.
    pub const SESSIONS_MAX: usize = 50;
    /// The most addresses.
    pub const ADDRESSES_MAX: usize = 50;
    /// The most links of one purpose that wait at once: one more replaces the oldest. It is more than the budgets let anybody
    /// ask for while a link is good, so a stranger who asks again and again puts nothing out of force that its owner was
    /// mailed.
    pub const LINKS_MAX: usize = 250;

    /// An account of this address, a customer's, without a name or a way to log in.
    pub(crate) fn new(id: CustomerId, email: &Email, now: Timestamp) -> Self {
        Self {
            id,
            email: email.clone(),
            email_key: EmailKey::of(email),
            email_verified_at: None,
            password: None,
            first_name: String::new(),
            last_name: String::new(),
            phone: None,
            locale: None,
            role: Role::Customer,
            seller: None,
            customer_group: None,
            is_active: true,
            email_change: None,
            last_login_at: None,
            created_at: now,
            updated_at: now,
            version: 1,
        }
    }

    /// The account as somebody has it who receives mail at this address; `None`: it goes by another one.
    ///
    /// Look-alikes share an [`EmailKey`], and are other people's mailboxes. So an address that nobody confirmed may be
    /// written otherwise than by whoever registered it first, and what that one said of themselves does not come with it.
    /// Once it is confirmed, or an administrator made the account something to the shop, it goes by the address it has.
    pub(super) fn at(&self, email: &Email) -> Option<Self> {
        if self.email == *email {
            return Some(self.clone());
        }
        let unclaimed = self.email_verified_at.is_none()
            && self.role == Role::Customer
            && self.customer_group.is_none()
            && self.email_key == EmailKey::of(email);
        unclaimed.then(|| Self {
            email: email.clone(),
            password: None,
            first_name: String::new(),
            last_name: String::new(),
            phone: None,
            locale: None,
            ..self.clone()
        })
    }

    /// Address and names in the form in which they are looked for: see [`Search`](super::Search).
    #[must_use]
    pub fn searched_as(&self) -> String {
        fold(&format!("{} {} {}", self.email, self.first_name, self.last_name))
    }
}

/// A change of the e-mail address that waits to be confirmed at both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmailChange {
    /// The new address.
    pub email: Email,
    /// When it was asked for: tells it from another change to the same address.
    pub asked_at: Timestamp,
    /// Until when it can be confirmed.
    pub expires_at: Timestamp,
    /// Whether it was confirmed at the address of before.
    pub old_confirmed: bool,
    /// Whether it was confirmed at the new one.
    pub new_confirmed: bool,
}

/// What somebody may change of their account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// First name: at most [`Account::NAME_LENGTH_MAX`] characters.
    pub first_name: String,
    /// Last name: at most [`Account::NAME_LENGTH_MAX`] characters.
    pub last_name: String,
    /// Phone number.
    pub phone: Option<Phone>,
    /// The language of mails.
    pub locale: Option<Language>,
}

/// What an address is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AddressType {
    /// Home.
    Home,
    /// Work.
    Work,
    /// Where bills go.
    Billing,
    /// Where goods go.
    Shipping,
}

impl AddressType {
    /// Every type.
    pub const ALL: [Self; 4] = [Self::Home, Self::Work, Self::Billing, Self::Shipping];

    /// Its name: `home`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Home => "home",
            Self::Work => "work",
            Self::Billing => "billing",
            Self::Shipping => "shipping",
        }
    }
}

impl fmt::Display for AddressType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An address in the book of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedAddress {
    /// Its id.
    pub id: AddressId,
    /// Whose it is.
    pub account: CustomerId,
    /// What it is for.
    pub kind: AddressType,
    /// Whether it is the one to take among those of its type: at most one is.
    pub is_default: bool,
    /// The address.
    pub address: Address,
    /// When it was written down.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}
