//! Logs: one JSON line each, with the fields of the style guide; never a secret, an address, or a body.

use tracing_subscriber::filter::{LevelFilter, Targets};

/// Our crates, whose lines hold nothing that must not be logged.
const OURS: [&str; 5] = ["ingest", "dispatch", "deliver", "api", "shared"];

/// Sends `tracing` events to standard output as JSON, where Lambda collects them.
///
/// The level is INFO for our crates and WARN for all others, whose lines could hold what we must not log.
pub fn init() {
    // Lambda stamps every line itself, so our own time would be paid for twice.
    let format = tracing_subscriber::fmt::layer().json().flatten_event(true).with_current_span(false).without_time();
    let subscriber = tracing_subscriber::layer::SubscriberExt::with(
        tracing_subscriber::layer::SubscriberExt::with(tracing_subscriber::registry(), filter()),
        format,
    );
    // Only fails when a subscriber is set already, as in tests that run several rooms in one process.
    let _already_set = tracing::subscriber::set_global_default(subscriber);
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
