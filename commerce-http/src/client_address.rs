//! Where a request comes from: the peer of the connection, or whom a proxy of the shop's own names.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use poem::Request;
use serde::{Deserialize, Deserializer};

/// The header in which a proxy writes whom it speaks for, at the end of what it got.
const FORWARDED_FOR: &str = "x-forwarded-for";
/// How much of an IPv6 address tells networks apart: whoever has a line has all addresses below this.
const IPV6_NETWORK_BITS: u8 = 64;

/// An address, or all that share its first bits: `10.0.0.0/8`, `2001:db8::1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    first: IpAddr,
    bits: u8,
}

/// The text is no [`Network`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write an address like 10.0.0.7, or a network like 10.0.0.0/8 or fd00::/8 whose other bits are 0")]
pub struct NetworkError;

impl Network {
    /// Whether the address lies in it. An IPv4 address that is written as an IPv6 one is the IPv4 address.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.first, address.to_canonical()) {
            (IpAddr::V4(first), IpAddr::V4(address)) => {
                (u32::from(first) ^ u32::from(address)).leading_zeros() >= u32::from(self.bits)
            }
            (IpAddr::V6(first), IpAddr::V6(address)) => {
                (u128::from(first) ^ u128::from(address)).leading_zeros() >= u32::from(self.bits)
            }
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse::<u8>().map_err(|_| NetworkError)?)),
            None => (text, None),
        };
        let first = address.parse::<IpAddr>().map_err(|_| NetworkError)?;
        let most = if first.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(most);
        let rest_is_zero = match first {
            IpAddr::V4(first) => u32::from(first).checked_shl(u32::from(bits)).unwrap_or(0) == 0,
            IpAddr::V6(first) => u128::from(first).checked_shl(u32::from(bits)).unwrap_or(0) == 0,
        };
        // A network of IPv4 in the dress of IPv6 would contain nothing.
        let is_mapped = matches!(first, IpAddr::V6(first) if first.to_ipv4_mapped().is_some());
        if bits > most || !rest_is_zero || is_mapped {
            return Err(NetworkError);
        }
        Ok(Self { first, bits })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first, self.bits)
    }
}

impl<'de> Deserialize<'de> for Network {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Where a request comes from; absent when the connection has no address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ClientAddress(pub(crate) Option<IpAddr>);

impl ClientAddress {
    /// The client of the request. `X-Forwarded-For` is believed as far as proxies of our own have written it: from its end
    /// to the first address that is none of theirs. What stands before that was sent by whoever has this address.
    pub(crate) fn of(request: &Request, proxies: &[Network]) -> Self {
        let peer = request.remote_addr().as_socket_addr().map(|peer| peer.ip().to_canonical());
        let lines = request.headers().get_all(FORWARDED_FOR).iter();
        Self(peer.map(|peer| behind(peer, lines.map(|line| line.as_bytes()), proxies)))
    }

    /// What rate limits count the client by: its address, of IPv6 the network.
    pub(crate) fn subject(self) -> String {
        match self.0 {
            Some(IpAddr::V4(address)) => address.to_string(),
            Some(IpAddr::V6(address)) => {
                let host_bits = 128 - u32::from(IPV6_NETWORK_BITS);
                let network = u128::from(address) >> host_bits << host_bits;
                format!("{}/{IPV6_NETWORK_BITS}", Ipv6Addr::from(network))
            }
            None => "nowhere".to_owned(),
        }
    }
}

fn behind<'a>(peer: IpAddr, lines: impl DoubleEndedIterator<Item = &'a [u8]>, proxies: &[Network]) -> IpAddr {
    let is_ours = |address| proxies.iter().any(|proxy| proxy.contains(address));
    let mut client = peer;
    for hop in lines.rev().flat_map(|line| line.rsplit(|byte| *byte == b',')) {
        if !is_ours(client) {
            break;
        }
        // Somebody wrote what is no address: the last one that is known is all there is.
        let Some(address) = hop_address(hop) else { break };
        client = address;
    }
    client
}

/// The address of a hop: `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:4711`.
fn hop_address(hop: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(hop).ok()?.trim();
    let address = text.parse::<IpAddr>().ok();
    let address = address.or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()));
    let address = address.or_else(|| text.strip_prefix('[')?.strip_suffix(']')?.parse().ok());
    address.map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn networks(texts: &[&str]) -> Vec<Network> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn networks_contain_what_shares_their_bits() {
        for (network, inside, outside) in [
            ("10.0.0.0/8", "10.255.0.1", "11.0.0.1"),
            ("192.0.2.7", "192.0.2.7", "192.0.2.8"),
            ("192.0.2.7/32", "::ffff:192.0.2.7", "::192.0.2.7"),
            ("0.0.0.0/0", "8.8.8.8", "::1"),
            ("fd00::/8", "fdff::1", "fe80::1"),
            ("::/0", "2001:db8::1", "10.0.0.1"),
            ("2001:db8:0:1::/64", "2001:db8:0:1:ffff::", "2001:db8:0:2::"),
        ] {
            let network: Network = network.parse().unwrap();
            assert!(network.contains(inside.parse().unwrap()), "{inside} in {network}");
            assert!(!network.contains(outside.parse().unwrap()), "{outside} in {network}");
        }
        for bad in [
            "",
            "proxy",
            "10.0.0.1/8",
            "10.0.0.0/33",
            "::/129",
            "10.0.0.0/",
            "10.0.0.0/-1",
            "::ffff:10.0.0.1",
        ] {
            assert_eq!(bad.parse::<Network>(), Err(NetworkError), "{bad}");
        }
    }

    #[test]
    fn the_last_hop_that_is_none_of_ours_counts() {
        let ours = networks(&["10.0.0.0/8", "fd00::/8", "127.0.0.1"]);
        for (peer, lines, client) in [
            // Nobody believes a stranger.
            ("192.0.2.1", vec!["198.51.100.9"], "192.0.2.1"),
            ("192.0.2.1", vec![], "192.0.2.1"),
            ("10.0.0.1", vec![], "10.0.0.1"),
            ("10.0.0.1", vec!["198.51.100.9"], "198.51.100.9"),
            // What the client made up stands before what our proxy saw.
            ("10.0.0.1", vec!["1.1.1.1, 2.2.2.2, 198.51.100.9"], "198.51.100.9"),
            ("10.0.0.1", vec!["1.1.1.1", "2.2.2.2 , 198.51.100.9"], "198.51.100.9"),
            ("10.0.0.1", vec!["127.0.0.1, 198.51.100.9, 10.2.3.4"], "198.51.100.9"),
            ("10.0.0.1", vec!["1.1.1.1, 198.51.100.9, fd00::1, 10.2.3.4"], "198.51.100.9"),
            // Only ours: the first of them.
            ("10.0.0.1", vec!["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
            // What is no address ends what is believed.
            ("10.0.0.1", vec!["1.1.1.1, unknown, 10.2.3.4"], "10.2.3.4"),
            ("10.0.0.1", vec!["1.1.1.1, _hidden"], "10.0.0.1"),
            ("10.0.0.1", vec!["1.1.1.1,"], "10.0.0.1"),
            ("10.0.0.1", vec![""], "10.0.0.1"),
            // Every way to write one.
            ("10.0.0.1", vec!["198.51.100.9:4711"], "198.51.100.9"),
            ("10.0.0.1", vec!["[2001:db8::1]:4711"], "2001:db8::1"),
            ("10.0.0.1", vec!["[2001:db8::1]"], "2001:db8::1"),
            ("10.0.0.1", vec!["2001:db8::1"], "2001:db8::1"),
            ("10.0.0.1", vec!["::ffff:198.51.100.9"], "198.51.100.9"),
            ("10.0.0.1", vec!["1.1.1.1, ::ffff:10.9.9.9"], "1.1.1.1"),
        ] {
            let found = behind(peer.parse().unwrap(), lines.iter().map(|line| line.as_bytes()), &ours);
            assert_eq!(found.to_string(), client, "{peer} {lines:?}");
        }
    }

    #[test]
    fn of_ipv6_the_network_is_counted() {
        let subject = |text: &str| ClientAddress(Some(text.parse().unwrap())).subject();
        assert_eq!(subject("192.0.2.1"), "192.0.2.1");
        assert_eq!(subject("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
        assert_eq!(subject("2001:db8:1:2::"), subject("2001:db8:1:2:ffff:ffff:ffff:ffff"));
        assert_ne!(subject("2001:db8:1:2::"), subject("2001:db8:1:3::"));
        assert_eq!(ClientAddress(None).subject(), "nowhere");
    }
}
