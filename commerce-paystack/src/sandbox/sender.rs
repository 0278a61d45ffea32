//! What happens by itself: webhooks go out, refunds move on, waiting payers time out.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use super::Shared;
use super::books::Job;
use super::webhook::{ATTEMPT_MAX, Parcel};

/// Runs for ever. Attempts under way end with it.
pub(crate) async fn run(shared: &Arc<Shared>) {
    let mut attempts = JoinSet::new();
    let mut changed = shared.changed.subscribe();
    loop {
        for parcel in ready(shared) {
            attempts.spawn(send(Arc::clone(shared), parcel));
        }
        let idle = shared.books().idle();
        // Without a job it waits to be woken; the hour is only a bound.
        let idle = tokio::time::sleep(idle.unwrap_or(Duration::from_secs(3600)));
        tokio::select! {
            _ = changed.changed() => {}
            () = idle => {}
            Some(_) = attempts.join_next() => {}
        }
    }
}

/// Does what is due, and gives what is to be sent.
fn ready(shared: &Shared) -> Vec<Parcel> {
    let mut books = shared.books();
    let mut parcels = Vec::new();
    let mut moved = false;
    while let Some(job) = books.due() {
        moved |= !matches!(job, Job::Send(_));
        match job {
            Job::Send(number) => parcels.extend(books.parcel(number)),
            Job::Refund(number) => books.carry_refund_on(number),
            Job::Expire(index, attempt) => books.expire(index, attempt),
        }
    }
    drop(books);
    if moved {
        shared.touch();
    }
    parcels
}

async fn send(shared: Arc<Shared>, parcel: Parcel) {
    let Parcel { number, url, body, signature } = parcel;
    let sent = shared
        .http
        .post(&url)
        .timeout(ATTEMPT_MAX)
        .header("content-type", "application/json")
        .header("accept", "application/json, text/plain, */*")
        .header("user-agent", "Paystack/2.0")
        .header("x-paystack-signature", signature)
        .body(body)
        .send()
        .await;
    let status = match sent {
        Ok(answer) => Some(answer.status().as_u16()),
        Err(error) => {
            tracing::debug!(%url, %error, "a webhook was not answered");
            None
        }
    };
    shared.books().attempted(number, status);
    shared.touch();
}
