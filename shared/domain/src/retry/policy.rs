//! Retry policies: the delays after each failed attempt.

use jiff::SignedDuration;

use crate::delivery::MAX_ROUND_ATTEMPTS;

/// Maximum number of delays of a custom policy (30): one after each attempt of a round except the last.
pub const MAX_DELAYS: usize = MAX_ROUND_ATTEMPTS - 1;
/// Maximum single delay of a custom policy: 48 h.
pub const MAX_DELAY_SECONDS: u32 = 48 * 3600;
/// Maximum sum of a custom policy's delays: 13 days. Reason: a job must not reach SQS's retention of 14 days.
pub const MAX_TOTAL_SECONDS: u32 = 13 * 24 * 3600;
const MINUTE: u32 = 60;
const HOUR: u32 = 60 * MINUTE;

/// The rule that gives the delay after each failed attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RetryPolicy {
    /// The first attempt at once, the next ones after 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h and 24 h. This is
    /// the example schedule of Standard Webhooks.
    Standard,
    /// `MailGreet`'s policy: exactly 1, 5 and 30 minutes after each failure.
    Mailgreet,
    /// Mailjet's policy: 30 s, doubled each time up to 1 h, for 24 h.
    Mailjet,
    /// Mailgun's policy: exactly 5, 10 and 15 minutes, then 1, 2 and 4 hours.
    Mailgun,
    /// Delays that the tenant chose.
    Custom(Delays),
}

/// A custom list of delays in seconds, within the limits of this module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delays(Vec<u32>);

/// A list of delays is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDelays {
    /// The list is longer than [`MAX_DELAYS`].
    #[error("at most {MAX_DELAYS} delays are allowed, got {0}")]
    TooMany(usize),
    /// The delay at `index` is out of range.
    #[error("a delay is a whole number of seconds from 0 to {MAX_DELAY_SECONDS} (48 h), got {got}")]
    OutOfRange {
        /// The delay's position in the list, from 0.
        index: usize,
        /// The given delay.
        got: i64,
    },
    /// The delays together are longer than [`MAX_TOTAL_SECONDS`].
    #[error("all delays together may last {MAX_TOTAL_SECONDS} s (13 days), got {0} s")]
    TooLong(i64),
}

impl Delays {
    /// Takes delays in seconds. An empty list means a single attempt.
    pub fn new(seconds: &[i64]) -> Result<Self, InvalidDelays> {
        if seconds.len() > MAX_DELAYS {
            return Err(InvalidDelays::TooMany(seconds.len()));
        }
        let mut delays = Vec::with_capacity(seconds.len());
        for (index, got) in seconds.iter().copied().enumerate() {
            let delay = u32::try_from(got).ok().filter(|delay| *delay <= MAX_DELAY_SECONDS);
            delays.push(delay.ok_or(InvalidDelays::OutOfRange { index, got })?);
        }
        let total = seconds.iter().sum();
        if total > i64::from(MAX_TOTAL_SECONDS) {
            return Err(InvalidDelays::TooLong(total));
        }
        Ok(Self(delays))
    }

    /// The delays, in seconds.
    pub fn seconds(&self) -> &[u32] {
        &self.0
    }
}

impl RetryPolicy {
    /// Seconds to wait after the failed attempt number `attempt` (from 1); `None` when the schedule is used up.
    pub fn delay_after(&self, attempt: u32) -> Option<u32> {
        let index = usize::try_from(attempt.checked_sub(1)?).ok()?;
        match self {
            Self::Standard => {
                const DELAYS: [u32; 9] =
                    [5, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR];
                DELAYS.get(index).copied()
            }
            Self::Mailgreet => [MINUTE, 5 * MINUTE, 30 * MINUTE].get(index).copied(),
            Self::Mailjet => mailjet_delay(index),
            Self::Mailgun => {
                const DELAYS: [u32; 6] = [5 * MINUTE, 10 * MINUTE, 15 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR];
                DELAYS.get(index).copied()
            }
            Self::Custom(delays) => delays.0.get(index).copied(),
        }
    }

    /// The sum of the delays after the attempts 1 to `attempt`.
    pub(super) fn elapsed_after(&self, attempt: u32) -> SignedDuration {
        let delays = (1..=attempt).map_while(|attempt| self.delay_after(attempt));
        SignedDuration::from_secs(delays.map(i64::from).sum())
    }

    /// Whether jitter may change the delays. It may not where a dialect's documentation promises exact delays.
    pub(super) fn jittered(&self) -> bool {
        match self {
            Self::Standard | Self::Mailjet | Self::Custom(_) => true,
            Self::Mailgreet | Self::Mailgun => false,
        }
    }
}

/// 30, 60, 120 … 1920 s, then one hour each while the sum stays within 24 h: 7 + 22 delays.
fn mailjet_delay(index: usize) -> Option<u32> {
    const DOUBLING: usize = 7;
    const HOURLY: usize = 22;
    if index < DOUBLING { Some(30 << index) } else { (index < DOUBLING + HOURLY).then_some(HOUR) }
}
