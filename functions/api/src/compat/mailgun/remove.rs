//! Removing webhooks from an event group, as planned.

use shared::id::{TenantId, WebhookId};
use shared::webhook::{Subscription, Webhook};

use super::event_group::EventGroup;
use super::plan::Removal;
use crate::manage::change::change;
use crate::manage::delete::delete;
use crate::manage::error::ManageError;
use crate::noun::Noun;
use crate::room::Api;

/// Carries out the plan, one webhook after the other. If it breaks off, the repeated request has the rest to do.
pub(super) async fn remove(
    api: &Api,
    tenant: TenantId,
    group: &EventGroup,
    removals: &[Removal],
) -> Result<(), ManageError> {
    for removal in removals {
        let removed = match removal {
            Removal::Delete(id) => delete(api, tenant, *id).await,
            Removal::Narrow(id) => narrow(api, tenant, group, *id).await,
        };
        match removed {
            // Another request has deleted the webhook already.
            Err(ManageError::NotFound(Noun::Webhook)) => {}
            other => other?,
        }
    }
    Ok(())
}

/// Takes the events of the group out of what a webhook wants.
async fn narrow(api: &Api, tenant: TenantId, group: &EventGroup, id: WebhookId) -> Result<(), ManageError> {
    let narrowed = |stored: Webhook| {
        // Another request may have changed the webhook since the plan was made; then the plan does not hold for it.
        let rest = stored.subscription.types.without(&group.name.types(), stored.dialect);
        let rest = rest.filter(|_| group.has_the_domain_of(&stored)).ok_or(ManageError::Conflict)?;
        Ok(Webhook { subscription: Subscription { types: rest, ..stored.subscription }, ..stored })
    };
    change(api, tenant, id, narrowed).await.map(|_| ())
}
