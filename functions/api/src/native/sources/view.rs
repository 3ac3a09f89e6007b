//! A source as answers show it: never with its secrets, nor with a URL that may hold one. Only the answers to requests
//! that make an ingest key show the key.

use serde::Serialize;
use shared::source::{Credentials, IngestKey, Source, TopicArn, Verification};

#[derive(Debug, Serialize)]
pub(super) struct SourceView {
    id: String,
    provider: &'static str,
    name: String,
    verification: VerificationView,
    #[serde(skip_serializing_if = "Option::is_none")]
    credentials: Option<CredentialsView>,
    networks: Vec<String>,
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
struct VerificationView {
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    topic_arns: Option<Vec<String>>,
}

#[derive(Debug, Serialize)]
struct CredentialsView {
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    header: Option<String>,
    /// How many values are valid at present.
    values: usize,
}

impl SourceView {
    /// The source with the ingest key that was just made and, if `public_url` is known, the URL that the provider has
    /// to post to.
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

impl From<&Source> for SourceView {
    fn from(source: &Source) -> Self {
        Self {
            id: source.id.to_string(),
            provider: source.provider.as_str(),
            name: source.name.clone(),
            verification: VerificationView::from(&source.trust.verification),
            credentials: source.trust.credentials.as_ref().map(CredentialsView::from),
            networks: source.trust.networks.iter().map(ToString::to_string).collect(),
            created_at: source.created_at.to_string(),
            updated_at: source.updated_at.to_string(),
            ingest_key: None,
            ingest_path: None,
            ingest_url: None,
        }
    }
}

impl From<&Verification> for VerificationView {
    fn from(verification: &Verification) -> Self {
        let (kind, topics) = match verification {
            Verification::Unsigned => ("unsigned", None),
            Verification::SigningKey(_) => ("signing_key", None),
            Verification::PublicKey(_) => ("public_key", None),
            Verification::KeyAndUrl { .. } => ("key_and_url", None),
            Verification::Topics(topics) => ("topics", Some(topics)),
        };
        let arn = |topic: &TopicArn| topic.as_str().to_owned();
        Self { kind, topic_arns: topics.map(|topics| topics.iter().map(arn).collect()) }
    }
}

impl From<&Credentials> for CredentialsView {
    fn from(credentials: &Credentials) -> Self {
        match credentials {
            Credentials::Basic(pairs) => Self { kind: "basic", header: None, values: pairs.len() },
            Credentials::Bearer(values) => Self { kind: "bearer", header: None, values: values.len() },
            Credentials::Header { name, values } => {
                Self { kind: "header", header: Some(name.as_str().to_owned()), values: values.len() }
            }
        }
    }
}
