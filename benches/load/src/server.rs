//! The server under load: a process of its own, over a shop of its own.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::{Args, Cache, Store};

/// All shoppers come from one address.
const RATE_LIMITS: &str = "address_reads=1000000/s,address_writes=1000000/s";

/// What signs the tokens of a shop that is gone in a minute.
const SECRET: &str = "w7Rk2pXz9QmB4tVnY6sLcH1jGdF8aUeJ3oKiZx5N";

/// A server that runs until this is dropped.
pub struct Server {
    child: Child,
    url: String,
    folder: Folder,
}

struct Folder(PathBuf);

impl Server {
    /// Makes the shop, unless it is there, and serves it.
    pub fn start(args: &Args) -> Result<Self, String> {
        let folder = std::env::temp_dir().join(format!("commerce-load-{}", std::process::id()));
        std::fs::create_dir_all(&folder)
            .map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
        let folder = Folder(folder);
        let program = program()?;
        let command = || {
            let mut command = Command::new(&program);
            command.current_dir(&folder.0).stdin(Stdio::null());
            for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("COMMERCE_")) {
                command.env_remove(name);
            }
            match (&args.database_url, args.store) {
                (Some(url), _) => {
                    let schema = args.schema.as_ref().map(|schema| ("COMMERCE_SCHEMA", schema));
                    command.env("COMMERCE_DATABASE_URL", url).envs(schema)
                }
                (None, Store::Sqlite) => command.env("COMMERCE_DATABASE_URL", "sqlite:shop.db"),
                (None, Store::Postgres) => {
                    let url = std::env::var("COMMERCE_TEST_POSTGRES_URL").unwrap_or_default();
                    command.env("COMMERCE_DATABASE_URL", url);
                    command.env("COMMERCE_SCHEMA", format!("load_{}", std::process::id()))
                }
            };
            command
        };
        if args.database_url.is_none() {
            let (products, seed) = (args.products.to_string(), args.seed.to_string());
            let mut seeding = command();
            seeding.args(["seed", "--products", &products, "--seed", &seed]);
            let status = seeding.status().map_err(|error| format!("cannot run commerce: {error}"))?;
            if !status.success() {
                return Err(format!("`commerce seed` failed: {status}"));
            }
        }
        let mut serving = command();
        serving.args(["serve", "--port", "0"]).stdout(Stdio::piped());
        serving.env("COMMERCE_SECRET", SECRET);
        serving.env("COMMERCE_RATE_LIMITS", RATE_LIMITS).env("COMMERCE_REQUEST_TIMEOUT_SECONDS", "30");
        serving.env("COMMERCE_CACHE", if args.cache == Cache::On { "in-process" } else { "off" });
        serving.env("COMMERCE_LOG", "warn");
        let mut child = serving.spawn().map_err(|error| format!("cannot run commerce: {error}"))?;
        let url = listening(&mut child).ok_or("the server ended before it listened; see above")?;
        Ok(Self { child, url, folder })
    }

    /// Where it listens.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The processor time that it has had so far. That of PostgreSQL is not in it.
    pub fn worked(&self) -> Option<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).ok()?;
        // Behind the name, which may have blanks: the 12th and 13th are ticks in the program and in the kernel.
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let ticks: u64 = fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?;
        // Linux counts a hundred in a second.
        Some(Duration::from_millis(ticks * 10))
    }

    /// What it takes of the machine's memory now, and took at most.
    pub fn memory(&self) -> Result<String, String> {
        let path = format!("/proc/{}/status", self.child.id());
        let status =
            std::fs::read_to_string(&path).map_err(|error| format!("the server is gone: {error}"))?;
        let mebibytes = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name))?;
            Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? / 1_024)
        };
        let (now, most) = (mebibytes("VmRSS:").unwrap_or(0), mebibytes("VmHWM:").unwrap_or(0));
        Ok(format!("  the server: {now} MiB resident, {most} MiB at most"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Asked to, it also writes what SQLite keeps beside the file into it: a shop of somebody's own stays one file.
        Command::new("kill").arg(self.child.id().to_string()).status().ok();
        for _ in 0..100 {
            if !matches!(self.child.try_wait(), Ok(None)) {
                break;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        self.child.kill().ok();
        self.child.wait().ok();
        let _ = &self.folder;
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

/// The address that the server says it listens on.
fn listening(child: &mut Child) -> Option<String> {
    let mut said = BufReader::new(child.stdout.take()?);
    let mut line = String::new();
    while said.read_line(&mut line).ok()? > 0 {
        if let Some((_, url)) = line.trim_end().split_once("listening on ") {
            let url = url.to_owned();
            // Whoever stops reading makes a server wait that says more.
            std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
            return Some(url);
        }
        line.clear();
    }
    None
}

/// `commerce`, as it was built beside this program.
fn program() -> Result<PathBuf, String> {
    let here = std::env::current_exe().map_err(|error| error.to_string())?;
    let built = here.parent().map(|folder| folder.join("commerce"));
    built
        .filter(|path| path.is_file())
        .ok_or_else(|| "`commerce` is not built: run this by `cargo xtask load`".to_owned())
}
