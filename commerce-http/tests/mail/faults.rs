//! Mail servers that are away, refuse and hang, and our own server that dies: every mail comes, at least once.

use commerce_core::crash;
use commerce_core::testkit::conformance::block_on;

use crate::MailShop;
use crate::catcher::Manner;
use crate::server::{KINDS, Kind};

#[test]
fn mails_wait_while_the_mail_server_is_away() {
    on_both(async |kind| {
        let mut shop = MailShop::open(kind).await;
        shop.catcher.go_away();
        shop.order("ada@example.com").await;
        shop.order("bola@example.com").await;
        shop.wait_for("waiting", 2).await;
        shop.catcher.come_back().await;
        // Whichever was tried meanwhile is tried again.
        shop.hurry_until_sent(2).await;
        let mut recipients: Vec<String> =
            shop.catcher.caught().into_iter().flat_map(|mail| mail.recipients).collect();
        recipients.sort();
        recipients.dedup();
        assert_eq!(recipients, ["ada@example.com", "bola@example.com"]);
        shop.server.stop().await;
    });
}

#[test]
fn a_recipient_that_is_refused_is_parked_while_others_get_their_mails() {
    on_both(async |kind| {
        let mut shop = MailShop::open(kind).await;
        shop.catcher.refuse("poison@example.com", Some("550 5.1.1 no such user"));
        shop.catcher.refuse("greylisted@example.com", Some("451 4.7.1 come back later"));
        for email in ["poison@example.com", "greylisted@example.com", "ada@example.com"] {
            shop.order(email).await;
        }
        shop.wait_for("parked", 1).await;
        shop.wait_for("sent", 1).await;
        assert_eq!(shop.catcher.caught()[0].recipients, ["ada@example.com"]);
        let parked = shop.server.database.succeed(&["mail", "parked"]);
        assert!(parked.contains("poison@example.com") && parked.contains("no such user"), "{parked}");
        assert!(!parked.contains("greylisted"), "{parked}");
        shop.catcher.refuse("greylisted@example.com", None);
        shop.hurry().await;
        shop.wait_for("sent", 2).await;
        shop.catcher.refuse("poison@example.com", None);
        let said = shop.server.database.succeed(&["mail", "replay", "--all"]);
        assert!(said.starts_with("1 mails"), "{said}");
        shop.wait_for("sent", 3).await;
        assert!(shop.server.database.succeed(&["mail", "parked"]).contains("No mail was given up"));
        shop.server.stop().await;
    });
}

/// A row that a newer server may have written, and an order that cannot be read: others get their mails, and the log tells of
/// the row once, without what it says.
#[test]
fn what_cannot_be_read_stops_no_other_mail() {
    on_both(async |kind| {
        let mut shop = MailShop::open(kind).await;
        shop.catcher.go_away();
        for email in ["newer@example.com", "broken@example.com", "ada@example.com"] {
            shop.order(email).await;
        }
        let pay_by = |method: &str| {
            format!("update {{orders}} set payment_method = '{method}' where email = 'broken@example.com'")
        };
        let database = &shop.server.database;
        database
            .execute("update {mails} set content = '\"s3cr3t\"' where recipient = 'newer@example.com'")
            .await;
        database.execute(&pay_by("barter")).await;
        shop.catcher.come_back().await;
        shop.hurry_until_sent(1).await;
        assert_eq!(shop.catcher.caught()[0].recipients, ["ada@example.com"]);
        // What was put off goes once it can be read.
        shop.server.database.execute(&pay_by("cash_on_delivery")).await;
        shop.server.database.succeed(&["mail", "replay", "--all"]);
        shop.hurry_until_sent(2).await;
        shop.server.database.execute("delete from {mails} where recipient = 'newer@example.com'").await;
        let log = shop.server.stop().await;
        assert_eq!(log.matches("mails.content").count(), 1, "{log}");
        assert!(!log.contains("s3cr3t"), "{log}");
    });
}

/// The server is killed while the mail server has the mail and has not said so.
#[test]
fn a_mail_that_was_sent_and_not_recorded_goes_again_under_its_message_id() {
    on_both(async |kind| {
        let mut shop = MailShop::open(kind).await;
        shop.catcher.behave(Manner::Silent);
        shop.order("ada@example.com").await;
        shop.catcher.wait_for(1).await;
        shop.server.kill();
        shop.catcher.behave(Manner::Normal);
        shop.hurry().await;
        shop.server.restart().await;
        let caught = shop.catcher.wait_for(2).await;
        assert_eq!(caught[0].header("Message-ID"), caught[1].header("Message-ID"));
        shop.wait_for("sent", 1).await;
        shop.server.stop().await;
    });
}

/// A server that is told to stop does not wait for a mail server.
#[test]
fn a_mail_server_that_does_not_answer_keeps_no_server_from_stopping() {
    on_both(async |kind| {
        let mut shop = MailShop::open(kind).await;
        shop.server.set("COMMERCE_STOP_TIMEOUT_SECONDS", "1");
        shop.server.restart().await;
        shop.catcher.behave(Manner::Silent);
        shop.order("ada@example.com").await;
        shop.catcher.wait_for(1).await;
        let begun = std::time::Instant::now();
        let log = shop.server.stop().await;
        let took = begun.elapsed();
        // Until the mail server is given up it would be fifteen seconds.
        assert!(took < std::time::Duration::from_secs(6), "{took:?}");
        assert!(log.contains("in the middle of a job"), "{log}");
        shop.catcher.behave(Manner::Normal);
        shop.hurry().await;
        shop.server.restart().await;
        shop.wait_for("sent", 1).await;
        shop.server.stop().await;
    });
}

#[test]
fn a_mail_comes_after_a_crash_at_every_point() {
    on_both(async |kind| {
        for point in crash::MAIL_POINTS {
            let mut shop = MailShop::open(kind).await;
            shop.server.set(crash::VARIABLE, point);
            shop.server.restart().await;
            shop.order("ada@example.com").await;
            shop.server.crashed();
            shop.server.unset(crash::VARIABLE);
            shop.hurry().await;
            shop.server.restart().await;
            shop.wait_for("sent", 1).await;
            let ids: Vec<String> =
                shop.catcher.caught().iter().map(|mail| mail.header("Message-ID")).collect();
            let times = if *point == "mail.sent" { 2 } else { 1 };
            assert_eq!(ids.len(), times, "{point}");
            assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
            shop.server.stop().await;
        }
    });
}

fn on_both(story: impl AsyncFn(Kind)) {
    block_on(async { tokio::join!(story(KINDS[0]), story(KINDS[1])) });
}
