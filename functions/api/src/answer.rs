//! What every answer has: a request id, and for refusals the error in the words of the API that was asked.

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use lambda_http::RequestExt as _;
use shared::clock::random;
use shared::problem::Problem;

use crate::compat::style::Style;
use crate::http::error::Refusal;

/// The header that names the request; Lambda's own id, so that it is found in the logs.
const REQUEST_ID: &str = "x-request-id";
/// The header that the invocation's id may come in when there is no Lambda context.
const AMAZON_REQUEST_ID: &str = "x-amzn-request-id";
/// After how many seconds it makes sense to try again when AWS cannot be reached.
const RETRY_AFTER: &str = "5";
/// Longest request id that is taken from a header.
const MAX_REQUEST_ID: usize = 128;

/// Runs the request and finishes its answer.
pub(crate) async fn finish(request: Request, next: Next) -> Response {
    let id = request_id(&request);
    let style = Style::of(request.uri().path());
    let mut response = next.run(request).await;
    if let Some(refusal) = response.extensions_mut().remove::<Refusal>() {
        put_error(&mut response, &problem_of(refusal, &id), style, &id);
    }
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    // Answers hold secrets that are shown once, and personal data. What is for everybody says so itself.
    response.headers_mut().entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

fn problem_of(refusal: Refusal, id: &str) -> Problem {
    match refusal {
        Refusal::Problem(problem) => problem,
        Refusal::Failed(problem, cause) => {
            tracing::error!(request.id = id, error = &*cause as &dyn std::error::Error, "request {id} failed");
            problem
        }
    }
}

/// Leaves other headers, such as `allow`, as they are.
fn put_error(response: &mut Response, problem: &Problem, style: Style, id: &str) {
    let error = style.error(problem, id);
    *response.status_mut() = StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    *response.body_mut() = Body::from(error.body);
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_LENGTH);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(error.content_type));
    match problem.status {
        401 => headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(style.challenge())),
        503 => headers.insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER)),
        _ => None,
    };
}

fn request_id(request: &Request) -> String {
    let of_lambda = request.lambda_context_ref().map(|context| context.request_id.clone());
    let of_header = || {
        let value = request.headers().get(AMAZON_REQUEST_ID)?.to_str().ok()?;
        (1..=MAX_REQUEST_ID).contains(&value.len()).then(|| value.to_owned())
    };
    of_lambda.or_else(of_header).unwrap_or_else(|| format!("req_{:032x}", u128::from_be_bytes(random())))
}
