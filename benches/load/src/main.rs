//! Shoppers, many at once, against a real server: what they wait, what goes wrong, and what memory the server takes.
//!
//! `cargo xtask load --help`

mod alone;
mod report;
mod server;
mod shopper;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::{Parser, ValueEnum};
use report::Report;
use server::Server;
use shopper::{Shopper, Terms};

/// Lets shoppers loose on a server that this starts, or on one that runs.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask load", after_help = EXAMPLES)]
struct Args {
    /// The store of the server that is started
    #[arg(long, value_enum, default_value_t = Store::Sqlite)]
    store: Store,
    /// How many made-up products its shop has
    #[arg(long, default_value_t = 10_000)]
    products: u64,
    /// What products and shoppers are drawn from
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many shop at once; one round for each
    #[arg(long, value_delimiter = ',', default_value = "100,1000")]
    users: Vec<u32>,
    /// How long a shopper looks at an answer, on average
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 1_000)]
    think_ms: u64,
    /// How long a round takes
    #[arg(long, default_value_t = 30)]
    seconds: u64,
    /// Whether the server keeps answers of the catalogue
    #[arg(long, value_enum, default_value_t = Cache::On)]
    cache: Cache,
    /// Ask each kind of question alone, one after the other, instead; with kept answers each twice
    #[arg(long)]
    one_by_one: bool,
    /// Serve this shop, which is there, instead of making one. Orders are placed in it
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
    /// The schema of PostgreSQL that is that shop
    #[arg(long, value_name = "NAME", requires = "database_url")]
    schema: Option<String>,
    /// Use the server that runs here, on this machine. Orders are placed in it
    #[arg(long, value_name = "URL")]
    url: Option<String>,
}

const EXAMPLES: &str = "\
Examples:
  cargo xtask load
  cargo xtask load --store postgres --products 100000 --users 100,1000 --seconds 60
  cargo xtask load --one-by-one --cache off --products 100000
  cargo xtask load --url http://127.0.0.1:8080 --users 50 --think-ms 200

A shopper looks at lists and categories, searches with and without facets, completes words, looks at products, fills a cart,
and now and then orders it, paid on delivery. A server that runs needs limits that let one address ask so much
(COMMERCE_RATE_LIMITS); the one that is started has them.

Exit codes: 0 no answer was a failure · 1 the server failed (5xx, no answer), or could not be started · 2 wrong usage";

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Store {
    Sqlite,
    Postgres,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Cache {
    On,
    Off,
}

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    match run(&args).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("load: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Whether the server answered everything.
async fn run(args: &Args) -> Result<bool, String> {
    let (url, server) = match &args.url {
        Some(url) => (on_this_machine(url)?, None),
        None => {
            let server = Server::start(args)?;
            (server.url().to_owned(), Some(server))
        }
    };
    if args.one_by_one {
        alone::ask_all(&url, args.cache == Cache::On, server.as_ref()).await?;
        println!(
            "\nWhat next: `--cache off` for what the store itself takes, `--products` for how that grows."
        );
        return Ok(true);
    }
    let terms = Terms { url, seed: args.seed, think: Duration::from_millis(args.think_ms) };
    let mut well = true;
    for &users in &args.users {
        let report = round(&terms, users, Duration::from_secs(args.seconds)).await?;
        print!("{report}");
        if let Some(server) = &server {
            println!("{}", server.memory()?);
        }
        well &= !report.failed();
    }
    println!("{}", if well { NEXT_WELL } else { NEXT_FAILED });
    Ok(well)
}

const NEXT_WELL: &str = "\nEverything was answered. What next: `--cache off` shows what the store itself can do, more `--users` where \
    it ends,\nand `--one-by-one` what each answer costs alone.";
const NEXT_FAILED: &str = "\nThe server failed to answer. What next: its log is above (an id of a request stands in each line); \
    fewer `--users`\ntell whether it is load or a fault.";

/// Nobody should load a shop of others by a slip.
fn on_this_machine(url: &str) -> Result<String, String> {
    let parsed = reqwest::Url::parse(url).map_err(|error| format!("{url} is no address: {error}"))?;
    match parsed.host_str() {
        Some("127.0.0.1" | "localhost" | "[::1]") => Ok(url.trim_end_matches('/').to_owned()),
        _ => Err(format!("{url} is not on this machine; only a server on 127.0.0.1 is put under load")),
    }
}

/// So many shop for so long.
async fn round(terms: &Terms, users: u32, time: Duration) -> Result<Report, String> {
    let client = reqwest::Client::builder()
        .timeout(Duration::from_secs(30))
        .pool_max_idle_per_host(usize::MAX)
        .tcp_nodelay(true)
        .build()
        .map_err(|error| error.to_string())?;
    println!("\n{users} shoppers, {} s, {} ms to think", time.as_secs(), terms.think.as_millis());
    let begun = Instant::now();
    let mut shopping = tokio::task::JoinSet::new();
    for number in 0..users {
        let shopper = Shopper::new(terms.clone(), client.clone(), number);
        shopping.spawn(shopper.shop_until(begun + time));
    }
    let notes = shopping.join_all().await;
    Ok(Report::of(notes, begun.elapsed()))
}
