//! The providers whose posts we take in, one file each: how it proves itself, its wire form, its mapping.
//!
//! To add a provider: its variant in `event/provider.rs`, its file here with a `Profile`, its fixtures in
//! `tests/fixtures`. CONTRIBUTING.md shows the steps. What providers have in common is in `batch`, `json`, `limits`, `reading`,
//! `signed`, `synthetic_id` and `text`.

use std::borrow::Cow;
use std::net::IpAddr;

use http::HeaderMap;
use jiff::Timestamp;

pub use crate::event::Provider;
pub use crate::source::Unauthentic;
use crate::source::{Trust, Verification};

mod batch;
mod brevo;
mod generic;
mod json;
mod limits;
mod mailersend;
mod mailgun;
mod mailjet;
mod mandrill;
pub mod own;
mod postmark;
mod reading;
mod received;
mod refusal;
mod report;
mod resend;
mod sendgrid;
mod ses;
mod signed;
mod sparkpost;
mod synthetic_id;
mod text;

pub use received::{Received, Token};
pub use refusal::Refusal;
pub use report::Report;
pub use resend::key as resend_key;
pub use sendgrid::parse_public_key;
pub use ses::{Certificate, CertificateUrl, ConfirmationUrl};

/// With what a provider proves that its posts are genuine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// An HMAC, for which a source holds [`Verification::SigningKey`].
    SigningKey,
    /// A public-key signature, for which a source holds [`Verification::PublicKey`].
    PublicKey,
    /// An HMAC that covers the configured URL, for which a source holds [`Verification::KeyAndUrl`].
    KeyAndUrl,
    /// A signature of Amazon SNS, for which a source holds [`Verification::Topics`].
    Topics,
    /// Nothing but the ingest key and what a source's [`Trust`] asks for beside it.
    IngestKey,
}

/// What a provider's file says of the provider.
struct Profile {
    proof: Proof,
    /// The status for our own trouble, after which the provider tries again.
    status_in_trouble: u16,
    /// Verifies a post over its raw bytes and reads its events.
    receive: fn(&Verification, &Post<'_>, Timestamp) -> Result<Received, Refusal>,
    /// Which certificate must be fetched before a post can be verified.
    certificate_wanted: fn(&Verification, &Post<'_>) -> Result<Option<CertificateUrl>, Unauthentic>,
}

impl Profile {
    /// A provider that tries again after a 503 and needs nothing fetched: almost every one.
    const fn new(proof: Proof, receive: fn(&Verification, &Post<'_>, Timestamp) -> Result<Received, Refusal>) -> Self {
        Self { proof, status_in_trouble: 503, receive, certificate_wanted: |_, _| Ok(None) }
    }
}

impl Provider {
    /// What its file says of it; `None` when no source can be of it.
    fn profile(self) -> Option<&'static Profile> {
        Some(match self {
            Self::Mailgun => &mailgun::PROFILE,
            Self::Mailjet => &mailjet::PROFILE,
            Self::SendGrid => &sendgrid::PROFILE,
            Self::Resend => &resend::PROFILE,
            Self::Postmark => &postmark::PROFILE,
            Self::Ses => &ses::PROFILE,
            Self::SparkPost => &sparkpost::PROFILE,
            Self::Brevo => &brevo::PROFILE,
            Self::Mandrill => &mandrill::PROFILE,
            Self::MailerSend => &mailersend::PROFILE,
            Self::Generic => &generic::PROFILE,
            Self::Own | Self::Mailhooks => return None,
        })
    }

    /// How this provider proves itself; `None` when no source can be of it.
    pub fn proof(self) -> Option<Proof> {
        self.profile().map(|profile| profile.proof)
    }

    /// The HTTP status for our own trouble: 503, or whatever makes this provider send the post again.
    pub fn status_in_trouble(self) -> u16 {
        self.profile().map_or(503, |profile| profile.status_in_trouble)
    }
}

/// A provider's post as it arrived.
#[derive(Clone, Copy)]
pub struct Post<'a> {
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// The exact bytes of its body.
    pub body: &'a [u8],
    /// The ingest key that it came with, which may be part of what was signed.
    pub ingest_key: &'a str,
    /// The address that it was sent from, if that is known.
    pub sender: Option<IpAddr>,
    /// The certificate that [`certificate_wanted`] asked for.
    pub certificate: Option<&'a Certificate>,
}

impl<'a> Post<'a> {
    /// A post of which only headers and body matter.
    pub fn new(headers: &'a HeaderMap, body: &'a [u8]) -> Self {
        Self { headers, body, ingest_key: "", sender: None, certificate: None }
    }

    /// A header's value as text.
    fn header(&self, name: &str) -> Option<&'a str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body's type without its parameters, in lower case.
    fn media_type(&self) -> String {
        let content_type = self.header(http::header::CONTENT_TYPE.as_str()).unwrap_or_default();
        content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }

    /// The body as text. Invalid UTF-8 is replaced: one broken name must not cost a batch its other events. Only
    /// verification looks at the bytes.
    fn text(&self) -> Cow<'a, str> {
        String::from_utf8_lossy(self.body)
    }
}

/// Maximum body of a provider's post, in bytes (4 MiB). Reasons: Mandrill sends up to 1,000 events in a form, and
/// Mailgun's legacy posts have files attached. Base64 makes 5.3 MiB of 4 MiB, and Lambda accepts 6 MB.
pub const MAX_PROVIDER_BODY: usize = 4 * 1024 * 1024;

/// Most events in one post of a provider. The largest documented batches (Mandrill's) have 1,000.
pub const MAX_PROVIDER_BATCH: usize = 5_000;

/// Most events in one post of a sender that can choose: the platform's body and own events.
pub const MAX_OWN_BATCH: usize = 500;

/// Which certificate must be fetched before `post` can be verified. What it asks for is Amazon's, and for a topic that
/// the source lists: nobody else can make us fetch anything.
pub fn certificate_wanted(
    provider: Provider,
    trust: &Trust,
    post: &Post<'_>,
) -> Result<Option<CertificateUrl>, Unauthentic> {
    let Some(profile) = provider.profile() else { return Ok(None) };
    admit(trust, post)?;
    (profile.certificate_wanted)(&trust.verification, post)
}

/// Verifies a post over its raw bytes and turns it into events, at `now`.
///
/// After verification nothing of a provider's post is refused but a batch over [`MAX_PROVIDER_BATCH`]: a body that
/// cannot be read is kept as `unparsed`, an odd entry of a batch as `email.unknown`. The generic body is written by
/// people who can correct it, so its mistakes are refused instead.
pub fn receive(provider: Provider, trust: &Trust, post: &Post<'_>, now: Timestamp) -> Result<Received, Refusal> {
    let profile = provider.profile().ok_or(Unauthentic::WrongVerification)?;
    admit(trust, post)?;
    (profile.receive)(&trust.verification, post, now)
}

/// Whether a post's sender is one that the source admits, whatever it has signed.
fn admit(trust: &Trust, post: &Post<'_>) -> Result<(), Unauthentic> {
    let inside = |sender: IpAddr| trust.networks.iter().any(|network| network.contains(&sender.to_canonical()));
    if !trust.networks.is_empty() && !post.sender.is_some_and(inside) {
        return Err(Unauthentic::ForeignNetwork);
    }
    trust.credentials.as_ref().map_or(Ok(()), |credentials| credentials.accepts(post.headers))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_admit_their_own() {
        let headers = HeaderMap::new();
        let trust = Trust {
            networks: vec!["185.107.232.0/24".parse().unwrap(), "2001:db8::/32".parse().unwrap()],
            ..Trust::unsigned()
        };
        let from = |sender: Option<&str>| {
            admit(&trust, &Post { sender: sender.map(|ip| ip.parse().unwrap()), ..Post::new(&headers, b"") })
        };
        for inside in ["185.107.232.1", "::ffff:185.107.232.1", "2001:db8::1"] {
            assert_eq!(from(Some(inside)), Ok(()), "{inside}");
        }
        for outside in [Some("185.107.233.1"), Some("::1"), None] {
            assert_eq!(from(outside), Err(Unauthentic::ForeignNetwork), "{outside:?}");
        }
    }

    #[test]
    fn only_brevo_wants_another_status_than_503() {
        for provider in Provider::ALL {
            let expected = if *provider == Provider::Brevo { 429 } else { 503 };
            assert_eq!(provider.status_in_trouble(), expected, "{}", provider.as_str());
        }
    }
}
