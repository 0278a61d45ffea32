//! Carriers and tax services, reached through the engine: what they say is in the cart's answer, in the next look and in
//! the order; what they do not say costs the deadline, or is an error that a client may try again.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;

use super::{Shop, delivery, fill};
use crate::audit::Actor;
use crate::cart::{CartError, CartToken, Delivery, PricedCart};
use crate::checkout::{Confirm, ConfirmError};
use crate::customer::{Country, Destination};
use crate::payment::PaymentMethod;
use crate::shipping::{CarrierError, CarrierRate, CarrierRequest, CarrierTrouble, ShippingOption};
use crate::tax::external::{ExternalAmount, ExternalLineTax, ExternalShippingTax, TaxRequestLine};
use crate::tax::{ExternalTax, TaxProviderError, TaxRequest};
use crate::testkit::{MockClock, item};
use crate::{Currency, Engine, Money, ShippingRates, TaxProvider};

const DEADLINE: Duration = Duration::from_millis(800);

/// A method of a carrier with no price of its own, one with a price for when the carrier is silent, and one that nobody
/// has to be asked about.
const METHODS: &str = r#"{
    "currency": "NGN",
    "shipping": {"methods": [
        {"code": "express", "label": "Express", "rate": {"carrier": {"service": "dhl.express"}}},
        {"code": "parcel", "label": "Parcel", "rate": {"carrier": {"service": "dhl.parcel", "fallback": "20"}}},
        {"code": "post", "label": "Post", "rate": {"flat": "5"}}
    ]}
}"#;

/// A carrier that asks 7.50 for a service of its own, or never answers.
#[derive(Clone, Copy, PartialEq)]
enum Carrier {
    Answers,
    Hangs,
}

#[async_trait]
impl ShippingRates for Carrier {
    async fn rates(&self, request: &CarrierRequest) -> Result<Vec<CarrierRate>, CarrierError> {
        if *self == Self::Hangs {
            return std::future::pending().await;
        }
        let rate = |service: &Arc<str>| CarrierRate {
            service: Arc::clone(service),
            price: Money::from_minor(750, request.currency),
            transit: None,
        };
        Ok(request.services.iter().map(rate).collect())
    }
}

/// A tax service that says of each line item and of shipping what no rate would give; or has its day off.
#[derive(Default)]
struct Assessor {
    away: AtomicBool,
}

#[async_trait]
impl TaxProvider for Assessor {
    async fn assess(&self, request: &TaxRequest) -> Result<ExternalTax, TaxProviderError> {
        if self.away.load(Ordering::SeqCst) {
            return Err(TaxProviderError::Unavailable("closed today".to_owned()));
        }
        let tax = |base: Money, minor| ExternalAmount {
            name: "City levy".to_owned(),
            rate: None,
            base,
            amount: Money::from_minor(minor, request.currency),
            included: false,
        };
        let on_line = |(asked, minor): (&TaxRequestLine, i64)| ExternalLineTax {
            line: asked.line,
            tax: tax(asked.amount, minor),
        };
        Ok(ExternalTax {
            lines: request.lines.iter().zip([13, 17]).map(on_line).collect(),
            shipping: request
                .shipping
                .iter()
                .map(|shipping| ExternalShippingTax { tax: tax(shipping.amount, 3) })
                .collect(),
        })
    }
}

async fn stocked(shop: &Shop) {
    shop.sell([item("mug").price("10").stock(9), item("pen").price("4").stock(9)]).await;
    shop.engine.rules().apply(serde_json::from_str(METHODS).unwrap(), &Actor::System).await.unwrap();
}

/// The shop with this carrier, and what went wrong with it.
fn served_by(shop: &Shop, carrier: Carrier) -> (Engine, Arc<Mutex<Vec<CarrierTrouble>>>) {
    let troubles = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&troubles);
    let trouble = move |error: &CarrierError| told.lock().unwrap().push(error.kind);
    let engine = Engine::builder_shared(Arc::clone(&shop.store))
        .currency(Currency::NGN)
        // This clock stands still, so that a deadline is over at once.
        .clock(Arc::new(MockClock::default()))
        .shipping_rates(Arc::new(carrier), DEADLINE, trouble)
        .build();
    (engine, troubles)
}

fn by(method: &str) -> Delivery {
    Delivery { shipping_method: Some(method.to_owned()), ..delivery() }
}

async fn priced_in_options(engine: &Engine, token: &CartToken) -> Vec<(String, i64, bool)> {
    let nigeria = Destination::in_country(Country::NG);
    let options = engine.carts().shipping_options(Some(token), nigeria).await.unwrap();
    let told = |option: ShippingOption| (option.code.to_string(), option.price.minor, option.from_fallback);
    options.into_iter().map(told).collect()
}

fn option(code: &str, minor: i64, from_fallback: bool) -> (String, i64, bool) {
    (code.to_owned(), minor, from_fallback)
}

/// What a carrier asks is what the shopper sees, and what the order costs.
pub async fn a_carriers_price_is_in_the_options_the_cart_and_the_order(shop: &Shop) {
    stocked(shop).await;
    let (engine, troubles) = served_by(shop, Carrier::Answers);
    let token = fill(&engine, &[("mug", 1)]).await;
    assert_eq!(
        priced_in_options(&engine, &token).await,
        [option("express", 750, false), option("parcel", 750, false), option("post", 500, false)]
    );
    let answered = engine.carts().set_delivery(&token, &by("express"), None).await.unwrap().cart;
    assert_eq!((answered.quote.summary.shipping.minor, answered.quote.summary.total.minor), (750, 1_750));
    engine.carts().set_payment(&token, PaymentMethod::CashOnDelivery, None).await.unwrap();
    let order = engine.checkout().confirm(&token, &Confirm::default()).await.unwrap().order.order;
    assert_eq!((order.totals.shipping.minor, order.totals.total.minor), (750, 1_750));
    assert_eq!(order.shipping_method.unwrap().code, "express");
    assert_eq!(*troubles.lock().unwrap(), []);
}

/// A silent carrier is left out, but for a method that has a price for that.
pub async fn a_carrier_that_hangs_costs_the_deadline_and_falls_back(shop: &Shop) {
    stocked(shop).await;
    let (engine, troubles) = served_by(shop, Carrier::Hangs);
    let token = fill(&engine, &[("mug", 1)]).await;
    assert_eq!(
        priced_in_options(&engine, &token).await,
        [option("parcel", 2_000, true), option("post", 500, false)]
    );
    let refused = engine.carts().set_delivery(&token, &by("express"), None).await;
    assert!(matches!(refused, Err(CartError::ShippingMethod)), "no price to fall back to: {refused:?}");
    engine.carts().set_delivery(&token, &by("parcel"), None).await.unwrap();
    engine.carts().set_payment(&token, PaymentMethod::CashOnDelivery, None).await.unwrap();
    let order = engine.checkout().confirm(&token, &Confirm::default()).await.unwrap().order.order;
    assert_eq!(order.totals.shipping.minor, 2_000);
    let troubles = troubles.lock().unwrap();
    assert!(
        !troubles.is_empty() && troubles.iter().all(|kind| *kind == CarrierTrouble::Late),
        "{troubles:?}"
    );
}

/// The tax of each line item, of the whole, and what is paid.
fn taxed(cart: &PricedCart) -> (Vec<i64>, i64, i64) {
    let quote = &cart.quote;
    let of_lines = quote.lines.iter().map(|line| line.tax_added.minor).collect();
    (of_lines, quote.summary.tax_added.minor, quote.summary.total.minor)
}

/// Nothing of what a tax service says is computed again, and the order keeps it.
pub async fn what_a_tax_service_says_is_kept_as_given(shop: &Shop) {
    stocked(shop).await;
    let engine = Engine::builder_shared(Arc::clone(&shop.store))
        .currency(Currency::NGN)
        .tax_provider(Arc::new(Assessor::default()))
        .build();
    let token = fill(&engine, &[("mug", 2), ("pen", 1)]).await;
    let answered = engine.carts().set_delivery(&token, &by("post"), None).await.unwrap().cart;
    let expected = (vec![13, 17], 33, 2_400 + 500 + 33);
    assert_eq!(taxed(&answered), expected);
    assert_eq!(taxed(&engine.carts().get(Some(&token)).await.unwrap()), expected);
    let named: Vec<_> =
        answered.quote.taxes.iter().map(|tax| (tax.origin.label.to_string(), tax.amount.minor)).collect();
    engine.carts().set_payment(&token, PaymentMethod::CashOnDelivery, None).await.unwrap();
    let id = engine.checkout().confirm(&token, &Confirm::default()).await.unwrap().order.order.id;
    let order = shop.order_now(id).await.order;
    assert_eq!(order.lines.iter().map(|line| line.tax_added.minor).collect::<Vec<_>>(), [13, 17]);
    assert_eq!((order.totals.tax_added.minor, order.totals.total.minor), (33, 2_933));
    let kept: Vec<_> =
        order.taxes.iter().map(|tax| (tax.origin.label.to_string(), tax.amount.minor)).collect();
    assert_eq!(kept, named);
    assert_eq!(kept, [("City levy".to_owned(), 33)]);
}

/// A tax service that is away is an error, after which all is as before.
pub async fn without_the_tax_service_nothing_is_written_and_the_same_request_may_succeed_later(shop: &Shop) {
    stocked(shop).await;
    let assessor = Arc::new(Assessor::default());
    let port: Arc<dyn TaxProvider> = Arc::<Assessor>::clone(&assessor);
    let engine =
        Engine::builder_shared(Arc::clone(&shop.store)).currency(Currency::NGN).tax_provider(port).build();
    let token = fill(&engine, &[("mug", 1)]).await;
    let unavailable = |error: &TaxProviderError| matches!(error, TaxProviderError::Unavailable(_));
    let unwritten = shop.view(&token).await.cart;

    assessor.away.store(true, Ordering::SeqCst);
    let refused = engine.carts().set_delivery(&token, &by("post"), None).await.unwrap_err();
    assert!(matches!(&refused, CartError::Tax(error) if unavailable(error)), "{refused:?}");
    assert_eq!(shop.view(&token).await.cart, unwritten);

    assessor.away.store(false, Ordering::SeqCst);
    engine.carts().set_delivery(&token, &by("post"), None).await.unwrap();
    engine.carts().set_payment(&token, PaymentMethod::CashOnDelivery, None).await.unwrap();
    let ready = shop.view(&token).await.cart;
    let stock = shop.stock("mug").await;

    assessor.away.store(true, Ordering::SeqCst);
    let refused = engine.checkout().confirm(&token, &Confirm::default()).await.unwrap_err();
    assert!(matches!(&refused, ConfirmError::Tax(error) if unavailable(error)), "{refused:?}");
    assert_eq!((shop.view(&token).await.cart, shop.stock("mug").await), (ready, stock));

    assessor.away.store(false, Ordering::SeqCst);
    let placed = engine.checkout().confirm(&token, &Confirm::default()).await.unwrap();
    assert_eq!(placed.order.order.totals.tax_added.minor, 16, "13 on the mug, 3 on shipping");
}
