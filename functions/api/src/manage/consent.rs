//! The consent of new URLs: the webhook is written as pending, then the job is sent that asks them.

use std::error::Error;

use shared::clock::random;
use shared::id::TenantId;
use shared::queue::Outgoing;
use shared::queue::job::{Job, VerifyJob};
use shared::unknown_fields::UnknownFields;
use shared::webhook::{VerificationId, Webhook};

use super::error::ManageError;
use crate::room::Api;

/// The webhook as it is to be written in place of `stored`, or as a new one: pending if one of its URLs is new. If the
/// operator asks for no consent, no webhook that is written is pending, and none says that its URLs were asked.
pub(super) fn asking(api: &Api, stored: Option<&Webhook>, webhook: Webhook) -> Webhook {
    if api.verify_webhook_urls {
        webhook.asking_consent(stored, VerificationId::generate(random()), api.now())
    } else {
        Webhook { verification: None, ..webhook }
    }
}

/// Asks the new URLs of a webhook after the webhook was written, if the write began a verification.
pub(super) async fn ask(api: &Api, stored: Option<&Webhook>, written: &Webhook) {
    let began = |webhook: &Webhook| webhook.verification.as_ref().map(|asked| asked.id.clone());
    if stored.and_then(began) != began(written) {
        ask_all(api, written.tenant, [written]).await;
    }
}

/// Sends the jobs that ask the new URLs of webhooks which were just written.
///
/// The row is written first: a job that finds no pending webhook does nothing. If sending fails, the request has done
/// its work nevertheless: the webhook is shown as pending, and the hourly sweep or a repeat call sends the job.
pub(super) async fn ask_all(api: &Api, tenant: TenantId, written: impl IntoIterator<Item = &Webhook>) {
    if let Err(error) = send(api, tenant, written).await {
        tracing::error!(error = &error as &dyn Error, "the job that asks a new URL could not be sent");
    }
}

/// Sends the jobs for those of a tenant's webhooks that have challenges left.
pub(super) async fn send(
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
        let job = Job::Verify(VerifyJob {
            tenant,
            webhook: webhook.id,
            verification: asked.id.clone(),
            unknown: UnknownFields::default(),
        });
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
