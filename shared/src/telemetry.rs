//! Logs: one JSON line each, with the fields of the style guide; never a secret, an address, or a body.

use tracing_subscriber::EnvFilter;

/// Sends `tracing` events to standard output as JSON, where Lambda collects them.
///
/// The level is INFO for our crates and WARN for all others, whose lines could hold what we must not log.
pub fn init() {
    let filter = EnvFilter::new("warn,ingest=info,dispatch=info,deliver=info,api=info,shared=info");
    // Lambda stamps every line itself, so our own time would be paid for twice.
    let format = tracing_subscriber::fmt::layer().json().flatten_event(true).with_current_span(false).without_time();
    let subscriber = tracing_subscriber::layer::SubscriberExt::with(
        tracing_subscriber::layer::SubscriberExt::with(tracing_subscriber::registry(), filter),
        format,
    );
    // Only fails when a subscriber is set already, as in tests that run several rooms in one process.
    let _already_set = tracing::subscriber::set_global_default(subscriber);
}
