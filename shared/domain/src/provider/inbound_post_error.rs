//! Why a post is not taken in.

use super::VerificationError;
use crate::problem::{Fault, Problem};

/// Why a post is refused; nothing of it is stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InboundPostError {
    /// It does not prove that it is genuine.
    #[error("not authentic: {0}")]
    VerificationError(#[from] VerificationError),
    /// It holds more events than fit in one post.
    #[error("more than {limit} events")]
    TooMany {
        /// The limit.
        limit: usize,
    },
    /// It is not JSON, or not an object or array.
    #[error("not a JSON object or array")]
    Malformed,
    /// It is JSON, but not what it should be.
    #[error("{} faults", .0.len())]
    Invalid(Vec<Fault>),
}

impl From<InboundPostError> for Problem {
    fn from(refusal: InboundPostError) -> Self {
        match refusal {
            // 401 and never 403: some providers give an event up on 403.
            InboundPostError::VerificationError(_) => Self::new(
                401,
                "not-authentic",
                "Not authentic",
                "Authentication failed. Check the signature key, the credentials, the sender's network and its clock \
                 against the source's settings.",
            ),
            InboundPostError::TooMany { limit } => Self::new(
                413,
                "too-many-events",
                "Too many events",
                format!("One request may hold at most {limit} events; send the rest in further requests."),
            ),
            InboundPostError::Malformed => Self::new(
                400,
                "malformed",
                "The body cannot be read",
                "The body must be a JSON object, or an array of them.",
            ),
            InboundPostError::Invalid(faults) => Self::invalid(faults),
        }
    }
}
