//! The stage `route`: from the bodies of a batch's messages to the jobs, and from the jobs to what becomes of the
//! messages.

use futures::future::{join, join_all};
use jiff::Timestamp;
use shared::queue::job::{Job, JobReadError};

use crate::Deliver;
use crate::delivery::pending::Pending;
use crate::delivery::{schedule, unreadable};
use crate::disposition::{Disposition, Stop};
use crate::isolate::isolated_logged;
use crate::maintenance::{dispatch, overdue, probe, recovery, release, sweep, verify};
use crate::message::ReceivedMessage;
use crate::park::parked;
use crate::span;

/// Carries out the jobs of a batch at the same time. Returns what becomes of their messages, in the order of the
/// messages. A job that fails on our side is logged where it fails, and its message is redelivered.
pub(crate) async fn route(received: &[ReceivedMessage], room: &Deliver, deadline: Timestamp) -> Vec<Disposition> {
    let (mut pending, mut others) = (Vec::new(), Vec::new());
    let now = room.clock.now();
    for (index, message) in received.iter().enumerate() {
        let job = Job::from_json(&message.body).inspect(|job| span::note(&message.span, job));
        match job {
            Ok(Job::Deliver(job)) => {
                room.places.received(&job, message, now);
                pending.push(Pending { index, message, job });
            }
            job => others.push(async move {
                let carried_out = isolated_logged(&message.span, carry_out(job, message, room, deadline)).await;
                (index, carried_out.unwrap_or_else(|disposition| disposition))
            }),
        }
    }
    let (delivered, others) = join(schedule::deliver(pending, room, deadline), join_all(others)).await;
    let mut dispositions = vec![Disposition::Redeliver; received.len()];
    for (index, disposition) in delivered.into_iter().chain(others) {
        dispositions[index] = disposition;
    }
    dispositions
}

/// Carries out a job that is about no single delivery, is of a newer release, or cannot be read by any release.
async fn carry_out(
    job: Result<Job, JobReadError>,
    message: &ReceivedMessage,
    room: &Deliver,
    deadline: Timestamp,
) -> Result<Disposition, Stop> {
    let Deliver { stores, webhooks, recorder, queues, clock, .. } = room;
    Ok(match job {
        // Deliveries are scheduled together.
        Ok(Job::Deliver(_)) => Disposition::Redeliver,
        Ok(Job::ReleaseHeld(job)) => release::release(&job, stores, webhooks, clock.now()).await?,
        Ok(Job::Probe(job)) => probe::probe(&job, message.source, room, deadline).await?,
        Ok(Job::Sweep(job)) => sweep::sweep(&job, stores, recorder).await?,
        Ok(Job::Overdue(job)) => overdue::overdue(&job, stores, recorder).await?,
        Ok(Job::Verify(job)) => verify::verify(&job, message.source, room, deadline).await?,
        Ok(Job::Recovery(job)) => {
            recovery::recovery(&job, message.first_receive, stores, webhooks, &queues.deliveries_queue, clock).await?
        }
        Ok(Job::Dispatch(job)) => dispatch::dispatch(&job, stores, &queues.deliveries_queue, clock, deadline).await?,
        Err(JobReadError::Newer(newer)) => {
            span::note_newer(&message.span, &newer);
            parked(&newer)
        }
        Err(JobReadError::Broken(error)) => {
            Box::pin(unreadable::give_up(message, &error, webhooks, recorder, clock)).await?
        }
    })
}
