//! A source's stored item, and that of the ingest key that leads to it.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde::{Deserialize, Serialize};

use super::{StoreError, VERSION, millis, parsed, word};
use crate::provider::Provider;
use crate::secret::VerificationSecret;
use crate::source::{IngestKeyHash, Source, Verification};

#[derive(Serialize, Deserialize)]
pub(in crate::store::registry) struct IngestKeyItem {
    pub(in crate::store::registry) v: u8,
    pub(in crate::store::registry) tenant: String,
    pub(in crate::store::registry) source: String,
}

impl From<&Source> for IngestKeyItem {
    fn from(source: &Source) -> Self {
        Self { v: VERSION, tenant: source.tenant.to_string(), source: source.id.to_string() }
    }
}

#[derive(Serialize, Deserialize)]
pub(in crate::store::registry) struct SourceItem {
    v: u8,
    id: String,
    tenant: String,
    provider: String,
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    signing_key: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    public_key: Option<String>,
    ingest_key_sha256: String,
    created_at: i64,
    updated_at: i64,
    revision: u64,
}

impl From<&Source> for SourceItem {
    fn from(source: &Source) -> Self {
        let (signing_key, public_key) = match &source.verification {
            Verification::Unsigned => (None, None),
            Verification::SigningKey(key) => (Some(key.expose().to_owned()), None),
            Verification::PublicKey(der) => (None, Some(BASE64_STANDARD.encode(der))),
        };
        Self {
            v: VERSION,
            id: source.id.to_string(),
            tenant: source.tenant.to_string(),
            provider: source.provider.as_str().to_owned(),
            name: source.name.clone(),
            signing_key,
            public_key,
            ingest_key_sha256: source.ingest_key.as_str().to_owned(),
            created_at: source.created_at.as_millisecond(),
            updated_at: source.updated_at.as_millisecond(),
            revision: source.revision,
        }
    }
}

impl TryFrom<SourceItem> for Source {
    type Error = StoreError;

    fn try_from(item: SourceItem) -> Result<Self, StoreError> {
        let verification = match (item.signing_key, item.public_key) {
            (Some(key), _) => Verification::SigningKey(word(VerificationSecret::parse(&key))?),
            (None, Some(key)) => Verification::PublicKey(BASE64_STANDARD.decode(key).map_err(StoreError::unreadable)?),
            (None, None) => Verification::Unsigned,
        };
        Ok(Self {
            id: parsed(&item.id)?,
            tenant: parsed(&item.tenant)?,
            provider: word(Provider::from_word(&item.provider))?,
            name: item.name,
            verification,
            ingest_key: IngestKeyHash::from_stored(item.ingest_key_sha256),
            created_at: millis(item.created_at)?,
            updated_at: millis(item.updated_at)?,
            revision: item.revision,
        })
    }
}
