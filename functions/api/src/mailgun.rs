//! Mailgun's management API: the webhooks of a sending domain by their names, on the same webhooks.

pub(crate) mod error;
