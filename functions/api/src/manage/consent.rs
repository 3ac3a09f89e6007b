//! The consent of new URLs: the webhook is written as pending, then the job is sent that asks them.

use shared::clock::random;
use shared::id::TenantId;
use shared::queue::Outgoing;
use shared::queue::job::{Job, VerifyJob};
use shared::webhook::{VerificationId, Webhook};

use super::error::ManageError;
use crate::room::Api;

/// The webhook as it is to be written in place of `stored`, or as a new one: pending if one of its URLs is new. If the
/// operator asks for no consent, nobody is pending.
pub(super) fn asking(api: &Api, stored: Option<&Webhook>, webhook: Webhook) -> Webhook {
    if api.verify_webhook_urls {
        webhook.asking_consent(stored, VerificationId::generate(random()), api.now())
    } else if webhook.is_pending() {
        Webhook { verification: None, ..webhook }
    } else {
        webhook
    }
}

/// Sends the job that asks the new URLs of a webhook after the webhook was written, if the write began a verification.
///
/// The row is written first: a job that finds no pending webhook does nothing. If sending fails, the request has done
/// its work nevertheless: the webhook is shown as pending, and the hourly sweep or a repeat call sends the job.
pub(super) async fn ask(api: &Api, stored: Option<&Webhook>, written: &Webhook) {
    let began = |webhook: &Webhook| webhook.verification.as_ref().map(|asked| asked.id.clone());
    if stored.and_then(began) == began(written) {
        return;
    }
    if let Err(error) = send(api, written.tenant, [written]).await {
        tracing::error!(error = &error as &dyn std::error::Error, "the job that asks a new URL could not be sent");
    }
}

/// Sends the jobs for those of a tenant's webhooks that have challenges left.
pub(crate) async fn send(
    api: &Api,
    tenant: TenantId,
    webhooks: impl IntoIterator<Item = &Webhook>,
) -> Result<(), ManageError> {
    let now = api.now();
    let outgoing = webhooks.into_iter().filter_map(|webhook| {
        let asked = webhook.verification.as_ref()?;
        let wait = asked.next_challenge_at()?.duration_since(now).as_secs();
        // A challenge is never later than a message can be delayed. One in the past is due now.
        let delay_seconds = u16::try_from(wait.max(0)).unwrap_or(0);
        let job = Job::Verify(VerifyJob { tenant, webhook: webhook.id, verification: asked.id.clone() });
        Some(Outgoing::later(&job, delay_seconds))
    });
    let outgoing: Vec<_> = outgoing.collect();
    if outgoing.is_empty() {
        return Ok(());
    }
    for result in api.jobs.send(&outgoing).await {
        result?;
    }
    Ok(())
}
