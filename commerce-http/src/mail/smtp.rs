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
        let status = error.status().map(u16::from);
        // What we cannot say to this server - an address in another script - is about the mail, like what it says of it.
        let about_mail = error.is_client() || status.is_some_and(|status| !is_about_us(status, &said));
        let kind = if !about_mail || !self.lets_us_in().await {
            MailerTrouble::Unavailable
        } else if error.is_transient() {
            MailerTrouble::Later
        } else {
            MailerTrouble::Refused
        };
        Err(MailerError::new(kind, format!("{}: {said}", self.shown)))
    }

    /// Whether the server greets us and takes our password: if not, what it said was not about one mail.
    async fn lets_us_in(&self) -> bool {
        let asked = tokio::time::timeout(Duration::from_secs(4), self.transport.test_connection()).await;
        matches!(asked, Ok(Ok(true)))
    }
}

/// Whether an answer is about the sender or the server itself, so that other mails fare no better: it closes, wants another
/// login, or does not like our address (RFC 5321, RFC 4954, and the enhanced codes X.1.7 and X.1.8 of RFC 3463).
fn is_about_us(status: u16, said: &str) -> bool {
    matches!(status, 421 | 454 | 530 | 534 | 535 | 538)
        || ["4.1.7 ", "4.1.8 ", "5.1.7 ", "5.1.8 "].iter().any(|code| said.contains(code))
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
    fn what_is_not_about_one_mail() {
        assert!(is_about_us(535, "permanent error (535): 5.7.8 no"));
        assert!(is_about_us(550, "permanent error (550): 5.1.8 sender unknown"));
        assert!(!is_about_us(550, "permanent error (550): 5.1.1 no such user"));
        assert!(!is_about_us(451, "transient error (451): 4.7.1 come back later"));
    }
}
