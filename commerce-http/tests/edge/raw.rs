//! What is too long, too large, too slow or in the wrong form, by clients that speak for themselves.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::serving;
use crate::server::{DEADLINE, TestServer};

/// What a client gets that sends this and then waits.
fn answer(server: &TestServer, sent: &[u8]) -> String {
    let mut stream = connect(server);
    // A server that has heard enough may hang up on the rest.
    stream.write_all(sent).ok();
    let mut answer = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        match stream.read(&mut chunk) {
            Ok(0) => break,
            Ok(length) => answer.extend_from_slice(&chunk[..length]),
            Err(_) => break,
        }
        let text = String::from_utf8_lossy(&answer);
        let length =
            text.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next()?.parse().ok());
        let body = text.split_once("\r\n\r\n").map(|(_, body)| body.len());
        if length.is_some_and(|length: usize| body.is_some_and(|body| body >= length)) {
            break;
        }
    }
    String::from_utf8_lossy(&answer).into_owned()
}

fn connect(server: &TestServer) -> TcpStream {
    let stream = TcpStream::connect(server.address()).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream
}

/// How long it takes until the server hangs up, and what it says before.
fn until_cut(mut stream: TcpStream) -> (Duration, String) {
    let begun = Instant::now();
    let mut said = Vec::new();
    stream.read_to_end(&mut said).ok();
    let took = begun.elapsed();
    assert!(took < DEADLINE, "it is not cut");
    (took, String::from_utf8_lossy(&said).into_owned())
}

#[tokio::test]
async fn each_bound_has_its_answer() {
    let mut server = serving(&[("COMMERCE_BODY_BYTES_MAX", "1000")]).await;
    let get = |target: &str, headers: &str| format!("GET {target} HTTP/1.1\r\nHost: shop\r\n{headers}\r\n");
    let post = |headers: &str, body: &str| {
        let json = "Content-Type: application/json\r\n";
        format!("POST /api/cart/items/ HTTP/1.1\r\nHost: shop\r\n{json}{headers}\r\n{body}")
    };
    let sized = |body: &str| format!("Content-Length: {}\r\n", body.len());
    let long = |length: usize| "x".repeat(length);
    let chunked = "Transfer-Encoding: chunked\r\n";
    // What the library refuses before it is a request has no body; everything else explains itself.
    let unexplained = [
        "an address far too long",
        "headers that are far too large",
        "too many headers",
        "a length that is none",
        "two lengths",
        "no HTTP",
        "a space in a header's name",
    ];
    let cases: Vec<(&str, String, &str)> = vec![
        ("an address that is long enough", get(&format!("/api/products/?q={}", long(8_000)), ""), "200"),
        ("an address that is too long", get(&format!("/api/products/?q={}", long(9_000)), ""), "414"),
        ("an address far too long", get(&format!("/{}", long(100_000)), ""), "414"),
        ("a NUL in an address", get("/api/products/%00/", ""), "400"),
        (
            "headers that are too large",
            get("/api/products/", &format!("X-Much: {}\r\n", long(17_000))),
            "431",
        ),
        (
            "headers that are far too large",
            get("/api/products/", &format!("X-Much: {}\r\n", long(1 << 20))),
            "431",
        ),
        ("too many headers", get("/api/products/", &"X-Many: 1\r\n".repeat(200)), "431"),
        ("a body that says it is too large", post(&sized(&long(1_001)), &long(1_001)), "413"),
        (
            "a body of chunks that is too large",
            post(chunked, &format!("7d0\r\n{}\r\n0\r\n\r\n", long(2_000))),
            "413",
        ),
        ("a length that is none", post("Content-Length: many\r\n", "{}"), "400"),
        ("two lengths", post("Content-Length: 2\r\nContent-Length: 3\r\n", "{}"), "400"),
        ("gzip", post(&format!("Content-Encoding: gzip\r\n{}", sized("{}")), "{}"), "415"),
        ("brotli", post(&format!("Content-Encoding: br\r\n{}", sized("{}")), "{}"), "415"),
        (
            "gzip in chunks",
            post(&format!("Content-Encoding: gzip\r\n{chunked}"), "2\r\n{}\r\n0\r\n\r\n"),
            "415",
        ),
        (
            "gzip in the second line",
            post(&format!("Content-Encoding: identity\r\nContent-Encoding: gzip\r\n{}", sized("{}")), "{}"),
            "415",
        ),
        (
            "gzip in a list",
            post(&format!("Content-Encoding: identity, gzip\r\n{}", sized("{}")), "{}"),
            "415",
        ),
        ("no coding at all", post(&format!("Content-Encoding: identity\r\n{}", sized("{}")), "{}"), "422"),
        (
            "a method of its own making",
            "BREW /api/products/ HTTP/1.1\r\nHost: shop\r\n\r\n".to_owned(),
            "405",
        ),
        ("no HTTP", "hello\r\n\r\n".to_owned(), "400"),
        ("a space in a header's name", get("/api/products/", "X Much: 1\r\n"), "400"),
    ];
    for (what, sent, status) in cases {
        let said = answer(&server, sent.as_bytes());
        assert!(said.starts_with(&format!("HTTP/1.1 {status} ")), "{what}: {}", &said[..said.len().min(600)]);
        let explained =
            said.contains("content-type: application/problem+json") && said.contains("\"request_id\"");
        assert_eq!(explained, status != "200" && !unexplained.contains(&what), "{what}: {said}");
    }
    server.stop().await;
}

#[tokio::test]
async fn slow_heads_are_cut() {
    let mut server = serving(&[("COMMERCE_HEAD_TIMEOUT_SECONDS", "1")]).await;
    // One that drips, one that stops, one that never ends, one on a connection that has been used.
    let dripping = connect(&server);
    let mut drip = dripping.try_clone().unwrap();
    let dropper = std::thread::spawn(move || {
        for byte in b"GET /api/products/ HTTP/1.1\r\nHost: shop\r\nX-Slow: ".iter().chain([&b'x'; 400]) {
            if drip.write_all(&[*byte]).is_err() {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    });
    let mut stopped = connect(&server);
    stopped.write_all(b"GET /api/products/ HTTP/1.1\r\nHost: sh").unwrap();
    let mut endless = connect(&server);
    endless.write_all(b"GET /api/products/ HTTP/1.1\r\n").unwrap();
    endless.write_all("X-Line: 1\r\n".repeat(50).as_bytes()).unwrap();
    // Empty lines before a head are not its end.
    let mut begun = connect(&server);
    begun.write_all(b"\r\n\r\nGET /api/products/ HTTP/1.1\r\nHost: sh").unwrap();
    let mut used = connect(&server);
    used.write_all(b"GET /health/live HTTP/1.1\r\nHost: shop\r\n\r\n").unwrap();
    let mut answer = [0; 2048];
    let length = used.read(&mut answer).unwrap();
    assert!(answer[..length].starts_with(b"HTTP/1.1 200"));
    used.write_all(b"GET /health/live HTTP/1.1\r\n").unwrap();
    let slow =
        [("drips", dripping), ("stopped", stopped), ("endless", endless), ("begun", begun), ("used", used)];
    for (what, stream) in slow {
        let (took, said) = until_cut(stream);
        assert!(took < Duration::from_secs(10), "{what}: {took:?}");
        assert!(!said.contains("HTTP/1.1 200"), "{what}: {said}");
    }
    dropper.join().unwrap();
    // One that comes in pieces, and in time, is served; so is one after a pause between requests.
    let mut patient = connect(&server);
    for part in ["GET /health/live HT", "TP/1.1\r\nHost: shop\r", "\n\r\n"] {
        patient.write_all(part.as_bytes()).unwrap();
    }
    let length = patient.read(&mut answer).unwrap();
    assert!(answer[..length].starts_with(b"HTTP/1.1 200"));
    std::thread::sleep(Duration::from_millis(1_500)); // longer than a head may take: nobody is sending one
    patient.write_all(b"GET /health/live HTTP/1.1\r\nHost: shop\r\n\r\n").unwrap();
    let length = patient.read(&mut answer).unwrap();
    assert!(answer[..length].starts_with(b"HTTP/1.1 200"));
    let metrics = server.get("/metrics").send().await.text;
    assert!(metrics.contains("slow_clients_cut_total 5"), "{metrics}");
    server.stop().await;
}

#[tokio::test]
async fn slow_bodies_are_cut_and_patient_ones_are_not() {
    let timeouts = [("COMMERCE_HEAD_TIMEOUT_SECONDS", "1"), ("COMMERCE_REQUEST_TIMEOUT_SECONDS", "2")];
    let mut server = serving(&timeouts).await;
    let head = "POST /api/cart/items/ HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\n";
    let body = r#"{"sku": "OBL-AKW-M", "quantity": 1}"#;
    let mut slow = connect(&server);
    slow.write_all(format!("{head}Content-Length: {}\r\n\r\n{{", body.len()).as_bytes()).unwrap();
    let mut chunks = connect(&server);
    chunks.write_all(format!("{head}Transfer-Encoding: chunked\r\n\r\n1\r\n{{\r\n").as_bytes()).unwrap();
    // Longer than a head may take, but within what a body may; and one that waits to be asked for its body.
    let mut patient = connect(&server);
    patient.write_all(format!("{head}Content-Length: {}\r\n\r\n", body.len()).as_bytes()).unwrap();
    let mut asked = connect(&server);
    asked
        .write_all(format!("{head}Expect: 100-continue\r\nContent-Length: {}\r\n\r\n", body.len()).as_bytes())
        .unwrap();
    let mut answer = [0; 4096];
    let length = asked.read(&mut answer).unwrap();
    assert!(
        answer[..length].starts_with(b"HTTP/1.1 100 Continue"),
        "{}",
        String::from_utf8_lossy(&answer[..length])
    );
    for part in [&body[..10], &body[10..20], &body[20..]] {
        std::thread::sleep(Duration::from_millis(450));
        patient.write_all(part.as_bytes()).unwrap();
        asked.write_all(part.as_bytes()).unwrap();
    }
    for (what, stream) in [("patient", &mut patient), ("asked", &mut asked)] {
        let length = stream.read(&mut answer).unwrap();
        assert!(
            answer[..length].starts_with(b"HTTP/1.1 201"),
            "{what}: {}",
            String::from_utf8_lossy(&answer[..length])
        );
    }
    for stream in [slow, chunks] {
        let (_, said) = until_cut(stream);
        assert!(said.starts_with("HTTP/1.1 408") && said.contains("connection: close"), "{said}");
    }
    server.stop().await;
}
