//! Sources: a tenant's configured connections to providers.

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::id::{SourceId, TenantId};
use crate::provider::Provider;
use crate::secret::VerificationSecret;

/// A tenant's connection to one provider.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// Its id.
    pub id: SourceId,
    /// Who owns it.
    pub tenant: TenantId,
    /// Whose events come in by it.
    pub provider: Provider,
    /// The tenant's name for it; may be empty.
    pub name: String,
    /// How posts prove that they are genuine.
    pub verification: Verification,
    /// Where the present ingest key is found.
    pub ingest_key: IngestKeyHash,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Raised by every change; a change of an older revision is refused.
    pub revision: u64,
}

/// How a source's posts prove that they are genuine, beside the unguessable ingest key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verification {
    /// By the ingest key alone.
    Unsigned,
    /// By an HMAC with the provider's signing key.
    SigningKey(VerificationSecret),
    /// By a signature of this public key, as DER `SubjectPublicKeyInfo`.
    PublicKey(Vec<u8>),
}

/// The last part of an ingest URL: 128 random bits or more, shown once.
#[derive(Clone, PartialEq, Eq)]
pub struct IngestKey(String);

impl IngestKey {
    /// What every ingest key begins with, so that secret scanners can find it.
    pub const PREFIX: &'static str = "mhi_";
    /// Longest text that is looked up.
    pub const MAX_LENGTH: usize = 128;

    /// A key of 160 random bits.
    pub fn generate(random: [u8; 20]) -> Self {
        Self(format!("{}{}", Self::PREFIX, hex::encode(random)))
    }

    /// The key itself, to be shown once.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What is stored instead of it.
    pub fn hash(&self) -> IngestKeyHash {
        IngestKeyHash::of(&self.0)
    }
}

impl std::fmt::Debug for IngestKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("IngestKey(redacted)")
    }
}

/// SHA-256 of an ingest key, in lower-case hex. The key has too many random bits for a plain hash to be reversed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IngestKeyHash(String);

impl IngestKeyHash {
    /// The hash of whatever a caller claims is a key.
    pub fn of(claimed: &str) -> Self {
        Self(hex::encode(Sha256::digest(claimed.as_bytes())))
    }

    /// Takes a stored hash back.
    pub fn from_stored(hash: String) -> Self {
        Self(hash)
    }

    /// As hex.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
