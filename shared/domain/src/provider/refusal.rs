//! Refusals of posts.

use super::Unauthentic;
use crate::problem::{Fault, Problem};

/// Why a post is refused. Nothing of it is stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The post does not prove that it is genuine.
    #[error("not authentic: {0}")]
    Unauthentic(#[from] Unauthentic),
    /// The post has too many events.
    #[error("more than {limit} events")]
    TooMany {
        /// The maximum.
        limit: usize,
    },
    /// The body is not JSON, or not an object or array.
    #[error("not a JSON object or array")]
    Malformed,
    /// The body is JSON, but invalid.
    #[error("{} faults", .0.len())]
    Invalid(Vec<Fault>),
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            // 401 and never 403, because some providers give an event up after 403.
            Refusal::Unauthentic(_) => Self::new(
                401,
                "not-authentic",
                "Not authentic",
                "The post does not prove what its source requires. Compare the source's settings with the sender's: the \
                 provider's signing key, the credentials, the networks, and the sender's clock.",
            ),
            Refusal::TooMany { limit } => Self::new(
                413,
                "too-many-events",
                "Too many events",
                format!("One request may hold at most {limit} events; send the rest in further requests."),
            ),
            Refusal::Malformed => Self::new(
                400,
                "malformed",
                "The body cannot be read",
                "The body must be a JSON object, or an array of them.",
            ),
            Refusal::Invalid(faults) => Self::invalid(faults),
        }
    }
}
