//! The checkout pages: what the payer sees and does in the browser. Plain forms, no script.

mod page;
mod panel;

use std::sync::Arc;

use poem::Response;
use poem::http::{HeaderValue, Method, StatusCode, header};

use super::Shared;
use super::attempt::Entry;
use super::bodies::cancel_action;
use super::books::Books;
use super::country::Channel;
use super::means::Means;
use super::request::{Fields, escape};
use super::server::Visit;
use super::transaction::{Instrument, Status, Step, Transaction};

/// Answers whatever is below `/checkout/`.
pub(crate) fn visit(shared: &Arc<Shared>, visit: &Visit<'_>, rest: &str) -> Response {
    let steps: Vec<&str> = rest.split('/').filter(|step| !step.is_empty()).collect();
    let fields = visit.fields.clone().unwrap_or_default();
    let mut books = shared.books();
    let (Some(access_code), action) = (steps.first(), steps.get(1)) else {
        return page::not_found();
    };
    let Some(index) = books.by_access_code(access_code) else { return page::not_found() };
    match (visit.request.method(), action) {
        (&Method::GET, None) => show(&books, index, &fields),
        (&Method::POST, Some(action)) => {
            if !books.session_over(index) {
                act(&mut books, index, action, &fields);
            }
            if *action == "cancel" && !books.transactions[index].paid() {
                return cancelled(&books, index);
            }
            go_on(&books, index, &fields)
        }
        _ => page::not_found(),
    }
}

/// The page for where the transaction stands.
fn show(books: &Books, index: usize, fields: &Fields) -> Response {
    let transaction = &books.transactions[index];
    if transaction.paid() {
        return match returning(transaction) {
            Some(url) => see(&url),
            None => page::complete(books, index),
        };
    }
    if books.session_over(index) {
        return page::over(books, index, "Transaction cannot be completed. Session timeout exceeded.");
    }
    if transaction.status == Status::Failed || transaction.step == Step::Nothing {
        let reason = transaction.message.as_deref().unwrap_or("The payment has failed.");
        return page::over(books, index, reason);
    }
    if fields.filled("cancelled").is_some() {
        return page::cancelled(books, index);
    }
    page::pay(books, index, channel(transaction, fields), fields)
}

/// The channel whose tab is open.
fn channel(transaction: &Transaction, fields: &Fields) -> Channel {
    let asked = fields.filled("channel").and_then(|name| Channel::from_name(&name));
    let open = transaction.instrument.as_ref().map(Instrument::channel);
    let first = transaction.channels.first().copied();
    asked.filter(|channel| transaction.channels.contains(channel)).or(open).or(first).unwrap_or(Channel::Card)
}

fn act(books: &mut Books, index: usize, action: &str, fields: &Fields) {
    let text = |name: &str| fields.text(name).unwrap_or_default();
    let transaction = &books.transactions[index];
    if transaction.over() {
        return;
    }
    let choosing = transaction.step == Step::Choose;
    match action {
        "pay" if choosing => {
            let wanted =
                Channel::from_name(&text("channel")).filter(|wanted| transaction.channels.contains(wanted));
            if let Some(means) = wanted.and_then(|channel| means(channel, fields)) {
                books.begin(index, means);
            }
        }
        "pin" => books.enter(index, Entry::Pin(text("pin"))),
        "otp" => books.enter(index, Entry::Otp(text("otp"))),
        "phone" => books.enter(index, Entry::Phone(text("phone"))),
        "birthday" => books.enter(index, Entry::Birthday(text("birthday"))),
        "approve" => books.approve(index),
        "refuse" if !choosing => books.decline(index, "Declined"),
        "transfer" => {
            if let Some(amount) = fields.count("amount") {
                books.transfer(index, amount);
            }
        }
        "again" | "cancel" => books.choose_again(index),
        _ => {}
    }
}

/// What the form of a channel says.
fn means(channel: Channel, fields: &Fields) -> Option<Means> {
    let text = |name: &str| fields.text(name).unwrap_or_default();
    Some(match channel {
        Channel::Card => {
            let expiry = text("expiry");
            let (month, year) = expiry.split_once('/').unwrap_or((&expiry, ""));
            Means::Card {
                number: text("number"),
                cvv: text("cvv"),
                month: month.trim().to_owned(),
                year: year.trim().to_owned(),
                pin: None,
            }
        }
        Channel::MobileMoney => Means::MobileMoney { provider: text("provider"), phone: text("phone") },
        Channel::BankTransfer => Means::BankTransfer { until: None },
        Channel::Ussd => Means::Ussd { kind: text("type") },
        Channel::Bank => {
            let (code, account) = match text("bank").as_str() {
                "50211" => ("50211", "+2348100000000"),
                _ => ("057", "0000000000"),
            };
            Means::Bank { code: code.to_owned(), account: account.to_owned(), birthday: None, token: None }
        }
        Channel::Qr => Means::Qr,
        Channel::Eft => Means::Eft,
        Channel::CapitecPay => Means::CapitecPay,
    })
}

/// After a form was sent: back to the shop, or to the page of the next step.
fn go_on(books: &Books, index: usize, fields: &Fields) -> Response {
    let transaction = &books.transactions[index];
    if let Some(url) = returning(transaction) {
        return see(&url);
    }
    let tab = fields.filled("channel").and_then(|name| Channel::from_name(&name));
    let tab = tab.map_or_else(String::new, |channel| format!("?channel={}", channel.name()));
    see(&format!("{}{tab}", page::path(books, index)))
}

/// Where a payer who has paid goes back to, with the reference twice, as it is.
fn returning(transaction: &Transaction) -> Option<String> {
    let url = transaction.callback_url.as_deref().filter(|url| transaction.paid() && web(url))?;
    let reference = escape(&transaction.reference);
    let (url, fragment) = url.split_once('#').map_or((url, None), |(url, fragment)| (url, Some(fragment)));
    let join = if url.contains('?') { '&' } else { '?' };
    let fragment = fragment.map_or_else(String::new, |fragment| format!("#{fragment}"));
    Some(format!("{url}{join}trxref={reference}&reference={reference}{fragment}"))
}

fn cancelled(books: &Books, index: usize) -> Response {
    match cancel_action(&books.transactions[index]).filter(|url| web(url)) {
        Some(url) => see(url),
        None => see(&format!("{}?cancelled=1", page::path(books, index))),
    }
}

/// Whether a browser may be sent there.
fn web(url: &str) -> bool {
    url.starts_with("http://") || url.starts_with("https://")
}

fn see(url: &str) -> Response {
    let mut response = Response::builder().status(StatusCode::SEE_OTHER).finish();
    if let Ok(url) = HeaderValue::from_str(url) {
        response.headers_mut().insert(header::LOCATION, url);
    }
    response
}
