//! `POST /api/v1/webhooks/{webhook_id}/rotate-secret`: a new secret signs first, the old one beside it for a while

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use jiff::SignedDuration;
use shared::id::WebhookId;
use shared::problem::Problem;
use shared::webhook::{DEFAULT_OVERLAP_SECONDS, MAX_OVERLAP_SECONDS, SigningSecrets, Webhook};

use super::view::Shown;
use crate::fields::{signature, webhook};
use crate::http::body::{OptionalBody, whole};
use crate::http::caller::Manager;
use crate::http::error::Refusal;
use crate::http::path::Id;
use crate::manage::change::change;
use crate::manage::signing;
use crate::room::Api;

pub(super) async fn rotate_secret(
    Manager(tenant): Manager,
    State(api): State<Arc<Api>>,
    Id(id): Id<WebhookId>,
    OptionalBody(mut body): OptionalBody,
) -> Result<Json<Shown>, Refusal> {
    let secret = body.optional("secret", webhook::secret);
    let scheme = body.optional("signature", signature::scheme);
    let overlap = body.optional("overlap_seconds", whole(0..=i64::from(MAX_OVERLAP_SECONDS)));
    body.finish(Some(()))?;
    let overlap = SignedDuration::from_secs(overlap.unwrap_or(i64::from(DEFAULT_OVERLAP_SECONDS)));

    let rotate = |stored: Webhook| {
        let present = stored.secrets.current.scheme();
        let secret = signing::secret(secret.as_ref(), scheme, present, stored.dialect).map_err(Problem::invalid)?;
        let secrets = if overlap.is_zero() {
            SigningSecrets { current: secret, previous: None }
        } else {
            stored.secrets.rotated(secret, api.now() + overlap)
        };
        Ok(Webhook { secrets, ..stored })
    };
    let webhook = change(&api, tenant, id, rotate).await?;
    Ok(Json(Shown::with_secret(&webhook)))
}
