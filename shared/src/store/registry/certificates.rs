//! Certificates of Amazon SNS, kept so that each is fetched once, and not by every function that starts.

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Timestamp};

use super::item::{self, CertificateItem};
use super::{Registry, StoreError, keys};
use domain::provider::CertificateUrl;

/// How long a certificate is kept. SNS changes its certificates about once a year, and each has its own URL.
const CERTIFICATE_RETENTION: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Certificates of Amazon SNS. Only `ingest` holds this group.
#[derive(Debug, Clone)]
pub struct Certificates {
    registry: Registry,
}

impl Certificates {
    /// The group on this table.
    pub fn new(registry: &Registry) -> Self {
        Self { registry: registry.clone() }
    }

    /// The certificate from `url`, in PEM, if it is kept at `now`.
    pub async fn get(&self, url: &CertificateUrl, now: Timestamp) -> Result<Option<String>, StoreError> {
        let item: Option<CertificateItem> = self.registry.get(keys::certificate(url), false).await?;
        // DynamoDB deletes expired rows within days, not at once.
        Ok(item.filter(|item| item.url == url.as_str() && item.ttl > now.as_second()).map(|item| item.pem))
    }

    /// Keeps the certificate from `url`.
    pub async fn put(&self, url: &CertificateUrl, pem: &str, now: Timestamp) -> Result<(), StoreError> {
        let ttl = now.saturating_add(CERTIFICATE_RETENTION).unwrap_or(Timestamp::MAX).as_second();
        let row: std::collections::HashMap<String, AttributeValue> =
            item::with_key(keys::certificate(url), CertificateItem::new(url.as_str(), pem, ttl))?;
        let call = self.registry.client().put_item().table_name(self.registry.table()).set_item(Some(row));
        self.registry.write(call).await.map_err(StoreError::of_write)?;
        Ok(())
    }
}
