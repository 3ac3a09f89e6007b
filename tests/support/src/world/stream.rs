//! The stream of the events table, which the world reads from the table itself.

use std::collections::{HashMap, HashSet};
use std::sync::PoisonError;

use aws_lambda_events::event::dynamodb::{Event as StreamEvent, EventRecord};
use aws_lambda_events::event::streams::DynamoDbEventResponse;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::SignedDuration;
use lambda_runtime::LambdaEvent;

use super::{TIME_LIMIT, World};

impl World {
    /// Up to `most` stored events that were not dispatched yet, as an event of the stream.
    pub fn next_stream_batch(&self, most: usize) -> anyhow::Result<Option<StreamEvent>> {
        let mut rows = self.undispatched()?;
        rows.truncate(most);
        if rows.is_empty() {
            return Ok(None);
        }
        let mut batch = StreamEvent::default();
        for row in rows {
            let mut record = EventRecord::default();
            "INSERT".clone_into(&mut record.event_name);
            record.change.sequence_number = Some(id_of(&row));
            record.change.new_image = row.into();
            batch.records.push(record);
        }
        Ok(Some(batch))
    }

    /// Handles the answer to a batch as Lambda does: records before the first reported record are done, the rest is
    /// replayed. Returns the number of done records.
    pub fn finish_stream_batch(&self, batch: &StreamEvent, answer: &DynamoDbEventResponse) -> usize {
        let failed: HashSet<_> =
            answer.batch_item_failures.iter().filter_map(|failure| failure.item_identifier.as_ref()).collect();
        let numbers = batch.records.iter().filter_map(|record| record.change.sequence_number.as_ref());
        let done: Vec<_> = numbers.take_while(|number| !failed.contains(number)).cloned().collect();
        let count = done.len();
        self.dispatched.lock().unwrap_or_else(PoisonError::into_inner).extend(done);
        count
    }

    /// Hands every stored event that was not dispatched yet to `dispatch`, as the stream does. Returns the number of
    /// done events. A failed batch is handed over again by the next call.
    pub async fn pump_stream(&self) -> anyhow::Result<usize> {
        self.pump_stream_within(TIME_LIMIT).await
    }

    /// As [`World::pump_stream`], in an invocation that has this much time left.
    pub async fn pump_stream_within(&self, time: SignedDuration) -> anyhow::Result<usize> {
        let Some(batch) = self.next_stream_batch(usize::MAX)? else { return Ok(0) };
        let context = self.context_within(time);
        let answer = dispatch::handle(LambdaEvent::new(batch.clone(), context), &self.dispatch).await;
        // If the invocation fails, Lambda replays the whole batch.
        Ok(answer.map_or(0, |answer| self.finish_stream_batch(&batch, &answer)))
    }

    /// Marks all events stored so far as dispatched.
    pub fn forget_stream(&self) -> anyhow::Result<()> {
        let rows = self.undispatched()?;
        self.dispatched.lock().unwrap_or_else(PoisonError::into_inner).extend(rows.iter().map(id_of));
        Ok(())
    }

    /// The rows of the events table that are events. The table holds tokens as well, which the stream's filter leaves
    /// out.
    pub fn event_rows(&self) -> anyhow::Result<Vec<HashMap<String, AttributeValue>>> {
        let mut rows = self.aws.scan_unbroken("events")?;
        rows.retain(|row| id_of(row) != "TOKEN");
        Ok(rows)
    }

    /// The events in the order of their ids. Reads the table instead of its stream, by a path that no planned break can
    /// hit.
    pub(super) fn undispatched(&self) -> anyhow::Result<Vec<HashMap<String, AttributeValue>>> {
        // The template's filter does the same: an unreadable event has another kind, so it is not dispatched.
        let rows = self
            .event_rows()?
            .into_iter()
            .filter(|row| row.get("kind").and_then(|kind| kind.as_s().ok()).is_some_and(|kind| kind == "event"));
        let dispatched = self.dispatched.lock().unwrap_or_else(PoisonError::into_inner);
        let mut rows: Vec<_> = rows.filter(|row| !dispatched.contains(&id_of(row))).collect();
        // A scan returns the partitions in the order of their hashes, so it would differ from run to run.
        rows.sort_by_cached_key(id_of);
        Ok(rows)
    }
}

fn id_of(row: &HashMap<String, AttributeValue>) -> String {
    row.get("sk").and_then(|sk| sk.as_s().ok()).cloned().unwrap_or_default()
}
