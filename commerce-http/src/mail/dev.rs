//! `/dev/mail`: the mails of the demo, to be looked at instead of sent.

use std::sync::Arc;

use poem::http::{HeaderValue, StatusCode, header};
use poem::{Endpoint, IntoResponse, Request, Response, Result, Route, get};

use super::kept::Kept;
use super::letters::Letter;

/// Below which path the pages are.
pub(crate) const PATH: &str = "/dev/mail";
/// Pages with a mail in a frame, which is sandboxed: its links open beside it, and nothing in it runs.
const PAGE_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// The mail itself.
const MAIL_POLICY: &str = "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src https: data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

/// The pages.
pub(crate) fn pages(kept: Arc<Kept>) -> Route {
    let page = |show: fn(&Kept, &Request) -> Option<Response>| get(Shown { kept: Arc::clone(&kept), show });
    Route::new()
        .at("/", page(|kept, _| Some(list(&kept.all(), None))))
        .at(
            "/:id",
            page(|kept, request| letter(kept, request).map(|letter| list(&kept.all(), Some(&letter)))),
        )
        .at("/:id/html", page(|kept, request| letter(kept, request).map(|letter| framed(&letter))))
        .at("/:id/source", page(|kept, request| letter(kept, request).map(|letter| source(&letter))))
}

struct Shown {
    kept: Arc<Kept>,
    show: fn(&Kept, &Request) -> Option<Response>,
}

impl Endpoint for Shown {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        Ok((self.show)(&self.kept, &request).unwrap_or_else(|| StatusCode::NOT_FOUND.into_response()))
    }
}

fn letter(kept: &Kept, request: &Request) -> Option<Letter> {
    kept.letter(request.raw_path_param("id")?.parse().ok()?)
}

fn list(letters: &[Letter], open: Option<&Letter>) -> Response {
    let mut rows = String::new();
    for letter in letters {
        let current =
            if open.is_some_and(|open| open.id == letter.id) { " aria-current=\"page\"" } else { "" };
        rows.push_str(&format!(
            "<li><a href=\"{PATH}/{}\"{current}><b>{}</b><span>{}</span><time>{}</time></a></li>\n",
            letter.id,
            escaped(&letter.subject),
            escaped(&letter.to),
            time(letter),
        ));
    }
    let shown = match open.or(letters.first()) {
        Some(letter) => opened(letter),
        None => "<p class=\"none\">No mail yet. Place an order, and come back: this page looks again by itself.</p>".to_owned(),
    };
    let page = include_str!("dev.html")
        .replace("{refresh}", if open.is_none() { "<meta http-equiv=\"refresh\" content=\"5\">" } else { "" })
        .replace("{count}", &letters.len().to_string())
        .replace("{rows}", &rows)
        .replace("{shown}", &shown);
    html(page, PAGE_POLICY)
}

fn opened(letter: &Letter) -> String {
    let row = |name: &str, value: &str| format!("<dt>{name}</dt><dd>{}</dd>", escaped(value));
    let head = [
        row("From", &letter.from.to_string()),
        row("To", &letter.to),
        row("Date", &letter.date.to_string()),
        row("Message-ID", &format!("<{}>", letter.message_id)),
        row("Kind", &format!("{} ({})", letter.kind, letter.language)),
    ]
    .concat();
    format!(
        "<article><h1>{}</h1><dl>{head}</dl>\n\
         <iframe title=\"The mail\" sandbox=\"allow-popups allow-popups-to-escape-sandbox\" src=\"{PATH}/{}/html\"></iframe>\n\
         <details><summary>As text</summary><pre>{}</pre></details>\n\
         <p><a href=\"{PATH}/{}/source\">Source</a></p></article>",
        escaped(&letter.subject),
        letter.id,
        linked(&letter.text),
        letter.id,
    )
}

fn framed(letter: &Letter) -> Response {
    // A link of the mail opens beside the frame.
    html(letter.html.replacen("<head>", "<head><base target=\"_blank\">", 1), MAIL_POLICY)
}

fn source(letter: &Letter) -> Response {
    let bytes = letter
        .message()
        .map(|message| message.formatted())
        .unwrap_or_else(|error| error.to_string().into_bytes());
    bytes.with_content_type("text/plain; charset=utf-8").into_response()
}

fn html(page: String, policy: &'static str) -> Response {
    let mut response = page.with_content_type("text/html; charset=utf-8").into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

fn time(letter: &Letter) -> String {
    letter.date.to_string().get(11..16).unwrap_or_default().to_owned()
}

pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The text with its addresses as links.
fn linked(text: &str) -> String {
    let line = |line: &str| {
        let line = escaped(line);
        let address = line.starts_with("http://") || line.starts_with("https://");
        if address && !line.contains(' ') {
            format!("<a href=\"{line}\" target=\"_blank\" rel=\"noreferrer\">{line}</a>")
        } else {
            line
        }
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}
