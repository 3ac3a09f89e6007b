//! A source's stored item, and that of the ingest key by which it is found.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde::{Deserialize, Serialize};

use super::{StoreError, VERSION, millis, parsed, word};
use crate::store::registry::sealable::Sealable;
use domain::provider::Provider;
use domain::secret::VerificationSecret;
use domain::source::{BasicPair, ConfiguredUrl, Credentials, IngestKeyHash, Source, TopicArn, Trust, Verification};

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
    /// Only with `signing_key`: the URL that the signature covers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    signed_url: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    topics: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    credentials: Option<CredentialsItem>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    networks: Vec<String>,
    ingest_key_sha256: String,
    created_at: i64,
    updated_at: i64,
    revision: u64,
}

impl Sealable for SourceItem {
    fn version(&mut self) -> &mut u8 {
        &mut self.v
    }

    fn secrets(&mut self) -> Vec<(String, &mut String)> {
        let key = self.signing_key.as_mut().map(|key| ("signing_key".to_owned(), key));
        let url = self.signed_url.as_mut().map(|url| ("signed_url".to_owned(), url));
        let values = self.credentials.iter_mut().flat_map(|credentials| credentials.values.iter_mut().enumerate());
        let values = values.map(|(index, value)| (format!("credentials.values.{index}"), value));
        key.into_iter().chain(url).chain(values).collect()
    }
}

/// With the name of a header: that header. With user names: basic auth. Otherwise: bearer tokens.
#[derive(Serialize, Deserialize)]
struct CredentialsItem {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    header: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    usernames: Vec<String>,
    values: Vec<String>,
}

impl From<&Source> for SourceItem {
    fn from(source: &Source) -> Self {
        let Trust { verification, credentials, networks } = &source.trust;
        let (mut signing_key, mut public_key, mut signed_url, mut topics) = (None, None, None, Vec::new());
        match verification {
            Verification::Unsigned => {}
            Verification::SigningKey(key) => signing_key = Some(key.expose().to_owned()),
            Verification::PublicKey(der) => public_key = Some(BASE64_STANDARD.encode(der)),
            Verification::KeyAndUrl { key, url } => {
                signing_key = Some(key.expose().to_owned());
                signed_url = Some(url.expose().to_owned());
            }
            Verification::Topics(arns) => topics = arns.iter().map(|arn| arn.as_str().to_owned()).collect(),
        }
        Self {
            v: VERSION,
            id: source.id.to_string(),
            tenant: source.tenant.to_string(),
            provider: source.provider.as_str().to_owned(),
            name: source.name.clone(),
            signing_key,
            public_key,
            signed_url,
            topics,
            credentials: credentials.as_ref().map(CredentialsItem::from),
            networks: networks.iter().map(ToString::to_string).collect(),
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
        let topics = item.topics.iter().map(|arn| word(TopicArn::parse(arn))).collect::<Result<Vec<_>, _>>()?;
        let verification = match (item.signing_key, item.signed_url, item.public_key) {
            (Some(key), Some(url), _) => {
                Verification::KeyAndUrl { key: secret(&key)?, url: word(ConfiguredUrl::parse(&url))? }
            }
            (Some(key), None, _) => Verification::SigningKey(secret(&key)?),
            (None, _, Some(key)) => {
                Verification::PublicKey(BASE64_STANDARD.decode(key).map_err(StoreError::unreadable)?)
            }
            (None, _, None) if topics.is_empty() => Verification::Unsigned,
            (None, _, None) => Verification::Topics(topics),
        };
        let networks = item.networks.iter().map(|network| parsed(network)).collect::<Result<_, _>>()?;
        let credentials = item.credentials.map(Credentials::try_from).transpose()?;
        Ok(Self {
            id: parsed(&item.id)?,
            tenant: parsed(&item.tenant)?,
            provider: word(Provider::from_word(&item.provider))?,
            name: item.name,
            trust: Trust { verification, credentials, networks },
            ingest_key: IngestKeyHash::from_stored(item.ingest_key_sha256),
            created_at: millis(item.created_at)?,
            updated_at: millis(item.updated_at)?,
            revision: item.revision,
        })
    }
}

impl From<&Credentials> for CredentialsItem {
    fn from(credentials: &Credentials) -> Self {
        let exposed = |values: &[VerificationSecret]| values.iter().map(|value| value.expose().to_owned()).collect();
        match credentials {
            Credentials::Basic(pairs) => Self {
                header: None,
                usernames: pairs.iter().map(|pair| pair.username.clone()).collect(),
                values: pairs.iter().map(|pair| pair.password.expose().to_owned()).collect(),
            },
            Credentials::Bearer(values) => Self { header: None, usernames: Vec::new(), values: exposed(values) },
            Credentials::Header { name, values } => {
                Self { header: Some(name.as_str().to_owned()), usernames: Vec::new(), values: exposed(values) }
            }
        }
    }
}

impl TryFrom<CredentialsItem> for Credentials {
    type Error = StoreError;

    fn try_from(item: CredentialsItem) -> Result<Self, StoreError> {
        let values = item.values.iter().map(|value| secret(value)).collect::<Result<Vec<_>, _>>()?;
        Ok(match item.header {
            Some(name) => Self::Header { name: name.parse().map_err(StoreError::unreadable)?, values },
            None if item.usernames.is_empty() => Self::Bearer(values),
            None => {
                let pairs = item.usernames.into_iter().zip(values);
                Self::Basic(pairs.map(|(username, password)| BasicPair { username, password }).collect())
            }
        })
    }
}

fn secret(stored: &str) -> Result<VerificationSecret, StoreError> {
    word(VerificationSecret::parse(stored))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use domain::id::{SourceId, TenantId};

    fn kept(provider: Provider, trust: Trust) {
        let at = Timestamp::from_millisecond(1_767_323_045_678).unwrap();
        let source = Source {
            id: SourceId::mint(at, [1; 10]),
            tenant: TenantId::mint(at, [2; 10]),
            provider,
            name: "EU".to_owned(),
            trust,
            ingest_key: IngestKeyHash::of("mhi_x"),
            created_at: at,
            updated_at: at,
            revision: 7,
        };
        let item: serde_dynamo::Item = serde_dynamo::to_item(SourceItem::from(&source)).unwrap();
        let item: SourceItem = serde_dynamo::from_item(item).unwrap();
        assert_eq!(Source::try_from(item).unwrap(), source);
    }

    #[test]
    fn every_trust_reads_back() {
        let secret = |text: &str| VerificationSecret::parse(text).unwrap();
        let pair = |password: &str| BasicPair { username: "in".to_owned(), password: secret(password) };
        let topic = TopicArn::parse("arn:aws:sns:eu-central-1:123456789012:ses-events").unwrap();
        let url = ConfiguredUrl::parse("https://in:pw@example.com/{ingest_key}?x=1").unwrap();
        kept(Provider::Generic, Trust::unsigned());
        kept(Provider::Mailgun, Trust::verified_by(Verification::SigningKey(secret("key-1"))));
        kept(Provider::SendGrid, Trust::verified_by(Verification::PublicKey(vec![0, 255])));
        kept(Provider::Mandrill, Trust::verified_by(Verification::KeyAndUrl { key: secret("key-1"), url }));
        kept(Provider::Ses, Trust::verified_by(Verification::Topics(vec![topic.clone(), topic])));
        for credentials in [
            Credentials::Basic(vec![pair("one"), pair("two")]),
            Credentials::Bearer(vec![secret("one")]),
            Credentials::Header { name: "x-api-key".parse().unwrap(), values: vec![secret("one"), secret("two")] },
        ] {
            let networks = vec!["192.0.2.0/24".parse().unwrap(), "2001:db8::1/128".parse().unwrap()];
            kept(Provider::Brevo, Trust { credentials: Some(credentials), networks, ..Trust::unsigned() });
        }
    }
}
