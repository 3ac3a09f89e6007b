//! The networks that a source's posts may come from.

use std::net::IpAddr;

use ipnet::IpNet;
use serde_json::Value;
use shared::source::Trust;

use crate::http::body::{Faults, list, text};

/// Longest network in text, in characters: an IPv6 address of 45 and its prefix length.
const MAX_LENGTH: usize = 49;

/// Networks in CIDR notation, or single addresses; none means from anywhere.
pub(super) fn read(value: Value) -> Result<Vec<IpNet>, Faults> {
    list(Trust::MAX_NETWORKS, network)(value)
}

fn network(value: Value) -> Result<IpNet, Faults> {
    let given = text(1..=MAX_LENGTH)(value)?;
    let network = given.parse::<IpNet>().or_else(|_| given.parse::<IpAddr>().map(IpNet::from));
    let network = network.map_err(|_| "expected a network like `185.107.232.0/24`, or a single address")?;
    if network.addr().to_canonical() != network.addr() {
        return Err("write an IPv4 address as such, not mapped into IPv6".into());
    }
    if network.prefix_len() == 0 {
        return Err("this is every address; leave it out".into());
    }
    if network.trunc() != network {
        return Err(format!("has bits beyond its prefix; the network is `{}`", network.trunc()).into());
    }
    Ok(network)
}
