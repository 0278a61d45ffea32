//! A mail server that catches what is sent to it, and misbehaves when told to: real SMTP over loopback, of our own.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// A mail as it came.
#[derive(Debug, Clone)]
pub(crate) struct Caught {
    pub(crate) from: String,
    pub(crate) recipients: Vec<String>,
    /// As it came, without the dots of SMTP.
    pub(crate) raw: String,
}

/// How the server behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// It takes mails.
    Normal,
    /// It greets nobody: 554.
    Closed,
    /// It takes no password: 535.
    NoPassword,
    /// It takes the mail, keeps it, and never says so.
    Silent,
    /// It takes the mail, keeps it, and hangs up.
    HangsUp,
}

#[derive(Debug)]
struct State {
    manner: Manner,
    refused: BTreeMap<String, &'static str>,
    caught: Vec<Caught>,
}

/// The server. It is gone with the value.
pub(crate) struct Catcher {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    came: Arc<Notify>,
    listening: JoinHandle<()>,
}

impl Catcher {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = State { manner: Manner::Normal, refused: BTreeMap::new(), caught: Vec::new() };
        let (state, came) = (Arc::new(Mutex::new(state)), Arc::new(Notify::new()));
        let listening = tokio::spawn(listen(listener, Arc::clone(&state), Arc::clone(&came)));
        Self { address, state, came, listening }
    }

    /// Its address, as the setting wants it.
    pub(crate) fn url(&self) -> String {
        format!("smtp://{}?tls=none", self.address)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn behave(&self, manner: Manner) {
        self.state().manner = manner;
    }

    /// Answers this about a recipient; `None`: takes it again.
    pub(crate) fn refuse(&self, recipient: &str, answer: Option<&'static str>) {
        match answer {
            Some(answer) => self.state().refused.insert(recipient.to_owned(), answer),
            None => self.state().refused.remove(recipient),
        };
    }

    /// Nobody listens any more, and who is connected is cut off.
    pub(crate) fn go_away(&self) {
        self.listening.abort();
    }

    /// It listens again, where it did.
    pub(crate) async fn come_back(&mut self) {
        let listener = TcpListener::bind(self.address).await.unwrap();
        self.listening = tokio::spawn(listen(listener, Arc::clone(&self.state), Arc::clone(&self.came)));
    }

    pub(crate) fn caught(&self) -> Vec<Caught> {
        self.state().caught.clone()
    }

    /// What was caught once there are so many.
    pub(crate) async fn wait_for(&self, count: usize) -> Vec<Caught> {
        let enough = async {
            loop {
                let came = self.came.notified();
                let caught = self.caught();
                if caught.len() >= count {
                    return caught;
                }
                came.await;
            }
        };
        let waited = tokio::time::timeout(crate::server::DEADLINE, enough).await;
        waited.unwrap_or_else(|_| panic!("{} of {count} mails came", self.caught().len()))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

impl Drop for Catcher {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn listen(listener: TcpListener, state: Arc<Mutex<State>>, came: Arc<Notify>) {
    // Dropped with the task, and every conversation with it.
    let mut conversations = tokio::task::JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        conversations.spawn(talk(stream, Arc::clone(&state), Arc::clone(&came)));
    }
}

async fn talk(stream: TcpStream, state: Arc<Mutex<State>>, came: Arc<Notify>) {
    let mut stream = BufReader::new(stream);
    let manner = || state.lock().unwrap().manner;
    if manner() == Manner::Closed {
        stream.write_all(b"554 closed for repairs\r\n").await.ok();
        return;
    }
    stream.write_all(b"220 catcher ESMTP\r\n").await.ok();
    let (mut from, mut recipients) = (String::new(), Vec::new());
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
            return;
        }
        let line = line.trim_end();
        let answer = match line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase().as_str() {
            "EHLO" => "250-catcher\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 AUTH PLAIN LOGIN",
            "AUTH" if manner() == Manner::NoPassword => "535 5.7.8 no such user or password",
            "AUTH" => "235 2.7.0 come in",
            "MAIL" => {
                from = address(line);
                recipients.clear();
                "250 ok"
            }
            "RCPT" => {
                let recipient = address(line);
                let refused = state.lock().unwrap().refused.get(&recipient).copied();
                if refused.is_none() {
                    recipients.push(recipient);
                }
                refused.unwrap_or("250 ok")
            }
            "DATA" => {
                stream.write_all(b"354 go on\r\n").await.ok();
                let Some(raw) = data(&mut stream).await else { return };
                let caught = Caught { from: from.clone(), recipients: recipients.clone(), raw };
                state.lock().unwrap().caught.push(caught);
                came.notify_waiters();
                match manner() {
                    Manner::Silent => return std::future::pending().await,
                    Manner::HangsUp => return,
                    _ => "250 taken",
                }
            }
            "RSET" | "NOOP" => "250 ok",
            "QUIT" => {
                stream.write_all(b"221 bye\r\n").await.ok();
                return;
            }
            _ => "500 what?",
        };
        if stream.write_all(format!("{answer}\r\n").as_bytes()).await.is_err() {
            return;
        }
    }
}

/// The mail up to the dot on a line of its own.
async fn data(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let mut raw = String::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
            return None;
        }
        match line.as_str() {
            ".\r\n" => return Some(raw),
            _ => raw.push_str(line.strip_prefix('.').unwrap_or(&line)),
        }
    }
}

fn address(line: &str) -> String {
    let from = line.find('<').unwrap() + 1;
    line[from..line.find('>').unwrap()].to_owned()
}

impl Caught {
    /// A header, unfolded; empty when it is not there.
    pub(crate) fn header(&self, name: &str) -> String {
        let head = self.raw.split("\r\n\r\n").next().unwrap().replace("\r\n ", " ").replace("\r\n\t", " ");
        let of_it = |line: &str| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        };
        head.lines().find_map(of_it).unwrap_or_default()
    }

    /// The parts of it that are text: plain, then with a design.
    pub(crate) fn parts(&self) -> Vec<String> {
        let kind = self.header("Content-Type");
        let (_, boundary) = kind.split_once("boundary=\"").unwrap();
        let boundary = format!("--{}", boundary.split('"').next().unwrap());
        let pieces = self.raw.split(&boundary).skip(1);
        pieces.filter(|piece| !piece.starts_with("--")).map(decoded).collect()
    }

    /// Head and parts in a readable form.
    pub(crate) fn readable(&self) -> String {
        let head = self.raw.split("\r\n\r\n").next().unwrap();
        format!("{head}\n\n{}", self.parts().join("\n"))
    }
}

fn decoded(part: &str) -> String {
    let (head, body) = part.trim_start().split_once("\r\n\r\n").unwrap();
    let head = head.to_ascii_lowercase();
    if head.contains("base64") {
        return String::from_utf8(STANDARD.decode(body.replace("\r\n", "")).unwrap()).unwrap();
    }
    if !head.contains("quoted-printable") {
        return body.to_owned();
    }
    let body = body.replace("=\r\n", "");
    let mut bytes = Vec::new();
    let mut rest = body.as_bytes();
    while let Some((first, more)) = rest.split_first() {
        rest = more;
        match (first, more) {
            (b'=', [high, low, after @ ..]) => {
                let hex = String::from_utf8(vec![*high, *low]).unwrap();
                bytes.push(u8::from_str_radix(&hex, 16).unwrap());
                rest = after;
            }
            _ => bytes.push(*first),
        }
    }
    String::from_utf8(bytes).unwrap()
}
