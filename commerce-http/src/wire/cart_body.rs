//! What is asked of a cart.

use std::collections::BTreeMap;

use commerce_core::account::{Account, SavedAddress};
use commerce_core::cart::{AddItem, Delivery, VariantKey};
use commerce_core::catalog::Sku;
use commerce_core::customer::Email;
use commerce_core::promotion::CouponCode;
use commerce_core::{Currency, Quantity, VariantId};
use poem_openapi::Object;
use poem_openapi::types::Example;
use serde::Deserialize;

use super::word::MethodName;
use super::{AddressBody, Check, Problem};

/// Puts units of a variant into the cart. Name it by `sku` or by `variant_id`.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "AddItem", deny_unknown_fields, example, skip_serializing_if_is_none)]
pub(crate) struct AddItemBody {
    /// The variant's id.
    variant_id: Option<String>,
    /// The variant's code.
    sku: Option<String>,
    /// How many units.
    #[oai(validator(minimum(value = "1"), maximum(value = "10000")))]
    quantity: u32,
    /// The shopper's wishes, name by name: at most 10, of 500 characters each. They have no effect on the price.
    customizations: Option<BTreeMap<String, String>>,
    /// The currency in which a cart that is made by this request is priced; the shop's when left out. A cart keeps its
    /// currency.
    currency: Option<String>,
    /// Where a cart that is made by this request is made, in the shop's own word: `web`, `app`. Prices and promotions may
    /// depend on it.
    channel: Option<String>,
}

impl Example for AddItemBody {
    fn example() -> Self {
        Self {
            variant_id: None,
            sku: Some("OBL-AKW-M".to_owned()),
            quantity: 1,
            customizations: None,
            currency: None,
            channel: None,
        }
    }
}

impl AddItemBody {
    /// Which field names the variant.
    pub(crate) fn variant_pointer(&self) -> &'static str {
        if self.sku.is_some() { "/sku" } else { "/variant_id" }
    }

    pub(crate) fn command(self) -> Result<AddItem, Problem> {
        let mut check = Check::default();
        let variant = match (&self.variant_id, &self.sku) {
            (Some(id), None) => match id.parse::<VariantId>() {
                Ok(id) => Some(VariantKey::Id(id)),
                Err(_) => {
                    check.wrong("/variant_id", "invalid", "not a UUID");
                    None
                }
            },
            (None, Some(sku)) => check.parse::<Sku>("/sku", sku).map(VariantKey::Sku),
            (None, None) => {
                check.wrong("/sku", "required", "name the variant by sku or by variant_id");
                None
            }
            (Some(_), Some(_)) => {
                check.wrong("/sku", "invalid", "name the variant by sku or by variant_id, not by both");
                None
            }
        };
        let quantity = check.take("/quantity", Quantity::try_from(self.quantity));
        let customizations = self.customizations.unwrap_or_default();
        let currency = self.currency.as_deref().and_then(|code| {
            let currency = Currency::from_code(code);
            if currency.is_none() {
                check.wrong("/currency", "invalid", "not a currency code such as NGN");
            }
            currency
        });
        let channel = self.channel;
        let command = variant.zip(quantity).map(|(variant, quantity)| AddItem {
            variant,
            quantity,
            customizations,
            currency,
            channel,
        });
        check.finish(command)
    }
}

/// Sets how many units a line item holds.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "SetQuantity", deny_unknown_fields, example, skip_serializing_if_is_none)]
pub(crate) struct QuantityBody {
    /// How many units; 0 removes the line item.
    #[oai(validator(minimum(value = "0"), maximum(value = "10000")))]
    quantity: u32,
}

impl Example for QuantityBody {
    fn example() -> Self {
        Self { quantity: 2 }
    }
}

impl QuantityBody {
    /// The quantity; `None` removes the line item.
    pub(crate) fn check(&self) -> Result<Option<Quantity>, Problem> {
        if self.quantity == 0 {
            return Ok(None);
        }
        let mut check = Check::default();
        let quantity = check.take("/quantity", Quantity::try_from(self.quantity));
        check.finish(quantity).map(Some)
    }
}

/// Puts a coupon on the cart.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "ApplyCoupon", deny_unknown_fields, example)]
pub(crate) struct CouponBody {
    /// The code of the coupon; case and spaces do not count.
    code: String,
}

impl Example for CouponBody {
    fn example() -> Self {
        Self { code: "WELCOME10".to_owned() }
    }
}

impl CouponBody {
    pub(crate) fn check(&self) -> Result<CouponCode, Problem> {
        let mut check = Check::default();
        let code = check.parse::<CouponCode>("/code", &self.code);
        check.finish(code)
    }
}

/// Says where the goods go, how, and who is told.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "SetDelivery", deny_unknown_fields, example, skip_serializing_if_is_none)]
pub(crate) struct DeliveryBody {
    /// Where the order confirmation goes; left out by whoever is logged in: the address of their account.
    #[serde(default)]
    #[oai(default)]
    email: String,
    /// Where the goods go; may be left out when nothing is shipped.
    address: Option<AddressBody>,
    /// The same, as one of the addresses of whoever is logged in.
    pub(crate) address_id: Option<String>,
    /// Where the bill goes, when elsewhere.
    billing_address: Option<AddressBody>,
    /// The code of one of the shipping options; may be left out when nothing is shipped.
    shipping_method: Option<String>,
}

impl Example for DeliveryBody {
    fn example() -> Self {
        Self {
            email: "ada@example.com".to_owned(),
            address: Some(AddressBody::example()),
            address_id: None,
            billing_address: None,
            shipping_method: Some("standard".to_owned()),
        }
    }
}

impl DeliveryBody {
    /// What a guest, or the owner of an account with these addresses, asks for.
    pub(crate) fn command(
        self,
        account: Option<&Account>,
        book: &[SavedAddress],
    ) -> Result<Delivery, Problem> {
        let mut check = Check::default();
        let email = match account {
            Some(account) if self.email.is_empty() => Some(account.email.clone()),
            _ => check.parse::<Email>("/email", &self.email),
        };
        let mut address = self.address.map(|address| address.check("/address", &mut check));
        if let Some(id) = self.address_id {
            let found = book.iter().find(|saved| saved.id.to_string() == id.to_ascii_lowercase());
            match found {
                Some(saved) if address.is_none() => address = Some(Some(saved.address.clone())),
                Some(_) => check.wrong("/address_id", "invalid", "leave it out, or the address"),
                None => check.wrong("/address_id", "unknown", "is none of your addresses"),
            }
        }
        let billing = self.billing_address.map(|address| address.check("/billing_address", &mut check));
        let delivery = email.map(|email| Delivery {
            email,
            address: address.flatten(),
            billing_address: billing.flatten(),
            shipping_method: self.shipping_method,
        });
        check.finish(delivery)
    }
}

/// Says how the shopper pays.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "SetPayment", deny_unknown_fields, example, skip_serializing_if_is_none)]
pub(crate) struct PaymentBody {
    /// How the shopper pays, as far as the shop takes it.
    pub(crate) method: MethodName,
    /// With `mobile_money`: the account to ask; absent: the shopper names it on the gateway's page.
    pub(crate) mobile_money: Option<super::MobileMoneyBody>,
}

impl Example for PaymentBody {
    fn example() -> Self {
        Self { method: MethodName("cash_on_delivery".to_owned()), mobile_money: None }
    }
}
