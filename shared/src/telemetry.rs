//! Logs: one JSON line each, with the fields of the style guide; never a secret, an address, or a body.
//!
//! A line has the fields of the spans that it is in, under `spans`: so the ids of a request or a message are in every line
//! of it, and no line repeats them.

use tracing::Subscriber;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;

/// Our crates, whose lines hold nothing that must not be logged.
const OURS: [&str; 5] = ["ingest", "dispatch", "deliver", "api", "shared"];

/// Sends `tracing` events to standard output as JSON, where Lambda collects them.
pub fn init() {
    // Only fails when a subscriber is set already, as in tests that run several rooms in one process.
    let _already_set = tracing::subscriber::set_global_default(subscriber(std::io::stdout));
}

/// What writes log lines to `writer`.
///
/// The level is INFO for our crates and WARN for all others, whose lines could hold what we must not log.
pub fn subscriber<W>(writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    // Lambda stamps every line itself, so our own time would be paid for twice.
    let format = tracing_subscriber::fmt::layer().json().flatten_event(true).with_current_span(false).without_time();
    tracing_subscriber::registry().with(filter()).with(format.with_writer(writer))
}

/// A filter read from text would bring two libraries of regular expressions into each function, 180 KB of it.
fn filter() -> Targets {
    Targets::new().with_default(LevelFilter::WARN).with_targets(OURS.map(|name| (name, LevelFilter::INFO)))
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;

    #[test]
    fn others_say_only_what_is_wrong() {
        for (target, level, says) in [
            ("deliver::attempt", Level::INFO, true),
            ("shared::queue", Level::INFO, true),
            ("api", Level::DEBUG, false),
            ("aws_smithy_runtime::client", Level::INFO, false),
            ("hyper", Level::WARN, true),
        ] {
            assert_eq!(filter().would_enable(target, &level), says, "{target} {level}");
        }
    }
}
