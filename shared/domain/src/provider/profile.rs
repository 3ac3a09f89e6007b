//! What a provider's file says about the provider.

use jiff::Timestamp;

use super::{CertificateUrl, Post, Received, Refusal};
use crate::source::{Unauthentic, Verification};

/// How a provider proves that its posts are genuine.
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
    /// Nothing but the ingest key, and the other proofs that a source's [`Trust`](crate::source::Trust) requires.
    IngestKey,
}

/// What a provider's file says about the provider.
pub(super) struct Profile {
    pub(super) proof: Proof,
    /// The status of an internal error, after which the provider sends the post again.
    pub(super) status_in_trouble: u16,
    /// Verifies a post over its raw bytes and reads its events.
    pub(super) receive: fn(&Verification, &Post<'_>, Timestamp) -> Result<Received, Refusal>,
    /// The certificate that must be fetched before a post can be verified.
    pub(super) certificate_wanted: fn(&Verification, &Post<'_>) -> Result<Option<CertificateUrl>, Unauthentic>,
}

impl Profile {
    /// The profile of almost every provider: it sends a post again after a 503, and no certificate is fetched.
    pub(super) const fn new(
        proof: Proof,
        receive: fn(&Verification, &Post<'_>, Timestamp) -> Result<Received, Refusal>,
    ) -> Self {
        Self { proof, status_in_trouble: 503, receive, certificate_wanted: |_, _| Ok(None) }
    }
}
