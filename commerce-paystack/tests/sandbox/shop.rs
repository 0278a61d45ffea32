//! A shop that receives webhooks and notes them.

use std::sync::{Arc, Mutex};

use poem::http::StatusCode;
use poem::listener::TcpAcceptor;
use poem::{Endpoint, Request, Response, Result, Server};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};

/// A webhook as it came in.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) raw: Vec<u8>,
    pub(crate) body: Value,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> &str {
        &self.headers.iter().find(|(known, _)| known == name).unwrap().1
    }

    pub(crate) fn event(&self) -> &str {
        self.body["event"].as_str().unwrap()
    }
}

/// Listens on a free port; answers with what it is told.
pub(crate) struct Receiver {
    pub(crate) url: String,
    received: mpsc::UnboundedReceiver<Received>,
    answer: Arc<Mutex<StatusCode>>,
    _stop: oneshot::Sender<()>,
}

struct Inbox {
    sender: mpsc::UnboundedSender<Received>,
    answer: Arc<Mutex<StatusCode>>,
}

impl Endpoint for Inbox {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        let raw = request.take_body().into_vec().await.unwrap();
        let headers = request
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect();
        let body = serde_json::from_slice(&raw).unwrap();
        let status = *self.answer.lock().unwrap();
        self.sender.send(Received { headers, raw, body }).ok();
        Ok(Response::builder().status(status).finish())
    }
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let (sender, received) = mpsc::unbounded_channel();
        let (stop, stopped) = oneshot::channel::<()>();
        let answer = Arc::new(Mutex::new(StatusCode::OK));
        let inbox = Inbox { sender, answer: Arc::clone(&answer) };
        let server = Server::new_with_acceptor(TcpAcceptor::from_tokio(listener).unwrap());
        tokio::spawn(async move {
            let told = async {
                stopped.await.ok();
            };
            server.run_with_graceful_shutdown(inbox, told, None).await.unwrap();
        });
        Self { url, received, answer, _stop: stop }
    }

    pub(crate) fn answer(&self, status: u16) {
        *self.answer.lock().unwrap() = StatusCode::from_u16(status).unwrap();
    }

    pub(crate) async fn next(&mut self) -> Received {
        let waited = tokio::time::timeout(std::time::Duration::from_secs(20), self.received.recv());
        waited.await.expect("no webhook came").unwrap()
    }

    /// Whether nothing has come.
    pub(crate) fn empty(&mut self) -> bool {
        self.received.try_recv().is_err()
    }
}
