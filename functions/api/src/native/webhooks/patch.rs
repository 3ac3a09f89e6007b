//! `PATCH /api/v1/webhooks/{webhook_id}`: fields that the request leaves out stay as they are

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use shared::id::WebhookId;
use shared::webhook::Webhook;

use super::request::WebhookFields;
use super::view::WebhookView;
use crate::fields::{destination, limits, signature, subscription};
use crate::http::body::Fields;
use crate::http::caller::Manager;
use crate::http::error::ApiError;
use crate::http::field_errors::FieldErrors;
use crate::http::path::Id;
use crate::manage::change::change_and_resume;
use crate::manage::sources::check_sources;
use crate::room::Api;

/// A request to change a webhook. Each field is valid by itself; whether it fits the stored ones is checked when it is
/// applied.
struct PatchWebhook(WebhookFields);

pub(super) async fn patch(
    Manager(tenant): Manager,
    State(api): State<Arc<Api>>,
    Id(id): Id<WebhookId>,
    mut body: Fields,
) -> Result<Json<WebhookView>, ApiError> {
    let given = WebhookFields::read(&mut body, &api.addresses);
    let patch = body.finish(|| Some(PatchWebhook(given)))?;
    if let Some(sources) = &patch.0.sources {
        check_sources(&api, tenant, sources).await?;
    }
    let apply = |stored| Ok(patch.applied_to(stored)?);
    let webhook = change_and_resume(&api, tenant, id, patch.resumes(), apply).await?;
    Ok(Json(WebhookView::from(&webhook)))
}

impl PatchWebhook {
    /// Whether the client means deliveries to resume.
    fn resumes(&self) -> bool {
        self.0.enabled == Some(true) || self.0.paused == Some(false)
    }

    fn applied_to(&self, stored: Webhook) -> Result<Webhook, FieldErrors> {
        let given = &self.0;
        let mut webhook = stored;
        if let Some(dialect) = given.dialect {
            webhook.dialect = dialect;
            let scheme = webhook.secrets.current.scheme();
            signature::check_dialect(dialect, scheme).map_err(|errors| errors.below("/dialect"))?;
        }
        match &given.events {
            Some(names) => webhook.subscription.types = subscription::types_named(names, webhook.dialect)?,
            None if given.dialect.is_some() => {
                subscription::check_dialect(webhook.dialect, &webhook.subscription.types)?;
            }
            None => {}
        }
        webhook.url = destination::changed(&webhook.url, given.url.as_ref(), given.credentials.as_ref())?;
        set(&mut webhook.retry_policy, given.retry_policy.as_ref());
        set(&mut webhook.timeout_ms, given.timeout_ms.as_ref());
        set(&mut webhook.subscription.sources, given.sources.as_ref());
        set(&mut webhook.subscription.domains, given.domains.as_ref());
        set(&mut webhook.description, given.description.as_ref());
        set(&mut webhook.breaker, given.breaker.as_ref());
        set(&mut webhook.backup_url, given.backup_url.as_ref());
        // A webhook that has a backup URL, or is a stream, is no longer a backup URL without a main one.
        webhook.is_backup &= webhook.backup_url.is_none() && webhook.url.stream().is_none();
        if let Some(headers) = &given.headers {
            webhook.headers = headers.over(&webhook.headers)?;
        }
        set(&mut webhook.paused, given.paused.as_ref());
        set(&mut webhook.metadata, given.metadata.as_ref());
        set(&mut webhook.rate_limit, given.rate_limit.as_ref());
        set(&mut webhook.batch, given.batch.as_ref());
        // The error names the field that the request gives, not the stored one.
        let pointer = if given.batch.is_some() { "/batch" } else { "/dialect" };
        limits::check_dialect(webhook.dialect, webhook.batch).map_err(|errors| errors.below(pointer))?;
        if let Some(enabled) = given.enabled {
            webhook.status = webhook.status.switched(enabled);
        }
        Ok(webhook)
    }
}

fn set<T: Clone>(field: &mut T, given: Option<&T>) {
    if let Some(value) = given {
        field.clone_from(value);
    }
}
