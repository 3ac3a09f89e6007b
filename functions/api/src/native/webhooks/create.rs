//! `POST /api/v1/webhooks`

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use shared::address_policy::AddressPolicy;
use shared::dialect::Dialect;
use shared::id::TenantId;
use shared::secret::{SignatureScheme, SigningSecret};
use shared::store::StoreError;
use shared::webhook::{
    CustomName, CustomValue, Destination, DisabledReason, Subscription, WantedTypes, Webhook, WebhookStatus,
};

use super::request::WebhookFields;
use super::view::WebhookView;
use crate::fields::{destination, limits, signature, subscription, webhook};
use crate::http::body::Fields;
use crate::http::caller::Manager;
use crate::http::error::ApiError;
use crate::http::field_errors::FieldErrors;
use crate::manage::register::{draft, register};
use crate::manage::signing;
use crate::manage::sources::check_sources;
use crate::room::Api;

/// A valid request for a new webhook.
struct CreateWebhook {
    url: Destination,
    types: WantedTypes,
    dialect: Dialect,
    secret: SigningSecret,
    headers: BTreeMap<CustomName, CustomValue>,
    /// The fields that have a default.
    optional: WebhookFields,
}

pub(super) async fn create(
    Manager(tenant): Manager,
    State(api): State<Arc<Api>>,
    mut body: Fields,
) -> Result<(StatusCode, Json<WebhookView>), ApiError> {
    body.require("url");
    body.require("events");
    let default_dialect = if body.has("dialect") { None } else { Some(default_dialect(&api, tenant).await?) };
    let webhook = CreateWebhook::read(body, default_dialect, &api.addresses)?.into_webhook(tenant, api.now());
    check_sources(&api, tenant, &webhook.subscription.sources).await?;
    let webhook = register(&api, webhook).await?;
    Ok((StatusCode::CREATED, Json(WebhookView::with_secret(&webhook))))
}

/// The dialect of the tenant's new webhooks whose requests name none.
async fn default_dialect(api: &Api, tenant: TenantId) -> Result<Dialect, ApiError> {
    match api.settings.get(tenant).await?.default_dialect {
        None => Ok(Dialect::Standard),
        Some(stored) => stored.known().ok_or_else(|| StoreError::unreadable("a dialect that is not known").into()),
    }
}

impl CreateWebhook {
    /// `default_dialect` is the tenant's, where the request names none.
    fn read(
        mut body: Fields,
        default_dialect: Option<Dialect>,
        addresses: &AddressPolicy,
    ) -> Result<Self, FieldErrors> {
        let has_credentials = body.has("credentials");
        let mut given = WebhookFields::read(&mut body, addresses);
        let secret = body.optional("secret", webhook::secret);
        let scheme = body.optional("signature", signature::scheme);
        // `None` when the request names a dialect that does not exist. Then names and batch are not checked: against
        // the default dialect their errors could be wrong.
        let known_dialect = given.dialect.or(default_dialect);
        if let Some((batch, dialect)) = given.batch.zip(known_dialect) {
            body.check(limits::check_dialect(dialect, batch).map_err(|errors| errors.below("/batch")));
        }
        let names = given.events.take().zip(known_dialect);
        let types = names.and_then(|(names, dialect)| body.check(subscription::types_named(&names, dialect)));
        let dialect = known_dialect.unwrap_or(Dialect::Standard);
        let secret = body.check(signing::secret(secret.as_ref(), scheme, SignatureScheme::V1, dialect));
        let headers = body.check(given.headers.take().unwrap_or_default().over(&BTreeMap::new()));
        let url = destination::of_new(&mut body, given.url.take(), given.credentials.take(), has_credentials);
        body.finish(|| {
            Some(Self { url: url?, types: types?, dialect, secret: secret?, headers: headers?, optional: given })
        })
    }

    /// The webhook, with defaults for what the request leaves out.
    fn into_webhook(self, tenant: TenantId, now: Timestamp) -> Webhook {
        let Self { url, types, dialect, secret, headers, optional } = self;
        let sources = optional.sources.unwrap_or_default();
        let subscription = Subscription { types, sources, domains: optional.domains.unwrap_or_default() };
        let draft = draft(now, tenant, url, subscription, dialect, secret);
        Webhook {
            headers,
            retry_policy: optional.retry_policy.unwrap_or_else(|| draft.dialect.default_retry_policy()),
            timeout_ms: optional.timeout_ms.unwrap_or_else(|| draft.dialect.default_timeout_ms()),
            status: match optional.enabled {
                None | Some(true) => WebhookStatus::Enabled,
                Some(false) => WebhookStatus::Disabled { reason: DisabledReason::Requested },
            },
            description: optional.description.unwrap_or_default(),
            breaker: optional.breaker.unwrap_or_default(),
            backup_url: optional.backup_url.flatten(),
            paused: optional.paused.unwrap_or(false),
            metadata: optional.metadata.unwrap_or_default(),
            rate_limit: optional.rate_limit.flatten(),
            batch: optional.batch.unwrap_or(draft.batch),
            ..draft
        }
    }
}
