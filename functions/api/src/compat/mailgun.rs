//! Mailgun's management API: the URLs of a sending domain by the names of their events, on the same webhooks.
//!
//! Each URL of a name is a webhook of its own, so that one broken receiver of three has its own retries, log and breaker.
//! Sending domains are not registered here: every domain name has its webhooks, or none.

use std::sync::Arc;

use axum::Router;
use axum::routing::get;

use crate::room::Api;

mod create;
mod delete;
pub(crate) mod error;
mod form;
mod remove;
mod list;
mod name;
mod plan;
mod read;
mod view;
mod event_group;
mod update;

pub(crate) fn routes() -> Router<Arc<Api>> {
    Router::new()
        .route("/v3/domains/{domain}/webhooks", get(list::list).post(create::create))
        .route("/v3/domains/{domain}/webhooks/{name}", get(read::read).put(update::update).delete(delete::delete))
}
