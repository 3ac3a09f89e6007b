//! From an error of the HTTP client to an outcome: by the types in its chain of causes, never by its text.

use std::error::Error;
use std::io;

use super::resolver::BlockedAddress;
use domain::delivery::Outcome;

/// The outcome that a failed request or read stands for.
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

/// The same for a call of the AWS SDK that got no answer, whose error says less: `otherwise` where no cause has a type
/// that names its outcome.
pub fn outcome_of_call(error: &(dyn Error + 'static), otherwise: Outcome) -> Outcome {
    named(error).unwrap_or(otherwise)
}

/// Looks for an error type that names its outcome in `error` and all its causes. An I/O error hides what it wraps from
/// `source`, often another I/O error, and is looked into by `get_ref`.
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
