//! Sources: a tenant's configured connections to providers, and what a source trusts.

use ipnet::IpNet;
use jiff::Timestamp;

use crate::event::Provider;
use crate::id::{SourceId, TenantId};
use crate::secret::VerificationSecret;

mod unauthentic;
mod ingest_key;
mod configured_url;
mod credentials;
mod topic_arn;

pub use self::configured_url::ConfiguredUrl;
pub use self::credentials::{BasicPair, Credentials};
pub use self::ingest_key::{IngestKey, IngestKeyHash};
pub use self::topic_arn::TopicArn;
pub use self::unauthentic::Unauthentic;

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
    /// What posts must prove.
    pub trust: Trust,
    /// Where the present ingest key is found.
    pub ingest_key: IngestKeyHash,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Raised by every change; a change of an older revision is refused.
    pub revision: u64,
}

/// What a post must prove beside the unguessable ingest key: all of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trust {
    /// That the provider signed it.
    pub verification: Verification,
    /// That its sender knows a second secret.
    pub credentials: Option<Credentials>,
    /// That it comes from one of these networks; from anywhere when there are none.
    pub networks: Vec<IpNet>,
}

impl Trust {
    /// Most networks of a source.
    pub const MAX_NETWORKS: usize = 50;

    /// The ingest key is enough.
    pub fn unsigned() -> Self {
        Self::verified_by(Verification::Unsigned)
    }

    /// A signature is enough.
    pub fn verified_by(verification: Verification) -> Self {
        Self { verification, credentials: None, networks: Vec::new() }
    }
}

/// How a source's posts prove that the provider made them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verification {
    /// Not at all.
    Unsigned,
    /// By an HMAC with the provider's signing key.
    SigningKey(VerificationSecret),
    /// By a signature of this public key, as DER `SubjectPublicKeyInfo`.
    PublicKey(Vec<u8>),
    /// By an HMAC over the URL that the provider was given, and the post's form fields.
    KeyAndUrl {
        /// The provider's key of this webhook.
        key: VerificationSecret,
        /// The URL as it stands in the provider's settings.
        url: ConfiguredUrl,
    },
    /// By a signature of Amazon SNS, for one of these topics: any AWS customer's topic has a valid one.
    Topics(Vec<TopicArn>),
}

impl Verification {
    /// Most topics of a source.
    pub const MAX_TOPICS: usize = 10;

    /// For providers that sign nothing: a source that holds a key for one cannot verify anything.
    pub(crate) fn expect_unsigned(&self) -> Result<(), Unauthentic> {
        match self {
            Self::Unsigned => Ok(()),
            Self::SigningKey(_) | Self::PublicKey(_) | Self::KeyAndUrl { .. } | Self::Topics(_) => {
                Err(Unauthentic::WrongVerification)
            }
        }
    }
}
