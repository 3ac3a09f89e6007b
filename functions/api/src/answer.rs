//! What every answer has: a request id, and for errors the words of the API that was asked.

use axum::body::Body;
use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use lambda_http::RequestExt as _;
use shared::audit::Audit;
use shared::clock::random;
use tracing::Instrument as _;

use crate::compat::style::Style;
use crate::http::error::ApiError;
use crate::span;

/// The header that names the request: Lambda's own id, so that the request is found in the logs.
const REQUEST_ID: &str = "x-request-id";
/// The header that may name the invocation when there is no Lambda context.
const AMAZON_REQUEST_ID: &str = "x-amzn-request-id";
/// After how many seconds a client should try again when AWS cannot be reached.
const RETRY_AFTER: &str = "5";
/// Maximum length of a request id that is taken from a header.
const MAX_REQUEST_ID: usize = 128;

/// Runs the request and finishes its answer.
pub(crate) async fn finish(request: Request, next: Next) -> Response {
    let id = request_id(&request);
    let style = Style::of(request.uri().path());
    let span = span::of_request(&id);
    let is_change = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let audit = Audit::of(&request, operation(&request));
    let mut response = next.run(request).instrument(span.clone()).await;
    if let Some(error) = response.extensions_mut().remove::<ApiError>() {
        span.in_scope(|| log(&error, &audit));
        put_error(&mut response, &error, style, &id);
    } else if is_change && response.status().is_success() {
        span.in_scope(|| audit.changed());
    }
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    // Answers hold personal data, and secrets that are shown once. An answer that everybody may have says so itself.
    response.headers_mut().entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Method and route of the request. A path without a route is not logged, because it may hold anything.
fn operation(request: &Request) -> String {
    let route = request.extensions().get::<MatchedPath>().map_or("(no route)", MatchedPath::as_str);
    format!("{} {route}", request.method())
}

/// Logs what we failed at, and a key that is refused. Other errors are the client's to know.
fn log(error: &ApiError, audit: &Audit) {
    match error {
        ApiError::Unavailable(cause) | ApiError::Unreadable(cause) => {
            tracing::error!(error = &**cause as &dyn std::error::Error, "the request failed");
        }
        ApiError::Unauthorised(problem) | ApiError::KeyRefused(problem) => audit.refused(problem.status),
        ApiError::Invalid(_) | ApiError::Problem(_) => {}
    }
}

/// Puts status and body. Other headers, such as `allow`, stay as they are.
fn put_error(response: &mut Response, error: &ApiError, style: Style, id: &str) {
    let answer = style.error(error, id);
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    *response.body_mut() = Body::from(answer.body);
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_LENGTH);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(answer.content_type));
    match error {
        ApiError::Unauthorised(_) => {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(style.challenge()));
        }
        ApiError::Unavailable(_) => {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER));
        }
        ApiError::KeyRefused(_) | ApiError::Invalid(_) | ApiError::Problem(_) | ApiError::Unreadable(_) => {}
    }
}

fn request_id(request: &Request) -> String {
    let of_lambda = request.lambda_context_ref().map(|context| context.request_id.clone());
    let of_header = || {
        let value = request.headers().get(AMAZON_REQUEST_ID)?.to_str().ok()?;
        (1..=MAX_REQUEST_ID).contains(&value.len()).then(|| value.to_owned())
    };
    of_lambda.or_else(of_header).unwrap_or_else(|| format!("req_{:032x}", u128::from_be_bytes(random())))
}
