//! The log lines that a test causes, as the functions write them.

use std::cell::RefCell;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, Once, PoisonError};

use serde_json::Value;
use shared::telemetry;
use tracing_subscriber::filter::dynamic_filter_fn;
use tracing_subscriber::layer::SubscriberExt as _;

thread_local! {
    /// Where the lines of this thread go, if a test collects them.
    static COLLECTED: RefCell<Option<Written>> = const { RefCell::new(None) };
}

/// Makes it possible to collect lines. The worlds of tests call this before any code of ours runs.
///
/// There is one subscriber for the process, and never another one. Reason: `tracing` remembers for each place in the
/// code whether any subscriber wants it. If a test set a subscriber of its own while another test reached a place for
/// the first time, the place could be remembered as unwanted, and its span would be missing.
///
/// # Panics
/// When another subscriber was set for the process.
pub fn prepare() {
    static PREPARED: Once = Once::new();
    PREPARED.call_once(|| {
        let is_collected = dynamic_filter_fn(|_, _| COLLECTED.with_borrow(Option::is_some));
        let subscriber = telemetry::subscriber(Written::of_this_thread).with(is_collected);
        tracing::subscriber::set_global_default(subscriber).expect("nothing else sets a subscriber");
    });
}

/// Collects the lines of this thread until it is dropped.
#[derive(Debug)]
pub struct LogLines {
    written: Written,
}

impl LogLines {
    /// Begins to collect.
    pub fn collect() -> Self {
        prepare();
        let written = Written::default();
        COLLECTED.set(Some(written.clone()));
        Self { written }
    }

    /// The lines so far.
    pub fn all(&self) -> Vec<LogLine> {
        let written = self.written.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let lines = String::from_utf8_lossy(&written).into_owned();
        lines.lines().map(|line| LogLine(serde_json::from_str(line).unwrap_or_default())).collect()
    }

    /// The only line with this message.
    ///
    /// # Panics
    /// When there is no such line, or more than one.
    pub fn only(&self, message: &str) -> LogLine {
        let mut found: Vec<_> = self.all().into_iter().filter(|line| line.message() == message).collect();
        assert_eq!(found.len(), 1, "{message}: {:?}", self.all());
        found.remove(0)
    }
}

impl Drop for LogLines {
    fn drop(&mut self) {
        // A collector that a test begins before it drops the one before stays.
        COLLECTED.with_borrow_mut(|collected| {
            if collected.as_ref().is_some_and(|written| Arc::ptr_eq(&written.0, &self.written.0)) {
                *collected = None;
            }
        });
    }
}

/// One line.
#[derive(Debug)]
pub struct LogLine(Value);

impl LogLine {
    /// What happened.
    pub fn message(&self) -> &str {
        self.0["message"].as_str().unwrap_or_default()
    }

    /// A field of one of the spans that the line is in.
    pub fn id(&self, field: &str) -> Option<&str> {
        self.0["spans"].as_array()?.iter().rev().find_map(|span| span[field].as_str())
    }

    /// A field of the line itself; null if the line has no such field.
    pub fn own(&self, field: &str) -> &Value {
        &self.0[field]
    }

    /// Whether the line itself has the field, too.
    pub fn repeats(&self, field: &str) -> bool {
        !self.own(field).is_null()
    }
}

#[derive(Debug, Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Written {
    fn of_this_thread() -> Self {
        COLLECTED.with_borrow(Option::clone).unwrap_or_default()
    }
}

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
