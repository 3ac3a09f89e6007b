//! Ending that webhooks get a topic's events, as planned.

use shared::id::{TenantId, WebhookId};
use shared::webhook::{Subscription, Webhook};

use super::event_group::Topic;
use super::plan::Leaving;
use crate::http::error::{Refusal, conflict};
use crate::manage::change;
use crate::manage::delete;
use crate::room::Api;

/// Carries the plan out, one webhook after the other: should it break off, the repeated request has the rest to do.
pub(super) async fn leave(api: &Api, tenant: TenantId, topic: &Topic, leaving: &[Leaving]) -> Result<(), Refusal> {
    for leaving in leaving {
        let left = match leaving {
            Leaving::Remove(id) => delete::remove(api, tenant, *id).await,
            Leaving::Narrow(id) => narrow(api, tenant, topic, *id).await,
        };
        match left {
            // Somebody else deleted it meanwhile.
            Err(Refusal::Problem(problem)) if problem.status == 404 => {}
            other => other?,
        }
    }
    Ok(())
}

async fn narrow(api: &Api, tenant: TenantId, topic: &Topic, id: WebhookId) -> Result<(), Refusal> {
    let narrowed = |stored: Webhook| {
        // As it was when that was planned, but it may have been changed since.
        let rest = stored.subscription.types.without(&topic.name.types(), stored.dialect);
        let rest = rest.filter(|_| topic.has_the_domain_of(&stored)).ok_or_else(conflict)?;
        Ok(Webhook { subscription: Subscription { types: rest, ..stored.subscription }, ..stored })
    };
    change::change(api, tenant, id, narrowed).await.map(|_| ())
}
