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
use shared::webhook::{Webhook, WebhookStatus};

use super::Shown;
use super::request::Given;
use crate::http::body::Fields;
use crate::http::caller::Manager;
use crate::http::error::{Refusal, not_found};
use crate::http::path::Id;
use crate::room::Api;

/// How long the first page waits: until the index, which follows its table within about a second, has everything that
/// became held or dead before, and until the recovery, of which the job is sent first, is stored.
const DELAY_SECONDS: u16 = 5;

/// Recovers one webhook.
pub(super) async fn of_webhook(
    Manager(tenant): Manager,
    State(api): State<Arc<Api>>,
    Id(id): Id<WebhookId>,
    body: Fields,
) -> Result<(StatusCode, Json<Shown>), Refusal> {
    let now = api.now();
    let given = Given::read(body, now)?;
    let webhook = api.registry.get_webhook(tenant, id).await?.ok_or_else(|| not_found("webhook"))?;
    if given.states.iter().any(|state| *state != Recoverable::Missing) {
        refuse_unfit(&webhook, &api.registry.get_breaker(tenant, id).await?)?;
    }
    start(&api, tenant, Some(id), given, now).await
}

/// Recovers all webhooks, one after the other; those that take no attempts are skipped.
pub(super) async fn of_tenant(
    Manager(tenant): Manager,
    State(api): State<Arc<Api>>,
    body: Fields,
) -> Result<(StatusCode, Json<Shown>), Refusal> {
    let now = api.now();
    let given = Given::read(body, now)?;
    start(&api, tenant, None, given, now).await
}

/// Sends the job of the first page, then stores the recovery: a job without a recovery comes back once and is void then,
/// while a recovery without its job would stand still until the next sweep.
async fn start(
    api: &Api,
    tenant: TenantId,
    webhook: Option<WebhookId>,
    given: Given,
    now: Timestamp,
) -> Result<(StatusCode, Json<Shown>), Refusal> {
    let delay = SignedDuration::from_secs(i64::from(DELAY_SECONDS));
    let first = given.states.first().copied().unwrap_or(Recoverable::Held);
    let recovery = Recovery {
        id: RecoveryId::mint(now, random()),
        tenant,
        webhook,
        states: given.states,
        since: given.since,
        until: given.until,
        rate: given.rate,
        status: RecoveryStatus::Running,
        page: 0,
        position: Position { webhook, state: first, after: None },
        progress: Progress::default(),
        created_at: now,
        updated_at: now,
        due_at: now.saturating_add(delay).unwrap_or(now),
    };
    let job = Job::Recovery(RecoveryPage { tenant, recovery: recovery.id, page: recovery.page });
    for result in api.jobs.send(&[Outgoing::later(&job, DELAY_SECONDS)]).await {
        result?;
    }
    match api.registry.create_recovery(&recovery).await {
        Ok(()) => Ok((StatusCode::ACCEPTED, Json(Shown::from(&recovery)))),
        Err(StoreError::LimitReached) => Err(too_many().into()),
        Err(error) => Err(error.into()),
    }
}

/// What is held by a webhook that takes no attempts would be held again at once.
fn refuse_unfit(webhook: &Webhook, breaker: &Breaker) -> Result<(), Problem> {
    let refused = |kind, title, detail| Err(Problem::new(409, kind, title, detail));
    match (webhook.status, breaker) {
        (WebhookStatus::Disabled { .. }, _) => {
            let detail = "Its deliveries would only be held. Enable it: what is held goes out by itself then, and what is \
                          dead can be recovered.";
            refused("webhook-disabled", "The webhook is disabled", detail)
        }
        (WebhookStatus::Enabled, _) if webhook.paused => {
            let detail = "Its deliveries would only be held. Set `paused` to false: what is held goes out by itself then, \
                          and what is dead can be recovered.";
            refused("webhook-paused", "The webhook is paused", detail)
        }
        (WebhookStatus::Enabled, Breaker::Open(_)) => {
            let detail = "Its receiver fails, so that its deliveries would only be held. What is held goes out by itself \
                          when the receiver answers again; to try at once, PATCH the webhook with `enabled` true.";
            refused("webhook-open", "The webhook's breaker is open", detail)
        }
        (WebhookStatus::Enabled, Breaker::Closed { .. }) => Ok(()),
    }
}

fn too_many() -> Problem {
    let detail = format!(
        "{MAX_RUNNING} recoveries of the tenant run already. See GET /api/v1/recoveries; wait for the end of one, or cancel \
         it."
    );
    Problem::new(409, "too-many-recoveries", "Too many recoveries run", detail)
}
