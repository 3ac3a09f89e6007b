//! Mailjet's management API: `eventcallbackurl`, one URL for an event type, on the same webhooks.

pub(crate) mod error;
