//! What each question of a shopper costs alone: one caller, one question after the other.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::report::{millis, percentile};
use crate::server::Server;

/// How often each question is asked, with other words each time.
const ASKED: usize = 120;
/// For how long each question is asked at most: a large shop on a busy machine shall come to an end.
const LONGEST: Duration = Duration::from_secs(15);

/// Words that few, some and very many of the made-up products have, and beginnings of them.
const KINDS: [&str; 12] = [
    "kilim",
    "teapot",
    "brogue",
    "chronograph",
    "tunic",
    "satchel",
    "lantern",
    "bookcase",
    "headset",
    "tent",
    "shampoo",
    "planter",
];
const ADJECTIVES: [&str; 10] = [
    "classic", "woven", "folding", "compact", "striped", "vintage", "rustic", "portable", "padded", "quilted",
];
const DEPARTMENTS: [&str; 6] = ["clothing", "home", "electronics", "furniture", "groceries", "shoes"];
/// Branches of departments.
const BRANCHES: [&str; 6] = ["women", "living-room", "audio", "seating", "pantry", "formal"];
const MATERIALS: [&str; 8] = ["linen", "oak", "steel", "leather", "cotton", "graphite", "bamboo", "enamel"];

/// A question, in all its words.
struct Question {
    name: &'static str,
    paths: Vec<String>,
}

/// What the answers to a question cost.
struct Cost {
    name: &'static str,
    found: u64,
    times: Vec<Duration>,
    worked: Option<Duration>,
}

/// Asks everything, and prints what it cost. `again`: each is asked twice, and the second time counts.
///
/// `server`: of which the processor time is told too. On a machine that others use it says more than the clock.
pub async fn ask_all(url: &str, again: bool, server: Option<&Server>) -> Result<(), String> {
    let client = reqwest::Client::builder().tcp_nodelay(true).build().map_err(|error| error.to_string())?;
    println!(
        "\n| Question | Found, on average | p50 ms | p95 ms | most ms | Processor ms |\n|---|---|---|---|---|---|"
    );
    for Question { name, paths } in questions(&client, url).await? {
        let mut cost = Cost { name, found: 0, times: Vec::new(), worked: None };
        // The first one opens the connection, and lets the database plan.
        get(&client, url, &paths[0]).await?;
        if again {
            for path in &paths {
                get(&client, url, path).await?;
            }
        }
        let before = server.and_then(Server::worked);
        let first = Instant::now();
        for path in &paths {
            let begun = Instant::now();
            let bytes = get(&client, url, path).await?;
            cost.times.push(begun.elapsed());
            let body: Value = serde_json::from_slice(&bytes).map_err(|error| format!("{path}: {error}"))?;
            cost.found += body["pagination"]["count"].as_u64().unwrap_or(1);
            if first.elapsed() > LONGEST {
                break;
            }
        }
        let after = server.and_then(Server::worked);
        cost.worked = after.zip(before).map(|(after, before)| (after - before) / cost.times.len() as u32);
        cost.times.sort_unstable();
        let Cost { name, found, times, worked } = cost;
        let [p50, p95, most] = [50, 95, 100].map(|percent| millis(percentile(&times, percent)));
        let worked = worked.map_or("-".to_owned(), millis);
        println!("| {name} | {} | {p50} | {p95} | {most} | {worked} |", found / times.len() as u64);
    }
    Ok(())
}

async fn questions(client: &reqwest::Client, url: &str) -> Result<Vec<Question>, String> {
    let mut slugs = Vec::new();
    for page in [1, 2, 7, 12, 20, 40] {
        for sort in ["newest", "price_asc", "name"] {
            let path = format!("/api/products/?page={page}&sort_by={sort}");
            let listed: Value = serde_json::from_slice(&get(client, url, &path).await?).unwrap_or_default();
            let of_page = listed["results"].as_array().into_iter().flatten();
            slugs.extend(of_page.filter_map(|product| Some(product["slug"].as_str()?.to_owned())));
        }
    }
    if slugs.is_empty() {
        return Err("the shop has no products".to_owned());
    }
    let step = (slugs.len() / ASKED).max(1);
    let slugs: Vec<String> = slugs.into_iter().step_by(step).take(ASKED).collect();
    let asked =
        |name, path: &dyn Fn(usize) -> String| Question { name, paths: (0..ASKED).map(path).collect() };
    let search = |words: String, more: &str| format!("/api/products/search/?q={words}{more}");
    let page = |n: usize, words: usize| n / words + 1;
    let brand = |n: usize| ["adoara", "belara", "corara", "dunara"][n % 4];
    Ok(vec![
        asked("list, newest", &|n| format!("/api/products/?page={}", n + 1)),
        asked("list of 50, by price", &|n| {
            format!("/api/products/?sort_by=price_asc&page_size=50&page={}", n + 1)
        }),
        asked("list of a department, newest", &|n| {
            format!("/api/products/?category={}&page={}", DEPARTMENTS[n % 6], page(n, 6))
        }),
        asked("list of a branch, by price", &|n| {
            format!("/api/products/?sort_by=price_asc&category={}&page={}", BRANCHES[n % 6], page(n, 6))
        }),
        asked("list of a brand, newest", &|n| {
            format!("/api/products/?brand={}&page={}", brand(n), page(n, 4))
        }),
        asked("list of a branch that is none", &|n| format!("/api/products/?category=no-such-{n}")),
        Question {
            name: "detail",
            paths: slugs.iter().map(|slug| format!("/api/products/{slug}/")).collect(),
        },
        asked("search, a kind", &|n| search(KINDS[n % 12].to_owned(), &format!("&page={}", page(n, 12)))),
        asked("search, a kind, facets", &|n| {
            search(KINDS[n % 12].to_owned(), &format!("&include_facets=true&page={}", page(n, 12)))
        }),
        asked("search, adjective and material", &|n| {
            search(
                format!("{}+{}", ADJECTIVES[n % 10], MATERIALS[n / 10 % 8]),
                &format!("&page={}", page(n, 80)),
            )
        }),
        asked("search, adjective, brand and stock chosen, facets", &|n| {
            let more = format!("&include_facets=true&in_stock=true&brand={}&page={}", brand(n), page(n, 20));
            search(ADJECTIVES[n % 10].to_owned(), &more)
        }),
        asked("search, an adjective, facets", &|n| {
            search(ADJECTIVES[n % 10].to_owned(), &format!("&include_facets=true&page={}", page(n, 10)))
        }),
        asked("search, a department, facets", &|n| {
            search(DEPARTMENTS[n % 6].to_owned(), &format!("&include_facets=true&page={}", page(n, 6)))
        }),
        asked("autocomplete, 3 letters", &|n| {
            let words = [&KINDS[..], &ADJECTIVES[..], &MATERIALS[..]].concat();
            format!("/api/products/autocomplete/?query={}&limit={}", &words[n % 30][..3], 5 + page(n, 30))
        }),
        asked("facets of everything", &|n| format!("/api/products/facets/?min_price={}", n + 1)),
        asked("category tree", &|n| format!("/api/products/categories/?asked={n}")),
    ])
}

async fn get(client: &reqwest::Client, url: &str, path: &str) -> Result<Vec<u8>, String> {
    let wrong = |error: reqwest::Error| format!("{path}: {error}");
    let answer = client.get(format!("{url}{path}")).send().await.map_err(wrong)?;
    let status = answer.status();
    let bytes = answer.bytes().await.map_err(wrong)?;
    if status.is_success() {
        Ok(bytes.to_vec())
    } else {
        Err(format!("{path}: {status} {}", String::from_utf8_lossy(&bytes)))
    }
}
