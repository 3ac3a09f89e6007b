//! Mailjet's management API: `eventcallbackurl`, on the same webhooks as all other APIs.
//!
//! What Mailjet calls an event callback URL is an [`entry`]: one URL of a webhook, main or backup, for one of Mailjet's
//! event types. `rules` decides how a request changes a tenant's webhooks; the operations read the request, have the
//! decision written, and answer the entry.

use std::sync::Arc;

use axum::Router;
use axum::routing::get;

use crate::room::Api;

mod words;
mod event_word;
mod urls;
mod entry;
mod view;
mod filters;
mod request;
mod rules;
pub(super) mod error;
mod create;
mod delete;
mod list;
mod read;
mod update;

pub(crate) fn routes() -> Router<Arc<Api>> {
    let one = get(read::read).put(update::update).delete(delete::delete);
    Router::new()
        .route("/v3/REST/eventcallbackurl", get(list::list).post(create::create))
        .route("/v3/REST/eventcallbackurl/{id}", one)
}
