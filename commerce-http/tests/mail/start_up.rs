//! What is wrong with the settings of mail is said before anything is sent.

use crate::catcher::Catcher;
use crate::server::{Folder, Kind, TestDatabase};

fn command(database: &TestDatabase, args: &[&str], variables: &[(&str, &str)]) -> (i32, String, String) {
    let mut command = database.command(args);
    command
        .env("COMMERCE_MAIL_FROM", "orders@shop.example")
        .env("COMMERCE_PUBLIC_URL", "https://shop.example");
    command.env("COMMERCE_SMTP_URL", "smtps://ada:s3cr3t@mail.example");
    command.envs(variables.iter().copied());
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn what_is_wrong_with_mail_is_said_at_the_start() {
    let database = TestDatabase::new(Kind::Sqlite);
    let folder = Folder::new();
    std::fs::create_dir_all(folder.join("en")).unwrap();
    std::fs::write(folder.join("en/order_paid.txt"), "Hello\n{{ ordre.number }}").unwrap();
    let templates = folder.path().to_str().unwrap();
    for (variable, value, words) in [
        ("COMMERCE_SMTP_URL", "smtp://ada:s3cr3t@mail.example?tls=none", "this machine only"),
        ("COMMERCE_SMTP_URL", "mail.example", "smtps://"),
        ("COMMERCE_MAIL_FROM", "", "mail_from"),
        ("COMMERCE_PUBLIC_URL", "", "public_url"),
        ("COMMERCE_PUBLIC_URL", "shop.example", "https://"),
        ("COMMERCE_LINK_ORDER", "/orders/{order}", "{token}"),
        ("COMMERCE_MAIL_LANGUAGE", "english", "mail_language"),
        ("COMMERCE_MAIL_TEMPLATES", templates, "order_paid.txt:2:"),
    ] {
        for args in [&["serve", "--port", "0"][..], &["mail", "test", "--to", "ada@example.com"]] {
            let (code, _, said) = command(&database, args, &[(variable, value)]);
            assert_eq!(code, 2, "{variable}={value}: {said}");
            assert!(said.contains(words), "{variable}={value}: {said}");
            assert!(!said.contains("s3cr3t"), "{said}");
        }
    }
    let (code, _, said) =
        command(&database, &["mail", "test", "--to", "x@y.zz"], &[("COMMERCE_SMTP_URL", "")]);
    assert!(code == 2 && said.contains("smtp_url"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trial_mail_is_sent() {
    let database = TestDatabase::new(Kind::Sqlite);
    let catcher = Catcher::start().await;
    let args = ["mail", "test", "--to", "ada@example.com"];
    let url = catcher.url();
    let variables = [("COMMERCE_SMTP_URL", url.as_str())];
    let (code, said, trouble) = command(&database, &args, &variables);
    assert!(code == 0 && said.contains("ada@example.com"), "{said}{trouble}");
    let caught = catcher.caught();
    assert_eq!(caught[0].recipients, ["ada@example.com"]);
    assert!(caught[0].parts()[0].contains("https://shop.example"), "{}", caught[0].raw);
    catcher.refuse("ada@example.com", Some("550 5.1.1 no such user"));
    let (code, _, trouble) = command(&database, &args, &variables);
    assert!(code == 1 && trouble.contains("no such user"), "{trouble}");
}
