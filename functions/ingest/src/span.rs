//! The span of a request: the ids that every log line of the request has.

use std::fmt::Display;

use tracing::Span;
use tracing::field::{Empty, display};

/// The span of the request with this id. [`note`] adds the other ids as soon as they are known.
pub(crate) fn of_request(request_id: &str) -> Span {
    tracing::info_span!("request", request_id, tenant.id = Empty, source.id = Empty, event.id = Empty)
}

/// Adds an id to the current span. `field` is one that [`of_request`] names.
pub(crate) fn note(field: &'static str, id: impl Display) {
    Span::current().record(field, display(id));
}
