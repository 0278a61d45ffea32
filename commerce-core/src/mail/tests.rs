//! The decisions about a mail, without a store.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::time::Duration;

use super::*;
use crate::Timestamp;
use crate::testkit::{named, start};

fn reset(token: &str) -> Mail {
    let link = Link::new(Token(token.to_owned()), start().plus(Duration::from_secs(3_600)));
    let kind = Kind::PasswordReset { first_name: None, link };
    Mail::new(named("mail", "reset"), "ada@example.com".parse().unwrap(), kind, start())
}

fn claimed(mail: &Mail, now: Timestamp) -> Mail {
    match turn(mail, now) {
        Turn::Send(claimed) => claimed,
        Turn::TooLate(_) => panic!("it is not too late"),
    }
}

#[test]
fn a_claim_holds_until_the_next_try() {
    let mail = reset("t");
    let first = claimed(&mail, start());
    assert_eq!((first.sending.tries, first.sending.next_at), (1, start().plus(Duration::from_secs(30))));
    let second = claimed(&first, start());
    assert_eq!((second.sending.tries, second.sending.next_at), (2, start().plus(Duration::from_secs(60))));
    assert_eq!(first.kind, mail.kind);
}

#[test]
fn a_link_is_good_until_the_microsecond() {
    let mail = reset("t");
    let end = mail.kind.link().unwrap().expires_at;
    assert!(matches!(turn(&mail, end.minus(Duration::from_micros(1))), Turn::Send(_)));
    let Turn::TooLate(parked) = turn(&mail, end) else { panic!("it is too late") };
    assert_eq!(parked.sending.state, MailState::Parked);
    assert_eq!(parked.kind, mail.kind.without_token());
}

#[test]
fn what_a_mail_system_quotes_holds_no_token_and_no_line_breaks() {
    let claim = claimed(&reset("s3cr3t"), start());
    let said = format!("554 no\r\nhttps://shop.example/reset?token=s3cr3t {}", "x".repeat(999));
    let error = MailerError::new(MailerTrouble::Later, said);
    let after = outcome(&claim, Err(&error), start());
    let note = after.sending.note.unwrap();
    assert!(!note.contains("s3cr3t") && !note.contains('\n'), "{note}");
    assert_eq!(note.chars().count(), Sending::NOTE_MAX);
    assert_eq!(after.sending.state, MailState::Waiting);
    assert_eq!(after.kind, claim.kind, "it is needed for the next try");
}

#[test]
fn what_a_mail_system_quotes_is_in_no_log() {
    let mail = claimed(&reset("s3cr3t"), start());
    let said = "mail.example: 550 5.1.8 <Orders@shop.example>: ada@example.com,\"ada obi\"@b.example may not\r\nread s3cr3t";
    let shown = MailerError::new(MailerTrouble::Unavailable, said).for_log(&mail);
    let words = "mail.example: 550 5.1.8 <...>: ...,\"ada obi\"... may not  read ...";
    assert_eq!(shown, MailerError::new(MailerTrouble::Unavailable, words));
}

#[test]
fn tokens_do_not_print() {
    assert!(!format!("{:?}", reset("s3cr3t")).contains("s3cr3t"));
}
