//! The frame of every page, and the pages that are not for paying.

use poem::Response;
use poem::http::{HeaderValue, StatusCode, header};

use super::super::bodies::cancel_action;
use super::super::books::Books;
use super::super::country::Channel;
use super::super::request::Fields;
use super::super::transaction::{Step, Transaction};
use super::{panel, web};

const STYLE: &str = include_str!("style.css");

/// The path of a transaction's page, as a browser sees it.
pub(super) fn path(books: &Books, index: usize) -> String {
    let url = books.checkout_url(index);
    let after_scheme = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
    after_scheme.find('/').map_or_else(|| url.clone(), |slash| after_scheme[slash..].to_owned())
}

/// The page on which the payer pays.
pub(super) fn pay(books: &Books, index: usize, open: Channel, fields: &Fields) -> Response {
    let transaction = &books.transactions[index];
    let path = path(books, index);
    let error = transaction
        .log
        .last_error()
        .map_or_else(String::new, |error| format!("<p class=\"error\" role=\"alert\">{}</p>", escape(error)));
    let choosing = transaction.step == Step::Choose;
    let tabs = if choosing { panel::tabs(transaction, open, &path) } else { String::new() };
    let body = panel::panel(books, index, open, fields, &path);
    let again = if choosing {
        String::new()
    } else {
        form(&path, "again", "<button class=\"plain\">Pay another way</button>")
    };
    let cancel = form(&path, "cancel", "<button class=\"plain\">Cancel payment</button>");
    let main = format!(
        "{}{tabs}<section class=\"panel\">{error}{body}</section><nav class=\"ways-out\">{again}{cancel}</nav>",
        head(books, transaction),
    );
    let waits = matches!(transaction.step, Step::Offline(_) | Step::Transfer(_));
    respond(StatusCode::OK, &main, Some(transaction), waits)
}

/// Paid, and there is no shop to go back to.
pub(super) fn complete(books: &Books, index: usize) -> Response {
    let transaction = &books.transactions[index];
    let main = format!(
        "{}<section class=\"panel done\"><div class=\"tick\" aria-hidden=\"true\">✓</div><h2>Payment complete</h2>\
         <p>You can close this page and go back to the shop.</p><p class=\"small\">Reference <code>{}</code></p></section>",
        head(books, transaction),
        escape(&transaction.reference),
    );
    respond(StatusCode::OK, &main, Some(transaction), false)
}

/// The payer gave up.
pub(super) fn cancelled(books: &Books, index: usize) -> Response {
    let transaction = &books.transactions[index];
    let main = format!(
        "{}<section class=\"panel done\"><h2>Payment cancelled</h2><p>Nothing was charged. You can close this page.</p>\
         <p><a class=\"button\" href=\"{}\">Pay after all</a></p></section>",
        head(books, transaction),
        escape(&path(books, index)),
    );
    respond(StatusCode::OK, &main, Some(transaction), false)
}

/// Nothing can be paid here any more.
pub(super) fn over(books: &Books, index: usize, reason: &str) -> Response {
    let transaction = &books.transactions[index];
    let main = format!(
        "{}<section class=\"panel done\"><h2>Payment failed</h2><p class=\"error\" role=\"alert\">{}</p>\
         <p>Please go back to the shop and start again.</p></section>",
        head(books, transaction),
        escape(reason),
    );
    respond(StatusCode::OK, &main, Some(transaction), false)
}

pub(super) fn not_found() -> Response {
    let main = "<section class=\"panel done\"><h2>There is nothing to pay here</h2>\
                <p>The address is not that of a payment, or the sandbox was started anew since.</p></section>";
    respond(StatusCode::NOT_FOUND, main, None, false)
}

fn head(books: &Books, transaction: &Transaction) -> String {
    format!(
        "<header class=\"head\"><div><p class=\"shop\">{}</p><p class=\"small\">{}</p></div>\
         <p class=\"sum\"><span class=\"small\">{}</span> {}</p></header>",
        escape(&books.settings.shop),
        escape(&books.customers[transaction.customer].email),
        if transaction.paid() { "Paid" } else { "To pay" },
        escape(&transaction.currency.show(transaction.amount)),
    )
}

fn respond(status: StatusCode, main: &str, transaction: Option<&Transaction>, waits: bool) -> Response {
    let html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"robots\" content=\"noindex\">\n<title>Checkout (test mode)</title>\n<style>{STYLE}</style>\n</head>\n\
         <body>\n<main class=\"card\">\n<p class=\"badge\">Test mode &middot; no real money</p>\n{main}\n</main>\n\
         <footer>A local sandbox, not the real Paystack</footer>\n</body>\n</html>\n"
    );
    let mut response = Response::builder().status(status).content_type("text/html; charset=utf-8").body(html);
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(&policy(transaction)) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if waits {
        headers.insert(header::REFRESH, HeaderValue::from_static("3"));
    }
    response
}

/// Browsers hold a form to this policy also when its answer redirects, so the shop's origins are in it.
fn policy(transaction: Option<&Transaction>) -> String {
    let mut targets = String::from("'self'");
    if let Some(transaction) = transaction {
        let urls = [transaction.callback_url.as_deref(), cancel_action(transaction)];
        for origin in urls.into_iter().flatten().filter(|url| web(url)).filter_map(origin) {
            targets.push(' ');
            targets.push_str(origin);
        }
    }
    format!(
        "default-src 'none'; style-src 'unsafe-inline'; form-action {targets}; base-uri 'none'; frame-ancestors 'none'"
    )
}

/// Scheme, host and port, if they are nothing else in a policy.
fn origin(url: &str) -> Option<&str> {
    let host = url.find("://")? + 3;
    let end = url[host..].find(['/', '?', '#']).map_or(url.len(), |end| host + end);
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b":.-[]".contains(&byte);
    url[host..end].bytes().all(plain).then_some(&url[..end])
}

/// A form that sends its fields to an action of this payment.
pub(super) fn form(path: &str, action: &str, fields: &str) -> String {
    format!("<form method=\"post\" action=\"{}/{action}\">{fields}</form>", escape(path))
}

/// Text in HTML, also inside quotes.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::{escape, origin};

    #[test]
    fn a_policy_takes_plain_origins_only() {
        assert_eq!(origin("http://127.0.0.1:8080/back?x=1"), Some("http://127.0.0.1:8080"));
        assert_eq!(origin("https://shop.test"), Some("https://shop.test"));
        assert_eq!(origin("https://shop.test; script-src *"), None);
    }

    #[test]
    fn nothing_gets_out_of_text() {
        assert_eq!(escape("<a b=\"c\" d='e'>&"), "&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;");
    }
}
