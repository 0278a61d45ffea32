//! Accepting connections: only so many at once, and none for a moment when the system has no more to give. A client that
//! takes its time to say what it wants, or to take what it gets, is cut off.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use poem::http::uri::Scheme;
use poem::listener::Acceptor;
use poem::web::{LocalAddr, RemoteAddr};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Sleep, sleep_until};

/// How long to wait before the next connection when the system refused one. It would refuse that too: file handles are
/// used up.
const PAUSE: Duration = Duration::from_millis(50);
/// A connection on which nothing happens, and of which nothing is due, is closed after this time.
///
/// Here and not by the library, which wakes a task of its own whenever a byte passes.
const IDLE: Duration = Duration::from_secs(75);
/// How long a client may take nothing of what it is sent.
const STALLED: Duration = Duration::from_secs(30);
/// How long a client that speaks HTTP/2 may send without getting anything back: where a head ends is not seen there.
const UNANSWERED: Duration = Duration::from_secs(60);

/// An acceptor that takes at most so many connections at once; others wait in the system's queue.
pub(crate) struct Accept<A> {
    inner: A,
    free: Arc<Semaphore>,
    head_timeout: Duration,
}

impl<A> Accept<A> {
    /// An acceptor of at most so many connections, on which the head of a request may take so long to arrive.
    pub(crate) fn new(inner: A, connections_max: usize, head_timeout: Duration) -> Self {
        let free = Arc::new(Semaphore::new(connections_max.min(Semaphore::MAX_PERMITS)));
        Self { inner, free, head_timeout }
    }
}

impl<A: Acceptor> Acceptor for Accept<A> {
    type Io = Connection<A::Io>;

    fn local_addr(&self) -> Vec<LocalAddr> {
        self.inner.local_addr()
    }

    async fn accept(&mut self) -> io::Result<(Self::Io, LocalAddr, RemoteAddr, Scheme)> {
        let place = Arc::clone(&self.free).acquire_owned().await.map_err(io::Error::other)?;
        match self.inner.accept().await {
            Ok((io, local, remote, scheme)) => {
                Ok((Connection::new(io, place, self.head_timeout, IDLE), local, remote, scheme))
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(PAUSE).await;
                Err(error)
            }
        }
    }
}

/// A connection that gives its place back when it ends, and ends when its client is too slow.
///
/// The library reads heads without a limit of time, and takes any byte for a sign of life. So this looks at what passes: from
/// the first byte of a head to the empty line at its end no more than the timeout may go by. What follows, the body and the
/// answer, is bounded where requests are.
pub(crate) struct Connection<T> {
    io: T,
    _place: OwnedSemaphorePermit,
    head_timeout: Duration,
    idle_timeout: Duration,
    phase: Phase,
    /// Until when the head must have come, or something must have been taken.
    read_by: Timer,
    write_by: Timer,
    /// Until when the next request must have begun.
    begin_by: Timer,
}

/// What a client is about to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Nothing yet: a fresh connection, or one whose last request was answered.
    Idle,
    /// It sends a head; so many of its bytes were seen, not counting empty lines before it, and whether the last line is
    /// empty so far.
    Head { seen: usize, is_line_empty: bool, is_http2: bool },
    /// It has sent a head.
    Busy,
}

/// A deadline that may be set; its timer is made when it is needed for the first time.
#[derive(Default)]
struct Timer(Option<(Pin<Box<Sleep>>, bool)>);

impl Timer {
    fn set(&mut self, after: Duration) {
        let at = Instant::now() + after;
        match &mut self.0 {
            Some((sleep, is_set)) => {
                sleep.as_mut().reset(at);
                *is_set = true;
            }
            None => self.0 = Some((Box::pin(sleep_until(at)), true)),
        }
    }

    fn is_set(&self) -> bool {
        matches!(self.0, Some((_, true)))
    }

    fn clear(&mut self) {
        if let Some((_, is_set)) = &mut self.0 {
            *is_set = false;
        }
    }

    /// An error when the time is up; else the task is woken then.
    fn poll<R>(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<R>> {
        match &mut self.0 {
            Some((sleep, true)) => {
                ready!(sleep.as_mut().poll(cx));
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
            _ => Poll::Pending,
        }
    }

    /// As [`poll`](Self::poll), and the client counts as slow.
    fn poll_slow<R>(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<R>> {
        let polled = self.poll(cx);
        if polled.is_ready() {
            metrics::counter!("slow_clients_cut_total").increment(1);
        }
        polled
    }
}

impl Phase {
    const HTTP2: &[u8] = b"PRI ";

    /// The phase after these bytes of the client.
    fn after(self, bytes: &[u8]) -> Self {
        let (mut seen, mut is_line_empty, mut is_http2) = match self {
            _ if bytes.is_empty() => return self,
            Self::Busy => return self,
            Self::Idle => (0, false, true),
            Self::Head { seen, is_line_empty, is_http2 } => (seen, is_line_empty, is_http2),
        };
        for byte in bytes {
            // Empty lines before a head are passed over, as the library does (RFC 9112, section 2.2): they end nothing.
            if seen == 0 && matches!(byte, b'\r' | b'\n') {
                continue;
            }
            is_http2 &= Self::HTTP2.get(seen).is_none_or(|expected| expected == byte);
            match byte {
                b'\n' if is_line_empty && !is_http2 => return Self::Busy,
                b'\n' => is_line_empty = true,
                b'\r' => {}
                _ => is_line_empty = false,
            }
            seen = seen.saturating_add(1);
        }
        Self::Head { seen, is_line_empty, is_http2 }
    }
}

impl<T> Connection<T> {
    fn new(io: T, place: OwnedSemaphorePermit, head_timeout: Duration, idle_timeout: Duration) -> Self {
        let (read_by, write_by, begin_by) = (Timer::default(), Timer::default(), Timer::default());
        let phase = Phase::Idle;
        Self { io, _place: place, head_timeout, idle_timeout, phase, read_by, write_by, begin_by }
    }

    fn received(&mut self, bytes: &[u8]) {
        self.begin_by.clear();
        let before = self.phase;
        self.phase = before.after(bytes);
        match self.phase {
            Phase::Head { is_http2, seen, .. } if !self.read_by.is_set() => {
                let is_http2 = is_http2 && seen >= Phase::HTTP2.len();
                self.read_by.set(if is_http2 { UNANSWERED } else { self.head_timeout });
            }
            Phase::Head { .. } => {}
            Phase::Busy | Phase::Idle => self.read_by.clear(),
        }
    }

    fn sent(&mut self, bytes: &[u8]) {
        self.write_by.clear();
        self.begin_by.clear();
        // That is no answer yet: the client may go on with its body.
        if bytes.starts_with(b"HTTP/1.1 100") {
            return;
        }
        self.read_by.clear();
        if !matches!(self.phase, Phase::Head { is_http2: true, .. }) {
            self.phase = Phase::Idle;
        }
    }

    /// Nothing came: whether that goes on for too long.
    fn waited<R>(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<R>> {
        if self.read_by.is_set() {
            return self.read_by.poll_slow(cx);
        }
        if matches!(self.phase, Phase::Busy) {
            return Poll::Pending;
        }
        if !self.begin_by.is_set() {
            self.begin_by.set(self.idle_timeout);
        }
        self.begin_by.poll(cx)
    }

    /// Whether something could be written; if not, for how long that may go on.
    fn written(
        &mut self,
        cx: &mut Context<'_>,
        bytes: &[u8],
        polled: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        match polled {
            Poll::Ready(Ok(length)) if length > 0 => self.sent(bytes),
            Poll::Ready(_) => {}
            Poll::Pending => {
                if !self.write_by.is_set() {
                    self.write_by.set(STALLED);
                }
                return self.write_by.poll_slow(cx);
            }
        }
        polled
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Connection<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        match Pin::new(&mut self.io).poll_read(cx, buf) {
            Poll::Ready(done) => {
                self.received(&buf.filled()[before..]);
                Poll::Ready(done)
            }
            Poll::Pending => self.waited(cx),
        }
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Connection<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.io).poll_write(cx, buf);
        self.written(cx, buf, polled)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.io).poll_write_vectored(cx, parts);
        let first = parts.iter().find(|part| !part.is_empty()).map_or(&[][..], |part| part);
        self.written(cx, first, polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::time::timeout;

    use super::*;

    #[test]
    fn the_end_of_a_head_is_seen_however_it_is_cut() {
        for head in [
            &b"GET / HTTP/1.1\r\nHost: shop\r\n\r\n"[..],
            b"GET / HTTP/1.1\nHost: shop\n\n",
            b"P / HTTP/1.1\r\n\r\n",
            b"\r\n\r\n\n\nGET / HTTP/1.1\r\nHost: shop\r\n\r\n",
        ] {
            for step in 1..=head.len() {
                let mut phase = Phase::Idle;
                let chunks: Vec<&[u8]> = head.chunks(step).collect();
                let (last, before) = chunks.split_last().unwrap();
                for chunk in before {
                    phase = phase.after(chunk);
                    assert!(matches!(phase, Phase::Head { .. }), "{phase:?}");
                }
                assert_eq!(phase.after(last), Phase::Busy, "in steps of {step}");
            }
        }
        assert_eq!(Phase::Busy.after(b"a body\r\n\r\n"), Phase::Busy);
        assert_eq!(Phase::Idle.after(b""), Phase::Idle);
    }

    #[test]
    fn http2_has_no_head_that_ends() {
        let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
        assert!(matches!(Phase::Idle.after(preface), Phase::Head { is_http2: true, .. }));
        assert!(matches!(Phase::Idle.after(b"PRINT / HTTP/1.1\r\n\r"), Phase::Head { is_http2: false, .. }));
    }

    #[tokio::test]
    async fn a_connection_ends_when_nothing_happens_on_it() {
        let (mut client, server) = tokio::io::duplex(1_024);
        let place = Arc::new(Semaphore::new(1)).acquire_owned().await.unwrap();
        let idle = Duration::from_millis(20);
        let mut connection = Connection::new(server, place, Duration::from_secs(60), idle);
        let mut bytes = [0; 64];
        let begun = Instant::now();
        assert_eq!(connection.read(&mut bytes).await.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert!(begun.elapsed() >= idle);

        // What is being answered is not cut; the time runs again from the answer on.
        client.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
        assert_eq!(connection.read(&mut bytes).await.unwrap(), 18);
        assert!(timeout(idle * 3, connection.read(&mut bytes)).await.is_err(), "it is busy");
        connection.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
        assert_eq!(connection.read(&mut bytes).await.unwrap_err().kind(), io::ErrorKind::TimedOut);
    }
}
