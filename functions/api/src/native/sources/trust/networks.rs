//! The networks that a source's posts may come from.

use std::net::IpAddr;

use ipnet::IpNet;
use serde_json::Value;
use shared::source::Trust;

use crate::http::body::{list, text};
use crate::http::field_errors::FieldErrors;

/// Maximum characters of a network. Reason: an IPv6 address has up to 45, and the prefix length up to 4.
const MAX_LENGTH: usize = 49;

/// Networks in CIDR notation, or single addresses. An empty list allows every address.
pub(super) fn read(value: Value) -> Result<Vec<IpNet>, FieldErrors> {
    list(Trust::MAX_NETWORKS, network)(value)
}

fn network(value: Value) -> Result<IpNet, FieldErrors> {
    let given = text(1..=MAX_LENGTH)(value)?;
    let network = given.parse::<IpNet>().or_else(|_| given.parse::<IpAddr>().map(IpNet::from));
    let network = network.map_err(|_| "expected a network like `185.107.232.0/24`, or a single address")?;
    if network.addr().to_canonical() != network.addr() {
        return Err("write an IPv4 address as IPv4, not mapped into IPv6".into());
    }
    if network.prefix_len() == 0 {
        return Err("this network is every address; leave it out".into());
    }
    if network.trunc() != network {
        return Err(format!("has bits beyond its prefix; the network is `{}`", network.trunc()).into());
    }
    Ok(network)
}
