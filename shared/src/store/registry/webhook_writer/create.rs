//! Creates webhooks that depend on the tenant's other webhooks, and numbers webhooks that are older than their numbers.

use aws_sdk_dynamodb::types::TransactWriteItem;
use aws_sdk_dynamodb::types::builders::UpdateBuilder;

use super::turn::TURN_UNTIL;
use super::{Entries, StoreError, WebhookWriter, WebhooksVersion};
use crate::store::attribute::number;
use domain::id::TenantId;
use domain::webhook::Webhook;

impl WebhookWriter {
    /// Stores new webhooks of one tenant under its next numbers, in order, and returns them with their numbers. All or
    /// none are stored. At most 49: a transaction has 100 rows, a webhook may take two of them, and the tenant takes
    /// one. [`StoreError::LimitReached`] when the tenant would have more than
    /// [`domain::tenant::TenantLimits::max_webhooks`] allows, [`StoreError::HostLimitReached`] when it would have more
    /// with one host. [`StoreError::Conflict`] when a webhook of the tenant, or its limit per host, has changed since
    /// `version` was read, because what the caller found out about them may be outdated.
    pub async fn create_all(
        &self,
        tenant: TenantId,
        webhooks: &[Webhook],
        version: &WebhooksVersion,
    ) -> Result<Vec<Webhook>, StoreError> {
        let new = u32::try_from(webhooks.len()).unwrap_or(u32::MAX);
        if version.count.saturating_add(new) > version.most {
            return Err(StoreError::LimitReached);
        }
        self.check_hosts(tenant, webhooks, version).await?;
        let (mut counted, mut rows) = (Vec::with_capacity(webhooks.len()), Vec::with_capacity(webhooks.len()));
        let mut keys = Vec::new();
        for (number, webhook) in (version.next_number()..).zip(webhooks) {
            let webhook = Webhook { number: Some(number), ..webhook.clone() };
            let row = self.put_webhook(&webhook).await?.condition_expression("attribute_not_exists(pk)");
            rows.push(TransactWriteItem::builder().put(row.build().map_err(StoreError::aws)?).build());
            keys.extend(self.registry.put_public_keys(&webhook)?);
            counted.push(webhook);
        }
        let update = self
            .count(tenant, version, version.last_number.saturating_add(new))
            .update_expression(format!(
                "SET last_webhook_number = :number ADD webhooks_version :one, webhook_count :new REMOVE {TURN_UNTIL}"
            ))
            .expression_attribute_values(":new", number(new));
        let refusals: Vec<_> = rows.iter().map(|_| StoreError::Conflict).chain([StoreError::Conflict]).collect();
        let entries = Entries { rows, companions: Vec::new(), unconditional: keys };
        self.change_webhooks(entries, update, &refusals).await?;
        Ok(counted)
    }

    /// Gives a number to a webhook that is older than such numbers; [`StoreError::Conflict`] as in
    /// [`WebhookWriter::create_all`].
    pub async fn give_number(&self, webhook: &Webhook, version: &WebhooksVersion) -> Result<Webhook, StoreError> {
        let next = webhook.revision + 1;
        let counted = Webhook { number: Some(version.next_number()), revision: next, ..webhook.clone() };
        let row = self
            .put_changed(&counted)
            .await?
            .condition_expression("revision = :read")
            .expression_attribute_values(":read", number(webhook.revision));
        let tenant = self
            .count(webhook.tenant, version, version.next_number())
            .update_expression("SET last_webhook_number = :number ADD webhooks_version :one");
        let entries = Entries {
            rows: vec![TransactWriteItem::builder().put(row.build().map_err(StoreError::aws)?).build()],
            companions: Vec::new(),
            unconditional: self.registry.put_public_keys(&counted)?.into_iter().collect(),
        };
        self.change_webhooks(entries, tenant, &[StoreError::Conflict, StoreError::Conflict]).await?;
        Ok(counted)
    }

    /// The update of [`WebhookWriter::unchanged_since`], with the last number that is given.
    fn count(&self, tenant: TenantId, version: &WebhooksVersion, last: u32) -> UpdateBuilder {
        self.unchanged_since(tenant, version)
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":number", number(last))
    }
}
