//! A server that answers what a test tells it to, one answer after the other, and keeps what it was asked.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use commerce_paystack::{BreakerOptions, Client};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha512;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

pub(crate) const KEY: &str = "sk_test_5f4e3d2c1b0a998877";

/// What the server does with a request.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// Answers with a status, headers and a body.
    Answer(u16, Vec<(&'static str, String)>, String),
    /// Reads the request and says nothing.
    Hang,
    /// Reads the request and closes.
    Close,
    /// Closes while the request is still being read.
    Reset,
    /// Announces a body and sends a byte of it now and then.
    Drip,
    /// Sends half of the body that it announced and closes.
    Half,
}

impl Reply {
    pub(crate) fn json(status: u16, body: &str) -> Self {
        Self::Answer(status, vec![("content-type", "application/json".into())], body.to_owned())
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// `POST /charge`.
    pub(crate) line: String,
    pub(crate) headers: String,
    pub(crate) body: String,
}

pub(crate) struct Double {
    pub(crate) url: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Double {
    /// Gives these answers; after the last, that one for ever.
    pub(crate) async fn start(replies: impl IntoIterator<Item = Reply>) -> Self {
        let mut replies: Vec<Reply> = replies.into_iter().collect();
        replies.reverse();
        let replies = Arc::new(Mutex::new(replies));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&requests);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&replies), Arc::clone(&kept)));
            }
        });
        Self { url, requests }
    }

    pub(crate) fn client(&self) -> Client {
        self.client_with(|builder| builder)
    }

    /// A client that gives up soon and has a breaker that never opens, unless the test says otherwise.
    pub(crate) fn client_with(
        &self,
        options: impl FnOnce(commerce_paystack::ClientBuilder) -> commerce_paystack::ClientBuilder,
    ) -> Client {
        let breaker = BreakerOptions { failures_max: u32::MAX, ..Default::default() };
        let builder = Client::builder(KEY).base_url(&self.url).breaker(breaker);
        options(builder.deadline(Duration::from_secs(5))).build().unwrap()
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

async fn serve(mut stream: TcpStream, replies: Arc<Mutex<Vec<Reply>>>, kept: Arc<Mutex<Vec<Request>>>) {
    let mut bytes = Vec::new();
    loop {
        let Some(head) = read_head(&mut stream, &mut bytes).await else { return };
        let reply = {
            let mut replies = replies.lock().unwrap();
            if replies.len() > 1 { replies.pop() } else { replies.last().cloned() }
        };
        let reply = reply.expect("a reply");
        let (line, headers) = head.split_once("\r\n").unwrap_or((&head, ""));
        let line = line.trim_end_matches(" HTTP/1.1").to_owned();
        let length = headers.lines().find_map(|line| {
            line.to_ascii_lowercase().strip_prefix("content-length: ").and_then(|text| text.parse().ok())
        });
        let length: usize = length.unwrap_or(0);
        if matches!(reply, Reply::Reset) {
            // Closing with the body unread makes the system send a reset.
            kept.lock().unwrap().push(Request { line, headers: headers.to_owned(), body: String::new() });
            return;
        }
        while bytes.len() < length {
            if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
                return;
            }
        }
        let body = String::from_utf8(bytes.drain(..length).collect()).unwrap();
        kept.lock().unwrap().push(Request { line, headers: headers.to_owned(), body });
        match reply {
            Reply::Answer(status, headers, body) => {
                let mut answer = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n", body.len());
                for (name, value) in headers {
                    answer.push_str(&format!("{name}: {value}\r\n"));
                }
                answer.push_str("\r\n");
                answer.push_str(&body);
                if stream.write_all(answer.as_bytes()).await.is_err() {
                    return;
                }
            }
            Reply::Hang => std::future::pending::<()>().await,
            Reply::Close | Reply::Reset => return,
            Reply::Drip => {
                let _ = stream.write_all(b"HTTP/1.1 200 X\r\ncontent-length: 5000\r\n\r\n").await;
                loop {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    if stream.write_all(b" ").await.is_err() {
                        return;
                    }
                }
            }
            Reply::Half => {
                let _ =
                    stream.write_all(b"HTTP/1.1 200 X\r\ncontent-length: 50\r\n\r\n{\"status\":true,").await;
                return;
            }
        }
    }
}

async fn read_head(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> Option<String> {
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = bytes.drain(..end + 4).collect::<Vec<u8>>();
            return String::from_utf8(head[..end].to_vec()).ok();
        }
        if stream.read_buf(bytes).await.unwrap_or(0) == 0 {
            return None;
        }
    }
}

/// What Paystack would sign `body` with.
pub(crate) fn sign(key: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha512>::new_from_slice(key.as_bytes()).unwrap();
    mac.update(body);
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}
