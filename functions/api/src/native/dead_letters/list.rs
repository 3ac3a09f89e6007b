//! `GET /api/v1/dead-letters`: webhook by webhook, oldest webhook first; of each webhook the latest dead letter first.
//!
//! The index is by webhook. A list in the order of time would query every webhook of the tenant for every page.

use std::fmt::{self, Display};
use std::str::FromStr;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use shared::delivery::StateKind;
use shared::id::{EventId, TenantId, WebhookId};
use shared::store::deliveries::{HeldOrDeadOrder, ListedDelivery};

use crate::http::caller::Reader;
use crate::http::error::ApiError;
use crate::http::page::{self, ListView};
use crate::http::query::Query;
use crate::manage::webhook_ids::webhook_ids;
use crate::native::deliveries::{DeliveryEntry, entries};
use crate::room::Api;

/// Maximum webhooks that one page queries, with one call each. So a page may be short, even empty, and still name a
/// next page.
const MAX_WEBHOOKS: usize = 50;

pub(super) async fn list(
    Reader(tenant): Reader,
    State(api): State<Arc<Api>>,
    mut query: Query,
) -> Result<Json<ListView<DeliveryEntry>>, ApiError> {
    let webhook: Option<WebhookId> = query.parsed("webhook_id");
    let limit = page::limit(&mut query);
    let after: Option<Position> = page::cursor(&mut query);
    query.finish()?;

    let mut webhooks = match webhook {
        Some(webhook) => vec![webhook],
        None => webhook_ids(&api, tenant).await?,
    };
    webhooks.sort_unstable();
    let (found, next) = search(&api, tenant, &webhooks, after, limit).await?;
    Ok(Json(ListView::new(entries(&found), next.map(|next| next.to_string()))))
}

async fn search(
    api: &Api,
    tenant: TenantId,
    webhooks: &[WebhookId],
    after: Option<Position>,
    limit: u8,
) -> Result<(Vec<ListedDelivery>, Option<Position>), ApiError> {
    let mut found = Vec::new();
    let mut remaining = webhooks.iter().copied().filter(|id| after.as_ref().is_none_or(|after| *id >= after.webhook));
    for webhook in remaining.by_ref().take(MAX_WEBHOOKS) {
        let missing = limit - u8::try_from(found.len()).unwrap_or(limit);
        if missing == 0 {
            return Ok((found, Some(Position { webhook, below: None })));
        }
        let below = after.as_ref().filter(|after| after.webhook == webhook).and_then(|after| after.below.as_deref());
        let order = HeldOrDeadOrder::NewestFirst;
        let page = api.deliveries.list_stuck(tenant, webhook, StateKind::Dead, order, below, missing).await?;
        // All rows of a webhook belong to one tenant. So if a page has no row of this tenant, the following pages have
        // none.
        let more = page.next.filter(|_| !page.items.is_empty());
        found.extend(page.items);
        if more.is_some() {
            return Ok((found, Some(Position { webhook, below: more })));
        }
    }
    Ok((found, remaining.next().map(|webhook| Position { webhook, below: None })))
}

/// Where the next page begins: at a webhook, below a place in its part of the index.
#[derive(Debug)]
struct Position {
    webhook: WebhookId,
    below: Option<String>,
}

impl Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.webhook, self.below.as_deref().unwrap_or_default())
    }
}

impl FromStr for Position {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (webhook, below) = text.split_once(' ').ok_or(())?;
        let webhook = webhook.parse().map_err(|_| ())?;
        let below = if below.is_empty() { None } else { Some(index_key(below)?) };
        Ok(Self { webhook, below })
    }
}

/// A sort key of the index: milliseconds, `#`, event id.
fn index_key(text: &str) -> Result<String, ()> {
    let (since, event) = text.split_once('#').ok_or(())?;
    let _checked: EventId = event.parse().map_err(|_| ())?;
    since.parse::<u64>().map(|_| text.to_owned()).map_err(|_| ())
}
