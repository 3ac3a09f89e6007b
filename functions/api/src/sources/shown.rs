//! A source as it is shown. Its verification secret never is; its ingest key where it is made, nowhere else.

use serde::Serialize;
use shared::source::{IngestKey, Source, Verification};

#[derive(Debug, Serialize)]
pub(super) struct Shown {
    id: String,
    provider: &'static str,
    name: String,
    verification: ShownVerification,
    created_at: String,
    updated_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    ingest_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ingest_path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ingest_url: Option<String>,
}

#[derive(Debug, Serialize)]
struct ShownVerification {
    kind: &'static str,
}

impl Shown {
    /// With the ingest key that was just made, and the URL that the provider shall post to if `public_url` is known.
    pub(super) fn with_key(source: &Source, key: &IngestKey, public_url: &str) -> Self {
        let path = format!("/api/webhooks/{}", key.expose());
        Self {
            ingest_key: Some(key.expose().to_owned()),
            ingest_url: (!public_url.is_empty()).then(|| format!("{public_url}{path}")),
            ingest_path: Some(path),
            ..Self::from(source)
        }
    }
}

impl From<&Source> for Shown {
    fn from(source: &Source) -> Self {
        let kind = match source.trust.verification {
            Verification::Unsigned => "unsigned",
            Verification::SigningKey(_) => "signing_key",
            Verification::PublicKey(_) => "public_key",
            Verification::KeyAndUrl { .. } => "key_and_url",
            Verification::Topics(_) => "topics",
        };
        Self {
            id: source.id.to_string(),
            provider: source.provider.as_str(),
            name: source.name.clone(),
            verification: ShownVerification { kind },
            created_at: source.created_at.to_string(),
            updated_at: source.updated_at.to_string(),
            ingest_key: None,
            ingest_path: None,
            ingest_url: None,
        }
    }
}
