//! A private PostgreSQL for the tests: found or installed, started on a free port, gone afterwards.
//!
//! **Invariant:** whatever ends xtask, the server stops and its directory goes. Rust cannot promise that (nothing
//! runs after SIGKILL), so a shell in a process group of its own does: see `guardian.sh`. xtask only holds the
//! pipe that keeps it waiting.

use std::env;
use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{self, Child, Command, Stdio};

use crate::Error;
use crate::debian::{self, id, is_root};

/// The variable in which tests find the database.
pub(crate) const URL_VARIABLE: &str = "COMMERCE_TEST_POSTGRES_URL";

const GUARDIAN: &str = include_str!("guardian.sh");
const PROGRAMS: [&str; 4] = ["initdb", "postgres", "pg_ctl", "createdb"];
const DEBIAN_ROOT: &str = "/usr/lib/postgresql";
const DEBIAN_CLUSTER_CONFIG: &str = "/etc/postgresql-common/createcluster.conf";
const ATTEMPTS_MAX: u32 = 3;

/// What a commit survives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Durability {
    /// Nothing is flushed to disk: fast, and right for a database that lives for one test run.
    ThrowAway,
    /// The defaults of PostgreSQL, for numbers that mean something.
    Durable,
}

/// A running server. Dropping it stops the server and removes its directory.
#[derive(Debug)]
pub(crate) struct Postgres {
    guardian: Child,
    directory: PathBuf,
    port: u16,
}

impl Postgres {
    /// Starts a server, after installing PostgreSQL where that is needed and possible.
    ///
    /// # Errors
    /// [`Error::Missing`] when there is none and we may not install it, [`Error::Failed`] when it does not start.
    pub(crate) fn start(durability: Durability) -> Result<Self, Error> {
        let programs = match find() {
            Some(programs) => programs,
            None => {
                install()?;
                find()
                    .ok_or_else(|| missing("apt-get installed postgresql, but its programs are not there"))?
            }
        };
        let postgres = Self::start_with(&programs, durability)?;
        eprintln!("PostgreSQL of {} listens at {}", programs.display(), postgres.url());
        Ok(postgres)
    }

    fn start_with(programs: &Path, durability: Durability) -> Result<Self, Error> {
        let user = unprivileged_user();
        let mut reason = String::new();
        for attempt in 1..=ATTEMPTS_MAX {
            // As another user we may be unable to use our own TMPDIR; everybody can use /tmp.
            let parent = if attempt == 1 { env::temp_dir() } else { PathBuf::from("/tmp") };
            // The port is free now. Another process may take it before the server does: hence the attempts.
            let port = free_port()?;
            let directory = parent.join(format!("commerce-postgres-{}-{port}", process::id()));
            match spawn(programs, &directory, port, durability, user)? {
                Ok(guardian) => return Ok(Self { guardian, directory, port }),
                Err(why) => reason = why,
            }
        }
        Err(Error::Failed(format!(
            "PostgreSQL did not start in {ATTEMPTS_MAX} attempts; the last one said:\n{}\n\
             The programs are those of {}; put others first in PATH to use them instead.",
            reason.trim_end(),
            programs.display(),
        )))
    }

    /// Where clients connect: superuser and database are both named `commerce`, without a password.
    pub(crate) fn url(&self) -> String {
        format!("postgres://commerce@127.0.0.1:{}/commerce", self.port)
    }

    /// Runs `command` to its end. When xtask ends first, the guardian ends the command too.
    ///
    /// # Errors
    /// When the command cannot be started.
    pub(crate) fn guard(&mut self, command: &mut Command, scope: Scope) -> io::Result<process::ExitStatus> {
        if scope == Scope::Group {
            command.process_group(0);
        }
        let mut child = command.spawn()?;
        match scope {
            Scope::Group => self.tell(&format!("-{}", child.id())),
            Scope::Process => self.tell(&child.id().to_string()),
        }
        let status = child.wait();
        self.tell("");
        status
    }

    /// In one write, so that no half line arrives. A guardian that is gone has cleaned up and needs to hear nothing.
    fn tell(&mut self, target: &str) {
        if let Some(pipe) = &mut self.guardian.stdin {
            let _ = pipe.write_all(format!("{target}\n").as_bytes());
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(self.guardian.stdin.take());
        let _ = self.guardian.wait();
        if self.directory.exists() {
            eprintln!(
                "xtask: PostgreSQL may still run; look at {} and stop it with pg_ctl",
                self.directory.display()
            );
        }
    }
}

/// How much of a command the guardian ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// The command and all its children, in a process group of their own. They cannot read the terminal.
    Group,
    /// The process alone, in our group: for commands that somebody types into.
    Process,
}

/// `Ok(Err(reason))` is a server that did not start, and whose guardian has ended.
fn spawn(
    programs: &Path,
    directory: &Path,
    port: u16,
    durability: Durability,
    user: &str,
) -> Result<Result<Child, String>, Error> {
    let mut command = Command::new("sh");
    command.arg("-c").arg(GUARDIAN).arg("guardian").arg(directory).arg(programs);
    command.arg(port.to_string()).arg(settings(directory, durability)).arg(user);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    // A group of its own, so that Ctrl-C does not reach it.
    command.process_group(0);
    // PGHOST, PGOPTIONS and the like would speak of another server.
    for (name, _) in env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("PG")) {
        command.env_remove(name);
    }
    let mut guardian = command.spawn().map_err(|error| Error::Failed(format!("cannot run sh: {error}")))?;

    let mut said = String::new();
    if let Some(output) = guardian.stdout.take() {
        let mut output = BufReader::new(output);
        output.read_line(&mut said).map_err(|error| Error::Failed(format!("cannot hear sh: {error}")))?;
        if said.trim_end() == "ready" {
            return Ok(Ok(guardian));
        }
        // Whatever it says more is for people; what cannot be read of it is no reason to fail differently.
        let mut rest = Vec::new();
        let _ = output.read_to_end(&mut rest);
        said.push_str(&String::from_utf8_lossy(&rest));
    }
    let _ = guardian.wait();
    Ok(Err(said))
}

fn settings(directory: &Path, durability: Durability) -> String {
    // A socket's path has a limit of about 100 bytes. Clients use TCP, so a long TMPDIR costs only the socket.
    let sockets = if directory.as_os_str().len() < 80 { directory.to_string_lossy() } else { "".into() };
    let mut settings = format!(
        "unix_socket_directories = '{}'\n\
         max_connections = 300\n\
         timezone = 'UTC'\n\
         log_timezone = 'UTC'",
        sockets.replace('\'', "''"),
    );
    if durability == Durability::ThrowAway {
        settings.push_str("\nfsync = off\nsynchronous_commit = off\nfull_page_writes = off");
    }
    settings
}

fn free_port() -> Result<u16, Error> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(|error| Error::Failed(format!("no free port on 127.0.0.1: {error}")))
}

/// The directory with the server's programs: in PATH, or else the newest that Debian has.
fn find() -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    // All in one directory: Debian puts a wrapper of `createdb` into PATH, but no server.
    if let Some(found) = env::split_paths(&path).find(|directory| has_programs(directory)) {
        return Some(found);
    }
    let versions = fs::read_dir(DEBIAN_ROOT).ok()?.flatten().map(|entry| entry.path());
    newest(versions.filter(|version| has_programs(&version.join("bin")))).map(|version| version.join("bin"))
}

fn has_programs(directory: &Path) -> bool {
    PROGRAMS.iter().all(|program| directory.join(program).is_file())
}

/// The folder with the highest version for a name: `9.6` before `15`, which no sorting of text gives.
fn newest(folders: impl Iterator<Item = PathBuf>) -> Option<PathBuf> {
    folders.filter_map(|folder| Some((version(&folder)?, folder))).max().map(|(_, folder)| folder)
}

fn version(folder: &Path) -> Option<Vec<u32>> {
    folder.file_name()?.to_str()?.split('.').map(|part| part.parse().ok()).collect()
}

fn install() -> Result<(), Error> {
    debian::may_install()
        .map_err(|why| missing(&format!("there is no PostgreSQL server here, and {why}")))?;
    eprintln!("no PostgreSQL server here: installing the Debian package postgresql");
    forbid_system_cluster()?;
    debian::install("postgresql").map_err(|why| missing(&why))
}

/// Debian starts a server for everybody as soon as the package is there. Nobody asked for that one.
fn forbid_system_cluster() -> Result<(), Error> {
    let config = Path::new(DEBIAN_CLUSTER_CONFIG);
    if config.exists() {
        return Ok(());
    }
    eprintln!("writing {DEBIAN_CLUSTER_CONFIG}, so that the package starts no server of its own");
    let text = "# Written by `cargo xtask`: tests start their own server.\ncreate_main_cluster = false\n";
    let written = config.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(config, text));
    written.map_err(|error| missing(&format!("cannot write {DEBIAN_CLUSTER_CONFIG} ({error})")))
}

fn missing(what: &str) -> Error {
    Error::Missing(format!(
        "{what}.\n\
         The tests need the programs {}.\n  \
         Debian, Ubuntu:  sudo apt-get install postgresql\n  \
         macOS:           brew install postgresql, and its bin directory into PATH\n  \
         elsewhere:       the server package of PostgreSQL, its bin directory in PATH\n\
         Then run the same command again.",
        PROGRAMS.join(", "),
    ))
}

/// PostgreSQL refuses to run as root. Empty when we are somebody else, and run it as ourselves.
fn unprivileged_user() -> &'static str {
    match (is_root(), id(&["-u", "postgres"])) {
        (false, _) => "",
        (true, Some(_)) => "postgres",
        (true, None) => "nobody",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;
    use std::time::{Duration, Instant};

    #[test]
    fn the_newest_version_is_a_number_not_a_text() {
        let folders = |names: &[&str]| names.iter().map(PathBuf::from).collect::<Vec<_>>().into_iter();
        assert_eq!(newest(folders(&["a/9.6", "a/15", "a/9.10"])), Some(PathBuf::from("a/15")));
        assert_eq!(newest(folders(&["a/9.6", "a/9.10"])), Some(PathBuf::from("a/9.10")));
        assert_eq!(newest(folders(&["a/15", "a/common"])), Some(PathBuf::from("a/15")));
        assert_eq!(newest(folders(&["a/common"])), None);
    }

    #[test]
    fn only_a_throw_away_server_leaves_out_the_disk() {
        let directory = Path::new("/tmp/d");
        assert!(settings(directory, Durability::ThrowAway).contains("fsync = off"));
        assert!(!settings(directory, Durability::Durable).contains("fsync"));
    }

    #[test]
    fn a_long_directory_costs_the_socket_only() {
        let long = PathBuf::from(format!("/tmp/{}", "d".repeat(100)));
        assert!(settings(&long, Durability::Durable).contains("unix_socket_directories = ''"));
    }

    #[test]
    fn dropping_the_server_stops_it_and_removes_its_directory() {
        let fake = FakePrograms::new("stops", "exit 0");
        let postgres = Postgres::start_with(&fake.directory, Durability::ThrowAway).unwrap();
        let directory = postgres.directory.clone();
        assert!(directory.join("data/postmaster.pid").exists(), "the fake server runs");
        assert!(postgres.url().starts_with("postgres://commerce@127.0.0.1:"));
        drop(postgres);
        assert!(!directory.exists(), "nothing stays");
        assert!(fake.directory.join("stopped/once").exists(), "pg_ctl stop was called");
    }

    #[test]
    fn a_server_that_does_not_start_says_why() {
        let fake = FakePrograms::new("fails", "echo no room on this disk; exit 1");
        let error = Postgres::start_with(&fake.directory, Durability::ThrowAway).unwrap_err();
        assert!(error.to_string().contains("no room on this disk"), "{error}");
    }

    #[test]
    fn the_guardian_ends_the_command_of_an_xtask_that_is_gone() {
        let fake = FakePrograms::new("ends", "exit 0");
        let mut postgres = Postgres::start_with(&fake.directory, Durability::ThrowAway).unwrap();
        let mut command = Command::new("sleep");
        let mut sleeper = command.arg("600").process_group(0).spawn().unwrap();
        postgres.tell(&format!("-{}", sleeper.id()));
        let started = Instant::now();
        drop(postgres);
        assert!(!sleeper.wait().unwrap().success());
        assert!(started.elapsed() < Duration::from_secs(60));
    }

    /// Shell scripts in place of PostgreSQL: the guardian is what is tested, in milliseconds.
    struct FakePrograms {
        directory: PathBuf,
    }

    impl FakePrograms {
        fn new(name: &str, createdb: &str) -> Self {
            // Not TMPDIR: as root the scripts run as another user.
            let directory = PathBuf::from(format!("/tmp/commerce-fake-{}-{name}", process::id()));
            fs::create_dir(&directory).unwrap();
            let fake = Self { directory };
            fs::create_dir(fake.directory.join("stopped")).unwrap();
            fs::set_permissions(fake.directory.join("stopped"), fs::Permissions::from_mode(0o777)).unwrap();
            fake.script("initdb", "mkdir \"$2\"");
            fake.script("createdb", createdb);
            fake.script(
                "pg_ctl",
                "case \"$*\" in
                   *stop) touch \"$(dirname \"$0\")/stopped/once\" ;;
                   *) touch \"$2/postmaster.pid\" ;;
                 esac",
            );
            fs::set_permissions(&fake.directory, fs::Permissions::from_mode(0o755)).unwrap();
            fake
        }

        fn script(&self, name: &str, body: &str) {
            let path = self.directory.join(name);
            fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
    }

    impl Drop for FakePrograms {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.directory);
        }
    }
}
