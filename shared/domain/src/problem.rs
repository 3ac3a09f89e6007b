//! The one error format of the HTTP edge: problem details (RFC 9457).
//!
//! The rule for errors in this project: a `thiserror` enum where a caller branches on the error; `anyhow` with context
//! in mains and harnesses; a [`Problem`] where an answer leaves over HTTP. The problem says what the client may read.
//! What the operator needs is logged where the problem is made, under the same request id.

use serde::Serialize;

/// The media type of a problem.
pub const CONTENT_TYPE: &str = "application/problem+json";

/// An error answer. Clients branch on the stable word `kind`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The HTTP status.
    pub status: u16,
    /// A stable word, the last part of `type`.
    pub kind: &'static str,
    /// A short text, the same for every problem of this kind.
    pub title: &'static str,
    /// What is wrong, and what would be right.
    pub detail: String,
    /// For validation: every fault in the body.
    pub faults: Vec<Fault>,
}

/// One fault in a request body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// Where the fault is: a JSON pointer (RFC 6901), as in `/retry_policy/delays_seconds/0`.
    pub pointer: String,
    /// What is wrong, and what would be right.
    pub detail: String,
}

impl Fault {
    /// A fault at `pointer`.
    pub fn new(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), detail: detail.into() }
    }
}

#[derive(Serialize)]
struct Wire<'a> {
    #[serde(rename = "type")]
    kind: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    request_id: &'a str,
    #[serde(skip_serializing_if = "<[Fault]>::is_empty")]
    errors: &'a [Fault],
}

impl Problem {
    /// A problem without a list of faults.
    pub fn new(status: u16, kind: &'static str, title: &'static str, detail: impl Into<String>) -> Self {
        Self { status, kind, title, detail: detail.into(), faults: Vec::new() }
    }

    /// 422: the body is JSON, but its content is invalid.
    pub fn invalid(faults: Vec<Fault>) -> Self {
        let detail = faults.iter().map(|fault| format!("{}: {}", fault.pointer, fault.detail)).collect::<Vec<_>>();
        Self { faults, ..Self::new(422, "invalid-request", "The request is not valid", detail.join("; ")) }
    }

    /// 503 with a fixed sentence, for a post of events: what was stored already is not stored twice. The cause is in
    /// the log, under the request id.
    pub fn unavailable() -> Self {
        Self::temporarily("The request could not be processed now, or not all of it. Send the same request again.")
    }

    /// 503 with a fixed sentence, for an operation of a management API. It may have taken effect, because the answer to
    /// its last write may be lost, or a later step may have failed.
    pub fn uncertain() -> Self {
        let detail = "The request could not be completed now. It may have been done, or done in part. Read the object \
                      again before you repeat the request.";
        Self::temporarily(detail)
    }

    fn temporarily(detail: &str) -> Self {
        Self::new(503, "unavailable", "Temporarily unavailable", detail)
    }

    /// The JSON body.
    pub fn body(&self, request_id: &str) -> Vec<u8> {
        let wire = Wire {
            kind: format!("urn:mailhooks:problem:{}", self.kind),
            title: self.title,
            status: self.status,
            detail: &self.detail,
            request_id,
            errors: &self.faults,
        };
        serde_json::to_vec(&wire).unwrap_or_default()
    }
}
