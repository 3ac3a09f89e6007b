//! The api room: authorise, read the request, act, answer.
//!
//! The modules stand bottom up: each uses only those above it. `native` is our own API and `compat` those of other
//! systems; both turn requests into the use cases of `manage`. `answer` finishes every answer, and writes errors in the
//! words of the API that was asked.

use std::sync::Arc;

use axum::{Router, middleware};
use shared::problem::Problem;

mod noun;
mod span;
mod public_key_cache;
mod room;
mod http;
mod fields;
mod manage;
mod problem;
mod native;
mod compat;
mod answer;

pub use room::Api;

use http::error::ApiError;

/// The room, as a service from requests to answers. An error is `application/problem+json`; on the paths of another
/// system it is what that system's clients expect.
pub fn router(api: Api) -> Router {
    Router::new()
        .merge(native::routes())
        .merge(compat::routes())
        .fallback(unknown_route)
        .method_not_allowed_fallback(unknown_method)
        .layer(middleware::from_fn(answer::finish))
        .with_state(Arc::new(api))
}

async fn unknown_route() -> ApiError {
    Problem::new(404, "not-found", "Not found", "No such endpoint. See openapi.yaml.").into()
}

async fn unknown_method() -> ApiError {
    let detail = "This path does not support this method. The `allow` header lists the methods that it supports.";
    Problem::new(405, "method-not-allowed", "Method not allowed", detail).into()
}
