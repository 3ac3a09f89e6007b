//! `POST /api/v1/webhooks/{webhook_id}/rotate-secret`: deliveries are signed with the new secret, and for a while with
//! the former ones too

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use jiff::{SignedDuration, Timestamp};
use shared::id::WebhookId;
use shared::secret::{SignatureScheme, SigningSecret};
use shared::webhook::{DEFAULT_OVERLAP_SECONDS, MAX_OVERLAP_SECONDS, Rotation, Webhook};

use super::view::WebhookView;
use crate::fields::{signature, webhook};
use crate::http::body::{Fields, OptionalBody, whole};
use crate::http::caller::Manager;
use crate::http::error::ApiError;
use crate::http::field_errors::FieldErrors;
use crate::http::path::Id;
use crate::manage::change::change;
use crate::manage::signing;
use crate::noun::Noun;
use crate::room::Api;
use crate::span;

/// A valid request for a new secret.
struct RotateSecret {
    /// A secret that the receiver has already; `None` for a new one.
    secret: Option<SigningSecret>,
    scheme: Option<SignatureScheme>,
    /// How long deliveries are signed with the present secret too.
    overlap: SignedDuration,
}

pub(super) async fn rotate_secret(
    Manager(tenant): Manager,
    State(api): State<Arc<Api>>,
    Id(id): Id<WebhookId>,
    OptionalBody(body): OptionalBody,
) -> Result<Json<WebhookView>, ApiError> {
    let rotation = RotateSecret::read(body)?;
    // A repeated request that has nothing left to do writes nothing.
    if let Some(stored) = api.webhooks.get(tenant, id).await?
        && rotation.applied_to(stored.clone(), api.now())?.secrets == stored.secrets
    {
        span::note(Noun::Webhook, id);
        return Ok(Json(WebhookView::with_secret(&stored)));
    }
    let webhook = change(&api, tenant, id, |stored| Ok(rotation.applied_to(stored, api.now())?)).await?;
    Ok(Json(WebhookView::with_secret(&webhook)))
}

impl RotateSecret {
    fn read(mut body: Fields) -> Result<Self, FieldErrors> {
        let secret = body.optional("secret", webhook::secret);
        let scheme = body.optional("signature", signature::scheme);
        let overlap = body.optional("overlap_seconds", whole(0..=i64::from(MAX_OVERLAP_SECONDS)));
        let overlap = SignedDuration::from_secs(overlap.unwrap_or(i64::from(DEFAULT_OVERLAP_SECONDS)));
        body.finish(|| Some(Self { secret, scheme, overlap }))
    }

    fn applied_to(&self, stored: Webhook, now: Timestamp) -> Result<Webhook, FieldErrors> {
        let present = stored.secrets.current.scheme();
        let secret = signing::secret(self.secret.as_ref(), self.scheme, present, stored.dialect)?;
        let rotation = Rotation { secret, is_given: self.secret.is_some(), overlap: self.overlap };
        let secrets = stored.secrets.rotated(&rotation, now);
        let field = if self.secret.is_some() { "/secret" } else { "/signature" };
        Ok(Webhook { secrets: secrets.map_err(|error| FieldErrors::at(field, error.to_string()))?, ..stored })
    }
}
