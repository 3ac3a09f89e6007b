//! The job that lets a webhook's held deliveries go

use shared::id::{TenantId, WebhookId};
use shared::queue::Outgoing;
use shared::queue::job::{Job, Recover};

use crate::http::error::Refusal;
use crate::room::Api;

/// How long the job waits: until the index, which follows the table within about a second, has every delivery that was
/// held before.
const DELAY_SECONDS: u16 = 5;
/// How long the job of a deletion waits: for longer than any request lasts (15 s, as the template limits it). Were it
/// carried out before the webhook is deleted, while that is disabled, it would do nothing, and nothing else ends what a
/// webhook holds that is no more: the sweep looks at those that are.
const DELETION_SECONDS: u16 = 60;

/// Sends the job that lets held deliveries go: after the webhook was written as enabled or not paused. Whoever holds a delivery after that write sees the new state. Should this fail the
/// client is told so and repeats the request, which sends the job again; two such jobs do what one does.
pub(crate) async fn recover(api: &Api, tenant: TenantId, webhook: WebhookId) -> Result<(), Refusal> {
    send(api, tenant, webhook, DELAY_SECONDS).await
}

/// Sends the job that ends what the webhook holds, for a webhook that is about to be deleted.
pub(crate) async fn recover_deleted(api: &Api, tenant: TenantId, webhook: WebhookId) -> Result<(), Refusal> {
    send(api, tenant, webhook, DELETION_SECONDS).await
}

async fn send(api: &Api, tenant: TenantId, webhook: WebhookId, delay_seconds: u16) -> Result<(), Refusal> {
    let job = Job::Recover(Recover { tenant, webhook, after: None });
    let outgoing = Outgoing { delay_seconds, ..Outgoing::now(&job) };
    for result in api.jobs.send(&[outgoing]).await {
        result?;
    }
    Ok(())
}
