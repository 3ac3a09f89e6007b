//! The jobs of a batch, from their bodies to what becomes of their messages.

use futures::future::{join, join_all};
use jiff::Timestamp;
use shared::queue::job::{Job, NotAJob};
use shared::store::StoreError;

use crate::delivery::load::Owed;
use crate::delivery::{schedule as deliveries, unreadable};
use crate::isolate::attempted;
use crate::maintenance::{dispatch, probe, recovery, release as recover, sweep};
use crate::{Deliver, Next, Received};

/// Carries out the jobs of a batch beside each other; what becomes of their messages, in their order. What fails on our
/// side ends as [`Next::ComeBack`], and is logged where it fails.
pub(crate) async fn carry_out(received: &[Received], room: &Deliver, deadline: Timestamp) -> Vec<Next> {
    let (mut owed, mut others) = (Vec::new(), Vec::new());
    for (index, message) in received.iter().enumerate() {
        match Job::from_json(&message.body) {
            Ok(Job::Deliver(job)) => owed.push(Owed { index, message, job }),
            job => others.push(async move {
                let next = attempted(&message.id, other(job, message, room, deadline)).await;
                (index, next.unwrap_or(Next::ComeBack))
            }),
        }
    }
    let (delivered, others) = join(deliveries::deliver(owed, room, deadline), join_all(others)).await;
    let mut nexts = vec![Next::ComeBack; received.len()];
    for (index, next) in delivered.into_iter().chain(others) {
        nexts[index] = next;
    }
    nexts
}

/// A job that is about no single delivery.
async fn other(
    job: Result<Job, NotAJob>,
    message: &Received,
    room: &Deliver,
    deadline: Timestamp,
) -> Result<Next, StoreError> {
    match job {
        Ok(Job::Deliver(_)) => Ok(Next::ComeBack),
        Ok(Job::Recover(job)) => recover::recover(&job, room).await,
        Ok(Job::Probe(job)) => probe::probe(&job, room, deadline).await,
        Ok(Job::Sweep(job)) => sweep::sweep(&job, room).await,
        Ok(Job::Recovery(job)) => recovery::recovery(&job, message.first_receive, room).await,
        Ok(Job::Dispatch(job)) => dispatch::dispatch(&job, room).await,
        Err(error) => unreadable::give_up(message, &error, room).await,
    }
}
