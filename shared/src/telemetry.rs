//! Logs: one line of JSON each, with the field names of the style guide. They never contain a secret, an address or a
//! body.

use tracing_subscriber::filter::{LevelFilter, Targets};

/// Our crates. Their log lines contain nothing that must not be logged.
const OURS: [&str; 5] = ["ingest", "dispatch", "deliver", "api", "shared"];

/// Writes `tracing` events to standard output as JSON. Lambda collects them there.
///
/// The level is INFO for our crates. It is WARN for all others, whose lines could contain what must not be logged.
pub fn init() {
    // Lambda adds the time to every line, and our own time would cost money a second time.
    let format = tracing_subscriber::fmt::layer().json().flatten_event(true).with_current_span(false).without_time();
    let subscriber = tracing_subscriber::layer::SubscriberExt::with(
        tracing_subscriber::layer::SubscriberExt::with(tracing_subscriber::registry(), filter()),
        format,
    );
    // This fails only when a subscriber is set already, as in tests with several rooms in one process.
    let _already_set = tracing::subscriber::set_global_default(subscriber);
}

/// The filter is built in code. A filter that is parsed from text would add two libraries of regular expressions to
/// each function, 180 KB.
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
