//! The platform's own management API, on the same webhooks.

pub(crate) mod error;
