//! The demo, as a newcomer meets it.
#![cfg(all(feature = "sqlite", feature = "postgres"))]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod server;

use std::process::Command;

use serde_json::Value;
use server::{Folder, Process, program};

fn demo(folder: &Folder, flags: &[&str]) -> Process {
    let mut command = program();
    command.args(["demo", "--port", "0"]).args(flags).current_dir(folder.path());
    Process::start(command, folder, "X-Order-Token: $TOKEN")
}

/// What stands below the words that ask to paste it.
fn session(said: &str) -> String {
    let (_, session) = said.split_once("another shell.\n").expect("the demo shows a session");
    session.to_owned()
}

fn paste(session: &str, shell: &str) -> String {
    let output = Command::new(shell).arg("-c").arg(session).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The last answer of a session: the order.
fn order(shown: &str) -> Value {
    let last = shown.lines().rfind(|line| line.starts_with('{')).expect("an answer");
    serde_json::from_str(last).unwrap()
}

async fn count(base: &str, path: &str) -> u64 {
    let page: Value = reqwest::get(format!("{base}{path}")).await.unwrap().json().await.unwrap();
    page["pagination"]["count"].as_u64().unwrap()
}

#[tokio::test]
async fn a_newcomer_buys_something_and_finds_it_again() {
    let folder = Folder::new();
    let first = demo(&folder, &[]);
    assert!(first.said.contains("a sample catalogue was loaded"), "{}", first.said);
    for page in ["/", "/docs", "/swagger/", "/openapi.json", "/health/live", "/health/ready", "/metrics"] {
        let answer = reqwest::get(format!("{}{page}", first.base)).await.unwrap();
        assert_eq!(answer.status(), 200, "{page}");
    }
    assert_eq!(count(&first.base, "/api/products/").await, 132);
    let (_, password) = first.said.split_once("runs the shop; password ").unwrap();
    for (email, role) in [("ada@example.com", "customer"), ("boss@example.com", "admin")] {
        let login = serde_json::json!({"email": email, "password": password.lines().next().unwrap()});
        let client = reqwest::Client::new().post(format!("{}/api/auth/login/", first.base));
        let pair: Value = client.json(&login).send().await.unwrap().json().await.unwrap();
        assert_eq!(pair["user"]["role"], role, "{pair}");
    }
    let bought = order(&paste(&session(&first.said), "sh"));
    assert_eq!(bought["status"], "pending");
    let discount = |order: &Value| order["totals"]["discount"]["amount"].as_str().unwrap().to_owned();
    assert_ne!(discount(&bought), "0.00", "the coupon counts");
    let again = paste(&session(&first.said), "bash");
    assert!(again.contains("coupon-not-applicable") && again.contains("first-order-only"), "{again}");
    let again = order(&again);
    assert_eq!(again["payment_status"], "pending", "it can be pasted again");
    assert_eq!(discount(&again), "0.00");
    let office = paste(first.said.lines().find(|line| line.contains("/api/admin/")).unwrap(), "sh");
    let promotions: Value = serde_json::from_str(&office).unwrap();
    assert_eq!(promotions["results"][1]["code"], "welcome", "{office}");
    let (last, log) = first.stop();
    assert!(last.contains("The shop is closed"), "{last}");
    assert_eq!(log, "");

    let second = demo(&folder, &[]);
    assert!(second.said.contains("kept from before"), "{}", second.said);
    assert_eq!(count(&second.base, "/api/products/").await, 132);
    assert_eq!(order(&paste(&session(&second.said), "sh"))["status"], "pending");
    second.stop();
    let doctor = program()
        .args(["doctor", "--database-url", "sqlite:commerce.db"])
        .current_dir(folder.path())
        .output();
    assert!(doctor.unwrap().status.success());

    let fresh = demo(&folder, &["--fresh"]);
    assert!(fresh.said.contains("a sample catalogue was loaded"), "{}", fresh.said);
    fresh.stop();
}

#[tokio::test]
async fn the_sample_lies_at_two_locations_and_its_movements_explain_it() {
    let folder = Folder::new();
    let running = demo(&folder, &["--data", "shop.db"]);
    // 7 + 3 lie there, one of which is never promised.
    let product: Value = reqwest::get(format!("{}/api/products/adunni-adire-wrap-dress/", running.base))
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let variants = product["variants"].as_array().unwrap();
    let variant = variants.iter().find(|variant| variant["sku"] == "ADN-WRP-IND-L").unwrap();
    assert_eq!(variant["available_quantity"], 9);
    running.stop();
    let doctor =
        program().args(["doctor", "--database-url", "sqlite:shop.db"]).current_dir(folder.path()).output();
    assert!(doctor.unwrap().status.success());
}

#[test]
fn a_taken_port_is_told_and_the_data_left_alone() {
    let folder = Folder::new();
    let running = demo(&folder, &[]);
    let port = running.base.rsplit(':').next().unwrap().to_owned();
    let second =
        program().args(["demo", "--fresh", "--port", &port]).current_dir(folder.path()).output().unwrap();
    assert_eq!(second.status.code(), Some(1));
    let said = String::from_utf8_lossy(&second.stderr);
    assert!(said.contains("is in use") && said.contains("--port"), "{said}");
    paste(&session(&running.said), "sh");
    running.stop();
}

#[test]
fn fresh_deletes_no_file_that_is_no_database() {
    let folder = Folder::new();
    std::fs::write(folder.join("thesis.txt"), "years of work").unwrap();
    let output = program()
        .args(["demo", "--fresh", "--port", "0", "--data", "thesis.txt"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(std::fs::read_to_string(folder.join("thesis.txt")).unwrap(), "years of work");
}
