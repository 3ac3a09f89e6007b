//! What `deliver` writes about the consent of a webhook's URLs. Each write raises the webhook's revision, so that a
//! request that changes the webhook at the same time does not undo the write.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem, Update};
use jiff::Timestamp;

use super::breaker_update::changed;
use super::{Registry, StoreError, keys};
use crate::store::attribute::{number, text};
use crate::store::event_write::{EventWrite, write_with_event};
use domain::id::{TenantId, WebhookId};
use domain::webhook::{ChallengeResult, UrlVerification};

/// The webhook still has the verification, and is pending.
const IS_THIS_ONE: &str =
    "attribute_exists(pk) AND verification.id = :id AND attribute_not_exists(verification.verified_at)";

/// The consent of webhooks' URLs. Only `deliver` holds this group.
#[derive(Debug, Clone)]
pub struct UrlVerifications {
    registry: Registry,
}

impl UrlVerifications {
    /// The group on this table.
    pub fn new(registry: &Registry) -> Self {
        Self { registry: registry.clone() }
    }

    /// Claims the next challenge of the verification `read`. Returns whether this call claimed it. Of several callers
    /// one claims it, so that no challenge is made twice.
    pub async fn claim_challenge(
        &self,
        tenant: TenantId,
        webhook: WebhookId,
        read: &UrlVerification,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let call = self
            .update(tenant, webhook, read)
            .update_expression(
                "SET verification.challenges = :next, verification.challenged_at = :now \
                 REMOVE verification.last_result ADD revision :one",
            )
            .condition_expression(format!("{IS_THIS_ONE} AND verification.challenges = :made"))
            .expression_attribute_values(":made", number(read.challenges))
            .expression_attribute_values(":next", number(read.challenges.saturating_add(1)))
            .expression_attribute_values(":now", number(now.as_millisecond()));
        changed(&self.registry, call).await
    }

    /// Records how the last challenge of the verification `asked` ended, and which URLs have still to answer. Returns
    /// whether the webhook still had this verification; if not, nothing is written.
    pub async fn note_result(
        &self,
        tenant: TenantId,
        webhook: WebhookId,
        asked: &UrlVerification,
        result: ChallengeResult,
    ) -> Result<bool, StoreError> {
        let call = self
            .update(tenant, webhook, asked)
            .update_expression(
                "SET verification.last_result = :result, verification.main_url = :main, \
                 verification.backup_url = :backup ADD revision :one",
            )
            .condition_expression(IS_THIS_ONE)
            .expression_attribute_values(":result", text(result.as_str()))
            .expression_attribute_values(":main", AttributeValue::Bool(asked.main))
            .expression_attribute_values(":backup", AttributeValue::Bool(asked.backup));
        changed(&self.registry, call).await
    }

    fn update(&self, tenant: TenantId, webhook: WebhookId, asked: &UrlVerification) -> UpdateItemFluentBuilder {
        self.registry
            .client()
            .update_item()
            .table_name(self.registry.table())
            .set_key(Some(keys::webhook(tenant, webhook).attributes()))
            .set_expression_attribute_values(Some(common_values(asked)))
    }

    /// Ends the pending time of the verification `asked`, whose URLs have all answered, and writes the event. Returns
    /// whether the webhook still had this verification: the answer of a URL counts only for this URL.
    pub async fn note_verified(
        &self,
        tenant: TenantId,
        webhook: WebhookId,
        asked: &UrlVerification,
        now: Timestamp,
        event_write: EventWrite,
    ) -> Result<bool, StoreError> {
        let update = Update::builder()
            .table_name(self.registry.table())
            .set_key(Some(keys::webhook(tenant, webhook).attributes()))
            .update_expression(
                "SET verification.verified_at = :now, verification.last_result = :result, \
                 verification.main_url = :no, verification.backup_url = :no, updated_at = :now ADD revision :one",
            )
            .condition_expression(IS_THIS_ONE)
            .set_expression_attribute_values(Some(common_values(asked)))
            .expression_attribute_values(":result", text(ChallengeResult::Answered.as_str()))
            .expression_attribute_values(":no", AttributeValue::Bool(false))
            .expression_attribute_values(":now", number(now.as_millisecond()))
            .build()
            .map_err(StoreError::aws)?;
        write_with_event(self.registry.client(), TransactWriteItem::builder().update(update).build(), event_write).await
    }
}

/// The values in the condition and in the increase of the revision.
fn common_values(asked: &UrlVerification) -> HashMap<String, AttributeValue> {
    HashMap::from([(":id".to_owned(), text(asked.id.as_str())), (":one".to_owned(), number(1))])
}
