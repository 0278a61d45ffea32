//! The real program under test: its database, its process, and a client that checks every answer against the contract.

#![expect(dead_code, reason = "every test file uses another part of this")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

pub(crate) mod contract;
pub(crate) mod paid;
pub(crate) mod reply;
pub(crate) mod wire;

use std::io::{BufRead, BufReader, Write as _};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection, SqliteConnection};

use contract::Contract;
use reply::Call;

/// A store to test on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Sqlite,
    Postgres,
}

/// Every store; both have to pass.
pub(crate) const KINDS: [Kind; 2] = [Kind::Sqlite, Kind::Postgres];

/// A secret that is fit to sign with.
pub(crate) const SECRET: &str = "q9GxT4vKw2ZbN7pLsR1dYc5mHj8fXeUa3tVo6iWy";

/// What opens the back office.
pub(crate) const ADMIN_TOKEN: &str = "Jx3vQm8RzT5wYk2NdLp7HsGc4FbVa9EuXi6oWqKe";

/// What most tests are about is not how often they ask: all of them come from one address.
pub(crate) const RATE_LIMITS: &str = "address_reads=1000000/s,address_writes=1000000/s,admin=1000000/s,\
    coupon_account=1000000/s,coupon_address=1000000/s,seller_pictures=1000000/s,customer=1000000/s,\
    api_key=1000000/s,login_account=1000000/s,login_address=1000000/s,reset_account=1000000/s,\
    reset_address=1000000/s,verify_account=1000000/s,verify_address=1000000/s";

/// How long anything may take before a test gives up on it.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

/// A folder of its own, gone with the value.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("commerce-http-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

/// A database of its own, gone with the value.
pub(crate) struct TestDatabase {
    pub(crate) kind: Kind,
    folder: Folder,
    pub(crate) url: String,
    pub(crate) schema: Option<String>,
}

impl TestDatabase {
    /// An empty one, without tables.
    pub(crate) fn new(kind: Kind) -> Self {
        let folder = Folder::new();
        let (url, schema) = match kind {
            Kind::Sqlite => (format!("sqlite:{}", folder.join("shop.db").display()), None),
            Kind::Postgres => {
                let url = std::env::var("COMMERCE_TEST_POSTGRES_URL").expect(
                    "COMMERCE_TEST_POSTGRES_URL names a PostgreSQL to test on; `cargo xtask test` starts one",
                );
                let name = folder.path().file_name().unwrap().to_str().unwrap().replace('-', "_");
                (url, Some(name))
            }
        };
        Self { kind, folder, url, schema }
    }

    /// One with the sample shop.
    pub(crate) fn with_sample(kind: Kind) -> Self {
        let database = Self::new(kind);
        let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample");
        database.import(&sample.join("products.csv"), &["--location", "LAGOS"]);
        let rules = sample.join("rules.json");
        database.succeed(&["rules", "apply", rules.to_str().unwrap()]);
        database
    }

    /// Imports a file.
    pub(crate) fn import(&self, file: &Path, flags: &[&str]) {
        let refused = self.folder.join("refused.csv");
        let mut args = vec!["import", file.to_str().unwrap(), "--refused", refused.to_str().unwrap()];
        args.extend(flags);
        self.succeed(&args);
    }

    /// Imports the rows.
    pub(crate) fn import_text(&self, text: &str, flags: &[&str]) {
        let file = self.folder.join("rows.csv");
        std::fs::write(&file, text).unwrap();
        self.import(&file, flags);
    }

    /// Imports rows of which some are refused: what it said, and the file of refused rows.
    pub(crate) fn import_refusing(&self, text: &str, flags: &[&str]) -> (String, String) {
        let (file, refused) = (self.folder.join("rows.csv"), self.folder.join("refused.csv"));
        std::fs::write(&file, text).unwrap();
        let mut args = vec!["import", file.to_str().unwrap(), "--refused", refused.to_str().unwrap()];
        args.extend(flags);
        let output = self.run(&args);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(4), "{said}{}", String::from_utf8_lossy(&output.stderr));
        (said, std::fs::read_to_string(refused).unwrap())
    }

    /// The program with these arguments and this database.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = program();
        command.args(args).env("COMMERCE_DATABASE_URL", &self.url).env("COMMERCE_SECRET", SECRET);
        command.env("COMMERCE_ADMIN_TOKEN", ADMIN_TOKEN).env("COMMERCE_RATE_LIMITS", RATE_LIMITS);
        // A machine that is busy with other tests is no server that is too slow.
        command.env("COMMERCE_REQUEST_TIMEOUT_SECONDS", "20");
        if let Some(schema) = &self.schema {
            command.env("COMMERCE_SCHEMA", schema);
        }
        command.current_dir(self.folder.path());
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    /// Runs a statement on the database behind the server's back; `{table}` is the table in its schema.
    pub(crate) async fn execute(&self, statement: &str) {
        let schema = self.schema.as_ref().map_or(String::new(), |schema| format!("{schema}."));
        let statement = statement.replace('{', &schema).replace('}', "");
        let statement = sqlx::raw_sql(sqlx::AssertSqlSafe(statement));
        match self.kind {
            Kind::Sqlite => {
                let mut connection = SqliteConnection::connect(&self.url).await.unwrap();
                statement.execute(&mut connection).await.unwrap();
                connection.close().await.unwrap();
            }
            Kind::Postgres => {
                let mut connection = PgConnection::connect(&self.url).await.unwrap();
                statement.execute(&mut connection).await.unwrap();
                connection.close().await.unwrap();
            }
        }
    }

    /// Makes an administrator by the command line: whether that went well, and what it said.
    pub(crate) fn make_admin(&self, email: &str, password: &str) -> (bool, String) {
        let mut command = self.command(&["admin", "create", "--email", email]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(format!("{password}\n").as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    }

    pub(crate) fn succeed(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if let Some(schema) = &self.schema {
            // A schema that stays behind in a throw-away server harms nobody.
            let drop = format!("drop schema if exists {schema} cascade");
            let quiet = ["-q", "-c", "set client_min_messages = warning", "-c", &drop, &self.url];
            Command::new("psql").args(quiet).stdout(Stdio::null()).stderr(Stdio::null()).status().ok();
        }
    }
}

/// The program, with an environment that says nothing to it.
pub(crate) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_commerce"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("COMMERCE_")) {
        command.env_remove(name);
    }
    command
}

/// A process that serves, and what it says.
pub(crate) struct Process {
    child: Child,
    stdout: BufReader<ChildStdout>,
    /// What it said until it was ready.
    pub(crate) said: String,
    /// Where it listens.
    pub(crate) base: String,
    log: PathBuf,
}

impl Process {
    /// Starts it and waits until it has said all of `until`.
    pub(crate) fn start(mut command: Command, folder: &Folder, until: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let log = folder.join(&format!("log-{}", NEXT.fetch_add(1, Ordering::Relaxed)));
        let errors = std::fs::File::create(&log).unwrap();
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(errors).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut said = String::new();
        while !said.contains(until) {
            if stdout.read_line(&mut said).unwrap() == 0 {
                panic!("it ended before it was ready:\n{said}{}", std::fs::read_to_string(&log).unwrap());
            }
        }
        let from = &said[said.find("http://").expect("it says where it listens")..];
        let end = from[7..].find(['/', '\n', ' ']).map_or(from.len(), |end| 7 + end);
        let base = from[..end].to_owned();
        Self { child, stdout, said, base, log }
    }

    /// Asks it to stop as an operator does, and waits until it has. What it said in the end, and its log.
    pub(crate) fn stop(mut self) -> (String, String) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        let status = self.ended();
        let log = std::fs::read_to_string(&self.log).unwrap();
        assert!(status.success(), "{status}\n{log}");
        let mut last = String::new();
        while self.stdout.read_line(&mut last).unwrap() > 0 {}
        (last, log)
    }

    /// Waits until it has ended.
    fn ended(&mut self) -> ExitStatus {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(begun.elapsed() < DEADLINE, "it does not end");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
        if std::thread::panicking() {
            let log = std::fs::read_to_string(&self.log).unwrap_or_default();
            eprintln!("the log of {}:\n{log}", self.base);
        }
    }
}

/// A server over a database of its own.
pub(crate) struct TestServer {
    // Before the database, so that it ends first.
    process: Option<Process>,
    pub(crate) database: TestDatabase,
    args: Vec<String>,
    variables: Vec<(String, String)>,
    base: String,
    client: reqwest::Client,
    contract: Contract,
}

impl TestServer {
    /// Serves an empty shop.
    pub(crate) async fn start(kind: Kind) -> Self {
        Self::start_with(TestDatabase::new(kind), &[]).await
    }

    /// Serves the sample shop.
    pub(crate) async fn start_with_sample(kind: Kind) -> Self {
        Self::start_with(TestDatabase::with_sample(kind), &[]).await
    }

    /// Serves the sample shop, where these have accounts with this password and are customers.
    pub(crate) async fn start_with_customers(kind: Kind, emails: &[&str], password: &str) -> Self {
        let database = TestDatabase::with_sample(kind);
        for email in emails {
            let (made, said) = database.make_admin(email, password);
            assert!(made, "{said}");
        }
        let mut server = Self::prepared(database, &["--port", "0"]);
        // What a password costs is measured elsewhere.
        server.set("COMMERCE_PASSWORD_MEMORY_KIB", "1024");
        server.restart().await;
        let users = server.admin(Method::GET, "../users/all/").send().await.expect(200);
        for user in users["results"].as_array().unwrap() {
            let path = format!("../users/{}/", user["id"].as_str().unwrap());
            server.admin(Method::PATCH, &path).json(&json!({"role": "customer"})).send().await.expect(200);
        }
        server
    }

    /// Serves the shop of this database on a free port.
    pub(crate) async fn start_with(database: TestDatabase, flags: &[&str]) -> Self {
        Self::start_listening(database, &[&["--port", "0"], flags].concat()).await
    }

    /// Serves the shop of this database where the flags say.
    pub(crate) async fn start_listening(database: TestDatabase, flags: &[&str]) -> Self {
        let mut server = Self::prepared(database, flags);
        server.restart().await;
        server
    }

    /// A server that is [started](Self::restart) later.
    pub(crate) fn prepared(database: TestDatabase, flags: &[&str]) -> Self {
        // What says where something is now is an answer as any other.
        let nowhere = reqwest::redirect::Policy::none();
        let client = reqwest::Client::builder().timeout(DEADLINE).redirect(nowhere).build().unwrap();
        let contract = Contract::of_the_program();
        let args = ["serve"].iter().chain(flags).map(|arg| (*arg).to_owned()).collect();
        let (process, base, variables) = (None, String::new(), Vec::new());
        Self { database, args, variables, process, base, client, contract }
    }

    /// Sets a variable of the environment, from the next start on.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    /// Takes a variable of the environment away, from the next start on.
    pub(crate) fn unset(&mut self, name: &str) {
        self.variables.retain(|(set, _)| set != name);
    }

    /// Starts the server again on the same data; its address is another one.
    pub(crate) async fn restart(&mut self) {
        self.kill();
        let args: Vec<&str> = self.args.iter().map(String::as_str).collect();
        let command = self.command(&args);
        let process = Process::start(command, &self.database.folder, "listening on ");
        self.base = process.base.replace("0.0.0.0", "127.0.0.1");
        self.process = Some(process);
    }

    /// A command on the same data, configured as the server is.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = self.database.command(args);
        command.envs(self.variables.iter().cloned());
        command
    }

    /// Another server over the same database, configured alike.
    pub(crate) fn beside(&self) -> Process {
        Process::start(self.command(&["serve", "--port", "0"]), &self.database.folder, "listening on ")
    }

    /// Ends the server at once, as `kill -9` does.
    pub(crate) fn kill(&mut self) {
        self.process = None;
    }

    /// Waits until the server has ended by itself, and not as an operator or a test ends it: by abort.
    pub(crate) fn crashed(&mut self) {
        let status = self.process.take().expect("the server runs").ended();
        assert_eq!(status.signal(), Some(6), "it did not crash: {status}");
    }

    /// Stops the server as an operator does. Its log, which is answered, has no failure in it, and every invariant holds.
    pub(crate) async fn stop(&mut self) -> String {
        let (_, log) = self.process.take().expect("the server runs").stop();
        assert!(!log.contains("ERROR"), "{log}");
        self.doctor().await;
        log
    }

    /// Every invariant holds.
    pub(crate) async fn doctor(&self) {
        let output = self.database.run(&["doctor"]);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    }

    /// Imports rows of a catalogue.
    pub(crate) async fn import(&self, rows: &str) {
        self.database.import_text(rows, &[]);
    }

    /// Where it is.
    pub(crate) fn url(&self) -> &str {
        &self.base
    }

    /// Where it is, without `http://`, for those who speak for themselves.
    pub(crate) fn address(&self) -> &str {
        self.base.trim_start_matches("http://")
    }

    pub(crate) fn call(&self, method: Method, path: &str) -> Call<'_> {
        Call::new(
            self.client.request(method.clone(), format!("{}{path}", self.base)),
            &self.contract,
            method,
            path,
        )
    }

    pub(crate) fn get(&self, path: &str) -> Call<'_> {
        self.call(Method::GET, path)
    }

    pub(crate) fn post(&self, path: &str) -> Call<'_> {
        self.call(Method::POST, path)
    }

    pub(crate) fn put(&self, path: &str) -> Call<'_> {
        self.call(Method::PUT, path)
    }

    pub(crate) fn delete(&self, path: &str) -> Call<'_> {
        self.call(Method::DELETE, path)
    }

    /// A call of the back office.
    pub(crate) fn admin(&self, method: Method, path: &str) -> Call<'_> {
        let path = format!("/api/admin/{path}");
        self.call(method, &path).header("Authorization", &format!("Bearer {ADMIN_TOKEN}"))
    }

    /// Units of a variant that can be bought now.
    pub(crate) async fn available(&self, slug: &str, sku: &str) -> u64 {
        let product = self.get(&format!("/api/products/{slug}/")).send().await.expect(200);
        let variants = product["variants"].as_array().unwrap();
        let variant = variants.iter().find(|variant| variant["sku"] == sku).unwrap();
        variant["available_quantity"].as_u64().unwrap()
    }

    /// Comes back once so many can be bought: what nobody asked this server for, a kept answer may be a second behind.
    pub(crate) async fn until_available(&self, slug: &str, sku: &str, units: u64) {
        let begun = Instant::now();
        loop {
            let available = self.available(slug, sku).await;
            if available == units {
                return;
            }
            assert!(begun.elapsed() < DEADLINE, "{available} of {sku} can be bought, and never {units}");
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }

    /// A cart with these units of these SKUs: its token.
    pub(crate) async fn cart(&self, items: &[(&str, u32)]) -> String {
        let mut token = String::new();
        for (sku, quantity) in items {
            let mut call = self.post("/api/cart/items/");
            if !token.is_empty() {
                call = call.cart(&token);
            }
            let cart = call.json(&json!({"sku": sku, "quantity": quantity})).send().await.expect(201);
            if token.is_empty() {
                token = cart["token"].as_str().unwrap().to_owned();
            }
        }
        token
    }

    /// A cart that can be confirmed: its token.
    pub(crate) async fn ready_cart(&self, items: &[(&str, u32)]) -> String {
        let token = self.cart(items).await;
        self.post("/api/cart/checkout/shipping/")
            .cart(&token)
            .json(&delivery("standard"))
            .send()
            .await
            .expect(200);
        let method = json!({"method": "cash_on_delivery"});
        let cart =
            self.post("/api/cart/checkout/payment/").cart(&token).json(&method).send().await.expect(200);
        assert_eq!(cart["checkout"]["ready"], true, "{cart}");
        token
    }
}

/// Where the goods go.
pub(crate) fn delivery(method: &str) -> Value {
    json!({
        "email": "ada@example.com",
        "address": {
            "contact_name": "Ada Obi",
            "phone": "+234 803 123 4567",
            "street_line1": "12 Marina Road",
            "city": "Lagos",
            "state_province": "LA",
            "country_code": "NG",
        },
        "shipping_method": method,
    })
}
