//! The job that lets a webhook's held deliveries go

use shared::id::{TenantId, WebhookId};
use shared::queue::Outgoing;
use shared::queue::job::{Job, Recover};

use crate::Api;
use crate::refusal::Refusal;

/// How long the job waits: until the index, which follows the table within about a second, has every delivery that was
/// held before.
const DELAY_SECONDS: u16 = 5;

/// Sends the job that lets held deliveries go: out, after the webhook was written as enabled or not paused, or to their end as
/// discarded, after it was deleted. Whoever holds a delivery after that write sees the new state. Should this fail the
/// client is told so and repeats the request, which sends the job again; two such jobs do what one does.
pub(super) async fn recover(api: &Api, tenant: TenantId, webhook: WebhookId) -> Result<(), Refusal> {
    let job = Job::Recover(Recover { tenant, webhook, after: None });
    let outgoing = Outgoing { delay_seconds: DELAY_SECONDS, ..Outgoing::now(&job) };
    for result in api.jobs.send(&[outgoing]).await {
        result?;
    }
    Ok(())
}
