//! `POST /api/v1/webhooks/{webhook_id}/verify`: asks the new URLs of a pending webhook for their consent again.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use shared::clock::random;
use shared::id::WebhookId;
use shared::webhook::{VerificationId, Webhook};

use super::view::WebhookView;
use crate::http::caller::Manager;
use crate::http::error::ApiError;
use crate::http::path::Id;
use crate::manage::change::change;
use crate::manage::error::ManageError;
use crate::room::Api;

pub(super) async fn verify(
    Manager(tenant): Manager,
    State(api): State<Arc<Api>>,
    Id(id): Id<WebhookId>,
) -> Result<(StatusCode, Json<WebhookView>), ApiError> {
    let webhook = change(&api, tenant, id, |stored| asked_again(&api, stored)).await?;
    Ok((StatusCode::ACCEPTED, Json(WebhookView::from(&webhook))))
}

/// The webhook with a new verification of the same URLs, so that the jobs of the one before are obsolete.
fn asked_again(api: &Api, stored: Webhook) -> Result<Webhook, ManageError> {
    let now = api.now();
    let Some(asked) = stored.verification.as_ref().filter(|asked| asked.is_pending()) else {
        return Err(ManageError::NotPending);
    };
    let wait = asked.repeatable_at().duration_since(now);
    if wait.is_positive() {
        // Rounded up, so that a client that waits so long is not refused again.
        return Err(ManageError::ChallengedTooSoon { seconds: wait.as_secs() + 1 });
    }
    let verification = asked.repeated(VerificationId::generate(random()), now);
    Ok(Webhook { verification: Some(verification), ..stored })
}
