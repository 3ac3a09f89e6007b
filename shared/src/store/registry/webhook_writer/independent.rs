//! Creates a webhook that does not depend on the tenant's other webhooks, so that many can be created at the same time.
//! With the version of all webhooks, each creation would have to wait for all before it and read again each time.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use aws_sdk_dynamodb::types::{ReturnValue, ReturnValuesOnConditionCheckFailure, TransactWriteItem};
use jiff::Timestamp;

use super::host_limit::IS_UNLIMITED;
use super::turn::{TURN_UNTIL, without_turn};
use super::{Entries, StoreError, WebhookWriter, keys};
use crate::store::attribute::number;
use domain::id::TenantId;
use domain::webhook::{MAX_PER_TENANT, Webhook};

impl WebhookWriter {
    /// Takes a number that no other webhook of the tenant has or will get. A number that is not used is never given
    /// again. `None` without the tenant. A version that was read before this call is outdated after it, so a caller
    /// with such a version does not give the same number. [`StoreError::Conflict`] while a rule over all webhooks has
    /// its turn at `now`.
    pub async fn take_number(&self, tenant: TenantId, now: Timestamp) -> Result<Option<u32>, StoreError> {
        let key = keys::tenant(tenant);
        let call = self
            .registry
            .client()
            .update_item()
            .table_name(self.registry.table())
            .set_key(Some(key.attributes()))
            .update_expression("ADD last_webhook_number :one, webhooks_version :one")
            .condition_expression(without_turn("attribute_exists(pk)"))
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":now", number(now.as_millisecond()))
            .return_values(ReturnValue::UpdatedNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match self.registry.write(call).await {
            Ok(answer) => {
                let row = answer.attributes.unwrap_or_default();
                let last = row.get("last_webhook_number").and_then(|value| value.as_n().ok());
                let last = last.and_then(|text| text.parse().ok());
                last.map(Some).ok_or_else(|| StoreError::unreadable("a tenant without the number that was counted"))
            }
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(refused)) => match &refused.item {
                    Some(_) => Err(StoreError::Conflict),
                    None => Ok(None),
                },
                _ => Err(StoreError::of_write(error)),
            },
        }
    }

    /// Stores a new webhook under the number that was taken for it. Unless the tenant has a limit per host, it does
    /// not depend on the tenant's other webhooks. [`StoreError::LimitReached`] when the tenant would have more than
    /// [`domain::tenant::TenantLimits::max_webhooks`] allows, [`StoreError::HostLimitReached`] when it would have
    /// more with one host. [`StoreError::Conflict`] while a rule over all webhooks has its turn at `now`, and when,
    /// under a limit per host, another of the tenant's webhooks changed at the same time.
    pub async fn create_independent(&self, webhook: &Webhook, now: Timestamp) -> Result<(), StoreError> {
        let row = self.put_webhook(webhook).await?.condition_expression("attribute_not_exists(pk)");
        let entries = Entries {
            rows: vec![TransactWriteItem::builder().put(row.build().map_err(StoreError::aws)?).build()],
            companions: Vec::new(),
            unconditional: self.registry.put_public_keys(webhook)?.into_iter().collect(),
        };
        let counted = |tenant: UpdateBuilder| {
            tenant
                .update_expression(format!("ADD webhooks_version :one, webhook_count :one REMOVE {TURN_UNTIL}"))
                .expression_attribute_values(":one", number(1))
        };
        let condition = format!(
            "attribute_exists(pk) AND webhook_count < :most \
             AND (attribute_not_exists(max_webhooks) OR webhook_count < max_webhooks) AND {IS_UNLIMITED}"
        );
        let independent = counted(self.ordinary_update(webhook.tenant, now, &condition))
            .expression_attribute_values(":most", number(MAX_PER_TENANT));
        let refusals = [StoreError::Conflict, StoreError::LimitReached];
        let written = self.change_if_unlimited(entries.clone(), independent, &refusals, now).await?;
        let Some(version) = written else { return Ok(()) };
        if version.count >= version.most {
            return Err(StoreError::LimitReached);
        }
        self.check_hosts(webhook.tenant, std::slice::from_ref(webhook), &version).await?;
        let dependent = counted(self.unchanged_since(webhook.tenant, &version));
        let refusals = [StoreError::Conflict, StoreError::Conflict];
        self.change_webhooks(entries, dependent, &refusals).await
    }
}
