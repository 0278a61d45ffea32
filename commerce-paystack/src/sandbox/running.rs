//! A sandbox that listens on an address of its own.

use std::net::SocketAddr;
use std::ops::Deref;
use std::time::Duration;

use poem::Server;
use poem::listener::TcpAcceptor;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::Sandbox;

/// How long requests under way may take once it is told to stop.
const DRAIN: Duration = Duration::from_secs(1);

/// A running sandbox. It stops when it is dropped.
pub struct Running {
    sandbox: Sandbox,
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    serving: JoinHandle<()>,
    sending: JoinHandle<()>,
}

impl Running {
    pub(crate) fn new(sandbox: Sandbox, listener: TcpListener, address: SocketAddr) -> std::io::Result<Self> {
        let acceptor = TcpAcceptor::from_tokio(listener)?;
        let (stop, stopped) = oneshot::channel::<()>();
        let endpoint = sandbox.endpoint();
        let serving = tokio::spawn(async move {
            let told = async {
                stopped.await.ok();
            };
            let server = Server::new_with_acceptor(acceptor);
            if let Err(error) = server.run_with_graceful_shutdown(endpoint, told, Some(DRAIN)).await {
                tracing::error!(%error, "the sandbox has stopped serving");
            }
        });
        let sending = tokio::spawn({
            let sandbox = sandbox.clone();
            async move { sandbox.run().await }
        });
        Ok(Self { sandbox, address, stop: Some(stop), serving, sending })
    }

    /// Where clients reach it, such as `http://127.0.0.1:40123`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Stops it and waits until it has.
    pub async fn shutdown(mut self) {
        if let Some(stop) = self.stop.take() {
            stop.send(()).ok();
        }
        (&mut self.serving).await.ok();
    }
}

impl Deref for Running {
    type Target = Sandbox;

    fn deref(&self) -> &Sandbox {
        &self.sandbox
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.sending.abort();
        self.serving.abort();
    }
}
