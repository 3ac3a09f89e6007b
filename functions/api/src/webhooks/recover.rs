//! The job that lets a webhook's held deliveries go

use shared::id::{TenantId, WebhookId};
use shared::queue::Outgoing;
use shared::queue::job::{Job, Recover};

use crate::Api;
use crate::refusal::Refusal;

/// Sends the job that lets held deliveries go: out, after the webhook was written as enabled, or to their end as
/// discarded, after it was deleted. Whoever holds a delivery after that write sees the new state. Should this fail the
/// client is told so, and enabling once more sends the job again; two such jobs do what one does.
pub(super) async fn recover(api: &Api, tenant: TenantId, webhook: WebhookId) -> Result<(), Refusal> {
    let job = Job::Recover(Recover { tenant, webhook, after: None });
    for result in api.jobs.send(&[Outgoing::now(&job)]).await {
        result?;
    }
    Ok(())
}
