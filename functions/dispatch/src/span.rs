//! The spans of log lines. They hold the ids, so that no line repeats them.
//!
//! Every line is in the span of its invocation. A line about one record, or about one tenant, is also in a span of
//! that.

use shared::event::Event;
use shared::id::TenantId;
use tracing::Span;
use tracing::field::{Empty, display};

/// The span of the invocation with this id.
pub(crate) fn of_invocation(request_id: &str) -> Span {
    tracing::info_span!("invocation", request_id)
}

/// The span of a stream record. `event_id` is the sort key of the event's row. The tenant is known if the event can be
/// read.
pub(crate) fn of_record(sequence_number: &str, event_id: &str, event: Option<&Event>) -> Span {
    let span = tracing::info_span!(
        "record",
        record.sequence_number = sequence_number,
        event.id = event_id,
        tenant.id = Empty,
    );
    if let Some(event) = event {
        span.record("tenant.id", display(event.tenant));
    }
    span
}

/// The span of work for all events of a tenant.
pub(crate) fn of_tenant(tenant: TenantId) -> Span {
    tracing::info_span!("tenant", tenant.id = %tenant)
}
