//! Turns an error of the HTTP client into an outcome: by the types in its chain of causes, never by its text.

use std::error::Error;
use std::io;

use super::resolver::BlockedAddress;
use domain::delivery::Outcome;

/// The outcome of a failed request or read.
pub(super) fn outcome(error: &reqwest::Error) -> Outcome {
    if let Some(outcome) = named(error) {
        outcome
    } else if error.is_dns() {
        Outcome::Dns
    } else if error.is_connect() {
        Outcome::Connect
    } else {
        Outcome::Protocol
    }
}

/// The outcome of a call of the AWS SDK that got no response. Its error says less; the outcome is `otherwise` when no
/// cause has a type with a known outcome.
pub fn outcome_of_call(error: &(dyn Error + 'static), otherwise: Outcome) -> Outcome {
    named(error).unwrap_or(otherwise)
}

/// Searches `error` and all its causes for a type with a known outcome. An I/O error does not return its inner error
/// from `source`, and the inner error is often another I/O error; so `get_ref` is used.
fn named(error: &(dyn Error + 'static)) -> Option<Outcome> {
    if error.is::<BlockedAddress>() {
        return Some(Outcome::BlockedAddress);
    }
    if error.is::<rustls::Error>() {
        return Some(Outcome::Tls);
    }
    let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    wrapped.and_then(|wrapped| named(wrapped)).or_else(|| error.source().and_then(named))
}
