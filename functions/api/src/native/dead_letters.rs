//! Dead letters: deliveries that `deliver` gave up.

use std::sync::Arc;

use axum::Router;
use axum::routing::get;

use crate::room::Api;

mod list;

pub(crate) fn routes() -> Router<Arc<Api>> {
    Router::new().route("/api/v1/dead-letters", get(list::list))
}
