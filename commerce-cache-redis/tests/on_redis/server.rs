//! Real Redis servers: started for a test, killed, stopped and started again by it.

use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// How long a server may take to start, and a test to see what it waits for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A server that ends with the value.
pub(crate) struct RedisServer {
    child: Child,
    folder: PathBuf,
    /// By TCP when it is a node of a cluster.
    port: u16,
}

impl RedisServer {
    /// One that listens on a socket in a folder of its own.
    pub(crate) fn start() -> Self {
        let folder = fresh_folder();
        let child = launch(&folder, 0, &[]);
        let server = Self { child, folder, port: 0 };
        server.wait();
        server
    }

    /// A node of a cluster that has no slots yet.
    pub(crate) fn start_node() -> Self {
        let folder = fresh_folder();
        // Another program may take the port before the server does; then the server ends, and another port is tried.
        for _ in 0..10 {
            let port = free_port();
            let cluster = ["--cluster-enabled", "yes", "--cluster-node-timeout", "2000"];
            let child = launch(&folder, port, &cluster);
            let mut server = Self { child, folder: folder.clone(), port };
            if server.is_ready_in_time() {
                return server;
            }
            server.kill();
        }
        panic!("no node starts: {}", std::fs::read_to_string(folder.join("log")).unwrap_or_default());
    }

    pub(crate) fn url(&self) -> String {
        match self.port {
            0 => format!("redis+unix://{}", self.socket().display()),
            port => format!("redis://127.0.0.1:{port}"),
        }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Ends it as a crash does.
    pub(crate) fn kill(&mut self) {
        self.child.kill().ok();
        self.child.wait().expect("it has ended");
    }

    /// Starts it again, empty, where it was.
    pub(crate) fn restart(&mut self) {
        std::fs::remove_file(self.socket()).ok();
        self.child = launch(&self.folder, self.port, &[]);
        self.wait();
    }

    /// It keeps its connections and does nothing until it is [continued](Self::resume).
    pub(crate) fn hang(&self) {
        self.signal("-STOP");
    }

    pub(crate) fn resume(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().expect("kill runs").success());
    }

    fn socket(&self) -> PathBuf {
        self.folder.join("s")
    }

    fn wait(&self) {
        let begun = Instant::now();
        while UnixStream::connect(self.socket()).is_err() {
            assert!(begun.elapsed() < PATIENCE, "redis-server does not start: {}", log(&self.folder));
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn is_ready_in_time(&mut self) -> bool {
        let begun = Instant::now();
        while self.child.try_wait().expect("it is ours").is_none() && begun.elapsed() < PATIENCE {
            if UnixStream::connect(self.socket()).is_ok() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        false
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.kill();
        std::fs::remove_dir_all(&self.folder).ok();
    }
}

fn launch(folder: &Path, port: u16, more: &[&str]) -> Child {
    let log = std::fs::File::create(folder.join("log")).expect("the folder is there");
    let port = port.to_string();
    let socket = folder.join("s");
    let mut command = Command::new("redis-server");
    command.args(["--port", &port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]).args(more);
    command.arg("--unixsocket").arg(&socket).arg("--dir").arg(folder);
    command.stdin(Stdio::null()).stdout(log.try_clone().expect("a file")).stderr(log);
    command.spawn().expect("there is a redis-server in PATH; `cargo xtask test` installs one on Debian")
}

fn log(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("log")).unwrap_or_default()
}

/// The path of a socket is short, so the folder is where paths are.
fn fresh_folder() -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let folder = PathBuf::from("/tmp").join(format!("commerce-redis-{}-{number}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}

/// Its bus listens 10,000 ports higher.
fn free_port() -> u16 {
    loop {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        if port < 55_000 {
            return port;
        }
    }
}
