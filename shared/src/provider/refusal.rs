//! Why a post is not taken in.

use crate::problem::{Fault, Problem};

/// Why a post is refused; nothing of it is stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It does not prove that it is genuine.
    #[error("not authentic: {0}")]
    Unauthentic(#[from] Unauthentic),
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

/// Why a post is not taken for genuine. For the log; the sender only reads that it is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unauthentic {
    /// There is no signature where the provider puts it.
    #[error("no signature")]
    NoSignature,
    /// The signature is not the one that the source's key gives.
    #[error("wrong signature")]
    WrongSignature,
    /// It was signed too long ago, or in the future.
    #[error("signed too long ago or in the future")]
    Stale,
    /// Its signature vouched for another event before.
    #[error("the signature was used for another event before")]
    Replayed,
    /// The source holds a key of a kind that the provider does not sign with.
    #[error("the source holds the wrong kind of key")]
    WrongVerification,
    /// The source's credentials are not in the header.
    #[error("no credentials")]
    NoCredentials,
    /// What is in the header is none of the source's credentials.
    #[error("wrong credentials")]
    WrongCredentials,
    /// It comes from outside the source's networks.
    #[error("sent from outside the source's networks")]
    ForeignNetwork,
    /// It is of an SNS topic that the source does not list.
    #[error("of a topic that the source does not list")]
    ForeignTopic,
    /// It names a certificate that Amazon SNS does not serve, or that is not one, or that is not valid now.
    #[error("signed with a certificate that is not Amazon's, or not valid now")]
    WrongCertificate,
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            // 401 and never 403: some providers give an event up on 403.
            Refusal::Unauthentic(_) => Self::new(
                401,
                "not-authentic",
                "Not authentic",
                "Authentication failed. Check the signature key, the credentials, the sender's network and its clock \
                 against the source's settings.",
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
