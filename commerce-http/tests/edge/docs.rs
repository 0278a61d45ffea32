//! The documentation as its readers use it: in a browser, logged in, on the server that it describes.

use std::time::Instant;

use serde_json::json;

use crate::chromium::Chromium;
use crate::server::{DEADLINE, Kind, TestServer};

const EMAIL: &str = "ada@example.com";
const SECRET: &str = "tr0mbone & oar 99";

#[tokio::test]
async fn a_reader_logs_in_and_tries_what_is_for_accounts() {
    let mut server = TestServer::start_with_customers(Kind::Sqlite, &[EMAIL], SECRET).await;
    let mut browser = Chromium::start();
    browser.open(&format!("{}/docs", server.url()));
    read(&mut browser);
    server.stop().await;
    // The console is heard: what the policy of the page forbids arrives there.
    browser.evaluate(
        "document.body.append(Object.assign(document.createElement('script'), {text: 'alert(1)'}))",
    );
    let begun = Instant::now();
    while browser.complaints().is_empty() {
        assert!(begun.elapsed() < DEADLINE, "a script of somebody else's is let in");
        browser.evaluate("1");
    }
    assert!(browser.complaints()[0].contains("Content Security Policy"), "{:?}", browser.complaints());
}

fn read(browser: &mut Chromium) {
    // Without a login, it is refused.
    assert!(tried(browser, "getProfile", None).starts_with("401"));
    let login = json!({"email": EMAIL, "password": SECRET}).to_string();
    let entered = tried(browser, "login", Some(&login));
    assert!(entered.starts_with("200"), "{entered}");
    let (_, token) = entered.split_once("\"access_token\": \"").unwrap();
    browser.press(".auth-wrapper .authorize");
    browser.type_into("#auth-bearer-value", token.split('"').next().unwrap());
    browser.press(".modal-ux .auth.authorize");
    browser.press(".modal-ux .btn-done");
    browser.press(&format!("{} .btn-clear", place("getProfile")));
    browser
        .until(&format!("document.querySelector('{} .live-responses-table') === null", place("getProfile")));
    let profile = again(browser, "getProfile");
    assert!(profile.starts_with("200") && profile.contains(EMAIL), "{profile}");
    assert!(browser.complaints().is_empty(), "{:?}", browser.complaints());
}

/// Where an operation is on the page.
fn place(operation: &str) -> String {
    format!("#operations-Accounts-{operation}")
}

/// Opens an operation, and tries it with this body.
fn tried(browser: &mut Chromium, operation: &str, body: Option<&str>) -> String {
    let at = place(operation);
    browser.press(&format!("{at} .opblock-summary-control"));
    browser.press(&format!("{at} .try-out__btn"));
    if let Some(body) = body {
        browser.type_into(&format!("{at} .body-param__text"), body);
    }
    again(browser, operation)
}

/// Executes an operation that is open: the status, and what was answered.
fn again(browser: &mut Chromium, operation: &str) -> String {
    let answer = format!("{} .live-responses-table tbody", place(operation));
    browser.press(&format!("{} .execute", place(operation)));
    browser.until(&format!("/^[1-5]/.test(document.querySelector('{answer}')?.innerText ?? '')"));
    browser.evaluate(&format!("document.querySelector('{answer}').innerText")).as_str().unwrap().to_owned()
}
