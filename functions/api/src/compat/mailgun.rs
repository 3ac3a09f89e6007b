//! Mailgun's management API: the URLs of a sending domain by the names of their events, on the same webhooks as all
//! other APIs.
//!
//! Each URL of a name is a webhook of its own, so that each receiver has its own retries, deliveries and breaker.
//! Sending domains are not registered here: every domain name exists, with or without webhooks.

use std::sync::Arc;

use axum::Router;
use axum::routing::get;

use crate::room::Api;

mod name;
mod event_group;
mod plan;
pub(super) mod error;
mod form;
mod view;
mod remove;
mod create;
mod delete;
mod list;
mod read;
mod update;

pub(crate) fn routes() -> Router<Arc<Api>> {
    Router::new()
        .route("/v3/domains/{domain}/webhooks", get(list::list).post(create::create))
        .route("/v3/domains/{domain}/webhooks/{name}", get(read::read).put(update::update).delete(delete::delete))
}
