//! Time that stands still: a limit runs out when the test says so, and never because the machine is busy.

use std::cell::Cell;
use std::sync::mpsc;
use std::time::Duration;

use aws_smithy_async::rt::sleep::{AsyncSleep, Sleep};
use jiff::Timestamp;
use jiff::civil::date;
use jiff::tz::Offset;
use tokio::runtime::{Handle, Id};

/// After so much of the real time a test that waits for what never comes has its time limits run out after all, and
/// fails rather than hangs. Many times what any test takes, also with other processes on one core.
const PATIENCE: Duration = Duration::from_mins(30);

/// When worlds begin, in the middle of a day and of a second.
pub fn beginning() -> Timestamp {
    let beginning = date(2026, 3, 14).at(9, 26, 53, 589_000_000);
    Offset::UTC.to_timestamp(beginning).unwrap_or_default()
}

/// While it lives, the timers of its runtime run out only by `tokio::time::advance`.
#[derive(Debug)]
pub(super) struct Stopped {
    /// Its other half ends with it.
    _alive: mpsc::Sender<()>,
}

impl Stopped {
    /// Stops the time of the runtime that it is called in, which has to be of one thread, as tests have it.
    pub(super) fn begin() -> Self {
        thread_local!(static STOPPED: Cell<Option<Id>> = const { Cell::new(None) });
        let runtime = Some(Handle::current().id());
        if STOPPED.replace(runtime) != runtime {
            tokio::time::pause();
        }
        // Stopped time goes on to the next timer whenever nothing can be done, and to wait for an answer on loopback is
        // nothing, too. As long as something blocks it does not.
        let (alive, end) = mpsc::channel();
        tokio::task::spawn_blocking(move || end.recv_timeout(PATIENCE).is_ok());
        Self { _alive: alive }
    }
}

/// How the SDK waits between two tries: not at all.
#[derive(Debug)]
pub(super) struct NoWait;

impl AsyncSleep for NoWait {
    fn sleep(&self, _: Duration) -> Sleep {
        Sleep::new(std::future::ready(()))
    }
}
