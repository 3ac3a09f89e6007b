//! `GET /health`: whether the function runs. It needs no key and touches no table, so it costs nothing to ask often.

use axum::Json;
use serde_json::{Value, json};

/// Answers 200.
pub(crate) async fn health() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}
