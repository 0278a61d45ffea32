//! Where a request comes from.

use super::serving;
use crate::server::TestServer;

/// What is left to whoever these headers make the caller.
async fn left(server: &TestServer, forwarded: &[&str]) -> u32 {
    let mut call = server.get("/api/products/?page_size=1");
    for line in forwarded {
        call = call.header("X-Forwarded-For", line);
    }
    let reply = call.send().await;
    reply.header("ratelimit-remaining").parse().unwrap()
}

#[tokio::test]
async fn a_proxy_of_ours_says_who_asks() {
    let limits = ("COMMERCE_RATE_LIMITS", "address_reads=100/hour");
    let mut server =
        serving(&[limits, ("COMMERCE_TRUSTED_PROXIES", "127.0.0.1, 10.0.0.0/8, fd00::/8")]).await;
    assert_eq!(left(&server, &["192.0.2.1"]).await, 99);
    // All of these are 192.0.2.1 as well, whatever the client wrote before it.
    for (n, lines) in [
        &["198.51.100.1, 192.0.2.1"][..],
        &["198.51.100.1", "192.0.2.1"],
        &["127.0.0.1, 192.0.2.1"],
        &["10.1.1.1,10.2.2.2,192.0.2.1 , 10.3.3.3"],
        &["198.51.100.1, 192.0.2.1, fd00::7, 10.3.3.3"],
        &["192.0.2.1:5555"],
        &["::ffff:192.0.2.1"],
        &["nonsense, \"><script>, 192.0.2.1"],
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(left(&server, lines).await, 98 - u32::try_from(n).unwrap(), "{lines:?}");
    }
    assert_eq!(left(&server, &["192.0.2.2"]).await, 99, "a neighbour is somebody else");
    // Of IPv6, all of a network are one.
    assert_eq!(left(&server, &["2001:db8:0:1::1"]).await, 99);
    assert_eq!(left(&server, &["[2001:db8:0:1:aaaa::2]:4711"]).await, 98);
    assert_eq!(left(&server, &["2001:db8:0:2::1"]).await, 99);
    // Without the header, and where it ends in what is no address, the proxy itself asks.
    assert_eq!(left(&server, &[]).await, 99);
    assert_eq!(left(&server, &["192.0.2.1, unknown"]).await, 98);
    assert_eq!(left(&server, &[""]).await, 97);
    server.stop().await;
}

#[tokio::test]
async fn nobody_believes_a_stranger() {
    let limits = ("COMMERCE_RATE_LIMITS", "address_reads=100/hour");
    for proxies in ["", "10.0.0.0/8"] {
        let mut server = serving(&[limits, ("COMMERCE_TRUSTED_PROXIES", proxies)]).await;
        for (n, line) in (0..).zip(["192.0.2.1", "10.0.0.1", "127.0.0.1, 10.0.0.1", "::1"]) {
            assert_eq!(left(&server, &[line]).await, 99 - n, "{line}");
        }
        server.stop().await;
    }
}

#[tokio::test]
async fn messages_of_the_gateway_are_known_behind_a_proxy() {
    let mut server = serving(&[
        ("COMMERCE_TRUSTED_PROXIES", "127.0.0.1"),
        ("COMMERCE_MESSAGE_SOURCES", "203.0.113.7,2001:db8::7"),
    ])
    .await;
    for (from, status) in [
        ("203.0.113.7", 404), // no gateway: but let in
        ("2001:db8::7", 404),
        ("::ffff:203.0.113.7", 404),
        ("203.0.113.8", 403),
        ("203.0.113.7, 203.0.113.8", 403),
        ("", 403),
    ] {
        let reply =
            server.post("/api/payments/webhook/").header("X-Forwarded-For", from).raw("{}").send().await;
        assert_eq!(reply.status, status, "{from}: {}", reply.text);
    }
    server.stop().await;
}

#[tokio::test]
async fn what_cannot_be_used_stops_the_start() {
    for (name, value) in [
        ("COMMERCE_TRUSTED_PROXIES", "10.0.0.1/8"),
        ("COMMERCE_TRUSTED_PROXIES", "proxy.local"),
        ("COMMERCE_CORS_ORIGINS", "*"),
        ("COMMERCE_CORS_ORIGINS", "https://shop.example/"),
        ("COMMERCE_RATE_LIMITS", "adress_reads=1/h"),
        ("COMMERCE_RATE_LIMITS", "address_reads=1"),
        ("COMMERCE_HSTS_SECONDS", "always"),
        ("COMMERCE_REDIS_URL", "localhost:6379"),
    ] {
        let database = crate::server::TestDatabase::new(crate::server::Kind::Sqlite);
        let output = database.command(&["serve", "--port", "0"]).env(name, value).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{name}={value}: {said}");
        assert!(said.contains(name), "{name}={value}: {said}");
    }
}
