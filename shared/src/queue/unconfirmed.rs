//! Entries of a batch call that SQS did not confirm, told together.

use std::collections::BTreeSet;
use std::fmt::{self, Display, Formatter};

use super::{EntryFailed, Queue};

/// What SQS did not confirm of the entries that belong together. There is at least one such entry.
#[derive(Debug)]
pub struct Unconfirmed<'a> {
    queue: &'a str,
    failures: Vec<&'a EntryFailed>,
    entries: usize,
}

impl Queue {
    /// The queue's name, which is the end of its URL.
    pub fn name(&self) -> &str {
        self.url.rsplit('/').next().unwrap_or_default()
    }

    /// What this queue did not confirm, given the results of the entries that belong together. `None` if it has
    /// confirmed all of them.
    pub fn unconfirmed<'a>(
        &'a self,
        results: impl IntoIterator<Item = &'a Result<(), EntryFailed>>,
    ) -> Option<Unconfirmed<'a>> {
        let (mut failures, mut entries) = (Vec::new(), 0);
        for result in results {
            entries += 1;
            failures.extend(result.as_ref().err());
        }
        (!failures.is_empty()).then(|| Unconfirmed { queue: self.name(), failures, entries })
    }
}

impl Unconfirmed<'_> {
    /// Writes one line to the log. The line's span has the ids of what the entries are about.
    pub fn log(&self) {
        tracing::error!(
            queue.name = self.queue,
            queue.operation = self.operation(),
            error.code = self.codes(),
            entries.failed = self.failures.len(),
            entries.total = self.entries,
            "{self}"
        );
    }

    fn operation(&self) -> &'static str {
        self.failures.first().map_or("", |failure| failure.operation)
    }

    /// The error codes of the entries, each once.
    fn codes(&self) -> String {
        let codes: BTreeSet<_> = self.failures.iter().map(|failure| failure.code.as_str()).collect();
        codes.into_iter().collect::<Vec<_>>().join(", ")
    }
}

impl Display for Unconfirmed<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { queue, failures, entries } = self;
        let (failed, operation, codes) = (failures.len(), self.operation(), self.codes());
        write!(f, "SQS did not confirm {failed} of {entries} entries of {operation} at the queue {queue}: {codes}")
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_sqs::config::BehaviorVersion;
    use aws_sdk_sqs::{Client, Config};

    use super::*;

    #[test]
    fn names_the_queue_the_call_the_numbers_and_each_code_once() {
        let config = Config::builder().behavior_version(BehaviorVersion::v2026_01_12()).build();
        let queue = Queue::new(Client::from_conf(config), "https://sqs.example/000000000000/retries");
        let failed = |code: &str| Err(EntryFailed::for_now("SendMessageBatch", code.to_owned()));
        let results = [Ok(()), failed("InternalError"), failed("unanswered"), failed("InternalError")];
        assert_eq!(
            queue.unconfirmed(&results).map(|unconfirmed| unconfirmed.to_string()).as_deref(),
            Some(
                "SQS did not confirm 3 of 4 entries of SendMessageBatch at the queue retries: InternalError, unanswered"
            )
        );
        assert!(queue.unconfirmed(&results[..1]).is_none());
        assert!(queue.unconfirmed(&[]).is_none());
    }
}
