//! The api room: authorise, parse, act, answer.
//!
//! One operation, one file, in the folder of what it is about. What they share: `caller` says who asks and for which
//! tenant, `body`, `query`, `path` and `page` read requests and collect what is wrong with them, and
//! `refusal` is how every operation fails. `answer` turns refusals into problem documents, in one place.

use std::sync::Arc;

use axum::{Router, middleware};
use shared::problem::Problem;

mod public_key_cache;
mod room;
mod http;
mod fields;
mod manage;
mod native;
mod compat;
mod answer;

use http::error::Refusal;

pub use room::Api;

/// The room, as a service from requests to answers. An error is `application/problem+json`, or what the clients of another
/// system expect on that system's paths.
pub fn router(api: Api) -> Router {
    Router::new()
        .merge(native::routes())
        .merge(compat::routes())
        .fallback(unknown_route)
        .method_not_allowed_fallback(unknown_method)
        .layer(middleware::from_fn(answer::finish))
        .with_state(Arc::new(api))
}

async fn unknown_route() -> Refusal {
    Problem::new(404, "not-found", "Not found", "There is nothing at this path; openapi.yaml lists what there is.")
        .into()
}

async fn unknown_method() -> Refusal {
    let detail = "This path does not take this method; the `allow` header lists those it takes.";
    Problem::new(405, "method-not-allowed", "Method not allowed", detail).into()
}
