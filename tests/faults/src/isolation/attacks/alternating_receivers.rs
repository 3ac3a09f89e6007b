//! Receivers that answer at once and slowly by turns, so that what is known of them is wrong every second time.

use serde_json::json;

use super::{Strike, steady_deliveries};
use crate::isolation::arena::Arena;
use crate::outage::receivers::Manner;

/// The time of every second answer, in milliseconds. It counts as slow.
const SLOW_MS: u64 = 4_000;

pub(super) async fn prepare<'a>(arena: &'a Arena<'a>) -> anyhow::Result<Strike<'a>> {
    let receivers = format!("answer at once or after {SLOW_MS} ms");
    steady_deliveries::prepare(arena, Manner::Alternating(SLOW_MS), json!({}), receivers).await
}
