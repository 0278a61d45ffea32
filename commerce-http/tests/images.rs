//! Pictures of products: sent, shown, read, moved, taken away; and what is not taken - on both stores.
#![cfg(all(feature = "sqlite", feature = "postgres", feature = "images"))]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod server;

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use reqwest::Method;
use serde_json::{Value, json};
use server::reply::{Call, Reply};
use server::{ADMIN_TOKEN, KINDS, Kind, SECRET, TestDatabase, TestServer};

const SELLER: &str = "01a206dc5dee7000b94659061dd2ef1b";

fn picture(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let picture = RgbImage::from_fn(width, height, |x, y| Rgb([(x % 256) as u8, (y % 256) as u8, 120]));
    let mut file = Cursor::new(Vec::new());
    DynamicImage::from(picture).write_to(&mut file, format).unwrap();
    file.into_inner()
}

/// A head that says 50,000 by 50,000 pixels.
fn bomb() -> Vec<u8> {
    let mut file = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\xc3\x50\0\0\xc3\x50\x08\x02\0\0\0".to_vec();
    let crc = file[12..].iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(
            crc ^ u32::from(*byte),
            |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 },
        )
    });
    file.extend((!crc).to_be_bytes());
    file.extend(b"\0\0\0\x08IDAT");
    file
}

async fn start(kind: Kind, settings: &[(&str, &str)]) -> TestServer {
    let mut server = TestServer::prepared(TestDatabase::with_sample(kind), &["--port", "0"]);
    server.set("COMMERCE_PASSWORD_MEMORY_KIB", "1024");
    for (name, value) in settings {
        server.set(name, value);
    }
    server.restart().await;
    server
}

fn sent<'a>(server: &'a TestServer, token: &str, path: &str, kind: &str, file: Vec<u8>) -> Call<'a> {
    let call = server.post(path).header("Authorization", &format!("Bearer {token}"));
    call.header("Content-Type", kind).plain(file)
}

async fn send(server: &TestServer, path: &str, file: Vec<u8>) -> Reply {
    sent(server, ADMIN_TOKEN, path, "image/jpeg", file).send().await
}

fn by_admin<'a>(server: &'a TestServer, method: Method, path: &str) -> Call<'a> {
    server.call(method, path).header("Authorization", &format!("Bearer {ADMIN_TOKEN}"))
}

async fn product(server: &TestServer, slug: &str) -> Value {
    server.get(&format!("/api/products/{slug}/")).send().await.expect(200)
}

async fn some_product(server: &TestServer) -> String {
    let listed = server.get("/api/products/?page_size=1").send().await.expect(200);
    listed["results"][0]["slug"].as_str().unwrap().to_owned()
}

fn refused_file(reply: Reply, code: &str) {
    let problem = reply.refused(422, "validation-failed");
    assert_eq!(
        (&problem["errors"][0]["pointer"], &problem["errors"][0]["code"]),
        (&json!("/image"), &json!(code))
    );
}

#[tokio::test]
async fn a_picture_from_the_telephone_to_the_shoppers() {
    for kind in KINDS {
        let mut server =
            start(kind, &[("COMMERCE_MEDIA_FOLDER", "pictures"), ("COMMERCE_PICTURE_BYTES_MAX", "2000000")])
                .await;
        let slug = some_product(&server).await;
        let as_it_was = product(&server, &slug).await;
        let (id, before) = (as_it_was["id"].as_str().unwrap(), as_it_was["images"].as_array().unwrap().len());
        let images = format!("/api/products/{slug}/images/");

        let file = picture(1000, 500, ImageFormat::Jpeg);
        let reply = send(&server, &format!("{images}?alt=A%20view"), file.clone()).await;
        let etag = reply.header("etag").to_owned();
        let added = reply.expect(201);
        assert_eq!(etag, format!("\"{}\"", added["version"]));
        let image = &added["image"];
        assert_eq!((&image["alt"], &image["position"]), (&json!("A view"), &json!(before + 1)));
        assert_eq!((&image["width"], &image["height"]), (&json!(1000), &json!(500)));
        let widths: Vec<u64> =
            image["sizes"].as_array().unwrap().iter().map(|size| size["width"].as_u64().unwrap()).collect();
        assert_eq!(widths, [160, 480, 960, 1000]);
        assert_eq!(product(&server, &slug).await["images"][before], *image, "at once");

        // Anybody reads every size, and keeps it.
        for size in image["sizes"].as_array().unwrap() {
            let url = format!("{}{}", server.url(), size["url"].as_str().unwrap());
            let answer = reqwest::get(&url).await.unwrap();
            assert_eq!(answer.status(), 200);
            let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
            assert_eq!(header("content-type"), "image/jpeg");
            assert_eq!(header("cache-control"), "public, max-age=31536000, immutable");
            assert_eq!(header("x-content-type-options"), "nosniff");
            assert_eq!(header("content-security-policy"), "default-src 'none'; sandbox");
            let etag = header("etag");
            let shown = image::load_from_memory(&answer.bytes().await.unwrap()).unwrap();
            assert_eq!(
                (json!(shown.width()), json!(shown.height())),
                (size["width"].clone(), size["height"].clone())
            );
            let client = reqwest::Client::new();
            let again = client.get(&url).header("If-None-Match", &etag).send().await.unwrap();
            assert_eq!(again.status(), 304);
            let head = client.head(&url).send().await.unwrap();
            assert_eq!(
                (head.status().as_u16(), head.headers()["content-type"].to_str().unwrap()),
                (200, "image/jpeg")
            );
            assert!(head.bytes().await.unwrap().is_empty());
        }

        // The same once more is the one that is there.
        let again = send(&server, &images, file).await;
        assert_eq!(again.expect(201)["image"], *image);

        // To the front: lists show it, in a size for lists.
        let one = format!("{images}{}/", image["id"].as_str().unwrap());
        let front = json!({"alt": "The front", "position": 1});
        let stale =
            by_admin(&server, Method::PATCH, &one).header("If-Match", "\"1000\"").json(&front).send().await;
        assert_eq!(stale.refused(412, "version-conflict")["version"], added["version"]);
        let changed =
            by_admin(&server, Method::PATCH, &one).header("If-Match", &etag).json(&front).send().await;
        let changed = changed.expect(200);
        assert_eq!(
            (&changed["image"]["alt"], &changed["image"]["position"]),
            (&json!("The front"), &json!(1))
        );
        let listed = server.get("/api/products/?page_size=100").send().await.expect(200);
        let listed =
            listed["results"].as_array().unwrap().iter().find(|listed| listed["slug"] == slug).unwrap();
        assert_eq!(listed["image"], image["sizes"][1]["url"]);
        for (body, code) in [
            (json!({"position": 0}), "validation-failed"),
            (json!({"alt": "two\nlines"}), "validation-failed"),
            (json!({"alt": 1}), "wrong-type"),
            (json!({"url": "/x"}), "unknown-field"),
        ] {
            assert_eq!(
                by_admin(&server, Method::PATCH, &one).json(&body).send().await.code(),
                code,
                "{body}"
            );
        }

        // Gone from the product, and not from the orders that show it.
        by_admin(&server, Method::DELETE, &one).send().await.expect(204);
        by_admin(&server, Method::DELETE, &one).send().await.refused(404, "not-found");
        assert_eq!(product(&server, &slug).await["images"].as_array().unwrap().len(), before);
        let file = format!("{}{}", server.url(), image["url"].as_str().unwrap());
        assert_eq!(reqwest::get(&file).await.unwrap().status(), 200);
        let audit =
            server.admin(Method::GET, &format!("audit/?target=product:{id}")).send().await.expect(200);
        let rows = audit["results"].as_array().unwrap().iter();
        let mut actions: Vec<&str> = rows.map(|row| row["action"].as_str().unwrap()).collect();
        actions.sort_unstable();
        assert_eq!(actions, ["image.create", "image.delete", "image.update"]);
        server.stop().await;
    }
}

#[tokio::test]
async fn what_is_not_taken() {
    let mut server = start(Kind::Sqlite, &[("COMMERCE_PICTURE_BYTES_MAX", "1500000")]).await;
    let slug = some_product(&server).await;
    let images = format!("/api/products/{slug}/images/");
    let good = picture(300, 200, ImageFormat::Png);
    for file in [
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>".to_vec(),
        b"<html><script>alert(1)</script>".to_vec(),
        [b"%PDF-1.7\n".as_slice(), &good].concat(),
        b"GIF89a\x01\0\x01\0\0\0\0;".to_vec(),
        Vec::new(),
    ] {
        refused_file(send(&server, &images, file).await, "unsupported");
    }
    refused_file(send(&server, &images, good[..good.len() / 2].to_vec()).await, "damaged");
    refused_file(send(&server, &images, bomb()).await, "out-of-range");
    for kind in ["text/html", "image/svg+xml", "application/json", "multipart/form-data; boundary=x"] {
        let reply = sent(&server, ADMIN_TOKEN, &images, kind, good.clone()).send().await;
        reply.refused(415, "unsupported-media-type");
    }
    send(&server, &images, vec![0; 1_500_001]).await.refused(413, "too-large");
    // Whoever shows nothing has the room that all bodies have.
    server
        .post(&images)
        .header("Content-Type", "image/png")
        .plain(vec![0; 1_200_000])
        .send()
        .await
        .refused(413, "too-large");
    server
        .post(&images)
        .header("Content-Type", "image/png")
        .plain(good.clone())
        .send()
        .await
        .refused(401, "unauthenticated");
    send(&server, "/api/products/nothing/images/", good.clone()).await.refused(404, "not-found");
    send(&server, &format!("{images}?position=first"), good.clone()).await.refused(422, "validation-failed");
    // The kind that is said does not count, what is in it does.
    send(&server, &images, good).await.expect(201);
    let key = "0".repeat(64);
    for path in
        ["x", "..%2fshop.db", "%2e%2e%2fshop.db", &format!("{key}-160.svg"), &format!("{key}-160.jpg"), ""]
    {
        let url = format!("{}/media/{path}", server.url());
        assert_eq!(reqwest::get(url).await.unwrap().status(), 404, "{path}");
    }
    server.stop().await;
}

/// Somebody who sells as [`SELLER`]: their access token.
async fn merchant(server: &TestServer, kind: Kind) -> String {
    let email = "merchant@example.com";
    let (made, said) = server.database.make_admin(email, SECRET);
    assert!(made, "{said}");
    let users = server.admin(Method::GET, "../users/all/").send().await.expect(200);
    let path = format!("../users/{}/", users["results"][0]["id"].as_str().unwrap());
    server.admin(Method::PATCH, &path).json(&json!({"role": "merchant"})).send().await.expect(200);
    let seller = match kind {
        Kind::Sqlite => format!("x'{SELLER}'"),
        Kind::Postgres => format!("'{SELLER}'"),
    };
    let slug = some_product(server).await;
    server.database.execute(&format!("update {{accounts}} set seller_id = {seller}")).await;
    let own = format!("update {{products}} set seller_id = {seller} where slug = '{slug}'");
    server.database.execute(&own).await;
    let body = json!({"email": email, "password": SECRET});
    let tokens = server.post("/api/auth/login/").json(&body).send().await.expect(200);
    tokens["access_token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_merchant_adds_to_their_own_products_alone() {
    for kind in KINDS {
        let limits = format!("{},seller_pictures=3/day", server::RATE_LIMITS);
        let settings = [("COMMERCE_MEDIA_FOLDER", "pictures"), ("COMMERCE_RATE_LIMITS", limits.as_str())];
        let mut server = start(kind, &settings).await;
        let token = merchant(&server, kind).await;
        let listed = server.get("/api/products/?page_size=2").send().await.expect(200);
        let slug = |at: usize| listed["results"][at]["slug"].as_str().unwrap().to_owned();
        let (own, others) = (slug(0), slug(1));
        let file = picture(200, 100, ImageFormat::WebP);
        let call = async |slug: &str| {
            let path = format!("/api/products/{slug}/images/");
            sent(&server, &token, &path, "image/webp", file.clone()).send().await
        };
        let added = call(&own).await.expect(201);
        let unlike = |mut problem: Value| {
            problem["request_id"].take();
            problem["instance"].take();
            problem
        };
        let (strange, absent) = (call(&others).await, call("nothing").await);
        assert_eq!(unlike(strange.refused(404, "not-found")), unlike(absent.refused(404, "not-found")));
        // Whoever sends too many waits, and nobody else does.
        call(&own).await.refused(429, "rate-limited");
        // A picture of somebody else's product is none of theirs, whatever its id.
        let theirs =
            send(&server, &format!("/api/products/{others}/images/"), file.clone()).await.expect(201);
        for id in [&theirs["image"]["id"], &added["image"]["id"]] {
            let path = format!("/api/products/{others}/images/{}/", id.as_str().unwrap());
            for method in [Method::PATCH, Method::DELETE] {
                let call = server.call(method, &path).header("Authorization", &format!("Bearer {token}"));
                call.json(&json!({"alt": "mine"})).send().await.refused(404, "not-found");
            }
        }
        assert_eq!(product(&server, &others).await["images"].as_array().unwrap().last().unwrap()["alt"], "");
        server.stop().await;
    }
}

#[tokio::test]
async fn a_shop_without_a_place_for_pictures_says_so() {
    let mut server = start(Kind::Postgres, &[]).await;
    let slug = some_product(&server).await;
    let file = picture(20, 10, ImageFormat::Png);
    let call = sent(&server, ADMIN_TOKEN, &format!("/api/products/{slug}/images/"), "image/png", file);
    let problem = call.send_in_trouble().await.refused(503, "unavailable");
    assert!(problem["detail"].as_str().unwrap().contains("COMMERCE_MEDIA_FOLDER"), "{problem}");
    server.kill();
}
