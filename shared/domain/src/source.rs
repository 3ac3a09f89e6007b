//! Sources: a tenant's configured connections to providers, and what a source trusts.

use ipnet::IpNet;
use jiff::Timestamp;

use crate::event::Provider;
use crate::id::{SourceId, TenantId};
use crate::secret::VerificationSecret;

mod verification_error;
mod ingest_key;
mod configured_url;
mod credentials;
mod topic_arn;

pub use self::configured_url::ConfiguredUrl;
pub use self::credentials::{BasicPair, Credentials};
pub use self::ingest_key::{IngestKey, IngestKeyHash};
pub use self::topic_arn::TopicArn;
pub use self::verification_error::VerificationError;

/// A tenant's connection to one provider.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// The source's id.
    pub id: SourceId,
    /// The tenant that owns the source.
    pub tenant: TenantId,
    /// The provider whose events arrive through the source.
    pub provider: Provider,
    /// The tenant's name for the source; may be empty.
    pub name: String,
    /// What posts must prove.
    pub trust: Trust,
    /// The hash by which the present ingest key is looked up.
    pub ingest_key: IngestKeyHash,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Raised by every change. A change that is based on an older revision is refused.
    pub revision: u64,
}

/// Bytes of an entry of a source's lists, in addition to its text.
const ENTRY_BYTES: usize = 32;
/// Bytes of secrets and credentials: a few texts of at most some hundred bytes each.
const SECRET_BYTES: usize = 1_024;

impl Source {
    /// About how many bytes the source has in memory, for caches with a maximum number of bytes.
    pub fn footprint(&self) -> usize {
        let topics: usize = match &self.trust.verification {
            Verification::Topics(arns) => arns.iter().map(|arn| arn.as_str().len() + ENTRY_BYTES).sum(),
            Verification::Unsigned
            | Verification::SigningKey(_)
            | Verification::PublicKey(_)
            | Verification::KeyAndUrl { .. } => 0,
        };
        let networks = self.trust.networks.len() * ENTRY_BYTES;
        size_of::<Self>() + self.name.len() + topics + networks + SECRET_BYTES
    }
}

/// What a post must prove in addition to the secret ingest key. All of it is required.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trust {
    /// The provider's signature.
    pub verification: Verification,
    /// A second secret of the sender.
    pub credentials: Option<Credentials>,
    /// The networks that the post may come from; any network when the list is empty.
    pub networks: Vec<IpNet>,
}

impl Trust {
    /// Maximum number of networks of a source.
    pub const MAX_NETWORKS: usize = 50;

    /// No proof but the ingest key.
    pub fn unsigned() -> Self {
        Self::verified_by(Verification::Unsigned)
    }

    /// A signature, and no other proof.
    pub fn verified_by(verification: Verification) -> Self {
        Self { verification, credentials: None, networks: Vec::new() }
    }
}

/// How a source's posts prove that the provider made them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verification {
    /// Posts are not signed.
    Unsigned,
    /// An HMAC with the provider's signing key.
    SigningKey(VerificationSecret),
    /// A signature that this public key verifies, as DER `SubjectPublicKeyInfo`.
    PublicKey(Vec<u8>),
    /// An HMAC over the post's form fields and the URL that the provider was given.
    KeyAndUrl {
        /// The provider's key for this webhook.
        key: VerificationSecret,
        /// The URL as it stands in the provider's settings.
        url: ConfiguredUrl,
    },
    /// A signature of Amazon SNS, for one of these topics. The topics are checked because every AWS customer's topic
    /// has a valid signature.
    Topics(Vec<TopicArn>),
}

impl Verification {
    /// Maximum number of topics of a source.
    pub const MAX_TOPICS: usize = 10;

    /// For providers that sign nothing. A source that holds a key for such a provider is an error.
    pub(crate) fn expect_unsigned(&self) -> Result<(), VerificationError> {
        match self {
            Self::Unsigned => Ok(()),
            Self::SigningKey(_) | Self::PublicKey(_) | Self::KeyAndUrl { .. } | Self::Topics(_) => {
                Err(VerificationError::WrongVerification)
            }
        }
    }
}
