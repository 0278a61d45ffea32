//! The wire between a server and its PostgreSQL: it can be cut, go silent, and be mended.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};

use sqlx::postgres::PgConnectOptions;

/// How the wire is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// It carries what is sent.
    Whole,
    /// Nobody listens at its end, as while a database starts again.
    Refused,
    /// Whoever connects is hung up on, as by a proxy that has lost its database.
    Cut,
    /// Whoever connects hears nothing, as behind a firewall that swallows it all.
    Silent,
}

/// What goes wrong when a certain word is sent to the database.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Trap {
    pub(crate) word: &'static str,
    /// Whether the database still gets the word, and does what it says: then only its answer is lost.
    pub(crate) arrives: bool,
    /// How the wire is from then on.
    pub(crate) then: State,
}

/// A wire to the database. Connections that went silent stay so for ever, also when it is mended.
pub(crate) struct Wire {
    /// The database, at the near end of the wire.
    pub(crate) url: String,
    inside: Arc<Inside>,
}

struct Inside {
    near: SocketAddr,
    far: SocketAddr,
    now: Mutex<Now>,
    changed: Condvar,
}

struct Now {
    state: State,
    trap: Option<Trap>,
    listening: bool,
    ended: bool,
    /// Both ends of every connection, and whether it is silent.
    connections: Vec<(TcpStream, TcpStream, Arc<AtomicBool>)>,
    /// Connections without a far end.
    alone: Vec<TcpStream>,
}

impl Wire {
    /// A wire to the database at this address.
    pub(crate) fn to(url: &str) -> Self {
        let options: PgConnectOptions = url.parse().unwrap();
        let (host, port) = (options.get_host(), options.get_port());
        let far = std::net::ToSocketAddrs::to_socket_addrs(&(host, port)).unwrap().next().unwrap();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let near = listener.local_addr().unwrap();
        let named = format!("{host}:{port}");
        assert!(url.contains(&named), "the address of the test database names host and port");
        let now = Now {
            state: State::Whole,
            trap: None,
            listening: true,
            ended: false,
            connections: Vec::new(),
            alone: Vec::new(),
        };
        let inside = Arc::new(Inside { near, far, now: Mutex::new(now), changed: Condvar::new() });
        std::thread::spawn({
            let inside = Arc::clone(&inside);
            move || inside.listen(listener)
        });
        Self { url: url.replacen(&named, &near.to_string(), 1), inside }
    }

    /// Changes how the wire is, for connections that are there and those that come.
    pub(crate) fn set(&self, state: State) {
        self.inside.set(state);
        // Nobody listens, or somebody does, from here on.
        let now = self.inside.now();
        let settled = |now: &mut Now| now.listening == (state == State::Refused);
        drop(self.inside.changed.wait_while(now, settled).unwrap());
    }

    /// Goes wrong at the next message that has this word in it.
    pub(crate) fn trap(&self, trap: Trap) {
        self.inside.now().trap = Some(trap);
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.inside.now().ended = true;
        self.inside.set(State::Cut);
    }
}

impl Inside {
    fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap()
    }

    fn set(&self, state: State) {
        let mut now = self.now();
        now.state = state;
        match state {
            State::Whole => {}
            State::Silent => {
                now.connections.iter().for_each(|(_, _, silent)| silent.store(true, Ordering::SeqCst));
            }
            State::Refused | State::Cut => {
                for end in now.connections.drain(..).flat_map(|(near, far, _)| [near, far]) {
                    end.shutdown(Shutdown::Both).ok();
                }
                now.alone.clear();
            }
        }
        drop(now);
        self.changed.notify_all();
        // Whoever waits for a connection looks up.
        TcpStream::connect(self.near).ok();
    }

    fn listen(self: &Arc<Self>, listener: TcpListener) {
        let mut listener = Some(listener);
        loop {
            let mut now = self.now();
            if now.state == State::Refused {
                listener = None;
                now.listening = false;
                self.changed.notify_all();
                now = self.changed.wait_while(now, |now| now.state == State::Refused).unwrap();
            }
            if now.ended {
                return;
            }
            let listener = listener.get_or_insert_with(|| TcpListener::bind(self.near).unwrap());
            now.listening = true;
            self.changed.notify_all();
            drop(now);
            if let Ok((stream, _)) = listener.accept() {
                self.connect(stream);
            }
        }
    }

    fn connect(self: &Arc<Self>, near: TcpStream) {
        let mut now = self.now();
        match now.state {
            State::Whole => {}
            State::Silent => return now.alone.push(near),
            State::Refused | State::Cut => return,
        }
        let Ok(far) = TcpStream::connect(self.far) else { return };
        let copy = |stream: &TcpStream| stream.try_clone().unwrap();
        let (silent, swallow) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(None)));
        now.connections.push((copy(&near), copy(&far), Arc::clone(&silent)));
        for (from, to, to_database) in [(copy(&near), copy(&far), true), (far, near, false)] {
            let pump = Pump { from, to, silent: Arc::clone(&silent), swallow: Arc::clone(&swallow) };
            let inside = Arc::clone(self);
            std::thread::spawn(move || pump.run(&inside, to_database));
        }
    }

    /// The trap that these bytes spring.
    fn sprung(&self, sent: &[u8]) -> Option<Trap> {
        self.now().trap.take_if(|trap| sent.windows(trap.word.len()).any(|word| word == trap.word.as_bytes()))
    }
}

/// Carries bytes one way.
struct Pump {
    from: TcpStream,
    to: TcpStream,
    silent: Arc<AtomicBool>,
    /// How the wire is to be once the database has answered.
    swallow: Arc<Mutex<Option<State>>>,
}

impl Pump {
    fn run(mut self, inside: &Inside, to_database: bool) {
        let mut chunk = [0; 16 << 10];
        loop {
            let length = match self.from.read(&mut chunk) {
                Ok(length) if length > 0 => length,
                _ => break,
            };
            if self.silent.load(Ordering::SeqCst) {
                return; // the other copies keep the connection open
            }
            if to_database {
                match inside.sprung(&chunk[..length]) {
                    Some(trap) if trap.arrives => *self.swallow.lock().unwrap() = Some(trap.then),
                    Some(trap) => return inside.set(trap.then),
                    None => {}
                }
            } else if let Some(then) = self.swallow.lock().unwrap().take() {
                return inside.set(then);
            }
            if self.to.write_all(&chunk[..length]).is_err() {
                break;
            }
        }
        if !self.silent.load(Ordering::SeqCst) {
            self.from.shutdown(Shutdown::Both).ok();
            self.to.shutdown(Shutdown::Both).ok();
        }
    }
}
