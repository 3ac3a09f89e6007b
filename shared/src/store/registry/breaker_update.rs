//! Conditional changes of a breaker's row.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;

use super::{Registry, StoreError, keys};
use domain::id::{TenantId, WebhookId};

impl Registry {
    pub(super) fn breaker_update(&self, tenant: TenantId, webhook: WebhookId) -> UpdateItemFluentBuilder {
        let key = keys::breaker(tenant, webhook);
        self.client().update_item().table_name(self.table()).set_key(Some(key.attributes()))
    }
}

/// Sends a conditional change. Returns whether its condition held. If another caller has the row in a transaction,
/// that caller is opening or closing the breaker, and the condition will not hold any more.
pub(super) async fn changed(call: UpdateItemFluentBuilder) -> Result<bool, StoreError> {
    match call.send().await {
        Ok(_) => Ok(true),
        Err(error) if is_refused(&error) => Ok(false),
        Err(error) => Err(StoreError::aws(error)),
    }
}

pub(super) fn is_refused<R>(error: &SdkError<UpdateItemError, R>) -> bool {
    let error = error.as_service_error();
    error
        .is_some_and(|error| error.is_conditional_check_failed_exception() || error.is_transaction_conflict_exception())
}
