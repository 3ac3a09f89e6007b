//! What a provider's file says about the provider.

use jiff::Timestamp;

use super::{CertificateUrl, InboundPost, InboundPostError, Received};
use crate::source::{Verification, VerificationError};

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
    /// Whether the provider's signature covers the time at which it was made. A signature without a time never ends.
    pub(super) signature_ends: bool,
    /// The status of an internal error, after which the provider sends the post again.
    pub(super) status_in_trouble: u16,
    /// The status of a post that is refused for a while, after which the provider sends the post again.
    pub(super) status_to_wait: u16,
    /// Verifies a post over its raw bytes and reads its events.
    pub(super) receive: fn(&Verification, &InboundPost<'_>, Timestamp) -> Result<Received, InboundPostError>,
    /// The certificate that must be fetched before a post can be verified.
    pub(super) certificate_wanted:
        fn(&Verification, &InboundPost<'_>) -> Result<Option<CertificateUrl>, VerificationError>,
}

impl Profile {
    /// The profile of almost every provider: its signature ends, if it signs at all, it sends a post again after a 503
    /// or a 429, and no certificate is fetched.
    pub(super) const fn new(
        proof: Proof,
        receive: fn(&Verification, &InboundPost<'_>, Timestamp) -> Result<Received, InboundPostError>,
    ) -> Self {
        Self {
            proof,
            signature_ends: true,
            status_in_trouble: 503,
            status_to_wait: 429,
            receive,
            certificate_wanted: |_, _| Ok(None),
        }
    }
}
