//! Asking carriers, and not waiting for them for ever.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use super::carrier::{CarrierAnswers, CarrierError, CarrierRate, CarrierRequest, CarrierTrouble};
use crate::{Clock, ShippingRates};

/// Asks for all the prices of an order at once: the deadline is one for all the requests. What went wrong is for the log;
/// the methods that it concerns fall back.
pub(crate) async fn ask_all(
    port: &dyn ShippingRates,
    clock: &dyn Clock,
    requests: &[CarrierRequest],
    deadline: Duration,
) -> (CarrierAnswers, Vec<CarrierError>) {
    let mut answers = CarrierAnswers::default();
    let mut troubles = Vec::new();
    for (request, answer) in requests.iter().zip(ask_each(port, clock, requests, deadline).await) {
        match answer {
            Ok(rates) => answers.add(request, rates),
            Err(trouble) => troubles.push(trouble),
        }
    }
    (answers, troubles)
}

type Answer = Result<Vec<CarrierRate>, CarrierError>;

enum Asked<'a> {
    Waiting(Pin<Box<dyn Future<Output = Answer> + Send + 'a>>),
    Answered(Answer),
}

/// One answer for each request, in their order. The core has no runtime, so the requests and the clock are polled by hand;
/// the clock comes last, so that an answer that is there is taken even when time is up.
async fn ask_each(
    port: &dyn ShippingRates,
    clock: &dyn Clock,
    requests: &[CarrierRequest],
    deadline: Duration,
) -> Vec<Answer> {
    if requests.is_empty() {
        return Vec::new();
    }
    let mut asked: Vec<Asked<'_>> =
        requests.iter().map(|request| Asked::Waiting(port.rates(request))).collect();
    let mut time_is_up = pin!(clock.sleep(deadline));
    poll_fn(|context| {
        let mut waiting = false;
        for asked in &mut asked {
            let Asked::Waiting(rates) = asked else { continue };
            match rates.as_mut().poll(context) {
                Poll::Ready(answer) => *asked = Asked::Answered(answer),
                Poll::Pending => waiting = true,
            }
        }
        if waiting { time_is_up.as_mut().poll(context) } else { Poll::Ready(()) }
    })
    .await;
    let answers = requests.iter().zip(asked).map(|(request, asked)| match asked {
        Asked::Answered(answer) => check(request, answer?),
        Asked::Waiting(_) => Err(late(deadline)),
    });
    answers.collect()
}

fn late(deadline: Duration) -> CarrierError {
    CarrierError::new(CarrierTrouble::Late, format!("no answer after {} ms", deadline.as_millis()))
}

/// The rates of the services that were asked for, when they are what the contract promises.
fn check(request: &CarrierRequest, mut rates: Vec<CarrierRate>) -> Answer {
    rates.retain(|rate| request.services.contains(&rate.service));
    for (index, rate) in rates.iter().enumerate() {
        let broken = if rate.price.currency != request.currency {
            format!("is in {}, not in {}", rate.price.currency, request.currency)
        } else if rate.price.minor < 0 {
            "is below nothing".to_owned()
        } else if rates[..index].iter().any(|earlier| earlier.service == rate.service) {
            "occurs twice".to_owned()
        } else {
            continue;
        };
        let reason = format!("the price of `{}` {broken}", rate.service);
        return Err(CarrierError::new(CarrierTrouble::Broken, reason));
    }
    Ok(rates)
}
