//! Addresses of Redis.

use redis::cluster::ClusterClient;
use redis::{Client, RedisError};

/// An address by which no Redis can be reached. It does not show the address, which may hold a password.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RedisUrlError {
    /// It has another form.
    #[error(
        "the address of Redis must look like redis://user:password@host:6379/0, redis+unix:///path/of/socket or redis-cluster://host:6379,other:6379"
    )]
    Form,
    /// It asks for TLS.
    #[error(
        "this build has no TLS for Redis; build commerce-cache-redis with the feature `tls`, or use redis://"
    )]
    NoTls,
}

/// What the address leads to.
pub(crate) enum Target {
    Single(Box<Client>),
    Cluster(Vec<String>),
}

impl Target {
    pub(crate) fn parse(url: &str) -> Result<Self, RedisUrlError> {
        let (scheme, rest) = url.split_once("://").ok_or(RedisUrlError::Form)?;
        let is_secure = matches!(scheme, "rediss" | "valkeys" | "rediss-cluster");
        if is_secure && cfg!(not(feature = "tls")) {
            return Err(RedisUrlError::NoTls);
        }
        let Some(scheme) = scheme.strip_suffix("-cluster") else {
            return Ok(Self::Single(Box::new(Client::open(url).map_err(form)?)));
        };
        let (user, hosts) = match rest.rsplit_once('@') {
            Some((user, hosts)) => (format!("{user}@"), hosts),
            None => (String::new(), rest),
        };
        let hosts = hosts.trim_end_matches('/').split(',').map(str::trim);
        let nodes: Vec<String> = hosts.map(|host| format!("{scheme}://{user}{host}")).collect();
        // Whether the addresses are some is found out without connecting.
        ClusterClient::builder(nodes.clone()).build().map_err(form)?;
        Ok(Self::Cluster(nodes))
    }
}

fn form(_: RedisError) -> RedisUrlError {
    RedisUrlError::Form
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let read = |url: &str| match Target::parse(url) {
            Ok(Target::Single(client)) => client.get_connection_info().addr().to_string(),
            Ok(Target::Cluster(nodes)) => nodes.join(" "),
            Err(error) => format!("{error:?}"),
        };
        assert_eq!(read("redis://localhost"), "localhost:6379");
        assert_eq!(read("redis://:pass@10.0.0.1:7000/2"), "10.0.0.1:7000");
        assert_eq!(read("redis+unix:///run/redis.sock"), "/run/redis.sock");
        assert_eq!(read("redis-cluster://a:1,b:2"), "redis://a:1 redis://b:2");
        assert_eq!(read("redis-cluster://me:p@ss@a:1,b:2/"), "redis://me:p@ss@a:1 redis://me:p@ss@b:2");
        for bad in
            ["", "localhost:6379", "http://localhost", "redis://", "redis-cluster://", "redis-cluster://a:x"]
        {
            assert_eq!(read(bad), "Form", "{bad}");
        }
        #[cfg(not(feature = "tls"))]
        assert_eq!(read("rediss://localhost"), "NoTls");
    }

    #[test]
    fn an_error_shows_no_password() {
        let error = Target::parse("redis://me:hunter2@host:notaport/").err().unwrap();
        assert!(!format!("{error:?} {error}").contains("hunter2"));
    }
}
