//! What a provider's file says of the provider.

use jiff::Timestamp;

use super::{CertificateUrl, Post, Received, Refusal};
use crate::source::{Unauthentic, Verification};

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
pub(super) struct Profile {
    pub(super) proof: Proof,
    /// The status for our own trouble, after which the provider tries again.
    pub(super) status_in_trouble: u16,
    /// Verifies a post over its raw bytes and reads its events.
    pub(super) receive: fn(&Verification, &Post<'_>, Timestamp) -> Result<Received, Refusal>,
    /// Which certificate must be fetched before a post can be verified.
    pub(super) certificate_wanted: fn(&Verification, &Post<'_>) -> Result<Option<CertificateUrl>, Unauthentic>,
}

impl Profile {
    /// A provider that tries again after a 503 and needs nothing fetched: almost every one.
    pub(super) const fn new(
        proof: Proof,
        receive: fn(&Verification, &Post<'_>, Timestamp) -> Result<Received, Refusal>,
    ) -> Self {
        Self { proof, status_in_trouble: 503, receive, certificate_wanted: |_, _| Ok(None) }
    }
}
