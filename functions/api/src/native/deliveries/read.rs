//! `GET /api/v1/webhooks/{webhook_id}/deliveries/{event_id}`, with all attempts that are kept

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use shared::id::{EventId, WebhookId};
use shared::problem::Problem;

use super::view::DeliveryView;
use crate::http::caller::Reader;
use crate::http::error::ApiError;
use crate::http::path::Ids;
use crate::http::query::Query;
use crate::room::Api;

pub(super) async fn read(
    Reader(tenant): Reader,
    State(api): State<Arc<Api>>,
    Ids(webhook, event): Ids<WebhookId, EventId>,
    query: Query,
) -> Result<Json<DeliveryView>, ApiError> {
    query.finish()?;
    let delivery = api.deliveries.get(tenant, webhook, event).await?;
    let delivery = delivery.ok_or_else(|| {
        let detail = "There is no such delivery, or it was not attempted yet.";
        Problem::new(404, "not-found", "Not found", detail)
    })?;
    Ok(Json(DeliveryView::whole(&delivery)))
}
