//! What the payer fills in, by channel and by step.

use super::super::attempt::BIRTHDAY;
use super::super::books::Books;
use super::super::cards::{OTP, TEST_CARDS, TestCard};
use super::super::clock::{Stamp, iso};
use super::super::country::Channel;
use super::super::means::PROVIDERS;
use super::super::request::Fields;
use super::super::transaction::{Account, Instrument, Offline, Step, Transaction};
use super::page::{escape, form};

pub(super) fn tabs(transaction: &Transaction, open: Channel, path: &str) -> String {
    if transaction.channels.len() < 2 {
        return String::new();
    }
    let links: String = transaction
        .channels
        .iter()
        .map(|channel| {
            let current = if *channel == open { " aria-current=\"page\"" } else { "" };
            let (path, name) = (escape(path), channel.name());
            format!("<a href=\"{path}?channel={name}\"{current}>{}</a>", title(*channel))
        })
        .collect();
    format!("<nav class=\"tabs\" aria-label=\"Ways to pay\">{links}</nav>")
}

fn title(channel: Channel) -> &'static str {
    match channel {
        Channel::Card => "Card",
        Channel::Bank => "Bank",
        Channel::Ussd => "USSD",
        Channel::Qr => "QR",
        Channel::MobileMoney => "Mobile money",
        Channel::BankTransfer => "Transfer",
        Channel::Eft => "EFT",
        Channel::CapitecPay => "Capitec Pay",
    }
}

/// The part of the page where the payer does something.
pub(super) fn panel(books: &Books, index: usize, open: Channel, fields: &Fields, path: &str) -> String {
    let transaction = &books.transactions[index];
    let sum = escape(&transaction.currency.show(transaction.amount));
    match &transaction.step {
        Step::Choose => choose(transaction, open, fields, path, &sum),
        Step::Pin => {
            let hint = card(transaction).map_or_else(String::new, |card| hint(&format!("PIN {}", card.pin)));
            let fields = format!(
                "<label for=\"pin\">Card PIN</label><input id=\"pin\" name=\"pin\" type=\"password\" inputmode=\"numeric\" \
                 autocomplete=\"off\" maxlength=\"4\" required autofocus>{}",
                submit("Continue"),
            );
            format!("<h2>Enter your PIN</h2>{}{hint}", form(path, "pin", &fields))
        }
        Step::Phone => {
            let fields = format!(
                "<label for=\"phone\">Mobile number</label><input id=\"phone\" name=\"phone\" inputmode=\"tel\" required autofocus>{}",
                submit("Continue"),
            );
            let hint = hint("any number of at least 10 digits");
            format!("<h2>Enter your mobile number</h2>{}{hint}", form(path, "phone", &fields))
        }
        Step::Otp { text } => {
            let right = match &transaction.instrument {
                Some(Instrument::MobileMoney { provider, .. }) => provider.otp.unwrap_or(OTP),
                _ => OTP,
            };
            let fields = format!(
                "<label for=\"otp\">One-time password</label><input id=\"otp\" name=\"otp\" inputmode=\"numeric\" \
                 autocomplete=\"one-time-code\" required autofocus>{}",
                submit(&format!("Pay {sum}")),
            );
            let hint = hint(&format!("OTP {right}"));
            format!("<h2>Confirm it is you</h2><p>{}</p>{}{hint}", escape(text), form(path, "otp", &fields))
        }
        Step::Birthday => {
            let fields = format!(
                "<label for=\"birthday\">Date of birth</label><input id=\"birthday\" name=\"birthday\" type=\"date\" required autofocus>{}",
                submit("Continue"),
            );
            let hint = hint(BIRTHDAY);
            format!("<h2>Enter your date of birth</h2>{}{hint}", form(path, "birthday", &fields))
        }
        Step::BankPage => bank_page(path, &sum),
        Step::Transfer(account) => transfer(transaction, account, path, &sum),
        Step::Offline(offline) => elsewhere(offline, path),
        // Such a transaction has a page of its own.
        Step::Nothing => String::new(),
    }
}

fn card(transaction: &Transaction) -> Option<&'static TestCard> {
    match &transaction.instrument {
        Some(Instrument::Card { card, .. }) => Some(card),
        _ => None,
    }
}

fn submit(text: &str) -> String {
    format!("<button class=\"button\">{text}</button>")
}

fn hint(text: &str) -> String {
    format!("<p class=\"hint\">Test mode: {}</p>", escape(text))
}

fn choose(transaction: &Transaction, open: Channel, fields: &Fields, path: &str, sum: &str) -> String {
    let pay = submit(&format!("Pay {sum}"));
    let channel = format!("<input type=\"hidden\" name=\"channel\" value=\"{}\">", open.name());
    let with = |inner: &str, button: &str| form(path, "pay", &format!("{channel}{inner}{button}"));
    match open {
        Channel::Card => card_form(fields, path, |inner| with(inner, &pay)),
        Channel::MobileMoney => {
            let wallets = PROVIDERS.iter().filter(|known| known.currency == transaction.currency);
            let options: String = wallets
                .clone()
                .map(|known| format!("<option value=\"{}\">{}</option>", known.code, known.name))
                .collect();
            let number = wallets.clone().map(|known| known.number).find(|number| !number.is_empty());
            let inner = format!(
                "<label for=\"provider\">Wallet</label><select id=\"provider\" name=\"provider\">{options}</select>\
                 <label for=\"wallet\">Number</label><input id=\"wallet\" name=\"phone\" inputmode=\"tel\" autocomplete=\"tel\" value=\"{}\" required>",
                number.unwrap_or_default(),
            );
            let hint = hint("this number pays at once; any other one waits for you to approve it here");
            format!("<h2>Pay with mobile money</h2>{}{hint}", with(&inner, &pay))
        }
        Channel::BankTransfer => format!(
            "<h2>Pay by bank transfer</h2><p>You get an account number to which you send {sum}.</p>{}",
            with("", &submit("Show the account")),
        ),
        Channel::Ussd => {
            let options: String = [("737", "GTBank"), ("919", "UBA"), ("822", "Sterling"), ("966", "Zenith")]
                .map(|(code, name)| format!("<option value=\"{code}\">*{code}# {name}</option>"))
                .concat();
            let inner = format!(
                "<label for=\"type\">Your bank</label><select id=\"type\" name=\"type\">{options}</select>"
            );
            format!("<h2>Pay with USSD</h2>{}", with(&inner, &submit("Show the code")))
        }
        Channel::Bank => {
            let inner = "<label for=\"bank\">Your bank</label><select id=\"bank\" name=\"bank\">\
                         <option value=\"057\">Zenith Bank, 0000000000</option>\
                         <option value=\"50211\">Kuda Bank, +234 810 000 0000</option></select>";
            format!("<h2>Pay from your bank account</h2>{}", with(inner, &submit("Continue")))
        }
        Channel::Qr => format!("<h2>Pay with QR</h2>{}", with("", &submit("Show the code"))),
        Channel::Eft => format!("<h2>Pay with EFT</h2>{}", with("", &submit("Go to your bank"))),
        Channel::CapitecPay => format!("<h2>Pay with Capitec Pay</h2>{}", with("", &pay)),
    }
}

/// A click on a test card opens the page again with its data filled in.
fn card_form(fields: &Fields, path: &str, with: impl Fn(&str) -> String) -> String {
    let chosen = fields.count("card").and_then(|number| TEST_CARDS.get(usize::try_from(number).ok()?));
    let number = chosen.map_or_else(String::new, |card| spaced(card.number));
    let cvv = chosen.map_or("", |card| card.cvv);
    let expiry = if chosen.is_some() { "12/40" } else { "" };
    let inner = format!(
        "<label for=\"number\">Card number</label><input id=\"number\" name=\"number\" inputmode=\"numeric\" \
         autocomplete=\"cc-number\" placeholder=\"0000 0000 0000 0000\" value=\"{number}\" required>\
         <div class=\"pair\"><div><label for=\"expiry\">Valid until</label><input id=\"expiry\" name=\"expiry\" \
         inputmode=\"numeric\" autocomplete=\"cc-exp\" placeholder=\"MM/YY\" value=\"{expiry}\" required></div>\
         <div><label for=\"cvv\">CVV</label><input id=\"cvv\" name=\"cvv\" inputmode=\"numeric\" autocomplete=\"cc-csc\" \
         placeholder=\"000\" maxlength=\"4\" value=\"{cvv}\" required></div></div>",
    );
    let cards: String = TEST_CARDS
        .iter()
        .enumerate()
        .map(|(index, card)| {
            let current = if chosen == Some(card) { " aria-current=\"true\"" } else { "" };
            format!(
                "<li><a href=\"{}?channel=card&amp;card={index}\"{current}><span>{}</span><code>{}</code></a></li>",
                escape(path),
                card.about,
                spaced(card.number),
            )
        })
        .collect();
    let open = if chosen.is_none() { " open" } else { "" };
    format!(
        "<h2>Pay with card</h2>{}<details{open}><summary>Test cards</summary><ul class=\"cards\">{cards}</ul></details>",
        with(&inner),
    )
}

fn spaced(number: &str) -> String {
    let mut spaced = String::new();
    for (place, digit) in number.chars().enumerate() {
        if place > 0 && place % 4 == 0 {
            spaced.push(' ');
        }
        spaced.push(digit);
    }
    spaced
}

fn bank_page(path: &str, sum: &str) -> String {
    format!(
        "<h2>Your bank asks you</h2><p>This stands for the page of the payer's bank. Do you want to pay {sum}?</p>\
         <div class=\"pair\">{}{}</div>",
        form(path, "approve", &submit("Approve")),
        form(path, "refuse", "<button class=\"button quiet\">Decline</button>"),
    )
}

fn transfer(transaction: &Transaction, account: &Account, path: &str, sum: &str) -> String {
    let send = |amount: u64, text: &str, class: &str| {
        form(
            path,
            "transfer",
            &format!(
                "<input type=\"hidden\" name=\"amount\" value=\"{amount}\"><button class=\"{class}\">{text}</button>"
            ),
        )
    };
    let note = account
        .transfer_reference
        .as_ref()
        .map_or_else(String::new, |reference| format!("<dt>Reference</dt><dd>{}</dd>", escape(reference)));
    format!(
        "<h2>Send {sum}</h2><dl><dt>Bank</dt><dd>{}</dd><dt>Account number</dt><dd class=\"big\">{}</dd>\
         <dt>Account name</dt><dd>{}</dd>{note}<dt>Valid until</dt><dd>{}</dd></dl>\
         <p class=\"hint\">Test mode: you are also the one who sends the money.</p><div class=\"pair\">{}{}</div>",
        account.bank.1,
        account.number,
        account.name,
        minute(account.expires_at),
        send(transaction.amount, "Money sent", "button"),
        send(transaction.amount / 2, "Half of it sent", "button quiet"),
    )
}

/// A point of time as people read it.
fn minute(stamp: Stamp) -> String {
    let iso = iso(stamp);
    format!("{} {} UTC", iso.get(..10).unwrap_or_default(), iso.get(11..16).unwrap_or_default())
}

fn elsewhere(offline: &Offline, path: &str) -> String {
    let code = offline
        .ussd_code
        .as_ref()
        .map_or_else(String::new, |code| format!("<p class=\"code\">{}</p>", escape(code)));
    let qr_code = offline
        .qr_code
        .as_ref()
        .map_or_else(String::new, |code| format!("<p class=\"code small\">{}</p>", escape(code)));
    let paybill = offline.paybill.as_ref().map_or_else(String::new, |(number, reference)| {
        format!("<dl><dt>Paybill</dt><dd>{}</dd><dt>Account</dt><dd>{reference}</dd></dl>", escape(number))
    });
    format!(
        "<h2>Waiting for you</h2><p role=\"status\">{}</p>{code}{qr_code}{paybill}\
         <p class=\"hint\">Test mode: you are also the one who holds the phone.</p><div class=\"pair\">{}{}</div>",
        escape(&offline.text),
        form(path, "approve", &submit("Approve")),
        form(path, "refuse", "<button class=\"button quiet\">Decline</button>"),
    )
}
