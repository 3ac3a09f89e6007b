//! The span of a request: the ids that every log line of the request has.

use std::fmt::Display;

use tracing::Span;
use tracing::field::{Empty, display};

use crate::noun::Noun;

/// The span of the request with this id. [`note`] adds the other ids as soon as they are known.
pub(crate) fn of_request(request_id: &str) -> Span {
    tracing::info_span!(
        "request",
        request_id,
        tenant.id = Empty,
        webhook.id = Empty,
        event.id = Empty,
        source.id = Empty,
        recovery.id = Empty,
        redrive.id = Empty,
        key.id = Empty,
    )
}

/// Adds the id of an object that the request is about to the current span.
pub(crate) fn note(noun: Noun, id: impl Display) {
    let field = match noun {
        Noun::Tenant => "tenant.id",
        Noun::Webhook => "webhook.id",
        Noun::Event => "event.id",
        Noun::Source => "source.id",
        Noun::Recovery => "recovery.id",
        Noun::Key => "key.id",
        Noun::Redrive => "redrive.id",
        // This is a part of a webhook, whose own id is noted.
        Noun::EventCallbackUrl => return,
    };
    Span::current().record(field, display(id));
}
