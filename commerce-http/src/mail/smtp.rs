//! Handing mails to a mail server, by SMTP.

use std::net::IpAddr;
use std::time::Duration;

use commerce_core::mail::{MailerError, MailerTrouble};
use lettre::transport::smtp::PoolConfig;
use lettre::transport::smtp::extension::ClientId;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use secrecy::{ExposeSecret, SecretString};
use url::{Host, Url};

use crate::store::chain;

/// How long the server may take for one answer.
const ANSWER: Duration = Duration::from_secs(8);
/// How long a mail may take in all; less than the time for which it is claimed.
const DEADLINE: Duration = Duration::from_secs(15);
/// The most connections at once, and how long an idle one is kept.
const CONNECTIONS: (u32, Duration) = (4, Duration::from_secs(30));

/// The address of a mail server that was looked at: `smtps://user:password@host`, `smtp://user:password@host:587` or
/// `smtp://127.0.0.1:1025?tls=none`.
#[derive(Clone)]
pub struct SmtpUrl {
    url: SecretString,
    /// Where it is, without the password: for messages.
    shown: String,
}

/// Why an address of a mail server cannot be used. It does not show it, for there may be a password in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SmtpUrlError {
    /// It is none.
    #[error(
        "it must look like smtps://user:password@mail.example:465 (TLS from the start) or smtp://user:password@mail.example:587 (STARTTLS); write / @ : % in a password as %2F %40 %3A %25"
    )]
    Form,
    /// It would send mails and passwords unencrypted.
    #[error("tls=none is for a mail server on this machine only (127.0.0.1, [::1], localhost)")]
    Plain,
    /// A user without a password, or the other way round.
    #[error("it names a user or a password, and not both")]
    Credentials,
}

impl SmtpUrl {
    /// Looks at an address: TLS from the start with `smtps`, STARTTLS - or no mail - with `smtp`, and no encryption only to
    /// this machine with `?tls=none`.
    ///
    /// # Errors
    /// As [`SmtpUrlError`] says.
    pub fn new(text: &SecretString) -> Result<Self, SmtpUrlError> {
        let mut url = Url::parse(text.expose_secret()).map_err(|_| SmtpUrlError::Form)?;
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(SmtpUrlError::Form)?.to_owned();
        if !matches!(url.scheme(), "smtp" | "smtps")
            || !matches!(url.path(), "" | "/")
            || url.fragment().is_some()
        {
            return Err(SmtpUrlError::Form);
        }
        if url.username().is_empty() != url.password().is_none_or(str::is_empty) {
            return Err(SmtpUrlError::Credentials);
        }
        let tls = match (url.scheme(), url.query()) {
            ("smtp", None) => Some("tls=required"),
            ("smtp", Some("tls=none")) if is_here(&url) => None,
            ("smtp", Some("tls=none")) => return Err(SmtpUrlError::Plain),
            ("smtps", None) => None,
            _ => return Err(SmtpUrlError::Form),
        };
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        let shown = format!("{}://{host}{port}", url.scheme());
        url.set_query(tls);
        Ok(Self { url: String::from(url).into(), shown })
    }
}

impl std::fmt::Debug for SmtpUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.shown)
    }
}

/// Whether the host is this machine.
fn is_here(url: &Url) -> bool {
    // The host of an address that is not of the web is a text, also when it is a number.
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => {
            name == "localhost" || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
        }
        None => false,
    }
}

/// A mail server, with connections that are kept for the next mail.
pub struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    shown: String,
}

impl Smtp {
    /// The server at this address. Nothing is sent. `sender` is the domain that mails come from: by it we greet the server.
    ///
    /// # Errors
    /// [`SmtpUrlError::Form`] when the address cannot be used after all.
    pub fn new(url: &SmtpUrl, sender: &str) -> Result<Self, SmtpUrlError> {
        let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(url.url.expose_secret());
        let (most, idle) = CONNECTIONS;
        let transport = builder
            .map_err(|_| SmtpUrlError::Form)?
            .hello_name(ClientId::Domain(sender.to_owned()))
            .timeout(Some(ANSWER))
            .pool_config(PoolConfig::new().max_size(most).idle_timeout(idle))
            .build();
        Ok(Self { transport, shown: url.shown.clone() })
    }

    /// Hands a mail over.
    ///
    /// # Errors
    /// As the port's contract says.
    pub async fn send(&self, message: Message) -> Result<(), MailerError> {
        let unavailable = |detail: String| MailerError::new(MailerTrouble::Unavailable, detail);
        let sent = tokio::time::timeout(DEADLINE, self.transport.send(message)).await;
        let Err(error) = sent.map_err(|_| unavailable(format!("{} does not answer in time", self.shown)))?
        else {
            return Ok(());
        };
        let said = chain(&error);
        let kind = match error.status().map(u16::from) {
            Some(status) => meaning(status, &said),
            // What we cannot say to this server - an address in another script - is about the mail.
            None if error.is_client() => MailerTrouble::Refused,
            None => MailerTrouble::Unavailable,
        };
        let others_go = kind != MailerTrouble::Unavailable && self.lets_us_in().await;
        let kind = if others_go { kind } else { MailerTrouble::Unavailable };
        Err(MailerError::new(kind, format!("{}: {said}", self.shown)))
    }

    /// Whether the server greets us and takes our password: if not, what it said was not about one mail.
    async fn lets_us_in(&self) -> bool {
        let asked = tokio::time::timeout(Duration::from_secs(4), self.transport.test_connection()).await;
        matches!(asked, Ok(Ok(true)))
    }
}

/// What an answer that takes no mail means (RFC 5321, RFC 4954, and the enhanced codes of RFC 3463).
///
/// Only what is about the recipient or about this mail is for good. What is about the sender, the server, the way there, our
/// commands or a policy can be mended, and every mail would be lost until it is.
fn meaning(status: u16, said: &str) -> MailerTrouble {
    match (status, enhanced(said)) {
        // It closes, wants another login, or does not like our address: other mails fare no better.
        (421 | 454 | 521 | 530 | 534 | 535 | 538, _) | (_, Some((1, 7 | 8))) => MailerTrouble::Unavailable,
        (500..600, Some((1 | 2 | 6, _))) => MailerTrouble::Refused,
        // Without an enhanced code: the mailbox (550 to 553), or a domain that takes no mail (556).
        (550..=553 | 556, None) => MailerTrouble::Refused,
        _ => MailerTrouble::Later,
    }
}

/// Subject and detail of the enhanced code with which what the server said begins: of `5.7.1` the last two.
fn enhanced(said: &str) -> Option<(u16, u16)> {
    let (_, answer) = said.split_once("): ")?;
    let mut parts = answer.split_whitespace().next()?.split('.');
    parts.next().filter(|class| matches!(*class, "4" | "5"))?;
    let code = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    parts.next().is_none().then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_mail_servers() {
        let read = |text: &str| SmtpUrl::new(&text.into());
        for good in [
            "smtps://ada:s3cr3t@mail.example",
            "smtp://ada:s3c%2Fr3t@mail.example:587",
            "smtp://mail.example:587",
            "smtp://127.0.0.1:1025?tls=none",
            "smtp://[::1]:1025?tls=none",
            "smtp://localhost?tls=none",
        ] {
            let url = read(good).unwrap();
            assert!(!format!("{url:?}").contains("s3c"), "{url:?}");
            let encrypted = url.url.expose_secret().contains("tls=required") || good.starts_with("smtps");
            assert_eq!(encrypted, !good.contains("none"), "{good}");
        }
        for bad in [
            "",
            "mail.example",
            "http://mail.example",
            "smtp://",
            "smtp://a?tls=opportunistic",
            "smtps://a?tls=none",
            "smtp://mail.example/path",
            "smtp://a#b",
        ] {
            assert_eq!(read(bad).unwrap_err(), SmtpUrlError::Form, "{bad}");
        }
        for open in
            ["smtp://mail.example?tls=none", "smtp://10.0.0.1?tls=none", "smtp://localhost.example?tls=none"]
        {
            assert_eq!(read(open).unwrap_err(), SmtpUrlError::Plain, "{open}");
        }
        for half in ["smtp://ada@mail.example", "smtp://:s3cr3t@mail.example"] {
            assert_eq!(read(half).unwrap_err(), SmtpUrlError::Credentials, "{half}");
        }
    }

    #[test]
    fn what_answers_mean() {
        use MailerTrouble::{Later, Refused, Unavailable};
        for (status, said, means) in [
            (535, "5.7.8 no", Unavailable),
            (530, "5.7.0 log in first", Unavailable),
            (521, "no mail here", Unavailable),
            (421, "4.3.2 closing", Unavailable),
            (550, "5.1.8 sender unknown", Unavailable),
            (550, "5.1.1 no such user", Refused),
            (550, "5.1.10 a null MX", Refused),
            (552, "5.2.2 mailbox full", Refused),
            (554, "5.6.0 this is no mail", Refused),
            (550, "no such user", Refused),
            (550, "mailbox unavailable", Refused),
            (553, "not a name", Refused),
            (550, "5.7.1 blocked: see https://list.example/1.1.1.1", Later),
            (550, "5.7.26 not signed", Later),
            (554, "5.7.1 relaying denied", Later),
            (554, "no SMTP service here", Later),
            (550, "5.3.0 the system is out of order", Later),
            (550, "5.4.1 recipient: access denied", Later),
            (503, "5.5.1 bad sequence of commands", Later),
            (502, "what?", Later),
            (451, "4.7.1 come back later", Later),
            (450, "try again", Later),
        ] {
            assert_eq!(
                meaning(status, &format!("permanent error ({status}): {said}")),
                means,
                "{status} {said}"
            );
        }
    }
}
