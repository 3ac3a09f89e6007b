//! The log lines that a test causes, as the functions write them.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use shared::telemetry;
use tracing::subscriber::DefaultGuard;

/// Collects the lines of this thread until it is dropped.
#[derive(Debug)]
pub struct LogLines {
    written: Written,
    _guard: DefaultGuard,
}

impl LogLines {
    /// Begins to collect.
    pub fn collect() -> Self {
        let written = Written::default();
        let writer = written.clone();
        let guard = tracing::subscriber::set_default(telemetry::subscriber(move || writer.clone()));
        Self { written, _guard: guard }
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

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
