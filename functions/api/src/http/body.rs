//! Bodies: received, bounded, and parsed as JSON. What is not JSON is 400. JSON that says something impossible is 422,
//! with all errors in one answer, each at its JSON pointer.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use serde_json::{Map, Value};
use shared::problem::Problem;

use super::error::ApiError;

mod fields;
mod read;

pub(crate) use fields::Fields;
pub(crate) use read::{expected_number, flag, list, map, object, or_null, parsed, text, whole};

/// Maximum bytes of a body (64 KiB). Reason: the largest webhook that the limits of its fields allow is many times
/// smaller.
const MAX_BODY_BYTES: usize = 64 * 1024;

impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = ApiError;

    async fn from_request(request: Request, _state: &S) -> Result<Self, ApiError> {
        Ok(parse(&json(request).await?)?)
    }
}

/// A body that may be left out, because all of its fields are optional.
#[derive(Debug)]
pub(crate) struct OptionalBody(pub(crate) Fields);

impl<S: Send + Sync> FromRequest<S> for OptionalBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, _state: &S) -> Result<Self, ApiError> {
        let body = json(request).await?;
        Ok(Self(if body.is_empty() { Fields::new(Map::new()) } else { parse(&body)? }))
    }
}

/// A body of JSON, or an empty one.
async fn json(request: Request) -> Result<Bytes, Problem> {
    let is_json = is_json(request.headers());
    let body = bounded(request).await?;
    if !is_json && !body.is_empty() {
        let detail = "Send `content-type: application/json`.";
        return Err(Problem::new(415, "unsupported-media-type", "Unsupported media type", detail));
    }
    Ok(body)
}

/// A body of any kind; 413 when it is too long.
pub(crate) async fn bounded(request: Request) -> Result<Bytes, Problem> {
    // On Lambda the whole body is in memory already, so the only possible failure is that it is too long.
    let body = axum::body::to_bytes(request.into_body(), MAX_BODY_BYTES).await;
    body.map_err(|_| {
        let detail = format!("A body may have at most {MAX_BODY_BYTES} bytes (64 KiB).");
        Problem::new(413, "body-too-large", "The body is too large", detail)
    })
}

/// A body without a content type counts as JSON: this API takes nothing else.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(header::CONTENT_TYPE) else { return true };
    let media_type = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim();
    let media_type = media_type.to_ascii_lowercase();
    media_type == "application/json" || (media_type.starts_with("application/") && media_type.ends_with("+json"))
}

fn parse(body: &[u8]) -> Result<Fields, Problem> {
    let malformed = |detail| Problem::new(400, "malformed-json", "The body is not a JSON object", detail);
    if body.is_empty() {
        return Err(malformed("The body is empty; it must be a JSON object, `{…}`.".to_owned()));
    }
    let value = serde_json::from_slice(body).map_err(|error| {
        malformed(format!("The body is not JSON: error at line {}, column {}.", error.line(), error.column()))
    })?;
    match value {
        Value::Object(fields) => Ok(Fields::new(fields)),
        _ => Err(malformed("The body must be a JSON object, `{…}`.".to_owned())),
    }
}
