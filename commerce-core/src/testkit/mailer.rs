//! What every mailer must do, as tests that any adapter runs; and a mailer in memory.
//!
//! An adapter says how a mailer is opened beside a mail system that a test can look into and set up, and gets a `#[test]`
//! for each case:
//!
//! ```ignore
//! commerce_core::mailer_conformance!(MySmtpServer);
//! ```

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;

use crate::customer::Email;
use crate::mail::{Envelope, Kind, Link, Mail, MailerError, MailerTrouble, Token};
use crate::testkit::{named, start};
use crate::{Mailer, Timestamp};

/// A mailer under test, and the mail system behind it.
#[async_trait]
pub trait Fixture: Send + Sync + 'static {
    /// Opens a mailer over an empty mail system.
    async fn open() -> Self
    where
        Self: Sized;

    /// The mailer.
    fn mailer(&self) -> Arc<dyn Mailer>;

    /// What the mail system has taken, in order.
    async fn taken(&self) -> Vec<Taken>;

    /// From now on this recipient is refused for good, or for now.
    async fn refuse(&self, recipient: &Email, for_good: bool);

    /// From now on the mail system cannot be reached.
    async fn go_away(&self);
}

/// A mail as a mail system took it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// Whom it goes to: every recipient of the envelope.
    pub recipients: Vec<String>,
    /// Its message id.
    pub message_id: String,
    /// All of it as it came, headers and text, in a readable form.
    pub text: String,
}

/// Makes a `#[test]` of every case, over the [`Fixture`]. Once in a module.
#[macro_export]
macro_rules! mailer_conformance {
    ($fixture:ty) => {
        $crate::__mailer_cases! { $fixture:
            a_mail_goes_to_its_recipient_only
            a_mail_that_is_sent_twice_has_one_message_id
            a_recipient_that_is_refused
            a_recipient_that_is_not_taken_now
            a_mail_system_that_is_away
            no_token_is_in_an_error
        }
    };
}

/// A `#[test]` of each case.
#[doc(hidden)]
#[macro_export]
macro_rules! __mailer_cases {
    ($fixture:ty: $($case:ident)*) => {$(
        #[test]
        fn $case() {
            $crate::testkit::conformance::block_on($crate::testkit::mailer::$case::<$fixture>());
        }
    )*};
}

/// What a token of the tests looks like.
const TOKEN: &str = "tok_3fQx9VbLr2Zk7WnPd0TsYhUe";

/// An envelope of each kind that tells of no order.
#[must_use]
pub fn envelopes() -> Vec<Envelope> {
    let at = start();
    let first_name = Some("Ada".to_owned());
    let link = Link::new(Token(TOKEN.to_owned()), at.plus(Duration::from_secs(3_600)));
    let new_email: Email = "ada.new@example.com".parse().unwrap();
    let kinds = [
        Kind::Verification { first_name: first_name.clone(), link: link.clone() },
        Kind::AlreadyRegistered { first_name: None },
        Kind::PasswordReset { first_name: None, link: link.clone() },
        Kind::PasswordChanged { first_name: first_name.clone(), at },
        Kind::EmailChange { first_name: first_name.clone(), link: link.clone() },
        Kind::EmailChangeRequested { first_name: first_name.clone(), new_email: new_email.clone(), link },
        Kind::EmailChanged { first_name: first_name.clone(), new_email, at },
        Kind::NewDevice { first_name: first_name.clone(), device: None, at },
        Kind::SessionStolen { first_name, device: Some("Firefox".to_owned()), at },
        Kind::AccountErased { at },
    ];
    kinds.into_iter().map(|kind| envelope(&format!("{}@example.com", kind.name()), kind, at)).collect()
}

fn envelope(to: &str, kind: Kind, at: Timestamp) -> Envelope {
    Envelope::of(&Mail::new(named("mail", kind.name()), to.parse().unwrap(), kind, at), None)
}

/// Each kind is taken, for whom it is meant and for nobody else; a link has its token in it.
pub async fn a_mail_goes_to_its_recipient_only<F: Fixture>() {
    let system = F::open().await;
    for envelope in envelopes() {
        system.mailer().send(&envelope).await.unwrap();
        let taken = system.taken().await.pop().unwrap();
        assert_eq!(taken.recipients, [envelope.to.as_str()]);
        assert_eq!(taken.text.contains(TOKEN), envelope.kind.link().is_some(), "{}", envelope.kind.name());
    }
    assert_eq!(system.taken().await.len(), envelopes().len());
}

/// The second delivery has the message id of the first, and two mails never have one.
pub async fn a_mail_that_is_sent_twice_has_one_message_id<F: Fixture>() {
    let system = F::open().await;
    for envelope in envelopes().iter().take(2) {
        system.mailer().send(envelope).await.unwrap();
        system.mailer().send(envelope).await.unwrap();
    }
    let ids: Vec<String> = system.taken().await.into_iter().map(|taken| taken.message_id).collect();
    assert_eq!((&ids[0], &ids[2]), (&ids[1], &ids[3]));
    assert!(ids[0] != ids[2] && ids.iter().all(|id| !id.is_empty()));
}

/// It is told so, and another recipient gets his mail.
pub async fn a_recipient_that_is_refused<F: Fixture>() {
    not_taken::<F>(true, MailerTrouble::Refused).await;
}

/// It may be tried again, and another recipient gets his mail.
pub async fn a_recipient_that_is_not_taken_now<F: Fixture>() {
    not_taken::<F>(false, MailerTrouble::Later).await;
}

async fn not_taken<F: Fixture>(for_good: bool, kind: MailerTrouble) {
    let system = F::open().await;
    let all = envelopes();
    system.refuse(&all[0].to, for_good).await;
    assert_eq!(system.mailer().send(&all[0]).await.unwrap_err().kind, kind);
    system.mailer().send(&all[1]).await.unwrap();
    let taken = system.taken().await;
    assert_eq!(taken.len(), 1);
    assert_eq!(taken[0].recipients, [all[1].to.as_str()]);
}

/// No mail gets through, and that is known in time.
pub async fn a_mail_system_that_is_away<F: Fixture>() {
    let system = F::open().await;
    system.mailer().send(&envelopes()[0]).await.unwrap();
    system.go_away().await;
    let mailer = system.mailer();
    let said =
        tokio::time::timeout(Duration::from_secs(20), async move { mailer.send(&envelopes()[1]).await });
    assert_eq!(said.await.expect("in time").unwrap_err().kind, MailerTrouble::Unavailable);
}

/// Whatever goes wrong, what is said of it has no token in it.
pub async fn no_token_is_in_an_error<F: Fixture>() {
    let system = F::open().await;
    let envelope = envelopes().into_iter().find(|envelope| envelope.kind.link().is_some()).unwrap();
    system.refuse(&envelope.to, true).await;
    let refused = system.mailer().send(&envelope).await.unwrap_err();
    system.go_away().await;
    let away = system.mailer().send(&envelope).await.unwrap_err();
    for error in [refused, away] {
        assert!(!format!("{error} {error:?}").contains(TOKEN), "{error}");
    }
    assert!(!format!("{envelope:?}").contains(TOKEN));
}

/// A mailer in memory: it keeps what it sent, and fails when told to.
#[derive(Debug, Default)]
pub struct PretendMailer(Mutex<Post>);

#[derive(Debug, Default)]
struct Post {
    sent: Vec<Envelope>,
    refused: BTreeMap<Email, MailerTrouble>,
    away: bool,
}

impl PretendMailer {
    /// From now on this recipient's mails fail like this.
    pub fn refuse(&self, recipient: &Email, trouble: MailerTrouble) {
        self.post().refused.insert(recipient.clone(), trouble);
    }

    /// From now on everything fails, or nothing does.
    pub fn away(&self, away: bool) {
        let mut post = self.post();
        post.away = away;
        if !away {
            post.refused.clear();
        }
    }

    /// What was sent, in order.
    #[must_use]
    pub fn sent(&self) -> Vec<Envelope> {
        self.post().sent.clone()
    }

    fn post(&self) -> MutexGuard<'_, Post> {
        self.0.lock().unwrap()
    }
}

#[async_trait]
impl Mailer for PretendMailer {
    async fn send(&self, envelope: &Envelope) -> Result<(), MailerError> {
        let mut post = self.post();
        if post.away {
            return Err(MailerError::new(MailerTrouble::Unavailable, "away"));
        }
        match post.refused.get(&envelope.to) {
            Some(trouble) => Err(MailerError::new(*trouble, "told to")),
            None => {
                post.sent.push(envelope.clone());
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The mailer in memory is a mailer.
    struct InMemory(Arc<PretendMailer>);

    #[async_trait]
    impl Fixture for InMemory {
        async fn open() -> Self {
            Self(Arc::default())
        }
        fn mailer(&self) -> Arc<dyn Mailer> {
            self.0.clone()
        }
        async fn taken(&self) -> Vec<Taken> {
            let taken = |envelope: Envelope| Taken {
                recipients: vec![envelope.to.to_string()],
                message_id: envelope.id.to_string(),
                text: serde_json::to_string(&envelope.kind).unwrap(),
            };
            self.0.sent().into_iter().map(taken).collect()
        }
        async fn refuse(&self, recipient: &Email, for_good: bool) {
            let trouble = if for_good { MailerTrouble::Refused } else { MailerTrouble::Later };
            self.0.refuse(recipient, trouble);
        }
        async fn go_away(&self) {
            self.0.away(true);
        }
    }

    crate::mailer_conformance!(InMemory);
}
