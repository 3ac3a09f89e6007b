//! Mailjet's management API: `eventcallbackurl`, over the same webhooks as every other.
//!
//! What it calls an event callback URL is an [`entry`]: one URL of a webhook, main or backup, for one of Mailjet's event
//! types. `rules` decides what a request makes of a tenant's webhooks; the operations read the request, have that carried
//! out and show the entry.

use std::sync::Arc;

use axum::Router;
use axum::routing::get;

use crate::room::Api;

mod create;
mod delete;
mod entry;
pub(crate) mod error;
mod event_word;
mod filters;
mod request;
mod list;
mod read;
mod rules;
mod view;
mod update;
mod urls;
mod words;

pub(crate) fn routes() -> Router<Arc<Api>> {
    let one = get(read::read).put(update::update).delete(delete::delete);
    Router::new()
        .route("/v3/REST/eventcallbackurl", get(list::list).post(create::create))
        .route("/v3/REST/eventcallbackurl/{id}", one)
}
