//! The command line: what it refuses, what it says, how it ends.
#![cfg(all(feature = "sqlite", feature = "postgres"))]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod server;

use std::process::{Command, Output};

use server::{Folder, Kind, Process, SECRET, TestDatabase, TestServer, program};

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn run(command: &mut Command) -> (Option<i32>, String) {
    let output = command.output().unwrap();
    (output.status.code(), said(&output))
}

#[test]
fn serve_refuses_what_is_not_safe_or_not_clear_and_says_what_to_do() {
    let folder = Folder::new();
    let serve = |set: &[(&str, &str)], args: &[&str]| {
        let mut command = program();
        command.arg("serve").args(args).current_dir(folder.path()).envs(set.iter().copied());
        run(&mut command)
    };
    let url = ("COMMERCE_DATABASE_URL", "sqlite:shop.db");
    let secret = ("COMMERCE_SECRET", SECRET);
    for (set, args, advice) in [
        (vec![url], vec![], "openssl rand"),
        (vec![url, ("COMMERCE_SECRET", "")], vec![], "openssl rand"),
        (vec![url, ("COMMERCE_SECRET", "short")], vec![], "32 bytes"),
        (vec![url, ("COMMERCE_SECRET", "change-me-change-me-change-me-change-me")], vec![], "sample"),
        (vec![url, ("COMMERCE_SECRET", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")], vec![], "sample"),
        (vec![url, secret, ("COMMERCE_PREVIOUS_SECRET", "short")], vec![], "32 bytes"),
        (vec![secret], vec![], "--database-url sqlite:shop.db"),
        (vec![secret], vec!["--database-url", "mysql://localhost/shop"], "postgres://"),
        (vec![secret, ("COMMERCE_DATABASE_URL", "")], vec![], "no database is named"),
        (vec![url, secret], vec!["--listen", "8080"], "127.0.0.1:8080"),
        (vec![url, secret, ("COMMERCE_DOCS", "perhaps")], vec![], "COMMERCE_DOCS"),
        (vec![url, secret], vec!["--config", "nowhere.toml"], "nowhere.toml"),
        (vec![secret], vec!["--database-url", "sqlite:no/such/folder/shop.db"], "does not exist"),
        (vec![url, secret], vec!["--unknown"], "--unknown"),
    ] {
        let (code, said) = serve(&set, &args);
        assert_eq!(code, Some(2), "{set:?} {args:?}: {said}");
        assert!(said.contains(advice), "{set:?} {args:?}: {said}");
        assert!(!said.contains(SECRET), "{said}");
    }
    assert!(!folder.join("shop.db").exists(), "nothing was made");
}

#[test]
fn the_configuration_file_is_read_and_checked() {
    let folder = Folder::new();
    let file = folder.join("commerce.toml");
    std::fs::write(&file, "database_url = \"sqlite:shop.db\"\nlissten = \"127.0.0.1:0\"\n").unwrap();
    let (code, said) = run(program().arg("serve").current_dir(folder.path()));
    assert_eq!(code, Some(2));
    assert!(said.contains("lissten") && said.contains("commerce.toml"), "{said}");

    std::fs::write(&file, format!("database_url = \"sqlite:shop.db\"\nlisten = \"127.0.0.1:0\"\nsecret = \"{SECRET}\"\ndocs = false\n")).unwrap();
    let mut command = program();
    command.arg("serve").current_dir(folder.path());
    let process = Process::start(command, &folder, "listening on ");
    assert!(folder.join("shop.db").exists());
    process.stop();
}

#[test]
fn a_wrong_password_is_not_printed() {
    let folder = Folder::new();
    let url = "postgres://shop:hunter2@127.0.0.1:1/shop";
    let (code, said) = run(program().args(["doctor", "--database-url", url]).current_dir(folder.path()));
    assert_eq!(code, Some(1), "{said}");
    assert!(!said.contains("hunter2"), "{said}");
}

#[test]
fn reading_commands_make_no_shop() {
    let folder = Folder::new();
    for args in [&["doctor"][..], &["export"], &["rules", "show"]] {
        let (code, said) =
            run(program().args(args).args(["--database-url", "sqlite:shop.db"]).current_dir(folder.path()));
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains("there is no shop in shop.db"), "{said}");
    }
    assert!(!folder.join("shop.db").exists());
}

#[test]
fn rules_are_applied_shown_and_refused_with_the_place_of_the_fault() {
    for kind in server::KINDS {
        let database = TestDatabase::with_sample(kind);
        let shown = database.succeed(&["rules", "show"]);
        assert!(shown.contains("\"west-africa\""), "{shown}");
        let folder = Folder::new();
        let file = folder.join("rules.json");
        let apply = |text: &str| {
            std::fs::write(&file, text).unwrap();
            let output = database.run(&["rules", "apply", file.to_str().unwrap()]);
            (output.status.code(), said(&output))
        };
        assert_eq!(apply(&shown).0, Some(0), "what is shown can be applied");
        let (code, said) = apply(&shown.replace("\"6500.00\"", "\"6500.001\""));
        assert_eq!(code, Some(2));
        assert!(said.contains("/shipping/"), "{said}");
        let (code, said) = apply(&shown.replace("\"rates\"", "\"rats\""));
        assert_eq!(code, Some(2));
        assert!(said.contains("rats"), "{said}");
        database.succeed(&["coupons", "generate", "--promotion", "welcome", "--count", "1"]);
        let (code, said) = apply(&shown.replace("\"welcome\"", "\"farewell\""));
        assert_eq!(code, Some(2));
        assert!(said.contains("coupons are for the promotion `welcome`"), "{said}");
        assert_eq!(database.succeed(&["rules", "show"]), shown);
        assert!(database.succeed(&["doctor"]).contains("invariants hold"));
    }
}

#[test]
fn an_import_ends_as_its_help_says() {
    let database = TestDatabase::new(Kind::Sqlite);
    let folder = Folder::new();
    let file = folder.join("shop.csv");
    let import = |text: &str| {
        std::fs::write(&file, text).unwrap();
        database.run(&["import", file.to_str().unwrap(), "--currency", "NGN"]).status.code()
    };
    let head = "Handle,Title,Published,Variant SKU,Variant Price,Status\n";
    assert_eq!(import(&format!("{head}mug,Mug,true,MUG,5.00,active\n")), Some(0));
    assert_eq!(
        import(&format!("{head}mug,Mug,true,MUG,5.00,active\ncup,Cup,true,CUP,0.00,active\n")),
        Some(4)
    );
    assert!(folder.join("shop.csv.refused.csv").exists() || folder.join("shop.refused.csv").exists());
    assert_eq!(import("no,such,columns\n1,2,3\n"), Some(3));
    let absent = database.run(&["import", "nowhere.csv"]);
    assert_eq!(absent.status.code(), Some(2), "{}", said(&absent));
    let odd = database.run(&["import", file.to_str().unwrap(), "--currency", "naira"]);
    assert_eq!(odd.status.code(), Some(2));
}

#[test]
fn an_export_goes_to_a_file_or_on() {
    let database = TestDatabase::with_sample(Kind::Sqlite);
    let folder = Folder::new();
    let file = folder.join("out.csv");
    database.succeed(&["export", file.to_str().unwrap()]);
    let printed = database.succeed(&["export"]);
    assert_eq!(std::fs::read_to_string(file).unwrap(), printed);
    assert!(printed.lines().count() > 400);
}

#[test]
fn the_document_is_the_same_each_time_and_the_one_that_is_kept() {
    let print = || String::from_utf8(program().arg("openapi").output().unwrap().stdout).unwrap();
    let document = print();
    assert_eq!(document, print());
    assert!(
        document == include_str!("../openapi.json"),
        "the contract has changed: look at the difference, then `cargo xtask openapi`"
    );
}

#[test]
fn every_operation_is_listed() {
    let (code, said) = run(program().arg("routes"));
    assert_eq!(code, Some(0));
    for line in [
        "POST   /api/cart/checkout/confirm/",
        "GET    /api/products/{slug}/",
        "confirmCart",
        "GET    /metrics",
    ] {
        assert!(said.contains(line), "{said}");
    }
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let script = format!("set -o pipefail; {} openapi | head -1", env!("CARGO_BIN_EXE_commerce"));
    let (code, said) = run(Command::new("bash").arg("-c").arg(script));
    assert_eq!((code, said.trim()), (Some(0), "{"));
}

#[tokio::test]
async fn a_secret_can_be_changed_without_locking_guests_out() {
    let database = TestDatabase::with_sample(Kind::Sqlite);
    let mut server = TestServer::start_with(database, &[]).await;
    let cart = server.ready_cart(&[("OBL-AKW-M", 1)]).await;
    let placed = server.post("/api/cart/checkout/confirm/").cart(&cart).key("k").send().await.expect(201);
    let (id, token) = (placed["order"]["id"].as_str().unwrap(), placed["order_token"].as_str().unwrap());
    let path = format!("/api/orders/{id}/");
    server.set("COMMERCE_SECRET", "Zt7pLsR1dYc5mHj8fXeUa3tVo6iWyq9GxT4vKw2b");
    server.restart().await;
    server.get(&path).order(token).send().await.refused(404, "not-found");
    server.set("COMMERCE_PREVIOUS_SECRET", SECRET);
    server.restart().await;
    server.get(&path).order(token).send().await.expect(200);
    server.stop().await;
}
