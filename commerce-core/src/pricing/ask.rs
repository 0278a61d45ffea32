//! What carriers and tax services are asked about a cart, before it is priced.

use super::delivery::goods;
use super::input::PricingInput;
use super::profile::ShippingPrice;
use super::quote::PricingError;
use super::rulebook::CompiledRulebook;
use super::run::run;
use super::settle::settle;
use crate::catalog::Sku;
use crate::customer::Destination;
use crate::shipping::{CarrierRequest, carrier_requests};
use crate::tax::TaxRequest;
use crate::tax::external::{TaxRequestLine, TaxRequestShipping};

impl CompiledRulebook {
    /// Whether a shipping method has a carrier's price.
    pub(crate) fn asks_carriers(&self) -> bool {
        self.shipping.asks_carriers()
    }

    /// Whether a shipping method is priced by parcels, so that it matters where goods come from.
    pub(crate) fn counts_parcels(&self) -> bool {
        self.shipping.counts_parcels()
    }

    /// What carriers are asked for the cart; nothing without a destination.
    pub(crate) fn carrier_requests(
        &self,
        input: &PricingInput<'_>,
    ) -> Result<Vec<CarrierRequest>, PricingError> {
        let Some(destination) = &input.destination else { return Ok(Vec::new()) };
        let worked = run(self, input, false)?;
        let goods = goods(input, &worked.state);
        Ok(carrier_requests(&self.shipping, destination, input.now, input.currency, &goods)?)
    }

    /// What a tax service is asked for the cart: what is left of it after discounts.
    pub(crate) fn tax_request(
        &self,
        input: &PricingInput<'_>,
        destination: &Destination,
    ) -> Result<TaxRequest, PricingError> {
        let worked = run(self, &PricingInput { external_tax: None, ..input.clone() }, false)
            .and_then(|worked| Ok((settle(&worked)?, worked.lines)))?;
        let (quote, priced) = worked;
        let mut lines = Vec::with_capacity(quote.lines.len());
        for ((line, quoted), priced) in input.lines.iter().zip(&quote.lines).zip(&priced) {
            // A SKU that is none cannot be in a cart; one of a document may be anything.
            let Ok(sku) = line.sku.parse::<Sku>() else { continue };
            lines.push(TaxRequestLine {
                line: line.id,
                sku,
                tax_class: line.tax_class.clone(),
                quantity: line.quantity,
                amount: quoted.net_of_discount()?,
                included: priced.included,
            });
        }
        let included = match self.rounding.shipping_price {
            ShippingPrice::LikeGoods => self.tax.prices_include_tax(),
            ShippingPrice::WithTax => true,
            ShippingPrice::WithoutTax => false,
        };
        let shipping = (quote.summary.shipping.minor > 0)
            .then_some(TaxRequestShipping { amount: quote.summary.shipping, included });
        Ok(TaxRequest {
            currency: input.currency,
            destination: destination.clone(),
            now: input.now,
            vat_id: input.customer.vat_id.cloned(),
            lines,
            shipping,
        })
    }
}
