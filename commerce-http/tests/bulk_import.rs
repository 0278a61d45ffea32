//! Imports over HTTP: a file is sent, taken in by a job, and what of it was refused is told; on both stores.
#![cfg(all(feature = "sqlite", feature = "postgres"))]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod server;

use std::path::Path;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use server::reply::{Call, Reply};
use server::{ADMIN_TOKEN, DEADLINE, KINDS, Kind, TestDatabase, TestServer};

const IMPORTS: &str = "/api/products/bulk-import/";
const CSV: &str = "text/csv";
const LINES: &str = "application/x-ndjson";
const PASSWORD: &str = "tr0mbone & oar 99";

fn admin() -> String {
    format!("Bearer {ADMIN_TOKEN}")
}

fn sending<'s>(
    server: &'s TestServer,
    bearer: &str,
    query: &str,
    of: &str,
    file: impl Into<Vec<u8>>,
) -> Call<'s> {
    let call = server.post(&format!("{IMPORTS}{query}"));
    call.header("Authorization", bearer).header("Content-Type", of).plain(file)
}

async fn send(server: &TestServer, query: &str, of: &str, file: impl Into<Vec<u8>>) -> Reply {
    sending(server, &admin(), query, of, file).send().await
}

async fn get(server: &TestServer, bearer: &str, path: &str) -> Reply {
    server.get(&format!("{IMPORTS}{path}")).header("Authorization", bearer).send().await
}

/// The import as it is once this is so.
async fn until(server: &TestServer, id: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    let begun = Instant::now();
    loop {
        let import = get(server, &admin(), &format!("{id}/")).await.expect(200);
        if is_so(&import) {
            return import;
        }
        assert!(begun.elapsed() < DEADLINE, "it does not come to that: {import}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn ended(server: &TestServer, sent: Reply) -> Value {
    let sent = sent.expect(202);
    until(server, sent["id"].as_str().unwrap(), |import| !import["ended_at"].is_null()).await
}

/// Sends a file and waits until all of it was read.
async fn taken(server: &TestServer, query: &str, of: &str, file: impl Into<Vec<u8>>) -> Value {
    let import = ended(server, send(server, query, of, file).await).await;
    assert_eq!(import["state"], "finished", "{import}");
    import
}

async fn export(server: &TestServer, query: &str) -> String {
    server.admin(Method::GET, &format!("../products/export/{query}")).send().await.text
}

fn sample() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("sample/products.csv")).unwrap()
}

/// A catalogue of so many products, each with two variants and their stock.
fn catalogue(products: usize) -> String {
    let mut file = String::from(
        "Handle,Title,Vendor,Option1 Name,Option1 Value,Variant SKU,Variant Price,Variant Inventory Tracker,Variant Inventory Qty\n",
    );
    for n in 0..products {
        file += &format!(
            "p-{n},\"Product, {n}\",Acme {},Size,S,P-{n}-S,{}.50,shopify,{}\n",
            n % 9,
            n + 1,
            n % 7 + 1
        );
        file += &format!("p-{n},,,,L,P-{n}-L,{}.75,shopify,{}\n", n + 2, n % 5 + 1);
    }
    file
}

#[tokio::test]
async fn a_file_makes_the_catalogue_that_the_command_line_makes() {
    for kind in KINDS {
        let mut server = TestServer::start(kind).await;
        let by_command = TestDatabase::new(kind);
        by_command.import_text(&sample(), &["--location", "LAGOS"]);
        let sent = sending(&server, &admin(), "?location=LAGOS", CSV, sample()).key("once").send().await;
        assert_eq!(sent.header("location"), format!("{IMPORTS}{}/", sent.body["id"].as_str().unwrap()));
        assert_eq!((&sent.body["state"], &sent.body["kind"]), (&json!("queued"), &json!("products")));
        let again = sending(&server, &admin(), "?location=LAGOS", CSV, sample()).key("once").send().await;
        assert_eq!((again.header("idempotent-replayed"), &again.body["id"]), ("true", &sent.body["id"]));
        let other = sending(&server, &admin(), "?location=ABUJA", CSV, sample()).key("once").send().await;
        other.refused(422, "idempotency-key-reused");
        let import = ended(&server, sent).await;
        assert_eq!(
            (&import["state"], &import["bytes_read"]),
            (&json!("finished"), &import["bytes"]),
            "{import}"
        );
        assert!(import["created"].as_u64().unwrap() > 50 && import["refused"] == 0, "{import}");
        assert!(import["rows_read"].as_u64() > import["created"].as_u64(), "{import}");
        let file = export(&server, "").await;
        assert_eq!(file, by_command.succeed(&["export"]));
        let stock =
            async |server: &TestServer| server.admin(Method::GET, "inventory/?page_size=100").send().await;
        assert_eq!(stock(&server).await.body["results"][0]["warehouse"], "LAGOS");
        // As lines of JSON it comes out, and goes in again, by either way.
        let lines = export(&server, "?format=jsonl").await;
        assert_eq!(lines.lines().count() as u64, import["created"].as_u64().unwrap());
        assert_eq!(lines, server.database.succeed(&["export", "--format", "jsonl"]));
        let mut other = TestServer::start(kind).await;
        let copied = taken(&other, "?location=LAGOS", LINES, lines.clone()).await;
        assert_eq!((&copied["created"], &copied["refused"]), (&import["created"], &json!(0)), "{copied}");
        assert_eq!((export(&other, "?format=jsonl").await, export(&other, "").await), (lines, file));
        // The same once more changes nothing.
        let same = taken(&server, "", CSV, sample()).await;
        assert_eq!(
            (&same["unchanged"], &same["updated"], &same["created"]),
            (&import["created"], &json!(0), &json!(0))
        );
        let listed = get(&server, &admin(), "?page_size=1").await.expect(200);
        assert_eq!(listed["results"][0]["id"], same["id"]);
        assert!(listed["next"].as_str().unwrap().contains("cursor="), "{listed}");
        other.stop().await;
        server.stop().await;
    }
}

/// P-CRASH: `kill -9` in the middle of an import, again and again, and it goes on behind the last batch: no row is taken
/// twice and none is left out.
#[tokio::test]
async fn an_import_survives_kills() {
    for kind in KINDS {
        let mut file = catalogue(1_500);
        file.insert_str(file.find("p-700,").unwrap(), "bad,Bad,Acme,,,BAD,much,,\n");
        let by_command = TestDatabase::new(kind);
        by_command.import_refusing(&file, &["--stock", "set"]);
        let mut server = TestServer::prepared(TestDatabase::new(kind), &["--port", "0"]);
        server.set("COMMERCE_IMPORT_LEASE_SECONDS", "1");
        server.restart().await;
        let sent = send(&server, "?stock=set", CSV, file).await.expect(202);
        let id = sent["id"].as_str().unwrap();
        let (mut seen, mut kills) = (0, 0);
        let import = loop {
            let further = |import: &Value| {
                !import["ended_at"].is_null() || import["bytes_read"].as_u64().unwrap() > seen
            };
            let import = until(&server, id, further).await;
            if !import["ended_at"].is_null() {
                break import;
            }
            seen = import["bytes_read"].as_u64().unwrap();
            if kills < 3 {
                kills += 1;
                server.kill();
                server.restart().await;
            }
        };
        assert_eq!((&import["state"], &import["failure"]), (&json!("finished"), &Value::Null), "{import}");
        assert_eq!(kills, 3, "it was over before it could be killed");
        let told = ["created", "updated", "unchanged", "not_taken", "refused", "stock_set"]
            .map(|name| &import[name]);
        assert_eq!(told, [1_500, 0, 0, 1, 2, 3_000].map(|count| json!(count)).each_ref(), "{import}");
        assert_eq!(import["rows_read"], 3_001);
        assert_eq!(export(&server, "").await, by_command.succeed(&["export"]));
        let refused = get(&server, &admin(), &format!("{id}/refused/")).await.text;
        assert_eq!(refused.lines().count(), 3, "{refused}");
        let moved = server.admin(Method::GET, "inventory/movements/?sku=P-0-S").send().await.expect(200);
        assert_eq!(moved["results"].as_array().unwrap().len(), 1, "{moved}");
        server.stop().await;
    }
}

#[tokio::test]
async fn refused_rows_are_told_and_sent_again_mended() {
    const FILE: &str = "Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Price,Notes\n\
        mug,Mug,,,MUG,9.50,\n\
        =cup,Cup,,,CUP,7,\n\
        shirt,Shirt,Size,S,SH-S,40,\"two\nlines\"\n\
        shirt,,,L,SH-L,free,\n\
        pot,,,,POT,3,\n";
    for kind in KINDS {
        let mut server = TestServer::start(kind).await;
        let import = taken(&server, "", CSV, FILE).await;
        let told = ["created", "not_taken", "refused"].map(|name| import[name].as_u64().unwrap());
        assert_eq!(told, [2, 2, 3], "{import}");
        assert_eq!(import["columns_not_read"], json!(["Notes"]));
        let lines: Vec<_> =
            import["refused_rows"].as_array().unwrap().iter().map(|row| &row["line"]).collect();
        assert_eq!(lines, [3, 6, 7], "{import}");
        assert_eq!(import["refusals"][1]["code"], "name-missing", "{import}");
        let id = import["id"].as_str().unwrap();
        // The report is that of the command line, which no spreadsheet takes for a formula.
        let report = get(&server, &admin(), &format!("{id}/refused/")).await;
        assert_eq!(report.header("content-type"), "text/csv; charset=utf-8");
        let by_command = TestDatabase::new(kind);
        let (said, refused) = by_command.import_refusing(FILE, &[]);
        assert_eq!(report.text, refused, "{said}");
        assert!(refused.lines().nth(1).unwrap().starts_with("3,'=cup,Handle,handle-invalid,"), "{refused}");
        // The rows are those that were sent, with all of their products.
        let rows = get(&server, &admin(), &format!("{id}/refused/?part=rows")).await.text;
        assert_eq!(
            rows,
            "Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Price,Notes\n=cup,Cup,,,CUP,7,\n\
             shirt,Shirt,Size,S,SH-S,40,\"two\nlines\"\nshirt,,,L,SH-L,free,\npot,,,,POT,3,\n"
        );
        let mended = rows.replace("=cup", "cup").replace("free", "41").replace("pot,,", "pot,Pot,");
        let import = taken(&server, "", CSV, mended).await;
        let told = ["created", "updated", "unchanged", "refused"].map(|name| import[name].as_u64().unwrap());
        assert_eq!(told, [2, 1, 0, 0], "{import}");
        let whole = TestDatabase::new(kind);
        let good = FILE.replace("=cup", "cup").replace("free", "41").replace("pot,,", "pot,Pot,");
        whole.import_text(&good, &[]);
        assert_eq!(export(&server, "").await, whole.succeed(&["export"]));
        // Lines of JSON come back as they were.
        let lines = "{\"slug\":\"jar\",\"name\":\"Jar\",\"variants\":[{\"sku\":\"JAR\",\"price\":{\"amount\":\"5\",\"currency\":\"NGN\"},\"stock\":3}]}\n\
                     {\"slug\":\"lid\",\"name\":\"Lid\",\"size\":3}\n[]\n";
        let import = taken(&server, "", LINES, lines).await;
        assert_eq!((&import["created"], &import["refused"]), (&json!(1), &json!(2)), "{import}");
        assert_eq!(import["refused_rows"][0]["column"], "/size", "{import}");
        let id = import["id"].as_str().unwrap();
        let rows = get(&server, &admin(), &format!("{id}/refused/?part=rows")).await;
        assert_eq!(rows.header("content-type"), LINES);
        assert_eq!(rows.text, "{\"slug\":\"lid\",\"name\":\"Lid\",\"size\":3}\n[]\n");
        assert_eq!(server.available("jar", "JAR").await, 3);
        server.stop().await;
    }
}

#[tokio::test]
async fn what_is_no_such_file_is_told_and_nothing_is_done() {
    for kind in KINDS {
        let mut server = TestServer::prepared(TestDatabase::new(kind), &["--port", "0"]);
        server.set("COMMERCE_IMPORT_BYTES_MAX", "3000000");
        server.restart().await;
        taken(&server, "", CSV, "Handle,Title,Variant SKU,Variant Price\nmug,Mug,MUG,9\n").await;
        let before = export(&server, "").await;
        send(&server, "", CSV, "").await.refused(422, "validation-failed");
        send(&server, "", "application/json", "{}").await.refused(415, "unsupported-media-type");
        send(&server, "", CSV, vec![b'x'; 3_000_001]).await.refused(413, "too-large");
        for (query, pointer) in [
            ("?kind=orders", "/kind"),
            ("?stock=none", "/stock"),
            ("?currency=XXQ", "/currency"),
            ("?location=", "/location"),
        ] {
            let refused = send(&server, query, CSV, "Handle\n").await.refused(422, "validation-failed");
            assert_eq!(refused["errors"][0]["pointer"], pointer, "{refused}");
        }
        send(&server, "?kind=prices", LINES, "{}\n").await.refused(422, "validation-failed");
        let huge = [b"Handle,Title\nmug,\"".to_vec(), vec![b'x'; 2 << 20]].concat();
        let cut = [catalogue(1).into_bytes(), b"p-9,\"Cut".to_vec()].concat();
        let files: [(&str, &str, &[u8], &str); 12] = [
            ("", CSV, b"%PDF-1.7 nothing\n\x00", "header lacks Handle and Title"),
            ("", CSV, b"SKU,Price\na,1\n", "header lacks Handle and Title"),
            ("", CSV, b"Handle;Title\na;A\n", "semicolons"),
            ("", CSV, b"Handle,Title\nnew,N\x00\n", "line 2: a NUL byte"),
            ("", CSV, b"Handle,Title\nnew,caf\xE9\n", "line 2: the byte 0xe9"),
            ("", CSV, &huge, "line 2: a field of more than"),
            ("", CSV, &cut, "line 4: the file ends inside"),
            ("?currency=GHS", CSV, b"Handle,Title,Variant Price\nnew,N,1\n", "prices are in NGN"),
            ("?kind=prices", CSV, b"Handle,Title\nnew,N\n", "line 1: the header lacks Variant SKU or SKU"),
            ("?kind=inventory", CSV, b"SKU,Location\na,main\n", "line 1: the header lacks On hand (new)"),
            ("", LINES, b"Handle,Title\n", "line 1: no JSON object"),
            ("", LINES, b"\xFF\xFE{\x00", "line 1: no JSON object"),
        ];
        let mut sent = Vec::new();
        for (query, of, file, says) in files {
            sent.push((send(&server, query, of, file).await, says));
        }
        for (sent, says) in sent {
            let import = ended(&server, sent).await;
            let failure = import["failure"].as_str().unwrap_or_default();
            assert!(import["state"] == "failed" && failure.contains(says), "{import} says {says:?}");
        }
        assert_eq!(export(&server, "").await, before);
        get(&server, &admin(), "nonsense/").await.refused(404, "not-found");
        get(&server, "", "").await.refused(401, "unauthenticated");
        send(&server, "", CSV, "x").await.expect(202);
        server.stop().await;
    }
}

#[tokio::test]
async fn prices_and_levels_come_in_files_of_their_own() {
    const PRICES: &str = "Handle,Variant SKU,Variant Price,Variant Compare At Price\n\
        mug,MUG,12.25,15\ncup,CUP,7,\ncup,,9,\nx,NONE,1,\ncup,POT,,\nmug,MUG-2,-3,\n";
    const LEVELS: &str = "Handle,SKU,Location,On hand (current),On hand (new)\n\
        mug,MUG,Main house,5,8\ncup,CUP,main,,11\nmug,MUG-2,main,not stocked,\nx,NONE,main,,1\nmug,MUG,moon,,1\n\
        mug,MUG-2,main,99,4\nmug,MUG-2,main,,many\n";
    for kind in KINDS {
        let mut server = TestServer::start(kind).await;
        let shop = "Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Price,Variant Compare At Price,Variant Inventory Tracker,Variant Inventory Qty\n\
            mug,Mug,Size,S,MUG,9,,shopify,5\nmug,,,L,MUG-2,10,,shopify,6\ncup,Cup,,,CUP,6,8,shopify,1\n";
        taken(&server, "", CSV, shop).await;
        let by_command = TestDatabase::new(kind);
        by_command.import_text(shop, &[]);
        let named = json!({"name": "Main house"});
        server.admin(Method::PATCH, "warehouses/main/").json(&named).send().await.expect(200);
        let prices = taken(&server, "?kind=prices", CSV, PRICES).await;
        let told =
            ["updated", "unchanged", "not_taken", "refused"].map(|name| prices[name].as_u64().unwrap());
        assert_eq!(told, [2, 0, 4, 4], "{prices}");
        let refused: Vec<_> = prices["refused_rows"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["code"].as_str().unwrap())
            .collect();
        assert_eq!(refused, ["sku-missing", "unknown", "price-missing", "out-of-range"], "{prices}");
        let levels = taken(&server, "?kind=inventory", CSV, LEVELS).await;
        let told = ["updated", "stock_set", "not_taken"].map(|name| levels[name].as_u64().unwrap());
        assert_eq!(told, [2, 2, 4], "{levels}");
        let refused: Vec<_> = levels["refused_rows"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["code"].as_str().unwrap())
            .collect();
        assert_eq!(refused, ["unknown", "unknown", "changed", "stock-invalid"], "{levels}");
        assert_eq!(levels["skipped"], json!([{"reason": "no quantity", "count": 1}]));
        assert_eq!((server.available("mug", "MUG").await, server.available("cup", "CUP").await), (8, 11));
        // The command line makes the same of them.
        by_command.import_refusing(PRICES, &["--kind", "prices"]);
        let (said, report) =
            by_command.import_refusing(&LEVELS.replace("Main house", "main"), &["--kind", "inventory"]);
        assert!(said.contains("2 levels"), "{said}");
        assert_eq!(export(&server, "").await, by_command.succeed(&["export"]));
        let path = format!("{}/refused/", levels["id"].as_str().unwrap());
        assert_eq!(get(&server, &admin(), &path).await.text, report);
        server.stop().await;
    }
}

#[tokio::test]
async fn a_merchant_imports_what_is_their_own() {
    for kind in KINDS {
        let mut server =
            TestServer::start_with_customers(kind, &["mira@example.com", "eve@example.com"], PASSWORD).await;
        let mut bearers = Vec::new();
        for (email, seller) in [("mira@example.com", 1), ("eve@example.com", 2)] {
            let login = json!({"email": email, "password": PASSWORD});
            let pair = server.post("/api/auth/login/").json(&login).send().await.expect(200);
            let id = pair["user"]["id"].as_str().unwrap().to_owned();
            let path = format!("../users/{id}/");
            let role = json!({"role": "merchant"});
            server.admin(Method::PATCH, &path).json(&role).send().await.expect(200);
            let uuid = format!("0190a6c2-7c3e-7d1a-8f00-01234567890{seller}");
            let of = |uuid: &str| match kind {
                Kind::Sqlite => format!("x'{}'", uuid.replace('-', "")),
                Kind::Postgres => format!("'{uuid}'"),
            };
            let (uuid, id) = (of(&uuid), of(&id));
            server
                .database
                .execute(&format!("update {{accounts}} set seller_id = {uuid} where id = {id}"))
                .await;
            bearers.push(format!("Bearer {}", pair["access_token"].as_str().unwrap()));
        }
        let (mira, eve) = (&bearers[0], &bearers[1]);
        taken(&server, "", CSV, "Handle,Title,Vendor,Variant SKU,Variant Price\nshops,Shop's,Acme,SHOPS,9\n")
            .await;
        let file = "Handle,Title,Vendor,Variant SKU,Variant Price,Variant Inventory Qty,Variant Inventory Tracker\n\
            towel,Towel,Acme,TOWEL-M,8,4,shopify\nshops,Mine now,Acme,SHOPS,1,,\nsheet,Sheet,Nobody's,SHEET,3,,\n";
        let sent = sending(&server, mira, "?location=LAGOS", CSV, file).send().await;
        let import = ended(&server, sent).await;
        let told = ["created", "updated", "not_taken"].map(|name| import[name].as_u64().unwrap());
        assert_eq!(told, [1, 0, 2], "{import}");
        let refused: Vec<_> = import["refused_rows"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["code"].as_str().unwrap())
            .collect();
        assert_eq!(refused, ["slug-taken", "brand-unknown"], "{import}");
        let own = server.get("/api/products/export/").header("Authorization", mira).send().await.text;
        assert_eq!(own.lines().count(), 2, "{own}");
        let own = server.get("/api/products/export/").header("Authorization", eve).send().await.text;
        assert_eq!(own.lines().count(), 1, "{own}");
        // What others sell is unknown.
        let prices = "SKU,Price\nTOWEL-M,1\nSHOPS,1\n";
        let import = ended(&server, sending(&server, eve, "?kind=prices", CSV, prices).send().await).await;
        assert_eq!((&import["updated"], &import["refused"]), (&json!(0), &json!(2)), "{import}");
        let levels = "SKU,On hand\nTOWEL-M,0\n";
        let import = ended(&server, sending(&server, eve, "?kind=inventory", CSV, levels).send().await).await;
        assert_eq!((&import["updated"], &import["refused"]), (&json!(0), &json!(1)), "{import}");
        let id = import["id"].as_str().unwrap();
        // So are their imports.
        get(&server, mira, &format!("{id}/")).await.refused(404, "not-found");
        get(&server, mira, &format!("{id}/refused/")).await.refused(404, "not-found");
        let cancel = server.delete(&format!("{IMPORTS}{id}/")).header("Authorization", mira);
        cancel.send().await.refused(404, "not-found");
        assert_eq!(get(&server, mira, "").await.body["results"].as_array().unwrap().len(), 1);
        assert_eq!(get(&server, &admin(), "").await.body["results"].as_array().unwrap().len(), 4);
        server.stop().await;
    }
}

#[tokio::test]
async fn imports_at_once_wait_for_each_other_and_may_be_cancelled() {
    for kind in KINDS {
        let mut server = TestServer::start(kind).await;
        let more = |from: &str| {
            catalogue(300).replace("p-", &format!("{from}-")).replace(",P-", &format!(",{from}-"))
        };
        let (a, b) = (more("a"), more("b"));
        let (first, second) = tokio::join!(send(&server, "", CSV, a), send(&server, "", CSV, b));
        let third = send(&server, "", CSV, more("c")).await.expect(202);
        let path = format!("{IMPORTS}{}/", third["id"].as_str().unwrap());
        let cancel = || server.delete(&path).header("Authorization", &admin()).send();
        let cancelled = cancel().await.expect(200);
        assert_eq!(cancelled["state"], "cancelled");
        cancel().await.refused(409, "import-ended");
        for sent in [first, second] {
            let import = ended(&server, sent).await;
            assert_eq!((&import["state"], &import["created"]), (&json!("finished"), &json!(300)), "{import}");
        }
        assert_eq!(export(&server, "").await.lines().count(), 1_201);
        // Told to stop in the middle, it goes on where it was once the server is back.
        let sent = send(&server, "", CSV, catalogue(800)).await.expect(202);
        let id = sent["id"].as_str().unwrap();
        until(&server, id, |import| import["bytes_read"].as_u64().unwrap() > 0).await;
        server.stop().await;
        server.restart().await;
        let import = until(&server, id, |import| !import["ended_at"].is_null()).await;
        assert_eq!((&import["state"], &import["created"]), (&json!("finished"), &json!(800)), "{import}");
        server.stop().await;
    }
}
