//! Logs: each line is one JSON object, with the field names of the style guide. Log lines never contain a secret, a
//! URL, an email address or a body.
//!
//! Under `spans`, a line has the fields of the spans that it is in. So every line of a request or a message has its
//! ids, and no line repeats them.

use tracing::Subscriber;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;

/// Our crates. Their log lines contain nothing that must not be logged.
const OURS: [&str; 5] = ["ingest", "dispatch", "deliver", "api", "shared"];

/// Writes `tracing` events to standard output as JSON. Lambda collects them there.
pub fn init() {
    // This fails only if a subscriber is set already, as in tests with several rooms in one process.
    let _already_set = tracing::subscriber::set_global_default(subscriber(std::io::stdout));
}

/// A subscriber that writes log lines to `writer`.
///
/// The level is INFO for our crates. It is WARN for all others, because their lines could contain what must not be
/// logged.
pub fn subscriber<W>(writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    // Lambda adds the time to every line, and our own time would cost money a second time.
    let format = tracing_subscriber::fmt::layer().json().flatten_event(true).with_current_span(false).without_time();
    tracing_subscriber::registry().with(filter()).with(format.with_writer(writer))
}

/// The filter is built in code. Parsing a filter from text would add two regular expression libraries to each function,
/// 180 KB.
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
