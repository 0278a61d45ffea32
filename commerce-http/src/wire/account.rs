//! Accounts, sessions and addresses of accounts.

use commerce_core::access::Role;
use commerce_core::account::{
    Account, AddressType, NewAddress, Password, Profile, Register, SavedAddress, Session, Standing,
};
use commerce_core::cart::{LeftLine, Merged};
use commerce_core::customer::{Email, Phone};
use commerce_core::mail::Language;
use commerce_core::{SessionId, Timestamp};
use poem_openapi::Object;
use poem_openapi::types::MaybeUndefined;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{AddressBody, AddressDto, Check, Instant, OrNull, Problem};

/// What whoever registers says.
#[derive(Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "Register", deny_unknown_fields, skip_serializing_if_is_none)]
pub(crate) struct RegisterBody {
    /// The e-mail address.
    email: String,
    /// The password: 8 to 128 characters, of any script.
    password: String,
    /// First name.
    #[serde(default)]
    #[oai(default)]
    first_name: String,
    /// Last name.
    #[serde(default)]
    #[oai(default)]
    last_name: String,
    /// Phone number in international form: `+2348031234567`.
    phone: Option<String>,
    /// The language of mails: `en`, `pt-BR`.
    locale: Option<String>,
}

impl RegisterBody {
    pub(crate) fn command(self) -> Result<Register, Problem> {
        let mut check = Check::default();
        let email = check.parse::<Email>("/email", &self.email);
        let password = check.parse::<Password>("/password", &self.password);
        let (phone, locale) = contact(self.phone, self.locale, &mut check);
        let (first_name, last_name) = (self.first_name, self.last_name);
        let command = email.zip(password).map(|(email, password)| Register {
            email,
            password,
            first_name,
            last_name,
            phone,
            locale,
        });
        check.finish(command)
    }
}

fn contact(
    phone: Option<String>,
    locale: Option<String>,
    check: &mut Check,
) -> (Option<Phone>, Option<Language>) {
    let phone = phone.filter(|phone| !phone.trim().is_empty());
    (check.parse_optional("/phone", phone.as_deref()), check.parse_optional("/locale", locale.as_deref()))
}

/// What whoever logs in shows.
#[derive(Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "Login", deny_unknown_fields, skip_serializing_if_is_none)]
pub(crate) struct LoginBody {
    /// The e-mail address.
    pub(crate) email: String,
    /// The password.
    pub(crate) password: String,
    /// The token of the cart that was filled before the login.
    pub(crate) cart_token: Option<String>,
}

/// An e-mail address.
#[derive(Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "EmailOnly", deny_unknown_fields)]
pub(crate) struct EmailBody {
    /// The e-mail address.
    pub(crate) email: String,
}

/// The token of a link that was mailed.
#[derive(Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "LinkToken", deny_unknown_fields)]
pub(crate) struct LinkBody {
    /// The token.
    pub(crate) token: String,
}

/// A refresh token.
#[derive(Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "Refresh", deny_unknown_fields)]
pub(crate) struct RefreshBody {
    /// The token.
    pub(crate) refresh_token: String,
}

/// A refresh token, or none.
#[derive(Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "Logout", deny_unknown_fields, skip_serializing_if_is_none)]
pub(crate) struct LogoutBody {
    /// The token of a session to end beside the one that is asked in.
    pub(crate) refresh_token: Option<String>,
}

/// A new password by a link.
#[derive(Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "ResetPassword", deny_unknown_fields)]
pub(crate) struct ResetBody {
    /// The token of the link.
    pub(crate) token: String,
    /// The new password.
    pub(crate) new_password: String,
}

/// A new password.
#[derive(Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "ChangePassword", deny_unknown_fields)]
pub(crate) struct ChangePasswordBody {
    /// The present password.
    pub(crate) current_password: String,
    /// The new one.
    pub(crate) new_password: String,
}

/// Another e-mail address.
#[derive(Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "ChangeEmail", deny_unknown_fields)]
pub(crate) struct ChangeEmailBody {
    /// The new address.
    pub(crate) new_email: String,
    /// The present password.
    pub(crate) password: String,
}

/// What was asked for is under way; what follows is mailed.
#[derive(Serialize, Object)]
#[oai(rename = "Accepted")]
pub(crate) struct AcceptedDto {
    /// In words.
    pub(crate) detail: String,
}

/// Somebody who is logged in.
#[derive(Serialize, Object)]
#[oai(rename = "TokenPair")]
pub(crate) struct TokenPairDto {
    /// For the header `Authorization`.
    pub(crate) access_token: String,
    /// For `/api/auth/refresh/`, once.
    pub(crate) refresh_token: String,
    /// `Bearer`.
    pub(crate) token_type: String,
    /// Seconds until the access token is over.
    pub(crate) expires_in: u64,
    /// Whose they are.
    pub(crate) user: UserDto,
    /// What became of the cart whose token the login named.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    pub(crate) cart_merge: Option<CartMergeDto>,
}

/// What became of a guest's cart at a login.
#[derive(Serialize, Object)]
#[oai(rename = "CartMerge")]
pub(crate) struct CartMergeDto {
    /// Line items that are in the cart of the account now.
    merged: u64,
    /// Line items that could not be merged: they stay with the token.
    left: Vec<LeftLineDto>,
}

/// A line item that could not be merged.
#[derive(Serialize, Object)]
#[oai(rename = "LeftLine")]
pub(crate) struct LeftLineDto {
    /// Of which variant.
    variant_id: Uuid,
    /// Units.
    quantity: u32,
    /// Why: `too-many-lines`, `too-many-units`, `currency` or `total`.
    reason: String,
}

impl From<Merged> for CartMergeDto {
    fn from(merged: Merged) -> Self {
        let Merged { lines, left } = merged;
        let told = |left: LeftLine| LeftLineDto {
            variant_id: left.variant.0,
            quantity: left.quantity.get(),
            reason: left.why.code().to_owned(),
        };
        Self { merged: lines as u64, left: left.into_iter().map(told).collect() }
    }
}

/// An account.
#[derive(Serialize, Object)]
#[oai(rename = "User")]
pub(crate) struct UserDto {
    /// Its id.
    id: Uuid,
    /// The e-mail address.
    email: String,
    /// Whether its owner was seen to receive mail there.
    email_verified: bool,
    /// First name.
    first_name: String,
    /// Last name.
    last_name: String,
    /// Phone number.
    phone: OrNull<String>,
    /// The language of mails.
    locale: OrNull<String>,
    /// `customer`, `merchant`, `staff` or `admin`.
    role: String,
    /// Whether anybody may log in.
    is_active: bool,
    /// The customer group.
    customer_group: OrNull<String>,
    /// When somebody last logged in.
    last_login_at: OrNull<Instant>,
    /// When it was made.
    created_at: Instant,
    /// Grows with each change.
    version: u64,
}

impl From<&Account> for UserDto {
    fn from(account: &Account) -> Self {
        Self {
            id: account.id.0,
            email: account.email.to_string(),
            email_verified: account.email_verified_at.is_some(),
            first_name: account.first_name.clone(),
            last_name: account.last_name.clone(),
            phone: OrNull(account.phone.as_ref().map(ToString::to_string)),
            locale: OrNull(account.locale.as_ref().map(ToString::to_string)),
            role: account.role.to_string(),
            is_active: account.is_active,
            customer_group: OrNull(account.customer_group.clone()),
            last_login_at: OrNull::of(account.last_login_at),
            created_at: account.created_at.into(),
            version: account.version,
        }
    }
}

/// What somebody changes of their account: what is left out stays, `null` empties.
#[derive(Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "ProfileInput", deny_unknown_fields, skip_serializing_if_is_none)]
pub(crate) struct ProfileBody {
    /// First name.
    first_name: Option<String>,
    /// Last name.
    last_name: Option<String>,
    /// Phone number; an empty text removes it.
    #[serde(default)]
    phone: MaybeUndefined<String>,
    /// The language of mails; an empty text removes it.
    #[serde(default)]
    locale: MaybeUndefined<String>,
    /// Only if the account is at this version.
    pub(crate) version: Option<u64>,
}

impl ProfileBody {
    /// The profile after the change.
    pub(crate) fn over(self, account: &Account) -> Result<Profile, Problem> {
        let mut check = Check::default();
        let phone = match emptied(self.phone) {
            None => account.phone.clone(),
            Some(text) => text.and_then(|text| check.parse("/phone", &text)),
        };
        let locale = match emptied(self.locale) {
            None => account.locale.clone(),
            Some(text) => text.and_then(|text| check.parse("/locale", &text)),
        };
        check.finish(Some(Profile {
            first_name: self.first_name.unwrap_or_else(|| account.first_name.clone()),
            last_name: self.last_name.unwrap_or_else(|| account.last_name.clone()),
            phone,
            locale,
        }))
    }

    /// The same, as a whole: what is left out is emptied.
    pub(crate) fn whole(mut self) -> Self {
        for name in [&mut self.first_name, &mut self.last_name] {
            name.get_or_insert_with(String::new);
        }
        for field in [&mut self.phone, &mut self.locale] {
            if field.is_undefined() {
                *field = MaybeUndefined::Null;
            }
        }
        self
    }
}

/// What is said of a field that may be empty: nothing, that it is empty, or what is in it. A blank text is an empty one.
fn emptied(said: MaybeUndefined<String>) -> Option<Option<String>> {
    match said {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(None),
        MaybeUndefined::Value(text) => Some(Some(text).filter(|text| !text.trim().is_empty())),
    }
}

/// A session.
#[derive(Serialize, Object)]
#[oai(rename = "Session")]
pub(crate) struct SessionDto {
    /// Its id.
    id: Uuid,
    /// What logged in, in its own words.
    device: OrNull<String>,
    /// Whether it is the one that is asked in.
    is_current: bool,
    /// When somebody logged in.
    created_at: Instant,
    /// When it was last used to go on.
    last_used_at: Instant,
    /// When it ends unless it is used.
    expires_at: Instant,
}

/// The sessions of an account that go on.
#[derive(Serialize, Object)]
#[oai(rename = "Sessions")]
pub(crate) struct SessionsDto {
    /// The sessions, the oldest first.
    pub(super) results: Vec<SessionDto>,
}

impl SessionsDto {
    pub(crate) fn new(sessions: &[Session], current: SessionId) -> Self {
        let shown = |session: &Session| SessionDto {
            id: session.id.0,
            device: OrNull(session.device.clone()),
            is_current: session.id == current,
            created_at: session.created_at.into(),
            last_used_at: session.last_used_at.into(),
            expires_at: Timestamp::min(session.idle_until, session.ends_at).into(),
        };
        Self { results: sessions.iter().map(shown).collect() }
    }
}

/// An address to write down.
#[derive(Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "SavedAddressInput", deny_unknown_fields, skip_serializing_if_is_none)]
pub(crate) struct SavedAddressBody {
    /// What it is for: `home`, `work`, `billing` or `shipping`.
    address_type: String,
    /// Whether it becomes the default of its type.
    #[serde(default)]
    #[oai(default)]
    is_default: bool,
    /// Who receives the parcel.
    contact_name: Option<String>,
    /// How the courier reaches them, in international form.
    phone: Option<String>,
    /// Street and number.
    street_line1: Option<String>,
    /// Flat, floor, landmark.
    street_line2: Option<String>,
    /// Town or city.
    city: Option<String>,
    /// State, province or region: its code of ISO 3166-2, where the country has such codes.
    state_province: Option<String>,
    /// Postal code.
    postal_code: Option<String>,
    /// Two upper-case letters of ISO 3166-1.
    country_code: Option<String>,
    /// The VAT identification number of whoever the bill goes to.
    vat_id: Option<String>,
}

impl SavedAddressBody {
    pub(crate) fn command(self) -> Result<NewAddress, Problem> {
        let mut check = Check::default();
        let kind = check.word("/address_type", &self.address_type, AddressType::ALL, AddressType::as_str);
        let body = AddressBody::of_parts([
            self.contact_name,
            self.phone,
            self.street_line1,
            self.street_line2,
            self.city,
            self.state_province,
            self.postal_code,
            self.country_code,
            self.vat_id,
        ]);
        let address = body.check("", &mut check);
        let is_default = self.is_default;
        check.finish(kind.zip(address).map(|(kind, address)| NewAddress { kind, is_default, address }))
    }
}

/// An address of an account.
#[derive(Serialize, Object)]
#[oai(rename = "SavedAddress")]
pub(crate) struct SavedAddressDto {
    /// Its id.
    id: Uuid,
    /// What it is for.
    address_type: String,
    /// Whether it is the default of its type.
    is_default: bool,
    #[serde(flatten)]
    #[oai(flatten)]
    address: AddressDto,
}

impl From<&SavedAddress> for SavedAddressDto {
    fn from(saved: &SavedAddress) -> Self {
        Self {
            id: saved.id.0,
            address_type: saved.kind.to_string(),
            is_default: saved.is_default,
            address: (&saved.address).into(),
        }
    }
}

/// The addresses of an account.
#[derive(Serialize, Object)]
#[oai(rename = "SavedAddresses")]
pub(crate) struct SavedAddressesDto {
    /// The addresses, the oldest first.
    pub(crate) results: Vec<SavedAddressDto>,
}

/// What an administrator changes of an account; what is left out stays.
#[derive(Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "StandingInput", deny_unknown_fields, skip_serializing_if_is_none)]
pub(crate) struct StandingBody {
    /// `customer`, `merchant`, `staff` or `admin`.
    role: Option<String>,
    /// Whether anybody may log in. Deactivation ends every session at once.
    is_active: Option<bool>,
    /// The code of a customer group of the rules; `null` or an empty text: none.
    #[serde(default)]
    customer_group: MaybeUndefined<String>,
    /// Only if the account is at this version.
    pub(crate) version: Option<u64>,
}

impl StandingBody {
    pub(crate) fn command(self) -> Result<Standing, Problem> {
        let mut check = Check::default();
        let role = self.role.and_then(|role| check.word("/role", &role, Role::ALL, Role::as_str));
        let customer_group = emptied(self.customer_group);
        check.finish(Some(Standing { role, is_active: self.is_active, customer_group }))
    }
}

/// Accounts, the newest first.
#[derive(Serialize, Object)]
#[oai(rename = "UserPage")]
pub(crate) struct UserPageDto {
    /// The accounts.
    pub(crate) results: Vec<UserDto>,
    /// Where the older ones are, as a relative link with the same filters; null when this is all.
    pub(crate) next: OrNull<String>,
}
