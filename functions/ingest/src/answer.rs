//! Answers over HTTP.

use http::{HeaderValue, StatusCode, header};
use lambda_http::{Body, Request, Response};
use serde::Serialize;
use shared::problem::{self, Problem};
use shared::provider::InboundPostError;

use crate::error::{IngestError, InternalError};

/// The header that names the request.
const REQUEST_ID: &str = "x-request-id";
/// After how many seconds a sender should try again when the tables cannot be reached.
const RETRY_AFTER: &str = "5";

/// A request that was carried out. The status is always 200, because Mailjet and Mailgun take no other status for
/// success.
#[derive(Debug)]
pub(crate) enum Success {
    /// A probe of an ingest URL.
    Alive,
    /// A provider's post is stored.
    Received,
    /// A tenant's own events are stored, in their order.
    Published(Vec<PublishedEvent>),
}

/// How one own event was stored.
#[derive(Debug, Serialize)]
pub(crate) struct PublishedEvent {
    pub(crate) id: String,
    /// Whether the event was stored before this request.
    pub(crate) duplicate: bool,
}

#[derive(Serialize)]
struct ReceivedBody {
    received: bool,
}

#[derive(Serialize)]
struct PublishedBody<'a> {
    data: &'a [PublishedEvent],
}

/// The answer to `request`.
pub(crate) fn response(result: Result<Success, IngestError>, request: &Request, request_id: &str) -> Response<Body> {
    let mut response = match result {
        Ok(Success::Alive) => Response::new(Body::Empty),
        Ok(Success::Received) => json(&ReceivedBody { received: true }),
        Ok(Success::Published(data)) => json(&PublishedBody { data: &data }),
        Err(error) => failed(&error, request, request_id),
    };
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(request_id) {
        headers.insert(REQUEST_ID, value);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn json(body: &impl Serialize) -> Response<Body> {
    // The body has only texts and booleans, so this cannot fail.
    with_type("application/json", serde_json::to_string(body).unwrap_or_default())
}

fn with_type(content_type: &'static str, body: String) -> Response<Body> {
    let mut response = Response::new(Body::Text(body));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

fn failed(error: &IngestError, request: &Request, request_id: &str) -> Response<Body> {
    let problem = problem_of(error);
    let body = String::from_utf8(problem.body(request_id)).unwrap_or_default();
    let mut response = with_type(problem::CONTENT_TYPE, body);
    *response.status_mut() = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    match error {
        IngestError::Method(allowed) => {
            headers.insert(header::ALLOW, HeaderValue::from_static(allowed));
        }
        IngestError::NotNow { retry_after, .. } => {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(*retry_after));
        }
        IngestError::Internal { .. } => {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER));
        }
        IngestError::Unauthorised(_) | IngestError::Rejected(InboundPostError::VerificationError(_)) => {
            // Some senders, such as SNS, send their password only after a challenge.
            let api = request.uri().path().starts_with("/api/v1/");
            let challenge = if api { "Bearer" } else { "Basic realm=\"mailhooks\"" };
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        IngestError::KeyRefused(_)
        | IngestError::Problem(_)
        | IngestError::Rejected(
            InboundPostError::TooMany { .. } | InboundPostError::Malformed | InboundPostError::Invalid(_),
        ) => {}
    }
    response
}

fn problem_of(error: &IngestError) -> Problem {
    match error {
        IngestError::Unauthorised(problem)
        | IngestError::KeyRefused(problem)
        | IngestError::Problem(problem)
        | IngestError::NotNow { problem, .. } => problem.clone(),
        IngestError::Rejected(refusal) => refusal.clone().into(),
        IngestError::Method(allowed) => {
            let detail = format!("This path supports {allowed}.");
            Problem::new(405, "method-not-allowed", "Method not allowed", detail)
        }
        IngestError::Internal { cause, status } => {
            let problem = Problem { status: *status, ..Problem::unavailable() };
            match cause {
                InternalError::Unfinished(unfinished) => Problem { detail: unfinished.detail(), ..problem },
                InternalError::Setup(_)
                | InternalError::Fetch(_)
                | InternalError::Store(_)
                | InternalError::OutOfTime => problem,
            }
        }
    }
}
