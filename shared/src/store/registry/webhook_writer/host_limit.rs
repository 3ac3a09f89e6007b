//! The operator's limit on webhooks with one host.
//!
//! A write that adds a webhook to a host first presumes that the tenant has no such limit, so without one it costs
//! nothing more: the presumption is a condition of the update of the tenant's row, which the write contains already. If
//! there is a limit, DynamoDB refuses the write and returns the row. Then the webhooks are listed and counted, and the
//! write is made on condition that no webhook and no limit has changed since that row. Every write of a webhook raises
//! `webhooks_version` in the row, so of two requests for the last place one wins.

use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;
use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use jiff::Timestamp;

use super::turn::has_turn;
use super::{Entries, StoreError, WebhookWriter, WebhooksVersion};
use crate::store::attribute::number;
use crate::store::registry::item::{self, TenantItem};
use crate::store::registry::transaction::{refused_row, transaction_error};
use domain::id::TenantId;
use domain::webhook::{Webhook, WebhookHosts, host_above_limit};

/// The tenant has no limit.
pub(super) const IS_UNLIMITED: &str = "attribute_not_exists(max_webhooks_per_host)";

impl WebhooksVersion {
    /// `update`, on condition that the limit is still the one of this version. `condition` holds too.
    pub(super) fn with_same_host_limit(&self, update: UpdateBuilder, condition: &str) -> UpdateBuilder {
        match self.most_per_host {
            Some(limit) => update
                .condition_expression(format!("{condition} AND max_webhooks_per_host = :most_per_host"))
                .expression_attribute_values(":most_per_host", number(limit)),
            None => update.condition_expression(format!("{condition} AND {IS_UNLIMITED}")),
        }
    }
}

impl WebhookWriter {
    /// Compares webhooks that are about to be written with the limit of this version. Without a limit nothing is read.
    /// [`StoreError::HostLimitReached`] when a host would have too many webhooks.
    pub(super) async fn check_hosts(
        &self,
        tenant: TenantId,
        webhooks: &[Webhook],
        version: &WebhooksVersion,
    ) -> Result<(), StoreError> {
        let Some(maximum) = version.most_per_host else { return Ok(()) };
        let written: Vec<_> = webhooks.iter().map(WebhookHosts::from).collect();
        if written.iter().all(|webhook| webhook.hosts.is_empty()) {
            return Ok(());
        }
        let present = self.registry.webhook_hosts(tenant).await?;
        match host_above_limit(&present, &written, maximum) {
            Some(host) => Err(StoreError::HostLimitReached { host, maximum }),
            None => Ok(()),
        }
    }

    /// Makes a change like [`WebhookWriter::change_webhooks`], whose condition on the tenant's row contains
    /// [`IS_UNLIMITED`]. If the tenant has a limit, nothing is written, and the answer is the version of its webhooks,
    /// for a write that regards the limit. [`StoreError::Conflict`] also while a rule has the turn at `now`.
    pub(super) async fn change_if_unlimited(
        &self,
        entries: Entries,
        tenant: UpdateBuilder,
        refusals: &[StoreError],
        now: Timestamp,
    ) -> Result<Option<WebhooksVersion>, StoreError> {
        // The tenant's row is the entry after those of the webhooks.
        let of_tenant = entries.rows.len();
        let tenant = tenant.return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let call = self.transaction(entries, tenant)?;
        let Err(error) = self.registry.write(call).await else { return Ok(None) };
        if let Some((_, row)) = refused_row(&error).filter(|(entry, _)| *entry == of_tenant) {
            if has_turn(row, now) {
                return Err(StoreError::Conflict);
            }
            let item: TenantItem = item::stored(row.clone())?;
            let version = WebhooksVersion::from(&item);
            if version.most_per_host.is_some() {
                return Ok(Some(version));
            }
        }
        Err(transaction_error(error, refusals))
    }
}
