//! Jobs sent at a pace: no receiver gets all of its deliveries at once.

use shared::queue::Outgoing;
use shared::queue::job::Job;
use shared::recovery::Pace;

/// Jobs as messages, each second's share with its delay.
pub(crate) fn paced(jobs: &[Job], pace: Pace) -> Vec<Outgoing> {
    jobs.iter().enumerate().map(|(index, job)| Outgoing::later(job, pace.delay_of(index))).collect()
}
