//! The SMTP adapter is a mailer: the suite that any mailer runs, and what only mail servers do.

use std::sync::Arc;

use async_trait::async_trait;
use commerce_core::Mailer;
use commerce_core::customer::Email;
use commerce_core::mail::MailerTrouble;
use commerce_core::testkit::mailer::{Fixture, Taken, envelopes};
use commerce_http::mail::MailSettings;

use crate::catcher::{Catcher, Manner};
use crate::server::SECRET;

struct OverSmtp {
    catcher: Catcher,
    mailer: Arc<dyn Mailer>,
}

fn mailer(smtp_url: &str) -> Arc<dyn Mailer> {
    let settings = MailSettings {
        smtp_url: Some(smtp_url.into()),
        from: Some("Adire <orders@shop.example>".to_owned()),
        public_url: Some("https://shop.example".to_owned()),
        ..MailSettings::default()
    };
    settings.checked(&SECRET.into(), None).unwrap().unwrap().mailer().unwrap()
}

#[async_trait]
impl Fixture for OverSmtp {
    async fn open() -> Self {
        let catcher = Catcher::start().await;
        let mailer = mailer(&catcher.url());
        Self { catcher, mailer }
    }

    fn mailer(&self) -> Arc<dyn Mailer> {
        Arc::clone(&self.mailer)
    }

    async fn taken(&self) -> Vec<Taken> {
        let taken = |caught: crate::catcher::Caught| Taken {
            message_id: caught.header("Message-ID"),
            text: caught.readable(),
            recipients: caught.recipients,
        };
        self.catcher.caught().into_iter().map(taken).collect()
    }

    async fn refuse(&self, recipient: &Email, for_good: bool) {
        let answer = if for_good { "550 5.1.1 no such user" } else { "451 4.7.1 come back later" };
        self.catcher.refuse(recipient.as_str(), Some(answer));
    }

    async fn go_away(&self) {
        self.catcher.go_away();
    }
}

commerce_core::mailer_conformance!(OverSmtp);

/// What a server says of itself is never taken for a refusal of the mail.
#[tokio::test]
async fn a_server_that_lets_nobody_in_refuses_no_mail() {
    let catcher = Catcher::start().await;
    let with_password = format!("smtp://ada:s3cr3t@{}?tls=none", catcher.address());
    for (manner, url) in [(Manner::Closed, catcher.url()), (Manner::NoPassword, with_password.clone())] {
        catcher.behave(manner);
        let error = mailer(&url).send(&envelopes()[1]).await.unwrap_err();
        assert_eq!(error.kind, MailerTrouble::Unavailable, "{manner:?}: {error}");
        assert!(!format!("{error:?}").contains("s3cr3t"), "{error}");
    }
    catcher.behave(Manner::Normal);
    catcher.refuse(envelopes()[1].to.as_str(), Some("550 5.1.8 we do not know your sender"));
    let error = mailer(&with_password).send(&envelopes()[1]).await.unwrap_err();
    assert_eq!(error.kind, MailerTrouble::Unavailable, "{error}");
    // What can be mended keeps no mail from going once it is.
    for answer in [
        "550 5.7.1 your address is on a list",
        "554 5.7.1 relaying denied",
        "550 5.4.1 recipient address rejected: access denied",
        "554 5.3.0 out of order",
        "503 5.5.1 log in first",
        "554 transaction failed",
    ] {
        catcher.refuse(envelopes()[1].to.as_str(), Some(answer));
        let error = mailer(&with_password).send(&envelopes()[1]).await.unwrap_err();
        assert_eq!(error.kind, MailerTrouble::Later, "{error}");
    }
    assert!(catcher.caught().is_empty());
}

/// Without encryption nothing is sent, unless the address says so.
#[tokio::test]
async fn a_server_without_encryption_gets_no_mail() {
    let catcher = Catcher::start().await;
    for url in [format!("smtp://{}", catcher.address()), format!("smtps://{}", catcher.address())] {
        let error = mailer(&url).send(&envelopes()[1]).await.unwrap_err();
        assert_eq!(error.kind, MailerTrouble::Unavailable, "{error}");
    }
    assert!(catcher.caught().is_empty());
}

/// A connection that ended between two mails, and one that ends after a mail.
#[tokio::test]
async fn connections_that_end() {
    let mut catcher = Catcher::start().await;
    let mailer = mailer(&catcher.url());
    mailer.send(&envelopes()[1]).await.unwrap();
    catcher.go_away();
    tokio::task::yield_now().await;
    catcher.come_back().await;
    mailer.send(&envelopes()[1]).await.unwrap();
    assert_eq!(catcher.caught().len(), 2);
    // Nobody knows whether the mail was taken: it goes again.
    catcher.behave(Manner::HangsUp);
    let error = mailer.send(&envelopes()[1]).await.unwrap_err();
    assert_eq!(error.kind, MailerTrouble::Unavailable, "{error}");
}

#[tokio::test]
async fn a_mail_has_what_mail_systems_look_for() {
    let catcher = Catcher::start().await;
    let envelope = &envelopes()[0];
    mailer(&catcher.url()).send(envelope).await.unwrap();
    let mail = &catcher.caught()[0];
    assert_eq!(mail.from, "orders@shop.example");
    assert_eq!(mail.header("From"), "Adire <orders@shop.example>");
    assert_eq!(mail.header("To"), envelope.to.as_str());
    assert_eq!(mail.header("Message-ID"), format!("<{}@shop.example>", envelope.id));
    assert_eq!(mail.header("Auto-Submitted"), "auto-generated");
    assert_eq!(mail.header("Subject"), "Confirm your e-mail address for Adire");
    assert!(mail.header("Content-Type").starts_with("multipart/alternative"));
    assert!(!mail.header("Date").is_empty());
    let parts = mail.parts();
    assert!(parts[0].starts_with("Hello Ada,") && parts[1].contains("<!doctype html>"), "{parts:?}");
    assert!(parts[0].contains("https://shop.example/account/verify#tok_"), "{}", parts[0]);
}
