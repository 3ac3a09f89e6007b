//! Lifting the suspension of a tenant: what its webhooks hold goes out.

use std::collections::HashSet;

use futures::{StreamExt as _, TryStreamExt as _, stream};
use shared::id::{TenantId, WebhookId};
use shared::store::Readable;

use super::consent::send;
use super::error::ManageError;
use super::release::release_all;
use super::resume::close_breaker;
use crate::room::Api;

/// Maximum breakers that are closed at the same time. Reason: 500 take a second.
const MAX_CONCURRENT_CLOSINGS: usize = 16;

/// Resumes all webhooks of a tenant that take deliveries. Call it after the tenant was written as not suspended:
/// `deliver` reads the new state before it holds a delivery after that write. A webhook that is enabled at the same
/// time is resumed by this call or by the request that enables it.
///
/// Open breakers are closed before the release, because a probe ends when it finds the tenant suspended. If this fails,
/// the client gets an error and repeats the request, which does all of it again; the sweep would do it within hours.
pub(crate) async fn lift(api: &Api, tenant: TenantId) -> Result<(), ManageError> {
    let (mut webhooks, mut unreadable) = (Vec::new(), Vec::new());
    for entry in api.webhooks.all(tenant).await? {
        match entry {
            Readable::Read(webhook) => webhooks.push(webhook),
            // The job waits until `deliver` can read the webhook. An id that no job can name has no deliveries.
            Readable::Unreadable(id) => unreadable.extend(id.parse::<WebhookId>().ok()),
        }
    }
    let resumed: Vec<_> = webhooks.iter().filter(|webhook| !webhook.holds_deliveries()).collect();
    let open = api.breakers.all_open(tenant).await?;
    let open: HashSet<WebhookId> = open.into_iter().map(|(webhook, _)| webhook).collect();
    let mut closings = Vec::new();
    for webhook in resumed.iter().filter(|webhook| open.contains(&webhook.id)) {
        closings.push(close_breaker(api, webhook));
    }
    stream::iter(closings).buffer_unordered(MAX_CONCURRENT_CLOSINGS).try_collect::<()>().await?;
    release_all(api, tenant, resumed.iter().map(|webhook| webhook.id).chain(unreadable)).await?;
    // `deliver` asks no URL of a suspended tenant.
    send(api, tenant, &webhooks).await
}
