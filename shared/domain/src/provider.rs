//! The providers whose posts we accept. Each has a file that says how the provider proves itself, how its bodies are
//! formed, and how its events are mapped to ours.
//!
//! CONTRIBUTING.md, "Adding a provider", has the places that a new provider needs, in their order.

use std::net::IpAddr;

use jiff::Timestamp;

pub use crate::event::Provider;
use crate::source::Trust;
pub use crate::source::VerificationError;

// Common to all providers.
mod text;
mod limits;
mod json;
mod signed;
mod sns;
mod post;
mod inbound_post_error;
mod report;
mod received;
mod profile;
mod synthetic_id;
mod reading;
mod batch;

// Providers whose posts arrive through a source.
mod mailgun;
mod mailjet;
mod sendgrid;
mod resend;
mod postmark;
mod ses;
mod sparkpost;
mod brevo;
mod mandrill;
mod mailersend;
mod generic;

// Events that a tenant publishes itself.
pub mod own;

pub use self::batch::{MAX_OWN_BATCH, MAX_PROVIDER_BATCH};
pub use self::inbound_post_error::InboundPostError;
pub use self::post::{InboundPost, MAX_PROVIDER_BODY};
use self::profile::Profile;
pub use self::profile::Proof;
pub use self::received::{Received, Token};
pub use self::report::Report;
pub use self::resend::key as resend_key;
pub use self::sendgrid::parse_public_key;
pub use self::sns::{Certificate, CertificateUrl, ConfirmationUrl};

impl Provider {
    /// The providers that a source can have, in the order of the documentation.
    pub fn of_sources() -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(|provider| provider.profile().is_some())
    }

    /// The provider's profile; `None` for the two that are not the provider of a source.
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

    /// How this provider proves itself; `None` for the two that are not the provider of a source.
    pub fn proof(self) -> Option<Proof> {
        self.profile().map(|profile| profile.proof)
    }

    /// Whether a signed post of this provider is valid for ever, because the signature says no time.
    pub fn signs_for_ever(self) -> bool {
        self.profile().is_some_and(|profile| !profile.signature_ends)
    }

    /// The HTTP status of an internal error: the one after which this provider sends the post again. 503 for most.
    pub fn status_in_trouble(self) -> u16 {
        self.profile().map_or(503, |profile| profile.status_in_trouble)
    }

    /// The HTTP status of a post that is refused for a while: the one after which this provider sends the post again.
    /// 429 for most.
    pub fn status_to_wait(self) -> u16 {
        self.profile().map_or(429, |profile| profile.status_to_wait)
    }
}

/// The certificate that must be fetched before `post` can be verified. The URL belongs to Amazon, and the post is of a
/// topic that the source lists; so nobody else can make us fetch anything.
pub fn certificate_wanted(
    provider: Provider,
    trust: &Trust,
    post: &InboundPost<'_>,
) -> Result<Option<CertificateUrl>, VerificationError> {
    let Some(profile) = provider.profile() else { return Ok(None) };
    admit(trust, post)?;
    (profile.certificate_wanted)(&trust.verification, post)
}

/// Verifies a post over its raw bytes and turns it into events, at `now`.
///
/// After verification, nothing in a provider's post is refused except a batch over [`MAX_PROVIDER_BATCH`]. A body that
/// cannot be read is kept as `unparsed`, and an entry that cannot be read as `email.unknown`. The generic body is
/// written by people who can correct it, so its mistakes are refused.
pub fn receive(
    provider: Provider,
    trust: &Trust,
    post: &InboundPost<'_>,
    now: Timestamp,
) -> Result<Received, InboundPostError> {
    let profile = provider.profile().ok_or(VerificationError::WrongVerification)?;
    admit(trust, post)?;
    (profile.receive)(&trust.verification, post, now)
}

/// Whether the source admits the sender of a post. The signature is checked separately.
fn admit(trust: &Trust, post: &InboundPost<'_>) -> Result<(), VerificationError> {
    let inside = |sender: IpAddr| trust.networks.iter().any(|network| network.contains(&sender.to_canonical()));
    if !trust.networks.is_empty() && !post.sender.is_some_and(inside) {
        return Err(VerificationError::ForeignNetwork);
    }
    trust.credentials.as_ref().map_or(Ok(()), |credentials| credentials.accepts(post.headers))
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;

    #[test]
    fn networks_admit_their_own() {
        let headers = HeaderMap::new();
        let trust = Trust {
            networks: vec!["185.107.232.0/24".parse().unwrap(), "2001:db8::/32".parse().unwrap()],
            ..Trust::unsigned()
        };
        let from = |sender: Option<&str>| {
            admit(
                &trust,
                &InboundPost { sender: sender.map(|ip| ip.parse().unwrap()), ..InboundPost::new(&headers, b"") },
            )
        };
        for inside in ["185.107.232.1", "::ffff:185.107.232.1", "2001:db8::1"] {
            assert_eq!(from(Some(inside)), Ok(()), "{inside}");
        }
        for outside in [Some("185.107.233.1"), Some("::1"), None] {
            assert_eq!(from(outside), Err(VerificationError::ForeignNetwork), "{outside:?}");
        }
    }

    #[test]
    fn only_brevo_wants_another_status_than_503() {
        for provider in Provider::ALL {
            let expected = if *provider == Provider::Brevo { 429 } else { 503 };
            assert_eq!(provider.status_in_trouble(), expected, "{}", provider.as_str());
        }
    }

    #[test]
    fn providers_that_may_give_up_after_a_429_get_a_503() {
        for provider in Provider::ALL {
            let expected = if matches!(provider, Provider::Ses | Provider::MailerSend) { 503 } else { 429 };
            assert_eq!(provider.status_to_wait(), expected, "{}", provider.as_str());
        }
    }
}
