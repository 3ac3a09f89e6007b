//! The things that the API manages, as the texts of problems call them.

use std::fmt;

/// One kind of thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Noun {
    Tenant,
    Key,
    Webhook,
    Source,
    Event,
    Recovery,
    Redrive,
    /// Mailjet's name for one URL of a webhook for one event type.
    EventCallbackUrl,
}

impl Noun {
    /// For several of them.
    pub(crate) fn plural(self) -> &'static str {
        match self {
            Self::Tenant => "tenants",
            Self::Key => "keys",
            Self::Webhook => "webhooks",
            Self::Source => "sources",
            Self::Event => "events",
            Self::Recovery => "recoveries",
            Self::Redrive => "redrives",
            Self::EventCallbackUrl => "event callback URLs",
        }
    }
}

impl fmt::Display for Noun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tenant => "tenant",
            Self::Key => "key",
            Self::Webhook => "webhook",
            Self::Source => "source",
            Self::Event => "event",
            Self::Recovery => "recovery",
            Self::Redrive => "redrive",
            Self::EventCallbackUrl => "event callback URL",
        })
    }
}
