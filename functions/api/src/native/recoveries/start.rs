//! `POST /api/v1/webhooks/{webhook_id}/recover` and, for all of a tenant's webhooks, `POST /api/v1/recoveries`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use shared::breaker::Breaker;
use shared::clock::random;
use shared::id::{RecoveryId, TenantId, WebhookId};
use shared::problem::Problem;
use shared::queue::Outgoing;
use shared::queue::job::{Job, RecoveryPage};
use shared::recovery::{MAX_RUNNING, Position, Progress, Recoverable, Recovery, RecoveryStatus};
use shared::store::StoreError;
use shared::unknown_fields::UnknownFields;
use shared::webhook::{Webhook, WebhookStatus};

use super::request::StartRecovery;
use super::view::RecoveryView;
use crate::http::body::Fields;
use crate::http::caller::Manager;
use crate::http::error::{ApiError, not_found};
use crate::http::path::Id;
use crate::noun::Noun;
use crate::problem::webhook_pending;
use crate::room::Api;
use crate::span;

/// How long the first page waits. Reason: the index follows the table within about a second, so by then it has every
/// delivery that became held or dead before; and the recovery, which is stored after its job is sent, is stored by
/// then.
const DELAY_SECONDS: u16 = 5;

/// Recovers one webhook.
pub(super) async fn of_webhook(
    Manager(tenant): Manager,
    State(api): State<Arc<Api>>,
    Id(id): Id<WebhookId>,
    body: Fields,
) -> Result<(StatusCode, Json<RecoveryView>), ApiError> {
    let now = api.now();
    let request = StartRecovery::read(body, now)?;
    let webhook = api.webhooks.get(tenant, id).await?.ok_or_else(|| not_found(Noun::Webhook))?;
    if request.states.iter().any(|state| *state != Recoverable::Missing) {
        refuse_unfit(&webhook, &api.breakers.get(tenant, id).await?)?;
    }
    start(&api, tenant, Some(id), request, now).await
}

/// Recovers all webhooks, one after the other. Webhooks that take no attempts are skipped.
pub(super) async fn of_tenant(
    Manager(tenant): Manager,
    State(api): State<Arc<Api>>,
    body: Fields,
) -> Result<(StatusCode, Json<RecoveryView>), ApiError> {
    let now = api.now();
    let request = StartRecovery::read(body, now)?;
    start(&api, tenant, None, request, now).await
}

/// Sends the job of the first page, then stores the recovery. Reason for this order: a job without a recovery comes
/// back once and is then dropped as obsolete; a recovery without its job would stand still until the next sweep.
async fn start(
    api: &Api,
    tenant: TenantId,
    webhook: Option<WebhookId>,
    request: StartRecovery,
    now: Timestamp,
) -> Result<(StatusCode, Json<RecoveryView>), ApiError> {
    let delay = SignedDuration::from_secs(i64::from(DELAY_SECONDS));
    let first = request.states.first().copied().unwrap_or(Recoverable::Held);
    let recovery = Recovery {
        id: RecoveryId::mint(now, random()),
        tenant,
        webhook,
        states: request.states,
        since: request.since,
        until: request.until,
        rate: request.rate,
        status: RecoveryStatus::Running,
        page: 0,
        position: Position { webhook, state: first, after: None },
        progress: Progress::default(),
        created_at: now,
        updated_at: now,
        due_at: now.saturating_add(delay).unwrap_or(now),
    };
    span::note(Noun::Recovery, recovery.id);
    let job = Job::Recovery(RecoveryPage {
        tenant,
        recovery: recovery.id,
        page: recovery.page,
        unknown: UnknownFields::default(),
    });
    for result in api.jobs.send(&[Outgoing::later(&job, DELAY_SECONDS)]).await {
        result?;
    }
    match api.recoveries.create(&recovery).await {
        Ok(()) => Ok((StatusCode::ACCEPTED, Json(RecoveryView::from(&recovery)))),
        Err(StoreError::LimitReached) => Err(too_many().into()),
        Err(error) => Err(error.into()),
    }
}

/// Refuses a webhook that takes no attempts: deliveries that it holds would be held again at once.
fn refuse_unfit(webhook: &Webhook, breaker: &Breaker) -> Result<(), Problem> {
    let refused = |kind, title, detail| Err(Problem::new(409, kind, title, detail));
    match (webhook.status, breaker) {
        (WebhookStatus::Disabled { .. }, _) => {
            let detail = "Its deliveries would be held again. Enable the webhook: held deliveries then go out \
                          without a recovery, and dead ones can be recovered.";
            refused("webhook-disabled", "The webhook is disabled", detail)
        }
        (WebhookStatus::Enabled, _) if webhook.paused => {
            let detail = "Its deliveries would be held again. Set `paused` to false: held deliveries then go out \
                          without a recovery, and dead ones can be recovered.";
            refused("webhook-paused", "The webhook is paused", detail)
        }
        (WebhookStatus::Enabled, _) if webhook.is_pending() => Err(webhook_pending(
            "Its deliveries would be held again. Make its new URL answer a challenge: held deliveries then go out without \
             a recovery, and dead ones can be recovered.",
        )),
        (WebhookStatus::Enabled, Breaker::Open(_)) => {
            let detail = "Its receiver fails, so its deliveries would be held again. Held deliveries go out without \
                          a recovery when the receiver works again; to try at once, PATCH the webhook with `enabled` \
                          true.";
            refused("webhook-open", "The webhook's breaker is open", detail)
        }
        (WebhookStatus::Enabled, Breaker::Closed { .. }) => Ok(()),
    }
}

fn too_many() -> Problem {
    let detail = format!(
        "This tenant has the maximum of {MAX_RUNNING} running recoveries. Wait until one of them has finished, or \
         cancel one; GET /api/v1/recoveries lists them."
    );
    Problem::new(409, "too-many-recoveries", "Too many recoveries", detail)
}
