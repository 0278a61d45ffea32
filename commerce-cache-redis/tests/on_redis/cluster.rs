//! The limiter on a cluster of real Redis servers, of which one dies.

use std::sync::Arc;
use std::time::{Duration, Instant};

use commerce_cache_redis::{RedisLimiter, RedisLink};
use commerce_core::RateLimiter;
use commerce_core::limit::Quota;
use commerce_core::testkit::MockClock;
use redis::Connection;

use crate::limiter::spend;
use crate::server::{PATIENCE, RedisServer};

const SLOTS: u16 = 16_384;

/// Three nodes that share the slots.
fn cluster() -> Vec<RedisServer> {
    let nodes: Vec<RedisServer> = (0..3).map(|_| RedisServer::start_node()).collect();
    let mut links: Vec<Connection> =
        nodes.iter().map(|node| redis::Client::open(node.url()).unwrap().get_connection().unwrap()).collect();
    for (n, link) in (0_u16..).zip(&mut links) {
        let (from, to) = (n * SLOTS / 3, (n + 1) * SLOTS / 3 - 1);
        redis::cmd("CLUSTER").arg("ADDSLOTSRANGE").arg(from).arg(to).exec(link).unwrap();
        // A part of the slots goes on being served when the rest is gone.
        redis::cmd("CONFIG").arg("SET").arg("cluster-require-full-coverage").arg("no").exec(link).unwrap();
    }
    for node in &nodes[1..] {
        redis::cmd("CLUSTER").arg("MEET").arg("127.0.0.1").arg(node.port()).exec(&mut links[0]).unwrap();
    }
    let begun = Instant::now();
    for link in &mut links {
        loop {
            let info: String = redis::cmd("CLUSTER").arg("INFO").query(link).unwrap();
            if info.contains("cluster_state:ok")
                && info.contains("cluster_known_nodes:3")
                && info.contains("cluster_size:3")
            {
                break;
            }
            assert!(begun.elapsed() < PATIENCE, "no cluster: {info}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
    nodes
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_are_spread_over_nodes_and_counted_when_one_dies() {
    let mut nodes = cluster();
    let hosts: Vec<String> = nodes.iter().map(|node| format!("127.0.0.1:{}", node.port())).collect();
    let url = format!("redis-cluster://{}", hosts.join(","));
    let open = async || {
        let link = RedisLink::with_deadline(&url.as_str().into(), Duration::from_secs(2)).unwrap();
        assert!(link.connect().await, "the cluster is there");
        RedisLimiter::new(link, Arc::new(MockClock::default()))
    };
    let (one, other) = (open().await, open().await);
    let quota: Quota = "4/hour".parse().unwrap();
    let callers: Vec<String> = (0..60).map(|n| format!("address_reads:192.0.2.{n}")).collect();
    for caller in &callers {
        assert_eq!(other.take(caller, quota).await.remaining, 3, "{caller}");
        assert_eq!(one.take(caller, quota).await.remaining, 2, "{caller}");
    }
    for node in &nodes {
        let mut link = redis::Client::open(node.url()).unwrap().get_connection().unwrap();
        let keys: u32 = redis::cmd("DBSIZE").query(&mut link).unwrap();
        assert!(keys >= 5, "{keys} of 60 callers are on this node");
    }
    nodes[1].kill();
    for caller in &callers {
        let passed = spend(&one, caller, quota).await;
        assert_eq!(passed, 2, "{caller}: on the nodes that are left, or as the process knows it");
    }
    let mut beyond = 0;
    for caller in &callers {
        // On a node that is left nothing more passes; of the others this server knew one request.
        let passed = spend(&other, caller, quota).await;
        assert!(passed == 0 || passed == 3, "{caller}: {passed}");
        beyond += usize::from(passed > 0);
    }
    assert!((1..40).contains(&beyond), "{beyond} of 60 callers were on the node that died");
}
