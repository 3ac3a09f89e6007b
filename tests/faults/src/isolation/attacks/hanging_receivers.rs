//! Receivers that take a request and never answer, with the longest time limit.

use serde_json::json;

use super::{Strike, steady_deliveries};
use crate::isolation::arena::Arena;
use crate::outage::receivers::Manner;

/// The longest time limit of a webhook, in milliseconds.
const TIMEOUT_MS: u32 = 15_000;

pub(super) async fn prepare<'a>(arena: &'a Arena<'a>) -> anyhow::Result<Strike<'a>> {
    let receivers = format!("hang, time limit {TIMEOUT_MS} ms");
    steady_deliveries::prepare(arena, Manner::Hanging, json!({"timeout_ms": TIMEOUT_MS}), receivers).await
}
