//! Webhook URLs, with all checks that need no network.

use std::net::IpAddr;

use url::{Host, Url};

use crate::address_policy::{AddressPolicy, Verdict};

/// Maximum length of a URL, in bytes.
const MAX_LENGTH: usize = 2048;

/// A URL that deliveries may go to, as far as this can be decided without resolving its host: HTTPS (or plain HTTP to
/// an explicitly allowed network), no forbidden address as host, no fragment.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookUrl(Url);

/// A URL is refused; the text says what would be right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidUrl {
    /// The text is not a URL.
    #[error("not an absolute URL like https://example.com/hook")]
    Malformed,
    /// The URL is longer than 2048 bytes.
    #[error("a URL may have at most {MAX_LENGTH} bytes")]
    TooLong,
    /// The scheme is neither https nor, for an allowed network, http.
    #[error("only https:// URLs are delivered to")]
    NotHttps,
    /// The host is an address in a forbidden network.
    #[error("the address {0} is not public; deliveries go to public addresses only")]
    ForbiddenAddress(IpAddr),
    /// The host is a name that never resolves to a public address.
    #[error("the host name is local; deliveries go to public hosts only")]
    LocalName,
    /// The URL has a fragment, which is never sent.
    #[error("remove the part after `#`: it is never sent")]
    Fragment,
}

impl WebhookUrl {
    /// Checks a URL and takes it.
    pub fn parse(text: &str, policy: &AddressPolicy) -> Result<Self, InvalidUrl> {
        if text.len() > MAX_LENGTH {
            return Err(InvalidUrl::TooLong);
        }
        // The parser of the URL standard reads decimal, octal and hexadecimal forms of IPv4 addresses as addresses.
        let url = Url::parse(text).map_err(|_| InvalidUrl::Malformed)?;
        let address = match url.host().ok_or(InvalidUrl::Malformed)? {
            Host::Domain(name) if is_local(name) => return Self::local_name(url, policy),
            Host::Domain(_) => None,
            Host::Ipv4(v4) => Some(IpAddr::V4(v4)),
            Host::Ipv6(v6) => Some(IpAddr::V6(v6)),
        };
        let verdict = address.map(|address| (address, policy.verdict(address)));
        match (url.scheme(), verdict) {
            ("https" | "http", Some((address, Verdict::Forbidden))) => {
                return Err(InvalidUrl::ForbiddenAddress(address));
            }
            ("https", _) | ("http", Some((_, Verdict::Allowed))) => {}
            _ => return Err(InvalidUrl::NotHttps),
        }
        Self::without_fragment(url)
    }

    /// `localhost` and similar names are accepted only where loopback is allowed. They are checked again when a
    /// connection is made.
    fn local_name(url: Url, policy: &AddressPolicy) -> Result<Self, InvalidUrl> {
        if !is_http(&url) {
            return Err(InvalidUrl::NotHttps);
        }
        match policy.verdict(IpAddr::from([127, 0, 0, 1])) {
            Verdict::Allowed => Self::without_fragment(url),
            Verdict::Public | Verdict::Forbidden => Err(InvalidUrl::LocalName),
        }
    }

    fn without_fragment(url: Url) -> Result<Self, InvalidUrl> {
        if url.fragment().is_some() { Err(InvalidUrl::Fragment) } else { Ok(Self(url)) }
    }

    /// Takes a stored URL, which was checked before it was stored. The checks at the time of the connection still
    /// apply. A URL of another scheme is a destination of a newer release: [`InvalidUrl::NotHttps`].
    pub fn from_stored(text: &str) -> Result<Self, InvalidUrl> {
        let url = Url::parse(text).map_err(|_| InvalidUrl::Malformed)?;
        if is_http(&url) { Ok(Self(url)) } else { Err(InvalidUrl::NotHttps) }
    }

    /// The parsed URL.
    pub fn as_url(&self) -> &Url {
        &self.0
    }

    /// The URL for the webhook's owner. A password in it is masked.
    pub fn masked(&self) -> String {
        let mut url = self.0.clone();
        if url.password().is_some() {
            // This fails only for URLs without a host, which `parse` refuses.
            let _without_host = url.set_password(Some("***"));
        }
        url.into()
    }

    /// The URL without its password, and the password: for storage, which seals the password.
    pub fn parts(&self) -> (String, Option<String>) {
        let password = self.0.password().map(str::to_owned);
        let mut url = self.0.clone();
        if password.is_some() {
            // This fails only for URLs without a host, which `parse` refuses.
            let _without_host = url.set_password(None);
        }
        (url.into(), password)
    }

    /// Combines the two parts.
    pub fn from_parts(text: &str, password: Option<&str>) -> Result<Self, InvalidUrl> {
        let mut url = Self::from_stored(text)?;
        if password.is_some() {
            // The password is percent-encoded already and stays unchanged.
            url.0.set_password(password).map_err(|()| InvalidUrl::Malformed)?;
        }
        Ok(url)
    }

    /// The URL as text, including credentials.
    pub fn expose(&self) -> &str {
        self.0.as_str()
    }
}

impl std::fmt::Debug for WebhookUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "WebhookUrl({})", self.masked())
    }
}

fn is_http(url: &Url) -> bool {
    matches!(url.scheme(), "https" | "http")
}

fn is_local(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<WebhookUrl, InvalidUrl> {
        WebhookUrl::parse(text, &AddressPolicy::public_only())
    }

    #[test]
    fn takes_public_https() {
        for text in [
            "https://example.com/hook?x=1",
            "https://93.184.216.34/",
            "https://user:pass@example.com/",
            "https://bücher.example/",
        ] {
            assert!(parse(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn a_stored_url_of_another_scheme_is_of_a_newer_release() {
        for text in ["https://example.com/", "http://127.0.0.1:8080/hook"] {
            assert!(WebhookUrl::from_stored(text).is_ok(), "{text}");
        }
        for text in ["kafka://broker/topic", "wss://example.com/", "arn:aws:sqs:us-east-1:1:queue"] {
            assert!(matches!(WebhookUrl::from_stored(text), Err(InvalidUrl::NotHttps)), "{text}");
        }
    }

    #[test]
    fn refuses_all_spellings_of_forbidden_addresses() {
        for host in [
            "127.0.0.1",
            "2130706433",
            "0x7f000001",
            "0177.0.0.1",
            "127.1",
            "10.0.0.8",
            "192.168.1.1",
            "172.16.0.1",
            "169.254.169.254",
            "[::1]",
            "[::ffff:10.0.0.1]",
            "[fd00:ec2::254]",
            "[64:ff9b::a9fe:a9fe]",
            "168.63.129.16",
            // A trailing dot, mixed bases, missing parts, octal as one number.
            "127.0.0.1.",
            "0x7f.0.1",
            "0x7f.0x0.0x0.0x1",
            "017700000001",
            "127.0.1",
            "0",
            "0x0",
            "0251.0376.0251.0376",
            "2852039166",
            // Letters and digits that IDNA maps to ASCII.
            "１２７.０.０.１",
            "①②⑦.0.0.1",
            "127。0。0。1",
            "１６９．２５４．１６９．２５４",
            "%31%32%37.0.0.1",
            // IPv6 that leads to IPv4: mapped, compatible, 6to4, Teredo, local NAT64.
            "[::ffff:7f00:1]",
            "[::127.0.0.1]",
            "[2002:7f00:1::]",
            "[2001:0:4136:e378:8000:63bf:3fff:fdd2]",
            "[64:ff9b:1::10.0.0.1]",
            "[0:0:0:0:0:ffff:a9fe:a9fe]",
            "[fe80::1]",
            "[ff02::1]",
        ] {
            let refusal = parse(&format!("https://{host}/"));
            assert!(matches!(refusal, Err(InvalidUrl::ForbiddenAddress(_))), "{host}: {refusal:?}");
        }
    }

    #[test]
    fn refuses_other_faults() {
        assert_eq!(parse("http://example.com/"), Err(InvalidUrl::NotHttps));
        assert_eq!(parse("ftp://example.com/"), Err(InvalidUrl::NotHttps));
        assert_eq!(parse("/relative"), Err(InvalidUrl::Malformed));
        assert_eq!(parse("https://localhost/"), Err(InvalidUrl::LocalName));
        for local in ["api.localhost.", "LOCALHOST", "ｌｏｃａｌｈｏｓｔ", "ⓛocalhost", "localhost.."] {
            let refused = parse(&format!("https://{local}/"));
            assert!(matches!(refused, Err(InvalidUrl::LocalName | InvalidUrl::Malformed)), "{local}: {refused:?}");
        }
        assert_eq!(parse("https://example.com/#part"), Err(InvalidUrl::Fragment));
        assert_eq!(parse(&format!("https://example.com/{}", "x".repeat(2048))), Err(InvalidUrl::TooLong));
    }

    #[test]
    fn allowed_networks_open_plain_http_to_themselves_alone() {
        let policy = AddressPolicy::allowing(vec!["127.0.0.0/8".parse().unwrap()]);
        assert!(WebhookUrl::parse("http://127.0.0.1:9000/", &policy).is_ok());
        assert!(WebhookUrl::parse("http://localhost:9000/", &policy).is_ok());
        assert_eq!(WebhookUrl::parse("http://93.184.216.34/", &policy), Err(InvalidUrl::NotHttps));
        assert!(WebhookUrl::parse("https://10.0.0.1/", &policy).is_err());
    }

    proptest::proptest! {
        #[test]
        fn parts_make_the_url_again(user in "[ -~é]{0,8}", password in "[ -~é]{0,12}") {
            let mut url = Url::parse("https://example.com/hook?x=1").unwrap();
            url.set_username(&user).unwrap();
            url.set_password((!password.is_empty()).then_some(&password)).unwrap();
            let whole = parse(url.as_str()).unwrap();
            let (text, kept) = whole.parts();
            proptest::prop_assert_eq!(kept.is_some(), !password.is_empty());
            proptest::prop_assert!(Url::parse(&text).unwrap().password().is_none());
            proptest::prop_assert_eq!(WebhookUrl::from_parts(&text, kept.as_deref()).unwrap(), whole);
        }
    }

    #[test]
    fn masks_passwords() {
        let url = parse("https://user:hunter2@example.com/").unwrap();
        assert!(!format!("{url:?}").contains("hunter2") && url.masked().contains("***"));
    }
}
