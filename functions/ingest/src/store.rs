//! Storing what was accepted: in order, in few calls, and no longer than the function has time.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::{StreamExt as _, stream};
use jiff::{SignedDuration, Timestamp};
use shared::event::Event;
use shared::store::StoreError;
use shared::store::events::{MAX_KEYS, MAX_STATEMENTS, Put};

use crate::Ingest;
use crate::refusal::{Interruption, Unfinished};

/// Maximum steps under way at once, each with one call of 25 events. Reason: at 20 ms a call that is 5,000 events a
/// second, about what a tenant's eight partitions (8,000 writes a second) and a new table (4,000) take. Each holds a
/// mebibyte of rows at most, and SDK and HTTP client as much again.
const IN_FLIGHT: usize = 4;
/// How long before the function's deadline nothing more is waited for. Reason: the answer takes milliseconds, and a tenth
/// of a processor, as the smallest functions have, makes tens of them.
const MARGIN: SignedDuration = SignedDuration::from_secs(1);

/// Stores every event, or as many as there is time for until `deadline`, when Lambda ends the function; the sender's
/// repeat stores the rest. Answers what each put did, in order. Of events with the same id the first is stored, the others
/// were there before.
pub(crate) async fn put_all(events: &[Event], room: &Ingest, deadline: Timestamp) -> Result<Vec<Put>, Unfinished> {
    let until = deadline.saturating_sub(MARGIN).unwrap_or(Timestamp::MIN);
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
        Unfinished { stored, of: events.len(), cause }
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
) -> Result<(), Interruption> {
    // Whether the last step to end found all of its events stored: then the post is probably a repeat, and its events are
    // read before they are put, four times as many in a call. Otherwise it would spend its time on the first events again.
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
    let mut steps = stream::iter(steps).buffered(IN_FLIGHT);
    let all = async {
        while let Some(puts) = steps.next().await {
            let puts = puts?;
            is_repeat.store(puts.iter().all(|put| *put == Put::AlreadyThere), Ordering::Relaxed);
            done.extend(puts);
        }
        if done.len() == events.len() { Ok(()) } else { Err(Interruption::OutOfTime) }
    };
    let left = until.duration_since(room.clock.now()).max(SignedDuration::ZERO);
    // What is under way then may take effect or not; it is not counted.
    tokio::time::timeout(left.unsigned_abs(), all).await.unwrap_or(Err(Interruption::OutOfTime))
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
