//! Carrying out a job that brings deliveries back, as in `functions/deliver/src/maintenance/release.rs` and
//! `recovery.rs`: held deliveries, dead ones, and old events without a delivery. Pages are left out: a crash after some
//! of the jobs were sent has the effects of a repeated page.

use crate::invocation::{Disposition, Phase};
use crate::state::{Job, Row, RowState, State, Stuck, Webhook};

pub(crate) fn step(phase: &Phase, state: &State) -> Phase {
    match *phase {
        Phase::LookForRecover(stuck, from) => {
            if state.webhook != Webhook::Deleted && !state.webhook_state().takes_attempts() {
                return Phase::Settle(Job::Recover(stuck), from, Disposition::Delete);
            }
            Phase::ListStuck(stuck, from)
        }
        Phase::ListStuck(stuck, from) => {
            let events = match stuck {
                Stuck::Held | Stuck::Ahead => state.in_state(RowState::Held),
                Stuck::Dead => state.in_state(RowState::Dead),
                Stuck::Missing if state.events_are_old => {
                    (0..state.rows.len()).filter(|event| state.rows[*event].is_none()).collect()
                }
                Stuck::Missing => Vec::new(),
            };
            let round = |event: usize| state.rows[event].map_or(0, |row: Row| row.round) + 1;
            let job = |event| Job::Deliver { event, round: round(event), resend: false };
            let jobs = events.into_iter().map(job).collect();
            Phase::Settle(Job::Recover(stuck), from, Disposition::Replace(jobs))
        }
        _ => unreachable!("not a phase of recovering: {phase:?}"),
    }
}
