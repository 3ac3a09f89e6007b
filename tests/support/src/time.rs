//! Time that stands still. A time limit expires when the test advances the time, and never because the machine is busy.

use std::cell::Cell;
use std::sync::mpsc;
use std::time::Duration;

use aws_smithy_async::rt::sleep::{AsyncSleep, Sleep};
use jiff::Timestamp;
use jiff::civil::date;
use jiff::tz::Offset;
use tokio::runtime::{Handle, Id};

/// After this much real time, time limits expire even if the test does not advance the time, so that a test fails
/// instead of waiting forever. This is many times what any test takes, even with other processes on the same core.
const PATIENCE: Duration = Duration::from_mins(30);

/// The time at which worlds begin: in the middle of a day and of a second.
pub fn beginning() -> Timestamp {
    let beginning = date(2026, 3, 14).at(9, 26, 53, 589_000_000);
    Offset::UTC.to_timestamp(beginning).unwrap_or_default()
}

/// While this value lives, the timers of its runtime expire only by `tokio::time::advance`.
#[derive(Debug)]
pub(super) struct Stopped {
    /// When this half is dropped, the blocking task ends.
    _alive: mpsc::Sender<()>,
}

impl Stopped {
    /// Stops the time of the current runtime, which must have one thread, as in tests.
    pub(super) fn begin() -> Self {
        thread_local!(static STOPPED: Cell<Option<Id>> = const { Cell::new(None) });
        let runtime = Some(Handle::current().id());
        if STOPPED.replace(runtime) != runtime {
            tokio::time::pause();
        }
        // When the time of a runtime is paused, it jumps to the next timer whenever all tasks are idle, and a task that
        // waits for an answer on loopback counts as idle. A running blocking task prevents the jump.
        let (alive, end) = mpsc::channel();
        tokio::task::spawn_blocking(move || end.recv_timeout(PATIENCE).is_ok());
        Self { _alive: alive }
    }
}

/// A sleep for the SDK that does not wait between two tries.
#[derive(Debug)]
pub(super) struct NoWait;

impl AsyncSleep for NoWait {
    fn sleep(&self, _: Duration) -> Sleep {
        Sleep::new(std::future::ready(()))
    }
}
