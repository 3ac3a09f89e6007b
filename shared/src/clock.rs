//! The only place that reads the clock and the random generator. All other code takes time and chance as arguments.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};

/// The system's clock. A room reads it once for each step and passes the time on. Clones share one clock.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    /// The time of a stopped clock; `None` for the system's clock.
    stopped_at: Option<Timestamp>,
    ahead_ms: Arc<AtomicI64>,
}

impl Clock {
    /// A clock that stands still at `at` until it is set ahead. A test with such a clock has the same result on slow
    /// and fast machines.
    pub fn stopped(at: Timestamp) -> Self {
        Self { stopped_at: Some(at), ..Self::default() }
    }

    /// The present time.
    #[expect(clippy::disallowed_methods, reason = "this is the one place")]
    pub fn now(&self) -> Timestamp {
        let ahead = SignedDuration::from_millis(self.ahead_ms.load(Ordering::Relaxed));
        self.stopped_at.unwrap_or_else(Timestamp::now).saturating_add(ahead).unwrap_or(Timestamp::MAX)
    }

    /// Sets a stopped clock ahead, so that a test need not wait for what happens hours later.
    pub fn advance(&self, by: SignedDuration) {
        self.ahead_ms.fetch_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX), Ordering::Relaxed);
    }
}

/// `N` bytes from the operating system's generator.
///
/// # Panics
///
/// When the operating system has no random bytes, which does not happen on Linux after boot. To continue without them
/// would give guessable secrets.
#[expect(clippy::disallowed_methods, clippy::expect_used, reason = "this is the one place; see Panics")]
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives randomness");
    bytes
}

/// A number in -1.0..=1.0, for jitter.
pub fn random_jitter() -> f64 {
    f64::from(u32::from_be_bytes(random())) / f64::from(u32::MAX) * 2.0 - 1.0
}
