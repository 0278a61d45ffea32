//! Payment attempts, as the shopper sees them.

use std::sync::Arc;

use commerce_core::audit::Actor;
use commerce_core::order::OrderView;
use commerce_core::payment::{Initialize, Instructions, MobileMoney, NextAction, Payment, PaymentMethod};
use poem_openapi::Object;
use poem_openapi::types::Example;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::word::{Method, MethodName, NextActionName, PaymentStatus};
use super::{Check, Instant, MoneyDto, Problem};
use crate::layer::Origin;

/// A payment attempt.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "Payment")]
pub(crate) struct PaymentDto {
    /// The shop's own reference.
    reference: String,
    /// How far it has got. `due`: the money is collected by hand.
    status: PaymentStatus,
    /// How it is paid.
    method: Method,
    /// What is to be paid.
    amount: MoneyDto,
    /// What the shopper does next.
    next_action: NextActionDto,
    /// When it was made.
    created_at: Instant,
}

/// What the shopper does next to pay. What does not apply is left out.
#[derive(Debug, Default, Serialize, Object)]
#[oai(rename = "NextAction", skip_serializing_if_is_none)]
pub(crate) struct NextActionDto {
    /// `redirect`: open the page; `display`: show the account or code; `await`: the shopper approves on the phone; `none`:
    /// nothing now.
    #[serde(rename = "type")]
    #[oai(rename = "type")]
    kind: NextActionName,
    /// The page to open.
    #[serde(skip_serializing_if = "Option::is_none")]
    authorization_url: Option<String>,
    /// What the gateway's own browser code opens the page by.
    #[serde(skip_serializing_if = "Option::is_none")]
    access_code: Option<String>,
    /// The bank of the account to transfer to.
    #[serde(skip_serializing_if = "Option::is_none")]
    bank: Option<String>,
    /// The number of that account.
    #[serde(skip_serializing_if = "Option::is_none")]
    account_number: Option<String>,
    /// Whose account it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    account_name: Option<String>,
    /// The code to dial.
    #[serde(skip_serializing_if = "Option::is_none")]
    ussd_code: Option<String>,
    /// What the gateway says to the payer.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    /// Until when it can be done.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Instant>,
}

impl From<&Payment> for PaymentDto {
    fn from(payment: &Payment) -> Self {
        Self {
            reference: payment.reference.to_string(),
            status: payment.state().into(),
            method: payment.method.into(),
            amount: payment.amount.into(),
            next_action: payment.progress.next_action.as_ref().map(Into::into).unwrap_or_default(),
            created_at: payment.created_at.into(),
        }
    }
}

impl From<&NextAction> for NextActionDto {
    fn from(action: &NextAction) -> Self {
        match action.clone() {
            NextAction::None => Self::default(),
            NextAction::Redirect { authorization_url, access_code } => Self {
                kind: NextActionName::Redirect,
                authorization_url: Some(authorization_url),
                access_code,
                ..Self::default()
            },
            NextAction::Await { text, expires_at } => Self {
                kind: NextActionName::Await,
                text,
                expires_at: expires_at.map(Into::into),
                ..Self::default()
            },
            NextAction::Display(Instructions {
                bank,
                account_number,
                account_name,
                ussd_code,
                text,
                expires_at,
            }) => Self {
                kind: NextActionName::Display,
                bank,
                account_number,
                account_name,
                ussd_code,
                text,
                expires_at: expires_at.map(Into::into),
                ..Self::default()
            },
        }
    }
}

/// What whoever holds a reference may know of it.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "PaymentVerification")]
pub(crate) struct VerificationDto {
    /// The reference.
    reference: String,
    /// How far it has got.
    status: PaymentStatus,
    /// What is to be paid.
    amount: MoneyDto,
    /// The number of its order.
    order_number: String,
}

impl VerificationDto {
    pub(crate) fn new(order: &OrderView, payment: &Payment) -> Self {
        Self {
            reference: payment.reference.to_string(),
            status: payment.state().into(),
            amount: payment.amount.into(),
            order_number: order.order.number.to_string(),
        }
    }
}

/// Starts another payment attempt.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "InitializePayment", deny_unknown_fields, example, skip_serializing_if_is_none)]
pub(crate) struct InitializeBody {
    /// The order: one's own, or that of the `X-Order-Token`.
    pub(crate) order_id: Uuid,
    /// How it is paid now; absent: as before.
    method: Option<MethodName>,
    /// With `mobile_money`: the account to ask.
    mobile_money: Option<MobileMoneyBody>,
    /// Where the browser goes after a page of the gateway: a web address of at most 500 characters, of one of the shop's origins where it says which these are.
    callback_url: Option<String>,
}

impl Example for InitializeBody {
    fn example() -> Self {
        Self {
            order_id: Uuid::nil(),
            method: Some(MethodName("card".to_owned())),
            mobile_money: None,
            callback_url: Some("https://shop.example/paid".to_owned()),
        }
    }
}

impl InitializeBody {
    pub(crate) fn command(self, actor: Actor, returns: &ReturnUrls) -> Result<Initialize, Problem> {
        let mut check = Check::default();
        let method = self.method.and_then(|method| check.parse::<PaymentMethod>("/method", &method.0));
        let mobile_money = self.mobile_money.and_then(|account| account.check("/mobile_money", &mut check));
        let return_url = returns.choose("/callback_url", self.callback_url, &mut check);
        check.finish(Some(Initialize { method, mobile_money, return_url, actor, request: None }))
    }
}

/// The mobile money account that is asked to pay.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "MobileMoney", deny_unknown_fields)]
pub(crate) struct MobileMoneyBody {
    /// The number that it belongs to.
    phone: String,
    /// The gateway's code of the operator: `mtn`, `atl`, `vod`, `mpesa`, `orange`, `wave`.
    provider: String,
}

impl MobileMoneyBody {
    /// The account, or what is wrong with it.
    pub(crate) fn check(self, pointer: &str, check: &mut Check) -> Option<MobileMoney> {
        let phone = check.parse(&format!("{pointer}/phone"), &self.phone);
        let provider = self.provider.to_ascii_lowercase();
        let word = (1..=30).contains(&provider.len())
            && provider.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if !word {
            let words = "the operator's code has 1 to 30 letters, digits and underscores: mtn";
            check.wrong(&format!("{pointer}/provider"), "invalid", words);
            return None;
        }
        phone.map(|phone| MobileMoney { phone, provider })
    }
}

/// The longest address to return to, in characters.
const RETURN_URL_MAX: usize = 500;

/// An address that a browser may be sent back to: on the web, and without a name and password in it.
/// Where browsers go after a page of the payment gateway.
#[derive(Debug, Clone, Default)]
pub(crate) struct ReturnUrls {
    /// Unless the request says otherwise.
    pub(crate) usual: Option<String>,
    /// The origins that a request may name; none: any.
    pub(crate) origins: Arc<[Origin]>,
}

impl ReturnUrls {
    /// What the request says, or the usual place.
    pub(crate) fn choose(&self, pointer: &str, said: Option<String>, check: &mut Check) -> Option<String> {
        let Some(url) = said else { return self.usual.clone() };
        let url = return_url(pointer, url, check)?;
        let origin = Origin::of(&url);
        if !(self.origins.is_empty() || self.origins.iter().any(|known| Some(known) == origin.as_ref())) {
            let words = "a page of the shop: whoever runs it names where it may be in public_url, return_url or cors_origins";
            check.wrong(pointer, "invalid", words);
            return None;
        }
        Some(url)
    }
}

fn return_url(pointer: &str, url: String, check: &mut Check) -> Option<String> {
    let right = url.len() <= RETURN_URL_MAX
        && !url.chars().any(|character| character.is_control() || character.is_whitespace())
        && url.parse::<poem::http::Uri>().is_ok_and(|uri| {
            matches!(uri.scheme_str(), Some("https" | "http"))
                && uri.authority().is_some_and(|authority| !authority.as_str().contains('@'))
        });
    if !right {
        let words =
            "a web address such as https://shop.example/paid, of at most 500 characters, without a password";
        check.wrong(pointer, "invalid", words);
    }
    right.then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(returns: &ReturnUrls, said: &str) -> Option<String> {
        let mut check = Check::default();
        let chosen = returns.choose("/callback_url", Some(said.to_owned()), &mut check);
        assert_eq!(check.finish(Some(())).is_ok(), chosen.is_some(), "{said}");
        chosen
    }

    #[test]
    fn browsers_return_to_pages_of_the_shop() {
        let origins = ["https://shop.example", "http://localhost:3000"].map(|origin| origin.parse().unwrap());
        let returns =
            ReturnUrls { usual: Some("https://shop.example/paid".to_owned()), origins: origins.into() };
        for page in
            ["https://shop.example", "https://SHOP.example:443/paid?order=7", "http://localhost:3000/#/paid"]
        {
            assert_eq!(chosen(&returns, page).as_deref(), Some(page));
        }
        for elsewhere in [
            "http://shop.example/paid",
            "https://shop.example.evil.example/",
            "https://evil.example/?https://shop.example/",
            "https://shop.example:8443/",
            "http://localhost:3001/",
            "https://shop.example\\@evil.example/",
        ] {
            assert_eq!(chosen(&returns, elsewhere), None, "{elsewhere}");
        }
        let unsaid = returns.choose("/callback_url", None, &mut Check::default());
        assert_eq!(unsaid, returns.usual);
        let anywhere = ReturnUrls::default();
        assert!(
            chosen(&anywhere, "https://anywhere.example/").is_some(),
            "a shop that does not say where its pages are"
        );
        assert_eq!(chosen(&anywhere, "javascript:alert(1)"), None);
    }
}
