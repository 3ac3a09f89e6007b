//! What goes back over HTTP.

use http::{HeaderValue, StatusCode, header};
use lambda_http::{Body, Request, Response};
use serde::Serialize;
use shared::problem::{self, Problem};

use crate::refusal::{Refusal, Trouble};

/// The header that names the request.
const REQUEST_ID: &str = "x-request-id";
/// After how many seconds it makes sense to try again when the tables cannot be reached.
const RETRY_AFTER: &str = "5";

/// A request that was carried out. Always 200: Mailjet and Mailgun take no other status for success.
#[derive(Debug)]
pub(crate) enum Answer {
    /// A probe of an ingest URL.
    Alive,
    /// A provider's post is stored.
    Received,
    /// Own events are stored, in their order.
    Published(Vec<Published>),
}

/// What became of one own event.
#[derive(Debug, Serialize)]
pub(crate) struct Published {
    /// Its id.
    pub(crate) id: String,
    /// It was stored before.
    pub(crate) duplicate: bool,
}

#[derive(Serialize)]
struct Received {
    received: bool,
}

#[derive(Serialize)]
struct List<'a> {
    data: &'a [Published],
}

/// The answer to `request`.
pub(crate) fn response(outcome: Result<Answer, Refusal>, request: &Request, request_id: &str) -> Response<Body> {
    let mut response = match outcome {
        Ok(Answer::Alive) => Response::new(Body::Empty),
        Ok(Answer::Received) => json(&Received { received: true }),
        Ok(Answer::Published(data)) => json(&List { data: &data }),
        Err(refusal) => refused(&refusal, request, request_id),
    };
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(request_id) {
        headers.insert(REQUEST_ID, value);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn json(body: &impl Serialize) -> Response<Body> {
    // Texts and booleans: this cannot fail.
    with_type("application/json", serde_json::to_string(body).unwrap_or_default())
}

fn with_type(content_type: &'static str, body: String) -> Response<Body> {
    let mut response = Response::new(Body::Text(body));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

fn refused(refusal: &Refusal, request: &Request, request_id: &str) -> Response<Body> {
    let problem = match refusal {
        Refusal::Problem(problem) => problem.clone(),
        Refusal::Method(allowed) => {
            let detail = format!("This path takes {allowed}.");
            Problem::new(405, "method-not-allowed", "Method not allowed", detail)
        }
        Refusal::Failed { cause, status } => {
            let error: &dyn std::error::Error = cause;
            tracing::error!(request.id = request_id, error, "request {request_id} failed");
            let problem = Problem { status: *status, ..Problem::unavailable() };
            match cause {
                Trouble::Unfinished(unfinished) => Problem { detail: unfinished.detail(), ..problem },
                Trouble::Setup(_) | Trouble::Fetch(_) | Trouble::Store(_) | Trouble::OutOfTime => problem,
            }
        }
    };
    let body = String::from_utf8(problem.body(request_id)).unwrap_or_default();
    let mut response = with_type(problem::CONTENT_TYPE, body);
    *response.status_mut() = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    match (refusal, problem.status) {
        (Refusal::Method(allowed), _) => {
            headers.insert(header::ALLOW, HeaderValue::from_static(allowed));
        }
        (_, 401) => {
            // Some senders, such as SNS, give their password only after they were asked for it.
            let api = request.uri().path().starts_with("/api/v1/");
            let challenge = if api { "Bearer" } else { "Basic realm=\"mailhooks\"" };
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        (Refusal::Failed { .. }, _) => {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER));
        }
        _ => {}
    }
    response
}
