//! Turns an error of the HTTP client into an outcome: by the types in its chain of causes, never by its text.

use std::error::Error;
use std::io;

use super::resolver::BlockedAddress;
use super::shortage::{ShortageError, is_shortage};
use domain::delivery::Outcome;

/// The outcome of a failed request or read; an error if the request failed for want of something of our own.
pub(super) fn outcome(error: &reqwest::Error) -> Result<Outcome, ShortageError> {
    if is_shortage(error) {
        Err(ShortageError)
    } else if let Some(outcome) = named(error) {
        Ok(outcome)
    } else if error.is_dns() {
        Ok(Outcome::Dns)
    } else if error.is_connect() {
        Ok(Outcome::Connect)
    } else {
        Ok(Outcome::Protocol)
    }
}

/// The outcome of a call of the AWS SDK that got no response. Its error says less; the outcome is `otherwise` when no
/// cause has a type with a known outcome. An error if the call failed for want of something of our own.
pub fn outcome_of_call(error: &(dyn Error + 'static), otherwise: Outcome) -> Result<Outcome, ShortageError> {
    if is_shortage(error) { Err(ShortageError) } else { Ok(named(error).unwrap_or(otherwise)) }
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
