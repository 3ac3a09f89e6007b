//! Which addresses deliveries may go to: the guard against server-side request forgery.
//!
//! Forbidden are all networks in IANA's special-purpose registries for both families, every IPv6 address that carries a
//! forbidden IPv4 address, and the metadata addresses of clouds.
//! <https://www.iana.org/assignments/iana-ipv4-special-registry>,
//! <https://www.iana.org/assignments/iana-ipv6-special-registry>

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// The policy's verdict on an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// A public address: HTTPS is allowed, plain HTTP is not.
    Public,
    /// An address in a network that the operator allowed: plain HTTP is allowed too.
    Allowed,
    /// Neither public nor allowed: no request is made.
    Forbidden,
}

/// Which addresses deliveries may go to.
#[derive(Debug, Clone, Default)]
pub struct AddressPolicy {
    allowed: Vec<IpNet>,
}

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

/// The whole IPv4 registry. Its few globally reachable entries (AS112, AMT, PCP anycast) are forbidden too, because
/// they are no receivers.
const FORBIDDEN_V4: [Ipv4Net; 20] = [
    v4(0, 0, 0, 0, 8),          // this network
    v4(10, 0, 0, 0, 8),         // private
    v4(100, 64, 0, 0, 10),      // carrier-grade NAT
    v4(127, 0, 0, 0, 8),        // loopback
    v4(168, 63, 129, 16, 32),   // Azure's metadata and health address
    v4(169, 254, 0, 0, 16),     // link-local, cloud metadata
    v4(172, 16, 0, 0, 12),      // private
    v4(192, 0, 0, 0, 24),       // protocol assignments
    v4(192, 0, 2, 0, 24),       // documentation
    v4(192, 31, 196, 0, 24),    // AS112
    v4(192, 52, 193, 0, 24),    // AMT
    v4(192, 88, 99, 0, 24),     // 6to4 relay anycast
    v4(192, 168, 0, 0, 16),     // private
    v4(192, 175, 48, 0, 24),    // AS112
    v4(198, 18, 0, 0, 15),      // benchmarks
    v4(198, 51, 100, 0, 24),    // documentation
    v4(203, 0, 113, 0, 24),     // documentation
    v4(224, 0, 0, 0, 4),        // multicast
    v4(240, 0, 0, 0, 4),        // reserved
    v4(255, 255, 255, 255, 32), // broadcast
];

const fn v6(a: u16, b: u16, c: u16, prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0), prefix)
}

/// The only IPv6 space that is assigned as global unicast. Everything outside this space is special or unassigned.
const GLOBAL_V6: Ipv6Net = v6(0x2000, 0, 0, 3);

/// Special networks inside the global space. 6to4 and Teredo are forbidden as a whole: both are retired, and the IPv4
/// address in them, which we would have to extract, decides where they lead.
const FORBIDDEN_V6: [Ipv6Net; 5] = [
    v6(0x2001, 0, 0, 23),         // protocol assignments: Teredo, benchmarks, ORCHID …
    v6(0x2001, 0xdb8, 0, 32),     // documentation
    v6(0x2002, 0, 0, 16),         // 6to4
    v6(0x2620, 0x4f, 0x8000, 48), // AS112
    v6(0x3fff, 0, 0, 20),         // documentation
];

/// NAT64's well-known prefix. The last 32 bits of such an address are an IPv4 address (RFC 6052).
const NAT64: Ipv6Net = v6(0x64, 0xff9b, 0, 96);

impl AddressPolicy {
    /// Public addresses only.
    pub fn public_only() -> Self {
        Self::default()
    }

    /// Public addresses and these networks.
    pub fn allowing(allowed: Vec<IpNet>) -> Self {
        Self { allowed }
    }

    /// The verdict on an address.
    pub fn verdict(&self, address: IpAddr) -> Verdict {
        // An IPv4 address in IPv6's mapped form is connected to as IPv4, so the IPv4 rules apply.
        let address = address.to_canonical();
        if self.allowed.iter().any(|network| network.contains(&address)) {
            return Verdict::Allowed;
        }
        let forbidden = match address {
            IpAddr::V4(v4) => is_forbidden_v4(v4),
            IpAddr::V6(v6) => is_forbidden_v6(v6),
        };
        if forbidden { Verdict::Forbidden } else { Verdict::Public }
    }
}

fn is_forbidden_v4(address: Ipv4Addr) -> bool {
    FORBIDDEN_V4.iter().any(|network| network.contains(&address))
}

fn is_forbidden_v6(address: Ipv6Addr) -> bool {
    if NAT64.contains(&address) {
        let [.., a, b, c, d] = address.octets();
        return is_forbidden_v4(Ipv4Addr::new(a, b, c, d));
    }
    !GLOBAL_V6.contains(&address) || FORBIDDEN_V6.iter().any(|network| network.contains(&address))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(address: &str) -> Verdict {
        AddressPolicy::public_only().verdict(address.parse().unwrap())
    }

    #[test]
    fn public_addresses() {
        for address in [
            "93.184.216.34",
            "1.1.1.1",
            "172.32.0.1",
            "100.128.0.1",
            "2606:4700::1111",
            "2a00:1450:4001:81b::200e",
            "::ffff:1.1.1.1",
            "64:ff9b::1.1.1.1",
        ] {
            assert_eq!(verdict(address), Verdict::Public, "{address}");
        }
    }

    #[test]
    fn every_special_network_by_its_first_and_last_address() {
        for network in FORBIDDEN_V4 {
            for address in [network.network(), network.broadcast()] {
                assert_eq!(verdict(&address.to_string()), Verdict::Forbidden, "{address}");
                for form in [address.to_ipv6_mapped(), address.to_ipv6_compatible()] {
                    assert_eq!(verdict(&form.to_string()), Verdict::Forbidden, "{form}");
                }
                let [a, b, c, d] = address.octets();
                for form in [
                    format!("64:ff9b::{a}.{b}.{c}.{d}"),
                    format!("64:ff9b:1::{a}.{b}.{c}.{d}"),
                    format!("2002:{a:02x}{b:02x}:{c:02x}{d:02x}::1"),
                ] {
                    assert_eq!(verdict(&form), Verdict::Forbidden, "{form}");
                }
            }
        }
        for network in FORBIDDEN_V6 {
            for address in [network.network(), network.broadcast()] {
                assert_eq!(verdict(&address.to_string()), Verdict::Forbidden, "{address}");
            }
        }
    }

    /// Each row of IANA's two registries, as of 2026, and multicast, which has registries of its own.
    #[test]
    fn every_row_of_the_special_purpose_registries() {
        for row in [
            "0.0.0.0/8",          // "this network"
            "0.0.0.0/32",         // "this host on this network"
            "10.0.0.0/8",         // private use
            "100.64.0.0/10",      // shared address space
            "127.0.0.0/8",        // loopback
            "169.254.0.0/16",     // link local
            "172.16.0.0/12",      // private use
            "192.0.0.0/24",       // IETF protocol assignments
            "192.0.0.0/29",       // IPv4 service continuity
            "192.0.0.8/32",       // dummy address
            "192.0.0.9/32",       // Port Control Protocol anycast
            "192.0.0.10/32",      // TURN anycast
            "192.0.0.170/31",     // NAT64 and DNS64 discovery
            "192.0.2.0/24",       // documentation
            "192.31.196.0/24",    // AS112-v4
            "192.52.193.0/24",    // AMT
            "192.88.99.0/24",     // 6to4 relay anycast, deprecated
            "192.88.99.2/32",     // 6a44 relay anycast
            "192.168.0.0/16",     // private use
            "192.175.48.0/24",    // direct delegation AS112
            "198.18.0.0/15",      // benchmarking
            "198.51.100.0/24",    // documentation
            "203.0.113.0/24",     // documentation
            "224.0.0.0/4",        // multicast
            "240.0.0.0/4",        // reserved
            "255.255.255.255/32", // limited broadcast
            "::1/128",            // loopback
            "::/128",             // unspecified
            "64:ff9b:1::/48",     // local-use translation
            "100::/64",           // discard only
            "100:0:0:1::/64",     // dummy prefix
            "2001::/23",          // IETF protocol assignments
            "2001::/32",          // Teredo
            "2001:1::1/128",      // Port Control Protocol anycast
            "2001:1::2/128",      // TURN anycast
            "2001:1::3/128",      // DNS-SD service registration anycast
            "2001:2::/48",        // benchmarking
            "2001:3::/32",        // AMT
            "2001:4:112::/48",    // AS112-v6
            "2001:10::/28",       // ORCHID, deprecated
            "2001:20::/28",       // ORCHIDv2
            "2001:30::/28",       // drone remote ids
            "2001:db8::/32",      // documentation
            "2002::/16",          // 6to4
            "2620:4f:8000::/48",  // direct delegation AS112
            "3fff::/20",          // documentation
            "5f00::/16",          // segment routing
            "fc00::/7",           // unique local
            "fe80::/10",          // link-local unicast
            "ff00::/8",           // multicast
        ] {
            let network: IpNet = row.parse().unwrap();
            for address in [network.network(), network.broadcast()] {
                assert_eq!(verdict(&address.to_string()), Verdict::Forbidden, "{address} of {row}");
            }
        }
        // Two rows carry an IPv4 address; the verdict is that of the IPv4 address.
        for (public, forbidden) in [("::ffff:1.1.1.1", "::ffff:10.0.0.1"), ("64:ff9b::1.1.1.1", "64:ff9b::10.0.0.1")] {
            assert_eq!((verdict(public), verdict(forbidden)), (Verdict::Public, Verdict::Forbidden));
        }
    }

    #[test]
    fn the_metadata_addresses_of_clouds() {
        for address in [
            "169.254.169.254", // AWS, Azure, Google Cloud and others
            "169.254.170.2",   // AWS containers
            "fd00:ec2::254",   // AWS
            "fd20:ce::254",    // Google Cloud
            "168.63.129.16",   // Azure
            "100.100.100.200", // Alibaba Cloud
            "192.0.0.192",     // Oracle Cloud
        ] {
            assert_eq!(verdict(address), Verdict::Forbidden, "{address}");
        }
    }

    #[test]
    fn special_v6_outside_the_global_space() {
        for address in [
            "::",
            "::1",
            "100::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "5f00::1",
            "4000::1",
            "2001:0:4136:e378:8000:63bf:3fff:fdd2",
            "0:0:0:0:ffff:0:7f00:1",
        ] {
            assert_eq!(verdict(address), Verdict::Forbidden, "{address}");
        }
    }

    #[test]
    fn allowed_networks_are_holes_for_themselves_alone() {
        let policy = AddressPolicy::allowing(vec!["127.0.0.0/8".parse().unwrap()]);
        let verdict = |address: &str| policy.verdict(address.parse().unwrap());
        assert_eq!(verdict("127.0.0.1"), Verdict::Allowed);
        assert_eq!(verdict("::ffff:127.0.0.1"), Verdict::Allowed);
        assert_eq!(verdict("::1"), Verdict::Forbidden);
        assert_eq!(verdict("10.0.0.1"), Verdict::Forbidden);
        assert_eq!(verdict("1.1.1.1"), Verdict::Public);
    }
}
