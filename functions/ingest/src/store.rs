//! Storing accepted events: in order, in few calls, and within the time of the function.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::{StreamExt as _, stream};
use jiff::{SignedDuration, Timestamp};
use shared::event::Event;
use shared::store::StoreError;
use shared::store::events::{MAX_KEYS, MAX_STATEMENTS, Put};

use crate::error::{InterruptionError, UnfinishedError};
use crate::room::Ingest;

/// Maximum concurrent steps, each with one call of 25 events. Reason: at 20 ms a call these store 5,000 events a
/// second, about as many as a tenant's eight partitions (8,000 writes a second) and a new table (4,000) take. A step
/// holds at most a mebibyte of rows, and the SDK and the HTTP client hold as much again.
const MAX_CONCURRENT_STEPS: usize = 4;
/// How long before the function's deadline storing stops. Reason: the answer takes milliseconds, or tens of
/// milliseconds with a tenth of a processor, which the smallest functions have.
const STORING_MARGIN: SignedDuration = SignedDuration::from_secs(1);

/// Stores every event, or as many as there is time for until `deadline`, when Lambda ends the function. When the sender
/// repeats the request, the rest is stored. Answers what each put did, in order. Of events with the same id the first
/// is stored, and the others count as stored before.
pub(crate) async fn put_all(events: &[Event], room: &Ingest, deadline: Timestamp) -> Result<Vec<Put>, UnfinishedError> {
    let until = deadline.saturating_sub(STORING_MARGIN).unwrap_or(Timestamp::MIN);
    let mut places = HashMap::with_capacity(events.len());
    let mut distinct = Vec::with_capacity(events.len());
    for event in events {
        places.entry((event.tenant, event.id)).or_insert_with(|| {
            distinct.push(event);
            distinct.len() - 1
        });
    }
    let mut done = Vec::with_capacity(distinct.len());
    put_distinct(&distinct, room, until, &mut done).await.map_err(|cause| {
        let stored = events.iter().filter(|event| places[&(event.tenant, event.id)] < done.len()).count();
        UnfinishedError { stored, of: events.len(), cause }
    })?;
    let mut puts = Vec::with_capacity(events.len());
    for event in events {
        let put = &mut done[places[&(event.tenant, event.id)]];
        puts.push(std::mem::replace(put, Put::AlreadyThere));
    }
    Ok(puts)
}

/// Stores events of different ids until `until` and adds what each put did to `done`, in order.
async fn put_distinct(
    events: &[&Event],
    room: &Ingest,
    until: Timestamp,
    done: &mut Vec<Put>,
) -> Result<(), InterruptionError> {
    // Whether the step that ended last found all of its events stored. Then the post is probably a repeat, and the
    // following events are read before they are put, because a call can read four times as many. Otherwise a repeat
    // would spend its time on the first events again.
    let is_repeat = AtomicBool::new(false);
    let mut rest = events;
    let steps = std::iter::from_fn(|| {
        if rest.is_empty() || room.clock.now() >= until {
            return None;
        }
        let is_repeat = is_repeat.load(Ordering::Relaxed);
        let size = if is_repeat { MAX_KEYS } else { MAX_STATEMENTS };
        let (step, later) = rest.split_at(size.min(rest.len()));
        rest = later;
        Some(put_step(step, is_repeat, room))
    });
    let mut steps = stream::iter(steps).buffered(MAX_CONCURRENT_STEPS);
    let all = async {
        while let Some(puts) = steps.next().await {
            let puts = puts?;
            is_repeat.store(puts.iter().all(|put| *put == Put::AlreadyThere), Ordering::Relaxed);
            done.extend(puts);
        }
        if done.len() == events.len() { Ok(()) } else { Err(InterruptionError::OutOfTime) }
    };
    let left = until.duration_since(room.clock.now()).max(SignedDuration::ZERO);
    // A put that is under way when the time is up may take effect or not. It is not counted as stored.
    tokio::time::timeout(left.unsigned_abs(), all).await.unwrap_or(Err(InterruptionError::OutOfTime))
}

/// Puts some events; with `read` only those that a read does not find.
async fn put_step(events: &[&Event], read: bool, room: &Ingest) -> Result<Vec<Put>, StoreError> {
    if !read {
        return room.events.put_batch(events).await;
    }
    let known = room.events.known(events).await?;
    let new: Vec<_> = events.iter().copied().filter(|event| !known.contains(&event.id)).collect();
    let mut puts = room.events.put_batch(&new).await?.into_iter();
    let put = |event: &&Event| if known.contains(&event.id) { None } else { puts.next() };
    Ok(events.iter().map(put).map(|put| put.unwrap_or(Put::AlreadyThere)).collect())
}
