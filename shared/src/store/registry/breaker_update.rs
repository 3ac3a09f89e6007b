//! Conditional changes of one row, such as a breaker's.

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

/// Makes a conditional change. Returns whether its condition held.
pub(super) async fn changed(registry: &Registry, call: UpdateItemFluentBuilder) -> Result<bool, StoreError> {
    match registry.write(call).await {
        Ok(_) => Ok(true),
        Err(error) if is_refused(&error) => Ok(false),
        Err(error) => Err(StoreError::of_write(error)),
    }
}

pub(super) fn is_refused<R>(error: &SdkError<UpdateItemError, R>) -> bool {
    error.as_service_error().is_some_and(UpdateItemError::is_conditional_check_failed_exception)
}
