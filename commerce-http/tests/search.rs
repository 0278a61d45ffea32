//! Searching over HTTP: the contract, whatever a shopper types, and how well the best comes first on the sample catalogue.
#![cfg(all(feature = "sqlite", feature = "postgres"))]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod server;

use serde_json::{Value, json};
use server::{Kind, TestServer};

#[tokio::test]
async fn searching_on_sqlite() {
    searching(Kind::Sqlite).await;
}

#[tokio::test]
async fn searching_on_postgres() {
    searching(Kind::Postgres).await;
}

async fn searching(kind: Kind) {
    let mut server = TestServer::start_with_sample(kind).await;
    pages_and_facets(&server).await;
    completions(&server).await;
    any_text(&server).await;
    bad_input(&server).await;
    relevance(&server, kind).await;
    server.stop().await;
}

fn slugs(body: &Value) -> Vec<&str> {
    let rows = body["results"].as_array().or_else(|| body["products"].as_array()).unwrap();
    rows.iter().map(|row| row["slug"].as_str().unwrap()).collect()
}

async fn pages_and_facets(server: &TestServer) {
    let by_address =
        "/api/products/search/?q=headphones&attributes[colour]=black&include_facets=true&page_size=2";
    let reply = server.get(by_address).send().await;
    assert!(reply.header("cache-control").starts_with("public"));
    let etag = reply.header("etag").to_owned();
    let found = reply.expect(200);
    assert_eq!(
        server.get(by_address).header("If-None-Match", &etag).send().await.status,
        304,
        "time is no part of it"
    );
    let body =
        json!({"q": "headphones", "attributes": {"colour": ["Black"]}, "page_size": 2, "min_price": 1.5});
    let posted = server.post("/api/products/search/").json(&body).send().await.expect(200);
    assert_eq!(found["results"], posted["results"]);
    assert_eq!(found["facets"], posted["facets"]);
    let count = found["pagination"]["count"].as_u64().unwrap();
    assert_eq!(found["metadata"]["total_results"], count);
    let colours = found["facets"]["attributes"]["colour"].as_array().unwrap();
    assert!(
        colours.iter().any(|colour| colour["value"] == "Black" && colour["count"] == count),
        "{colours:?}"
    );
    assert!(colours.len() > 1, "as if no colour was chosen");
    let alone =
        server.get("/api/products/facets/?q=headphones&attributes[colour]=black").send().await.expect(200);
    assert_eq!(alone["facets"], found["facets"]);
    assert_eq!(alone["total_results"], count);
    if let Some(next) = found["pagination"]["next"].as_str() {
        let next = server.get(next).send().await.expect(200);
        assert_eq!(next["pagination"]["count"], count, "the next page is one of the same search");
        assert_eq!(next["facets"], found["facets"]);
        assert_ne!(next["results"], found["results"]);
    }
    for range in alone["facets"]["price_ranges"].as_array().unwrap() {
        let (min, max) = (range["min"]["amount"].as_str().unwrap(), range["max"]["amount"].as_str().unwrap());
        let path = format!(
            "/api/products/search/?q=headphones&attributes[colour]=black&min_price={min}&max_price={max}"
        );
        let within = server.get(&path).send().await.expect(200);
        assert_eq!(within["pagination"]["count"], range["count"]);
    }
    let all = server.post("/api/products/search/").send().await.expect(200);
    assert!(all["pagination"]["count"].as_u64().unwrap() > 100, "nothing asked for is everything");
    let dearest = server.get("/api/products/search/?q=kaftan&sort_by=price_desc").send().await.expect(200);
    let prices = dearest["results"].as_array().unwrap().iter();
    let prices: Vec<f64> =
        prices.map(|row| row["price"]["amount"].as_str().unwrap().parse().unwrap()).collect();
    assert!(prices.len() > 3 && prices.is_sorted_by(|a, b| a >= b), "{prices:?}");
    let meant = server.get("/api/products/search/?q=hedphones").send().await.expect(200);
    assert_eq!(meant["metadata"]["did_you_mean"], "headphones");
}

async fn completions(server: &TestServer) {
    let typed = async |text: &str| {
        let path = format!("/api/products/autocomplete/?query={text}&limit=5");
        server.get(&path).send().await.expect(200)
    };
    let wire = typed("wire").await;
    assert!(slugs(&wire).contains(&"nkwa-pebble-true-wireless-earbuds"), "{wire}");
    assert_eq!(typed("headph").await["categories"][0]["slug"], "headphones");
    assert!(slugs(&typed("lantrn").await).contains(&"fitila-solar-lantern"));
    assert_eq!(typed("%25").await, json!({"products": [], "categories": []}));
}

/// P-INPUT: whatever a shopper types is an answer.
async fn any_text(server: &TestServer) {
    let long = "solar ".repeat(1_700);
    let texts = [
        "",
        " ",
        "'",
        "\"",
        "\"solar",
        "-",
        "--solar",
        "or or",
        "a & b | !c <-> d:*",
        "solar*",
        "%",
        "_",
        "\\",
        "name:solar",
        "NEAR(a b)",
        "{x}: y",
        "^solar",
        "'; drop table products; --",
        "<script>",
        "🎧",
        "\u{202e}ralos",
        "ｓｏｌａｒ",
        &long,
    ];
    for text in texts {
        let body = json!({"q": text, "page_size": 1});
        let found = server.post("/api/products/search/").json(&body).send().await.expect(200);
        assert!(found["pagination"]["count"].is_u64(), "{text:?}");
    }
    let found = server.post("/api/products/search/").json(&json!({"q": long})).send().await.expect(200);
    assert!(found["pagination"]["count"].as_u64().unwrap() > 3);
    let wide =
        server.post("/api/products/search/").json(&json!({"q": "ｓｏｌａｒ"})).send().await.expect(200);
    assert_eq!(wide["results"], found["results"]);
    server.get("/api/products/search/?q=a%00b").send().await.refused(400, "invalid-encoding");
}

async fn bad_input(server: &TestServer) {
    for (query, at) in [
        ("sort_by=cheapest", "/sort_by"),
        ("min_rating=6", "/min_rating"),
        ("attributes[shape]=round", "/attributes/shape"),
        ("attributes[]=round", "/attributes/"),
        ("attributes[a/b~c]=x", "/attributes/a~1b~0c"),
        ("attributes[colour]=,", "/attributes/colour"),
        ("min_price=20&max_price=10", "/max_price"),
        ("min_price=-1", "/min_price"),
        ("page=1000000000", "/page"),
        ("page_size=101", "/page_size"),
        ("include_facets=perhaps", "/include_facets"),
        ("category=No%20Such", "/category"),
        ("in_stock=1", "/in_stock"),
    ] {
        let path = format!("/api/products/search/?{query}");
        let refused = server.get(&path).send().await.refused(422, "validation-failed");
        assert_eq!(refused["errors"][0]["pointer"], at, "{query}");
    }
    for (body, code, at) in [
        (json!({"attributes": {"shape": ["round"]}}), "validation-failed", "/attributes/shape"),
        (json!({"attributes": {"colour": []}}), "validation-failed", "/attributes/colour"),
        (json!({"min_price": 5, "max_price": "4.99"}), "validation-failed", "/max_price"),
        (json!({"page": 1_000_000_000}), "validation-failed", "/page"),
        (json!({"sort_by": "best"}), "validation-failed", "/sort_by"),
        (json!({"min_price": 1e300}), "validation-failed", "/min_price"),
    ] {
        let refused = server.post("/api/products/search/").json(&body).send().await.refused(422, code);
        assert_eq!(refused["errors"][0]["pointer"], at, "{body}");
    }
    server
        .post("/api/products/search/")
        .json(&json!({"query": "x"}))
        .send()
        .await
        .refused(400, "unknown-field");
    server.get("/api/products/autocomplete/").send().await.refused(422, "validation-failed");
    for limit in ["0", "21", "x"] {
        let path = format!("/api/products/autocomplete/?query=a&limit={limit}");
        let refused = server.get(&path).send().await.refused(422, "validation-failed");
        assert_eq!(refused["errors"][0]["pointer"], "/limit");
    }
    let over = server.get("/api/products/?min_price=20&max_price=10").send().await;
    assert_eq!(over.refused(422, "validation-failed")["errors"][0]["pointer"], "/max_price");
}

/// What a shopper types, and the products that a person picked for it, the best first.
const JUDGED: [(&str, &[&str]); 30] = [
    ("wireless earbuds", &["nkwa-pebble-true-wireless-earbuds"]),
    ("noise cancelling headphones", &["gangan-hush-over-ear-headphones"]),
    ("kids headphones", &["small-ears-kids-headphones"]),
    ("gaming headset", &["night-raid-gaming-headset"]),
    ("power bank", &["rana-slab-power-bank"]),
    ("solar lantern", &["fitila-solar-lantern"]),
    ("solar panels", &["fold-and-go-solar-panel"]),
    ("rechargeable fan", &["harmattan-rechargeable-fan"]),
    ("reading lamp", &["exam-season-clamp-lamp"]),
    ("wrap dress", &["adunni-adire-wrap-dress"]),
    ("linen dresses", &["harmattan-linen-shirt-dress"]),
    ("maternity dress", &["naming-day-nursing-dress"]),
    (
        "gele",
        &[
            "classic-aso-oke-gele",
            "five-minute-auto-gele",
            "sego-shimmer-gele-twin-pack",
            "girls-first-gele",
            "bridal-gele-and-ipele-set",
        ],
    ),
    ("silk scarf", &["adire-silk-headscarf"]),
    ("bridal gele", &["bridal-gele-and-ipele-set"]),
    ("white kaftan", &["jumaat-white-kaftan"]),
    ("boys kaftan", &["small-chief-boys-kaftan"]),
    ("agbada", &["alhaji-grand-agbada", "grooms-aso-oke-agbada"]),
    ("flip flops", &["recycled-flip-flop"]),
    ("leather sandals men", &["sabo-double-strap-slide", "emirs-cross-strap-palm-slipper"]),
    ("cast iron skillet", &["tukunya-12-inch-skillet"]),
    ("enamel pots", &["retro-enamel-pot-set"]),
    ("jollof", &["party-jollof-seasoning", "bottom-pot-jollof-casserole"]),
    ("suya pepper", &["kurmi-yaji-suya-pepper"]),
    ("pepper soup", &["pepper-soup-spice-whole-and-ground", "ehuru-calabash-nutmeg"]),
    ("black soap", &["ose-dudu-black-soap-paste", "liquid-black-soap-refillable", "ash-and-honey-soap-bar"]),
    ("shea butter", &["raw-ivory-shea-butter", "whipped-shea-body-creme"]),
    ("duvet cover", &["indigo-adire-duvet-set", "build-your-bed-bundle"]),
    ("bar stool", &["tall-order-bar-stool"]),
    ("cold brew coffee", &["lagos-traffic-cold-brew-bags"]),
];

/// How well the best comes first: nDCG of the first ten, where the first pick counts 3, and each later one less.
#[expect(clippy::print_stdout, reason = "the score is what the test is read for")]
#[expect(clippy::float_arithmetic, reason = "a score is no money")]
async fn relevance(server: &TestServer, kind: Kind) {
    let discount = |place: usize| 1.0 / ((place + 2) as f64).log2();
    let mut sum = 0.0;
    for (text, picked) in JUDGED {
        let path = format!("/api/products/search/?q={}&page_size=10", text.replace(' ', "+"));
        let body = server.get(&path).send().await.expect(200);
        let found = slugs(&body);
        let gain =
            |slug: &&str| picked.iter().position(|pick| pick == slug).map_or(0.0, |at| 3.0 / (at + 1) as f64);
        let gained: f64 = found.iter().enumerate().map(|(at, slug)| gain(slug) * discount(at)).sum();
        let best: f64 = picked.iter().enumerate().map(|(at, slug)| gain(slug) * discount(at)).sum();
        let score = gained / best;
        if score < 1.0 {
            println!("{score:.2} {text:?}: {:?}", &found[..found.len().min(4)]);
        }
        sum += score;
    }
    let score = sum / JUDGED.len() as f64;
    println!("relevance on {kind:?}: nDCG@10 = {score:.3} over {} queries", JUDGED.len());
    assert!(score > 0.8, "{score}");
}
