//! The contract as somebody sees it who knows nothing but the OpenAPI document: [Schemathesis] makes requests of it, good and
//! bad, as nobody, as a customer and as the operator. It comes from PyPI, so this is a long form: `COMMERCE_SOAK=1`, with
//! `python3`.
//!
//! [Schemathesis]: https://schemathesis.io
#![cfg(all(feature = "sqlite", feature = "postgres"))]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod server;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;
use server::{ADMIN_TOKEN, KINDS, TestServer};

const VERSION: &str = "schemathesis==4.32.5";
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
    response_headers_conformance,response_schema_conformance";
const SECRET: &str = "tr0mbone & oar 99";
const CUSTOMER: &str = "ada@example.com";

#[tokio::test(flavor = "multi_thread")]
async fn no_request_of_the_contract_is_answered_beside_it() {
    if std::env::var_os("COMMERCE_SOAK").is_none() {
        println!("left out: it installs a package, and is for COMMERCE_SOAK=1");
        return;
    }
    let program = installed();
    for kind in KINDS {
        let mut server = TestServer::start_with_customers(kind, &[CUSTOMER], SECRET).await;
        // A shop without a place for pictures answers 503 to whoever sends one.
        server.set("COMMERCE_MEDIA_FOLDER", "media");
        server.restart().await;
        // The operator comes last, who finds the customer and deactivates the account.
        for who in ["nobody", "customer", "operator"] {
            // An access token is good for a quarter of an hour, so it is made when it is needed.
            let token = match who {
                "nobody" => None,
                "operator" => Some(ADMIN_TOKEN.to_owned()),
                _ => {
                    let login = json!({"email": CUSTOMER, "password": SECRET});
                    let pair = server.post("/api/auth/login/").json(&login).send().await.expect(200);
                    Some(pair["access_token"].as_str().unwrap().to_owned())
                }
            };
            let mut command = Command::new(&program);
            let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
            command.arg("run").arg(document).args(["--url", server.url(), "--checks", CHECKS]);
            command.args([
                "--phases",
                "examples,coverage,fuzzing",
                "--max-examples",
                "50",
                "--warnings",
                "off",
            ]);
            command.args(["--continue-on-failure"]).current_dir(program.parent().unwrap());
            if let Some(token) = token {
                command.args(["--header", &format!("Authorization: Bearer {token}")]);
            }
            if who == "customer" {
                // Whoever logs out is nobody from then on.
                command.args(["--exclude-operation-id", "logout"]);
            }
            let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            let summary = said.split_once("= SUMMARY =").map_or(&*said, |(_, summary)| summary);
            println!("{kind:?}, {who}: {summary}");
            assert!(output.status.success(), "{kind:?}, {who}: {said}");
        }
        server.doctor().await;
        server.stop().await;
    }
}

/// The program, in an environment of this test's own.
fn installed() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("schemathesis");
    fs::create_dir_all(&folder).unwrap();
    let run = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).current_dir(&folder).output();
        let output = output.unwrap_or_else(|error| panic!("{program}, which this test needs: {error}"));
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    run("python3", &["-m", "venv", "environment"]);
    let python = folder.join("environment/bin/python");
    run(python.to_str().unwrap(), &["-m", "pip", "install", "-q", "--disable-pip-version-check", VERSION]);
    folder.join("environment/bin/schemathesis")
}
