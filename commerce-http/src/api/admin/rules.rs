//! The lists of the rulebook, one resource each.

use commerce_core::promotion::Promotion;
use poem_openapi::OpenApi;
use poem_openapi::param::{Path, Query};

use super::parts::{self, IfMatch, expected};
use super::{Read, Write};
use crate::api::access::{MayReadRules, MayWriteRules};
use crate::api::key::OptionalKey;
use crate::api::{Shop, Tag};
use crate::wire::{
    Answer, CustomerGroups, Document, DocumentPage, PageNumber, PageSize, PriceLists, Problem, Promotions,
    Refused, ShippingMethods, ShippingZones, TaxRates, TaxZones, Text,
};

/// The operations of a resource, each with its name and its title. What follows them not every resource has.
macro_rules! resource {
    (
        $api:ident of $part:ident at $path:tt,
        $list:tt $lists:tt, $get:tt $shows:tt, $create:tt $makes:tt, $replace:tt $replaces:tt, $delete:tt $deletes:tt
        $(, $end:tt $ends:tt $means:tt)?
        $(, create if $may_create:path)?
    ) => {
        pub(crate) struct $api {
            pub(super) shop: Shop,
        }

        #[OpenApi(prefix_path = $path, tag = "Tag::BackOffice")]
        impl $api {
            #[doc = $lists]
            ///
            /// In the order of the rulebook.
            #[oai(path = "/", method = "get", operation_id = $list)]
            async fn list(
                &self,
                _admin: MayReadRules,
                /// Which page, from 1.
                page: Query<Option<PageNumber>>,
                /// Rows on a page.
                page_size: Query<Option<PageSize>>,
            ) -> Result<Answer<DocumentPage<$part>>, Refused<Read>> {
                Ok(parts::list(&self.shop, concat!($path, "/"), page.0, page_size.0).await?)
            }

            #[doc = $makes]
            ///
            /// It comes behind the others in the rulebook and is in force at once, on every server.
            #[oai(path = "/", method = "post", operation_id = $create)]
            async fn create(
                &self,
                admin: MayWriteRules,
                /// The version of the rules for which it is meant.
                #[oai(name = "If-Match")]
                if_match: IfMatch,
                /// A key under which the request may be repeated.
                #[oai(name = "Idempotency-Key")]
                key: OptionalKey,
                body: Document<$part>,
            ) -> Result<Answer<Document<$part>, 201>, Refused<Write>> {
                $($may_create(&body.part)?;)?
                let version = expected(&if_match, body.version)?;
                let sent = serde_json::to_vec(&body).map_err(Problem::internal)?;
                let request = key.request(admin.actor().to_string(), concat!("POST ", $path, "/"), &sent);
                Ok(parts::create(&self.shop, admin.actor(), request, version, body.part).await?)
            }

            #[doc = $shows]
            #[oai(path = "/:code/", method = "get", operation_id = $get)]
            async fn show(
                &self,
                _admin: MayReadRules,
                /// Its code.
                code: Path<Text>,
            ) -> Result<Answer<Document<$part>>, Refused<Read>> {
                Ok(parts::show(&self.shop, &code.0.0).await?)
            }

            #[doc = $replaces]
            ///
            /// By one of the same code, in the same place of the rulebook.
            #[oai(path = "/:code/", method = "put", operation_id = $replace)]
            async fn replace(
                &self,
                admin: MayWriteRules,
                /// Its code.
                code: Path<Text>,
                /// The version of the rules for which it is meant.
                #[oai(name = "If-Match")]
                if_match: IfMatch,
                body: Document<$part>,
            ) -> Result<Answer<Document<$part>>, Refused<Write>> {
                let version = expected(&if_match, body.version)?;
                Ok(parts::replace(&self.shop, admin.actor(), code.0.0, version, body.part).await?)
            }

            #[doc = $deletes]
            ///
            /// Unless something refers to it. The answer is what was deleted, with the version of the rules without it.
            #[oai(path = "/:code/", method = "delete", operation_id = $delete)]
            async fn remove(
                &self,
                admin: MayWriteRules,
                /// Its code.
                code: Path<Text>,
                /// The version of the rules for which it is meant.
                #[oai(name = "If-Match")]
                if_match: IfMatch,
            ) -> Result<Answer<Document<$part>>, Refused<Write>> {
                let version = expected(&if_match, None)?;
                Ok(parts::remove(&self.shop, admin.actor(), code.0.0, version).await?)
            }

            $(
                #[doc = $ends]
                ///
                #[doc = $means]
                #[oai(path = "/:code/end/", method = "post", operation_id = $end)]
                async fn end(
                    &self,
                    admin: MayWriteRules,
                    /// Its code.
                    code: Path<Text>,
                    /// The version of the rules for which it is meant.
                    #[oai(name = "If-Match")]
                    if_match: IfMatch,
                    /// A key under which the request may be repeated.
                    #[oai(name = "Idempotency-Key")]
                    key: OptionalKey,
                ) -> Result<Answer<Document<$part>>, Refused<Write>> {
                    let version = expected(&if_match, None)?;
                    let code = code.0.0;
                    let route = concat!("POST ", $path, "/{code}/end/");
                    let request = key.request(admin.actor().to_string(), route, code.as_bytes());
                    Ok(parts::end(&self.shop, admin.actor(), request, code, version).await?)
                }
            )?
        }
    };
}

resource! {
    PromotionsApi of Promotions at "/api/admin/promotions",
    "listPromotions" "Lists promotions", "getPromotion" "Shows a promotion", "createPromotion" "Makes a promotion",
    "replacePromotion" "Replaces a promotion", "deletePromotion" "Deletes a promotion",
    "endPromotion" "Ends a promotion"
        "Its `until` becomes now. One that has ended already stays as it is; one that has not begun is deleted instead.",
    create if no_word_of_the_address
}

resource! {
    PriceListsApi of PriceLists at "/api/admin/price-lists",
    "listPriceLists" "Lists price lists", "getPriceList" "Shows a price list", "createPriceList" "Makes a price list",
    "replacePriceList" "Replaces a price list", "deletePriceList" "Deletes a price list",
    "endPriceList" "Ends a price list"
        "Its `until` becomes now. One that has ended already stays as it is; one that has not begun is deleted instead."
}

resource! {
    CustomerGroupsApi of CustomerGroups at "/api/admin/customer-groups",
    "listCustomerGroups" "Lists groups of customers", "getCustomerGroup" "Shows a group of customers",
    "createCustomerGroup" "Makes a group of customers", "replaceCustomerGroup" "Replaces a group of customers",
    "deleteCustomerGroup" "Deletes a group of customers"
}

resource! {
    TaxZonesApi of TaxZones at "/api/admin/tax-zones",
    "listTaxZones" "Lists zones of tax", "getTaxZone" "Shows a zone of tax", "createTaxZone" "Makes a zone of tax",
    "replaceTaxZone" "Replaces a zone of tax", "deleteTaxZone" "Deletes a zone of tax"
}

resource! {
    TaxRatesApi of TaxRates at "/api/admin/tax-rates",
    "listTaxRates" "Lists rates of tax", "getTaxRate" "Shows a rate of tax", "createTaxRate" "Makes a rate of tax",
    "replaceTaxRate" "Replaces a rate of tax", "deleteTaxRate" "Deletes a rate of tax",
    "endTaxRate" "Ends a rate of tax"
        "Its `until` becomes now. One that has ended already stays as it is; one that has not begun is deleted instead."
}

resource! {
    ShippingZonesApi of ShippingZones at "/api/admin/shipping-zones",
    "listShippingZones" "Lists zones of shipping", "getShippingZone" "Shows a zone of shipping",
    "createShippingZone" "Makes a zone of shipping", "replaceShippingZone" "Replaces a zone of shipping",
    "deleteShippingZone" "Deletes a zone of shipping"
}

resource! {
    ShippingMethodsApi of ShippingMethods at "/api/admin/shipping-methods",
    "listShippingMethods" "Lists shipping methods", "getShippingMethod" "Shows a shipping method",
    "createShippingMethod" "Makes a shipping method", "replaceShippingMethod" "Replaces a shipping method",
    "deleteShippingMethod" "Deletes a shipping method",
    "endShippingMethod" "Ends a shipping method" "It is offered no longer: `enabled` becomes false."
}

/// `promotions/try/` is an address of its own, so a promotion of this code would have none.
fn no_word_of_the_address(promotion: &Promotion) -> Result<(), Problem> {
    match promotion.code.as_str() {
        "try" => Err(Problem::field("/code", "invalid", "`try` is a word of the address: choose another")),
        _ => Ok(()),
    }
}
