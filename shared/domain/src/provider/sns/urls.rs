//! The only URLs that `ingest` may fetch. They all belong to Amazon SNS.

use std::fmt;
use std::path::Path;

use url::{Host, Url};

/// The URL of an SNS certificate.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct CertificateUrl(Url);

/// The URL that confirms a subscription when it is fetched. It contains a token, so it does not print.
#[derive(Clone, PartialEq, Eq)]
pub struct ConfirmationUrl(Url);

impl CertificateUrl {
    /// Takes the URL of a certificate of Amazon SNS, and no other URL.
    pub fn parse(text: &str) -> Option<Self> {
        let url = of_sns(text)?;
        let is_bare = url.query().is_none() && url.fragment().is_none();
        let is_pem = Path::new(url.path()).extension().is_some_and(|extension| extension == "pem");
        (is_bare && is_pem).then_some(Self(url))
    }

    /// The URL as text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The parsed URL.
    pub fn as_url(&self) -> &Url {
        &self.0
    }
}

impl ConfirmationUrl {
    /// Takes a URL that confirms a subscription at Amazon SNS, and no other URL.
    pub fn parse(text: &str) -> Option<Self> {
        let url = of_sns(text)?;
        let confirms = url.query_pairs().any(|(name, value)| name == "Action" && value == "ConfirmSubscription");
        (confirms && url.path() == "/").then_some(Self(url))
    }

    /// The parsed URL.
    pub fn as_url(&self) -> &Url {
        &self.0
    }
}

impl fmt::Debug for CertificateUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for ConfirmationUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ConfirmationUrl(redacted)")
    }
}

/// An HTTPS URL of `sns.<region>.amazonaws.com`, or in China `….com.cn`, without an explicit port and without a user.
fn of_sns(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let Some(Host::Domain(host)) = url.host() else { return None };
    let region = host.strip_prefix("sns.")?;
    let region = region.strip_suffix(".amazonaws.com").or_else(|| region.strip_suffix(".amazonaws.com.cn"))?;
    let is_region = region.contains('-') && region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let is_plain = url.scheme() == "https" && url.username().is_empty() && url.password().is_none();
    // Amazon's URLs never name a port, so even the default port is refused.
    let written = format!("https://{host}/");
    (is_region && is_plain && url.port().is_none() && text.starts_with(&written)).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_certificates_of_sns() {
        for good in [
            "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-7ff5318490ec183fbaddaa2a969abfda.pem",
            "https://sns.cn-north-1.amazonaws.com.cn/SimpleNotificationService-1.pem",
            "https://sns.us-gov-west-1.amazonaws.com/a.pem",
        ] {
            assert_eq!(CertificateUrl::parse(good).map(|url| url.as_str().to_owned()).as_deref(), Some(good));
        }
        for bad in [
            "http://sns.us-east-1.amazonaws.com/a.pem",
            "https://sns.us-east-1.amazonaws.com:443/a.pem",
            "https://sns.us-east-1.amazonaws.com:8443/a.pem",
            "https://user@sns.us-east-1.amazonaws.com/a.pem",
            "https://sns.us-east-1.amazonaws.com@evil.example/a.pem",
            "https://sns.us-east-1.amazonaws.com.evil.example/a.pem",
            "https://evil.example/sns.us-east-1.amazonaws.com/a.pem",
            "https://sns.evil.us-east-1.amazonaws.com/a.pem",
            "https://sns..amazonaws.com/a.pem",
            "https://sns.amazonaws.com/a.pem",
            "https://s3.us-east-1.amazonaws.com/a.pem",
            "https://sns.us-east-1.amazonaws.com./a.pem",
            "https://sns.us-east-1.amazonaws.com/a.txt",
            "https://sns.us-east-1.amazonaws.com/a?b.pem",
            "https://sns.us-east-1.amazonaws.com/a.pem?x=1",
            "https://sns.us-east-1.amazonaws.com/a#b.pem",
            "https:\\\\sns.us-east-1.amazonaws.com/a.pem",
            "https://127.0.0.1/a.pem",
            "",
        ] {
            assert_eq!(CertificateUrl::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn only_confirmations_at_sns() {
        let good = "https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=arn:aws:sns:x&Token=23";
        assert!(ConfirmationUrl::parse(good).is_some());
        for bad in [
            "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe&Token=23",
            "https://sns.us-east-1.amazonaws.com/",
            "https://sns.us-east-1.amazonaws.com.evil.example/?Action=ConfirmSubscription",
            "http://169.254.169.254/?Action=ConfirmSubscription",
        ] {
            assert_eq!(ConfirmationUrl::parse(bad), None, "{bad}");
        }
        assert_eq!(format!("{:?}", ConfirmationUrl::parse(good)), "Some(ConfirmationUrl(redacted))");
    }
}
