//! Receivers that answer just before they count as slow, on many webhooks of one tenant. Once, they took all
//! invocations of the deliveries queue, and first attempts of others waited longer and longer.

use serde_json::json;

use super::{Strike, steady_deliveries};
use crate::isolation::arena::Arena;
use crate::outage::receivers::Manner;

/// The time that each receiver takes, in milliseconds. A receiver counts as slow from 2 s on.
const ANSWER_MS: u64 = 1_900;

pub(super) async fn prepare<'a>(arena: &'a Arena<'a>) -> anyhow::Result<Strike<'a>> {
    let receivers = format!("answer after {ANSWER_MS} ms");
    steady_deliveries::prepare(arena, Manner::Slow(ANSWER_MS..ANSWER_MS + 1), json!({}), receivers).await
}
