//! The hosts of webhooks' URLs, and an operator's limit on the webhooks with one host. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::IpAddr;

use url::{Host, Url};

use super::{Webhook, WebhookUrl};
use crate::id::WebhookId;

/// The host of a URL. All spellings of a host are equal: capitals, Unicode or Punycode, a final dot, the forms of an
/// IPv4 address. Port, path and credentials are not part of the host.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct UrlHost(String);

impl UrlHost {
    /// `None` for a URL without a host, which no webhook has.
    fn of(url: &Url) -> Option<Self> {
        // The parser has written names in lower case and Punycode, and addresses in their shortest form.
        Some(Self(match url.host()? {
            Host::Domain(name) => name.trim_end_matches('.').to_owned(),
            Host::Ipv4(v4) => v4.to_string(),
            // An IPv4 address in IPv6's mapped form is connected to as IPv4.
            Host::Ipv6(v6) => IpAddr::V6(v6).to_canonical().to_string(),
        }))
    }
}

impl fmt::Display for UrlHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A webhook with the hosts of its URL and of its backup URL. A stream has no host: its service accepts deliveries only
/// with the credentials of an account, so a stream is no third party.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookHosts {
    /// The webhook's id.
    pub webhook: WebhookId,
    /// One or two hosts; none for a stream without a backup URL.
    pub hosts: BTreeSet<UrlHost>,
}

impl WebhookHosts {
    /// The hosts of a webhook that has these URLs.
    pub fn of<'a>(webhook: WebhookId, urls: impl IntoIterator<Item = &'a WebhookUrl>) -> Self {
        Self { webhook, hosts: urls.into_iter().filter_map(|url| UrlHost::of(url.as_url())).collect() }
    }
}

impl From<&Webhook> for WebhookHosts {
    fn from(webhook: &Webhook) -> Self {
        Self::of(webhook.id, webhook.url.https().into_iter().chain(&webhook.backup_url))
    }
}

impl Webhook {
    /// Whether one of its URLs has a host that no URL of `stored` has.
    pub fn has_new_host(&self, stored: &Self) -> bool {
        !WebhookHosts::from(self).hosts.is_subset(&WebhookHosts::from(stored).hosts)
    }
}

/// The host that would have more than `maximum` webhooks if `written` were created, or replaced those of the same id.
/// `present` are all webhooks of the tenant. A webhook is never refused for a host that it has already, so webhooks
/// that are older than the limit can be changed.
pub fn host_above_limit(present: &[WebhookHosts], written: &[WebhookHosts], maximum: u32) -> Option<UrlHost> {
    let before: BTreeMap<WebhookId, &BTreeSet<UrlHost>> = present.iter().map(|one| (one.webhook, &one.hosts)).collect();
    let mut numbers: BTreeMap<&UrlHost, u32> = BTreeMap::new();
    for host in present.iter().flat_map(|one| &one.hosts) {
        *numbers.entry(host).or_default() += 1;
    }
    for one in written {
        let is_new = |host: &&UrlHost| before.get(&one.webhook).is_none_or(|hosts| !hosts.contains(host));
        for host in one.hosts.iter().filter(is_new) {
            let number = numbers.entry(host).or_default();
            *number += 1;
            if *number > maximum {
                return Some(host.clone());
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use proptest::prelude::*;

    use super::*;

    fn host(url: &str) -> UrlHost {
        UrlHost::of(&Url::parse(url).unwrap()).unwrap()
    }

    #[test]
    fn spellings_of_a_host_are_equal() {
        for (spellings, shown) in [
            (
                &[
                    "https://example.com",
                    "HTTPS://u:p@EXAMPLE.com.:8443/x?y",
                    "https://ｅxample。com",
                    "https://ex%61mple.com",
                ][..],
                "example.com",
            ),
            (
                &["https://bücher.example/", "https://BÜCHER.example./", "https://xn--bcher-kva.example"],
                "xn--bcher-kva.example",
            ),
            (
                &[
                    "https://93.184.216.34",
                    "https://0x5db8d822",
                    "https://93.184.216.34.:444",
                    "https://[::ffff:5db8:d822]",
                ],
                "93.184.216.34",
            ),
            (&["https://[2001:4860:4860::8888]", "https://[2001:4860:4860:0:0:0:0:8888]:444"], "2001:4860:4860::8888"),
        ] {
            for spelling in spellings {
                assert_eq!(host(spelling).to_string(), shown, "{spelling}");
            }
        }
        for (one, other) in [
            ("https://example.com", "https://www.example.com"),
            ("https://example.com", "https://example.com.org"),
            ("https://93.184.216.34", "https://93.184.216.35"),
        ] {
            assert_ne!(host(one), host(other));
        }
    }

    proptest! {
        #[test]
        fn a_host_is_the_same_with_any_capitals_dot_port_and_path(
            name in "[a-z][a-z0-9]{0,9}(-[a-z0-9]{1,5})?\\.(example|test)",
            other in "[a-z][a-z0-9]{0,9}\\.(example|test)",
            capitals in proptest::collection::vec(any::<bool>(), 24),
            is_absolute: bool,
            port in 1_u16..,
            path in "[a-z0-9/]{0,8}",
        ) {
            let spelled = name.chars().zip(capitals.iter().cycle());
            let spelled: String = spelled.map(|(c, is_capital)| if *is_capital { c.to_ascii_uppercase() } else { c }).collect();
            let dot = if is_absolute { "." } else { "" };
            let written = host(&format!("https://user@{spelled}{dot}:{port}/{path}"));
            prop_assert_eq!(&written, &host(&format!("https://{name}/")));
            prop_assert_eq!(name == other, written == host(&format!("https://{other}/")));
        }

        /// A write is refused if and only if a host would have more webhooks than the limit allows.
        #[test]
        fn no_change_that_is_allowed_passes_the_limit(
            maximum in 1_u32..4,
            changes in proptest::collection::vec((0_u8..6, 0_u8..3, proptest::option::of(0_u8..3)), 0..24),
        ) {
            let mut present: Vec<WebhookHosts> = Vec::new();
            for (id, main, backup) in changes {
                let webhook = WebhookId::mint(Timestamp::UNIX_EPOCH, [id; 10]);
                let hosts: BTreeSet<_> = [Some(main), backup].into_iter().flatten().map(name).collect();
                let written = WebhookHosts { webhook, hosts };
                let mut after = present.clone();
                after.retain(|one| one.webhook != webhook);
                after.push(written.clone());
                let full = (0..3).map(name).find(|host| number(&after, host) > maximum);
                let refused = host_above_limit(&present, &[written], maximum);
                prop_assert_eq!(refused.is_some(), full.is_some());
                if refused.is_none() {
                    present = after;
                }
            }
        }
    }

    fn name(number: u8) -> UrlHost {
        UrlHost(format!("h{number}.example"))
    }

    fn number(all: &[WebhookHosts], host: &UrlHost) -> u32 {
        all.iter().map(|one| u32::from(one.hosts.contains(host))).sum()
    }

    #[test]
    fn several_new_webhooks_count_together_and_old_ones_above_the_limit_may_keep_their_host() {
        let one = |id: u8, hosts: &[u8]| WebhookHosts {
            webhook: WebhookId::mint(Timestamp::UNIX_EPOCH, [id; 10]),
            hosts: hosts.iter().map(|number| name(*number)).collect(),
        };
        let present = [one(1, &[0]), one(2, &[0, 1]), one(3, &[0])];
        assert_eq!(host_above_limit(&present, &[one(4, &[1])], 2), None);
        assert_eq!(host_above_limit(&present, &[one(4, &[1]), one(5, &[1])], 2), Some(name(1)));
        assert_eq!(host_above_limit(&present, &[one(4, &[0])], 2), Some(name(0)));
        assert_eq!(host_above_limit(&present, &[one(3, &[0, 1])], 2), None);
        assert_eq!(host_above_limit(&present, &[one(3, &[0, 1])], 1), Some(name(1)));
        assert_eq!(host_above_limit(&present, &[one(4, &[]), one(3, &[2])], 1), None);
    }
}
