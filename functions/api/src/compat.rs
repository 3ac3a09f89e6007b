//! The management APIs of other systems, on the same webhooks, for the clients that their users have.

use std::sync::Arc;

use axum::Router;

use crate::room::Api;

mod mailgun;
mod mailjet;
mod platform;
pub(crate) mod style;

pub(crate) fn routes() -> Router<Arc<Api>> {
    Router::new().merge(mailjet::routes()).merge(mailgun::routes()).merge(platform::routes())
}
