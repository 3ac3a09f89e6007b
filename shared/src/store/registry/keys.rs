//! The keys of the registry. A tenant's rows share the tenant's partition. Rows that are found by the hash of a secret,
//! or by a key's id, have partitions of their own and name their tenant.

use sha2::{Digest, Sha256};

use super::Key;
use domain::id::{KeyId, RecoveryId, SourceId, TenantId, WebhookId};
use domain::provider::CertificateUrl;
use domain::seal::DataKeyNumber;
use domain::source::IngestKeyHash;

/// Partition of the list of tenants. It is the only one that belongs to the operator.
pub(super) const TENANTS: &str = "TENANTS";
/// Partition of the list of admin keys, which belong to no tenant.
pub(super) const ADMIN_KEYS: &str = "ADMIN_KEYS";
/// Partition of the data keys, which belong to no tenant. Only the role of `api` may write it.
pub(super) const DATA_KEYS: &str = "DATA_KEYS";
/// Sort key of a tenant's own row.
pub(super) const TENANT: &str = "TENANT";
/// Sort key prefix of the public keys of a tenant's webhooks. They sort directly after the tenant's own row, so that
/// one query reads both.
const PUBLIC_KEYS: &str = "TENANT#P#";
/// Sort key prefix of webhooks.
pub(super) const WEBHOOK: &str = "W#";
/// Sort key prefix of sources.
pub(super) const SOURCE: &str = "S#";
/// Sort key prefix of recoveries.
pub(super) const RECOVERY: &str = "R#";
/// Sort key of a tenant's settings.
pub(super) const SETTINGS: &str = "SETTINGS";
/// Sort key prefix of API keys.
pub(super) const API_KEY: &str = "K#";

pub(super) fn tenant_partition(tenant: TenantId) -> String {
    format!("T#{tenant}")
}

pub(super) fn tenant(tenant: TenantId) -> Key {
    Key::new(tenant_partition(tenant), TENANT)
}

pub(super) fn tenant_in_list(tenant: TenantId) -> Key {
    Key::new(TENANTS, tenant.to_string())
}

pub(super) fn settings(tenant: TenantId) -> Key {
    Key::new(tenant_partition(tenant), SETTINGS)
}

pub(super) fn webhook(tenant: TenantId, webhook: WebhookId) -> Key {
    Key::new(tenant_partition(tenant), format!("{WEBHOOK}{webhook}"))
}

/// Key of the public keys that verify a webhook's deliveries, if it has any.
pub(super) fn public_keys(tenant: TenantId, webhook: WebhookId) -> Key {
    Key::new(tenant_partition(tenant), format!("{PUBLIC_KEYS}{webhook}"))
}

/// Sort key prefix of breakers.
pub(super) const BREAKER: &str = "B#";

/// Key of the breaker's row. It is separate from the webhook's row because it changes more often.
pub(super) fn breaker(tenant: TenantId, webhook: WebhookId) -> Key {
    Key::new(tenant_partition(tenant), format!("{BREAKER}{webhook}"))
}

/// Key of the line of slots, if the webhook has a rate limit.
pub(super) fn rate_limit(tenant: TenantId, webhook: WebhookId) -> Key {
    Key::new(tenant_partition(tenant), format!("L#{webhook}"))
}

pub(super) fn recovery(tenant: TenantId, recovery: RecoveryId) -> Key {
    Key::new(tenant_partition(tenant), format!("{RECOVERY}{recovery}"))
}

/// Key of the row that says when held deliveries were last released. It is separate from the webhook's row because it
/// changes more often.
pub(super) fn recovering(tenant: TenantId, webhook: WebhookId) -> Key {
    Key::new(tenant_partition(tenant), format!("A#{webhook}"))
}

/// Key of the row that counts a tenant's events. The role of `ingest` may write these partitions; it may not write the
/// tenants' own.
pub(super) fn event_quota(tenant: TenantId) -> Key {
    Key::new(format!("Q#{tenant}"), "EVENTS")
}

pub(super) fn source(tenant: TenantId, source: SourceId) -> Key {
    Key::new(tenant_partition(tenant), format!("{SOURCE}{source}"))
}

pub(super) fn ingest_key(hash: &IngestKeyHash) -> Key {
    Key::new(format!("I#{}", hash.as_str()), "INGEST_KEY")
}

/// Key of a certificate of Amazon SNS, which belongs to no tenant. The role of `ingest` may write only this partition.
pub(super) fn certificate(url: &CertificateUrl) -> Key {
    Key::new("CERTIFICATES", hex::encode(Sha256::digest(url.as_str())))
}

/// Key of a data key. The number has ten digits, so that the newest key sorts last.
pub(super) fn data_key(number: DataKeyNumber) -> Key {
    Key::new(DATA_KEYS, format!("{number:010}"))
}

pub(super) fn api_key(key: KeyId) -> Key {
    Key::new(format!("K#{key}"), "API_KEY")
}

pub(super) fn api_key_in_list(owner: Option<TenantId>, key: KeyId) -> Key {
    let partition = owner.map_or_else(|| ADMIN_KEYS.to_owned(), tenant_partition);
    Key::new(partition, format!("{API_KEY}{key}"))
}
