//! A flood of the route of public keys, which needs no key: for a tenant with keys, for one without, and for tenants
//! that do not exist. Once, each call read all webhooks of the tenant and opened every secret.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;

use super::Strike;
use crate::isolation::arena::{Arena, Attacker, pace};
use crate::outage::receivers::Manner;

/// Webhooks of each tenant.
const WEBHOOKS: u32 = 20;
/// Time between two requests. Reason: the template lets 50 a second through; each is an invocation, and the emulator
/// makes some 100 invocations a second when it does nothing else.
const EVERY: Duration = Duration::from_millis(50);

pub(super) async fn prepare<'a>(arena: &'a Arena<'a>) -> anyhow::Result<Strike<'a>> {
    let (known, empty) = (Attacker::new(arena).await, Attacker::new(arena).await);
    known.webhooks(WEBHOOKS, &Manner::Healthy, &json!({"signature": "v1a"})).await;
    empty.webhooks(WEBHOOKS, &Manner::Healthy, &json!({"signature": "v1"})).await;
    Ok(Box::new(move |until| {
        Box::pin(async move {
            let ids = [known.tenant.id.as_str(), empty.tenant.id.as_str()];
            let calls = pace(until, EVERY, |number| {
                // An unknown id is a new one each time: it must not fill a cache either.
                let unknown = format!("{}{number:04}", &ids[0][..ids[0].len() - 4]);
                let id = ids.get(number as usize % 3).map_or(unknown, |id| (*id).to_owned());
                async move { arena.stack.call(Method::GET, &format!("/.well-known/webhooks/{id}"), None, None).await.status }
            });
            let calls = calls.await.with(200)?;
            Ok(format!("20 requests/s for known, empty and unknown tenants: {calls}"))
        })
    }))
}
