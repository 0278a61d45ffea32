//! What carriers are asked, and what becomes of their answers.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;

use super::*;
use crate::shipping::carrier::{CarrierError, CarrierRate, CarrierRequest, CarrierTrouble};
use crate::shipping::estimate::Transit;
use crate::shipping::options::carrier_requests;
use crate::shipping::service::ask_all;
use crate::testkit::MockClock;
use crate::{Money, ShippingRates};

const DEADLINE: Duration = Duration::from_millis(800);

/// Two methods of a carrier, one of which has a price to fall back to, and one that nobody has to be asked about.
const RULES: &str = r#"{"methods": [
    {"code": "express", "label": "Express", "handling": {"per_order": "1"},
     "rate": {"carrier": {"service": "dhl.express", "fallback": "20"}}},
    {"code": "parcel", "label": "Parcel", "rate": {"carrier": {"service": "dhl.parcel"}}},
    {"code": "post", "label": "Post", "rate": {"flat": "5"}}
]}"#;

/// A carrier that answers so.
enum Carrier {
    Never,
    Rates(Vec<CarrierRate>),
    Fails(CarrierTrouble),
    /// Not before it was polled so often.
    Slow(AtomicU32),
}

#[async_trait]
impl ShippingRates for Carrier {
    async fn rates(&self, _: &CarrierRequest) -> Result<Vec<CarrierRate>, CarrierError> {
        match self {
            Self::Never => std::future::pending().await,
            Self::Rates(rates) => Ok(rates.clone()),
            Self::Fails(trouble) => Err(CarrierError::new(*trouble, "as told")),
            Self::Slow(polls) => {
                while polls.load(Ordering::SeqCst) > 0 {
                    polls.fetch_sub(1, Ordering::SeqCst);
                    tokio::task::yield_now().await;
                }
                Ok(vec![rate("dhl.parcel", 700)])
            }
        }
    }
}

fn rate(service: &str, minor: i64) -> CarrierRate {
    CarrierRate { service: arc(service), price: Money::from_minor(minor, Currency::NGN), transit: None }
}

fn requests(rules: &CompiledShipping, items: &[Item]) -> Vec<CarrierRequest> {
    carrier_requests(rules, &nigeria(), now(), Currency::NGN, &goods(items)).unwrap()
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

/// What the methods cost when the carrier answers so, and what went wrong.
fn priced(carrier: &Carrier) -> (Vec<Outcome>, Vec<CarrierTrouble>) {
    let rules = compiled(RULES);
    let one = [item(1, 400)];
    let clock = MockClock::default();
    let (answers, troubles) = run(ask_all(carrier, &clock, &requests(&rules, &one), DEADLINE));
    let considered = options(&rules, &nigeria(), now(), Currency::NGN, &goods(&one), &answers).unwrap();
    let outcomes = considered.into_iter().map(|considered| considered.outcome).collect();
    (outcomes, troubles.iter().map(|trouble| trouble.kind).collect())
}

fn minor(outcomes: &[Outcome]) -> Vec<Option<i64>> {
    outcomes.iter().map(|outcome| outcome.as_ref().ok().map(|option| option.price.minor)).collect()
}

#[test]
fn a_carriers_price_is_the_methods() {
    let (outcomes, troubles) =
        priced(&Carrier::Rates(vec![rate("dhl.parcel", 700), rate("dhl.express", 1_500), rate("else", -1)]));
    assert_eq!(minor(&outcomes), [Some(1_600), Some(700), Some(500)]);
    assert!(troubles.is_empty() && !outcomes[0].as_ref().unwrap().from_fallback);
}

#[test]
fn a_carrier_that_hangs_costs_the_deadline_and_no_more() {
    let (outcomes, troubles) = priced(&Carrier::Never);
    assert_eq!(minor(&outcomes), [Some(2_100), None, Some(500)], "the first has a price to fall back to");
    assert!(outcomes[0].as_ref().unwrap().from_fallback);
    assert_eq!(outcomes[1], Err(NotServed::NoCarrierRate { service: arc("dhl.parcel") }));
    assert_eq!(troubles, [CarrierTrouble::Late]);
    let (outcomes, troubles) = priced(&Carrier::Fails(CarrierTrouble::Unavailable));
    assert_eq!(minor(&outcomes), [Some(2_100), None, Some(500)]);
    assert_eq!(troubles, [CarrierTrouble::Unavailable]);
}

/// What became of one request.
fn ask(
    port: &Carrier,
    clock: &dyn crate::Clock,
    request: &CarrierRequest,
) -> Result<CarrierAnswers, CarrierError> {
    let (answers, mut troubles) = run(ask_all(port, clock, std::slice::from_ref(request), DEADLINE));
    troubles.pop().map_or(Ok(answers), Err)
}

#[test]
fn the_deadline_is_waited_for_on_the_clock() {
    // A clock whose sleep ends when the test says so: until then the carrier has time.
    struct Held(tokio::sync::Notify, std::sync::Mutex<Vec<Duration>>);
    #[async_trait]
    impl crate::Clock for Held {
        fn now(&self) -> Timestamp {
            now()
        }
        async fn sleep(&self, duration: Duration) {
            self.1.lock().unwrap().push(duration);
            self.0.notified().await;
        }
    }
    let rules = compiled(RULES);
    let request = requests(&rules, &[item(1, 400)]).remove(0);
    let clock = Held(tokio::sync::Notify::new(), std::sync::Mutex::default());
    let slow = Carrier::Slow(AtomicU32::new(5));
    let mut expected = CarrierAnswers::default();
    expected.add(&request, vec![rate("dhl.parcel", 700)]);
    assert_eq!(ask(&slow, &clock, &request).unwrap(), expected);
    assert_eq!(*clock.1.lock().unwrap(), [DEADLINE]);
    clock.0.notify_one();
    let late = ask(&Carrier::Slow(AtomicU32::new(5)), &clock, &request).unwrap_err();
    assert_eq!(late.kind, CarrierTrouble::Late);
    assert_eq!(late.to_string(), "the carrier did not answer in time: no answer after 800 ms");
    // An answer that is there is taken although time is up as well.
    clock.0.notify_one();
    assert!(ask(&Carrier::Rates(Vec::new()), &clock, &request).is_ok());
}

#[test]
fn a_service_that_the_carrier_leaves_out_is_not_offered() {
    let (outcomes, troubles) = priced(&Carrier::Rates(vec![rate("dhl.parcel", 700)]));
    assert_eq!(minor(&outcomes), [None, Some(700), Some(500)]);
    assert_eq!(outcomes[0], Err(NotServed::CarrierDeclines { service: arc("dhl.express") }));
    assert!(troubles.is_empty());
}

#[test]
fn an_answer_that_the_contract_forbids_is_not_believed() {
    let dollars = CarrierRate { price: Money::from_minor(5, Currency::USD), ..rate("dhl.parcel", 0) };
    for rates in [
        vec![rate("dhl.parcel", -1)],
        vec![dollars],
        vec![rate("dhl.parcel", 1), rate("dhl.express", 1), rate("dhl.parcel", 2)],
    ] {
        let (outcomes, troubles) = priced(&Carrier::Rates(rates));
        assert_eq!(minor(&outcomes), [Some(2_100), None, Some(500)]);
        assert_eq!(troubles, [CarrierTrouble::Broken]);
    }
    // Nor when it comes past the service.
    let rules = compiled(RULES);
    let one = [item(1, 400)];
    let mut answers = CarrierAnswers::default();
    answers.add(&requests(&rules, &one)[0], vec![rate("dhl.parcel", -1), rate("dhl.express", -1)]);
    let considered = options(&rules, &nigeria(), now(), Currency::NGN, &goods(&one), &answers).unwrap();
    assert_eq!(considered.iter().filter(|considered| considered.outcome.is_ok()).count(), 1);
}

#[test]
fn one_request_for_each_way_of_packing_and_none_for_methods_that_do_not_serve() {
    let rules = compiled(
        r#"{"zones": [{"code": "gh", "areas": [{"country": "GH"}]}], "methods": [
            {"code": "a", "label": "A", "rate": {"carrier": {"service": "a"}}},
            {"code": "b", "label": "B", "rate": {"carrier": {"service": "b"}}},
            {"code": "a2", "label": "A2", "rate": {"carrier": {"service": "a"}}},
            {"code": "c", "label": "C", "max_parcel_grams": 1000, "volumetric_divisor": 5000,
             "rate": {"carrier": {"service": "c"}}},
            {"code": "d", "label": "D", "zones": ["gh"], "rate": {"carrier": {"service": "d"}}},
            {"code": "e", "label": "E", "rate": {"flat": "1"}}
        ]}"#,
    );
    let asked = requests(&rules, &[item(3, 400).sized([100, 100, 250]).from(&[(4, 3)])]);
    let services: Vec<Vec<&str>> =
        asked.iter().map(|request| request.services.iter().map(AsRef::as_ref).collect()).collect();
    assert_eq!(services, [vec!["a", "b"], vec!["c"]]);
    let parcels: Vec<_> =
        asked[1].parcels.iter().map(|p| (p.location, p.units, p.chargeable_milligrams)).collect();
    assert_eq!(parcels, [(Some(4), 2, 1_000_000), (Some(4), 1, 500_000)]);
    assert_eq!(asked[0].parcels.len(), 1);
    // Two requests that hang share one deadline.
    let (_, troubles) = run(ask_all(&Carrier::Never, &MockClock::default(), &asked, DEADLINE));
    assert_eq!(troubles.len(), 2);
    let mut download = item(1, 1);
    download.digital = true;
    assert!(requests(&rules, &[download]).is_empty());
    assert!(requests(&method(r#""rate": {"flat": "1"}"#), &[item(1, 1)]).is_empty());
}

#[test]
fn a_carriers_days_on_the_way_go_before_the_methods() {
    let rules = method(
        r#""rate": {"carrier": {"service": "s", "fallback": "1"}},
           "estimate": {"handling_days": 1, "min_days": 5, "max_days": 9}"#,
    );
    let one = [item(1, 1)];
    let dates = |transit| {
        let mut answers = CarrierAnswers::default();
        if let Some(transit) = transit {
            answers.add(&requests(&rules, &one)[0], vec![CarrierRate { transit, ..rate("s", 1) }]);
        }
        let considered = options(&rules, &nigeria(), now(), Currency::NGN, &goods(&one), &answers).unwrap();
        let estimate = considered[0].outcome.as_ref().unwrap().estimate.unwrap();
        [estimate.earliest, estimate.latest].map(|date| date.to_string())
    };
    // Sunday counts as Monday the 23rd; the goods leave on Tuesday.
    assert_eq!(dates(None), ["2026-12-01", "2026-12-07"]);
    assert_eq!(dates(Some(None)), ["2026-12-01", "2026-12-07"]);
    assert_eq!(dates(Some(Some(Transit { min_days: 1, max_days: 2 }))), ["2026-11-25", "2026-11-26"]);
    let absurd = dates(Some(Some(Transit { min_days: u16::MAX, max_days: 0 })));
    assert_eq!(absurd[0], absurd[1], "no more than a year of days");
}
