//! `/api/admin/`: the back office.

mod audit;
mod coupons;
mod invariants;
mod inventory;
mod jobs;
mod keys;
mod money;
mod parts;
mod prices;
mod products;
mod roles;
mod rows;
mod rules;
mod settings;
mod shared;
mod tags;
mod trial;
mod warehouses;

pub(super) use parts::{IfMatch, etag, expected};

use super::Shop;
use crate::wire::statuses;

statuses! {
    /// Refusals of reading.
    Read:
        401 "The token is missing or wrong.",
        403 "You may not do this.",
        404 "There is no such rule.",
        422 "A parameter cannot be understood.";
    /// Refusals of a change.
    Write:
        400 "The body cannot be understood, or the `Idempotency-Key` is none.",
        401 "The token is missing or wrong.",
        403 "You may not do this.",
        404 "There is no such rule.",
        409 "The code is taken (`already-exists`), or something refers to it (`in-use`; `errors` says what).",
        412 "Another version of the rules is in force: `version-conflict`.",
        413 "The body is too large.",
        415 "The body is not JSON.",
        422 "A rule is broken; what is elsewhere in the rulebook is named with its full pointer. Or \
            `idempotency-key-reused`.";
}

statuses! {
    /// Refusals of reading what products share.
    SharedRead:
        401 "The token is missing or wrong.",
        403 "You may not do this.",
        404 "There is no such thing.",
        422 "A parameter cannot be understood.";
    /// Refusals of a change of what products share.
    SharedWrite:
        400 "The body cannot be understood, or the `Idempotency-Key` is none.",
        401 "The token is missing or wrong.",
        403 "You may not do this.",
        404 "There is no such thing.",
        409 "The name, slug or code is taken (`already-exists`), or products have it or something grows on it (`in-use`).",
        412 "It is at another version: `version-conflict`.",
        413 "The body is too large.",
        415 "The body is not JSON.",
        422 "A field is no good, or `idempotency-key-reused`.";
}

/// All operations of the back office.
pub(crate) type AdminApi = (RulesApi, GoodsApi, OfficeApi);

/// What the shop decides.
type RulesApi = (
    rules::PromotionsApi,
    rules::PriceListsApi,
    rules::CustomerGroupsApi,
    rules::TaxZonesApi,
    rules::TaxRatesApi,
    rules::ShippingZonesApi,
    rules::ShippingMethodsApi,
    settings::SettingsApi,
    trial::TrialApi,
    coupons::CouponsApi,
);

/// What it sells.
type GoodsApi = (
    products::ListApi,
    warehouses::WarehousesApi,
    inventory::InventoryApi,
    prices::PricesApi,
    shared::BrandsApi,
    shared::ManagedCategoriesApi,
    shared::AttributesApi,
    tags::TagsApi,
);

/// What it keeps an eye on.
type OfficeApi = (
    money::MoneyApi,
    roles::RolesApi,
    keys::KeysApi,
    audit::AuditApi,
    jobs::JobsApi,
    invariants::InvariantsApi,
);

pub(super) fn operations(shop: &Shop) -> AdminApi {
    let rules = (
        rules::PromotionsApi { shop: shop.clone() },
        rules::PriceListsApi { shop: shop.clone() },
        rules::CustomerGroupsApi { shop: shop.clone() },
        rules::TaxZonesApi { shop: shop.clone() },
        rules::TaxRatesApi { shop: shop.clone() },
        rules::ShippingZonesApi { shop: shop.clone() },
        rules::ShippingMethodsApi { shop: shop.clone() },
        settings::SettingsApi { shop: shop.clone() },
        trial::TrialApi { shop: shop.clone() },
        coupons::CouponsApi { shop: shop.clone() },
    );
    let goods = (
        products::ListApi { shop: shop.clone() },
        warehouses::WarehousesApi { shop: shop.clone() },
        inventory::InventoryApi { shop: shop.clone() },
        prices::PricesApi { shop: shop.clone() },
        shared::BrandsApi { shop: shop.clone() },
        shared::ManagedCategoriesApi { shop: shop.clone() },
        shared::AttributesApi { shop: shop.clone() },
        tags::TagsApi { shop: shop.clone() },
    );
    let office = (
        money::MoneyApi { shop: shop.clone() },
        roles::RolesApi,
        keys::KeysApi { shop: shop.clone() },
        audit::AuditApi { shop: shop.clone() },
        jobs::JobsApi { shop: shop.clone() },
        invariants::InvariantsApi::new(shop),
    );
    (rules, goods, office)
}
