//! The settings of the mappings during the suite: what the emulator lacks or cannot carry.

use serde_json::{Value, json};

use support::stack::Stack;

/// Maximum functions that each mapping of a queue runs at the same time: 40 places. Reason: an attack must be able to
/// take all places with fewer deliveries than the emulator, one Python process, can carry. With the stack's ten
/// functions, receivers of 1.9 s need 52 deliveries a second, and then the figures show its processor.
const CONCURRENCY: u32 = 4;
/// Events of a batch of the stream. Reason: a stream on AWS has at least four shards, which are read at the same time,
/// and the emulator has one. The template's batch is 100 events of each shard.
const STREAM_BATCH: u32 = 400;

/// Settings that were changed, by the mapping's id.
pub(super) struct Before(Vec<(String, Value)>);

/// Changes the mappings' settings for the suite.
pub(super) async fn change(stack: &Stack) -> Before {
    let mut before = Vec::new();
    for mapping in stack.mappings().await {
        let id = mapping["UUID"].as_str().unwrap_or_default();
        let of_queue = !mapping["ScalingConfig"]["MaximumConcurrency"].is_null();
        let (name, value) = if of_queue {
            ("ScalingConfig", json!({"MaximumConcurrency": CONCURRENCY}))
        } else {
            ("BatchSize", STREAM_BATCH.into())
        };
        before.push((id.to_owned(), json!({name: mapping[name]})));
        stack.change_mapping(id, &json!({name: value})).await;
    }
    Before(before)
}

/// Sets everything as it was.
pub(super) async fn restore(stack: &Stack, before: Before) {
    for (id, settings) in before.0 {
        stack.change_mapping(&id, &settings).await;
    }
}
