//! Pauses before a write is tried again. Without them, callers that met would meet again at once.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::AsyncSleep as _;

use crate::clock::random_jitter;

/// The longest pause before the first repeat. Each further pause may be twice as long. Reason: a transaction takes
/// about 10 ms.
const FIRST_PAUSE: Duration = Duration::from_millis(30);
/// How many pauses grow, so that the longest one lasts 480 ms. Reason: five pauses then end within 0.93 s.
const GROWING: u32 = 5;
/// How many pauses of [`Pauses`] grow, so that the longest one lasts 240 ms. Reason: 20 tries then end within 4.3 s,
/// and a request has 15 s.
const GROWING_BETWEEN_CHANGES: u32 = 4;

/// The pauses of a caller that reads again and tries again, because another change came first.
#[derive(Debug, Clone)]
pub struct Pauses {
    client: Client,
}

impl Pauses {
    /// Pauses by the clock of this client.
    pub fn new(client: Client) -> Self {
        Self { client }
    }

    /// Waits after a try that came too late. The first try has the number 0.
    pub async fn after_try(&self, number: u8) {
        after_try(&self.client, number).await;
    }
}

/// As [`Pauses::after_try`].
pub(super) async fn after_try(client: &Client, number: u8) {
    pause(client, u32::from(number).min(GROWING_BETWEEN_CHANGES - 1)).await;
}

/// Waits before the repeat with this number, counted from 0. The SDK's sleep is used, so that a test decides how long
/// it lasts.
pub(super) async fn pause(client: &Client, repeat: u32) {
    if let Some(sleep) = client.config().sleep_impl() {
        sleep.sleep(pause_before(repeat, random_jitter())).await;
    }
}

/// The pause before a repeat, for a jitter in -1.0..=1.0: between half of the longest pause and all of it.
fn pause_before(repeat: u32, jitter: f64) -> Duration {
    let longest = FIRST_PAUSE * 2_u32.saturating_pow(repeat.min(GROWING - 1));
    longest.mul_f64(jitter.mul_add(0.25, 0.75))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_end_within_a_second() {
        let all = |jitter: f64| (0..GROWING).map(move |repeat| pause_before(repeat, jitter));
        let millis = |jitter| all(jitter).map(|pause| pause.as_millis()).collect::<Vec<_>>();
        assert_eq!(millis(1.0), [30, 60, 120, 240, 480]);
        assert_eq!(millis(-1.0), [15, 30, 60, 120, 240]);
        assert!(all(1.0).sum::<Duration>() < Duration::from_secs(1));
        assert_eq!(pause_before(u32::MAX, 1.0), pause_before(GROWING - 1, 1.0));
        assert_eq!(pause_before(GROWING_BETWEEN_CHANGES - 1, 1.0), Duration::from_millis(240));
    }
}
