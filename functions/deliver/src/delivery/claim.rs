//! The stage `claim`: attempts that several copies of a job could make at the same time.
//!
//! A dead letter may be moved twice at once, or redriven and recovered at the same time, and an event's first job may
//! come so late that a recovery has taken its delivery for missing. Several copies of one job would then attempt a
//! delivery at the same time, the first time or at each time of the schedule, and a healthy receiver would get it more
//! than once. So a copy claims the attempt in the row before it makes the attempt. The other copies find the attempt
//! claimed, wait, and find it made.

use shared::clock::Clock;
use shared::delivery::job_verdict::AttemptPlan;
use shared::store::StoreError;

use super::lost_race::decided_by;
use super::pending::Prepared;
use super::record::Recorder;
use crate::budget::time_needed;
use crate::disposition::Stop;

/// Claims the attempt, if it needs a claim, for as long as the attempt can take. After a crash of the claim's holder
/// the attempt is simply due when the claim ends.
pub(crate) async fn claim(member: &Prepared<'_>, recorder: &Recorder, clock: &Clock) -> Result<AttemptPlan, Stop> {
    if !member.plan.needs_claim {
        return Ok(member.plan);
    }
    let (job, now) = (&member.pending.job, clock.now());
    match recorder.claim(member, time_needed(&member.state.webhook), now).await {
        Ok(plan) => Ok(plan),
        Err(StoreError::Conflict) => {
            let row = recorder.row(job.key()).await?;
            Err(decided_by(row.as_ref(), job, now).into())
        }
        Err(error) => Err(error.into()),
    }
}
