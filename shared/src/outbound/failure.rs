//! From an error of the HTTP client to an outcome: by the types in its chain of causes, never by its text.

use std::error::Error;
use std::io;

use super::resolver::BlockedAddress;
use crate::delivery::Outcome;

/// The outcome that a failed request or read stands for.
pub(super) fn outcome(error: &reqwest::Error) -> Outcome {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(current) = cause {
        if let Some(outcome) = named(current) {
            return outcome;
        }
        cause = current.source();
    }
    if error.is_dns() {
        Outcome::Dns
    } else if error.is_connect() {
        Outcome::Connect
    } else {
        Outcome::Protocol
    }
}

/// An I/O error hides what it wraps from `source`; it is looked into by `get_ref`.
fn named(error: &(dyn Error + 'static)) -> Option<Outcome> {
    if error.is::<BlockedAddress>() {
        return Some(Outcome::BlockedAddress);
    }
    if error.is::<rustls::Error>() {
        return Some(Outcome::Tls);
    }
    let wrapped = error.downcast_ref::<io::Error>()?.get_ref()?;
    let mut cause: Option<&(dyn Error + 'static)> = Some(wrapped);
    while let Some(current) = cause {
        if current.is::<BlockedAddress>() {
            return Some(Outcome::BlockedAddress);
        }
        if current.is::<rustls::Error>() {
            return Some(Outcome::Tls);
        }
        cause = current.source();
    }
    None
}
