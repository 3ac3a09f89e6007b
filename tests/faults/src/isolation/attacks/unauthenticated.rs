//! A flood of requests without a valid key: the health, the management API, own events, and ingest keys of nobody.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;

use super::Strike;
use crate::isolation::arena::{Arena, pace};
use support::signers::{JSON, Signed};

/// Time between two requests; see the flood of public keys.
const EVERY: Duration = Duration::from_millis(50);

pub(super) fn prepare<'a>(arena: &'a Arena<'a>) -> Strike<'a> {
    Box::new(move |until| {
        Box::pin(async move {
            let calls = pace(until, EVERY, |number| async move {
                let stack = arena.stack;
                let wrong = format!("mh_admin_{number:043}");
                match number % 5 {
                    0 => stack.call(Method::GET, "/health", None, None).await.status,
                    1 => stack.call(Method::GET, "/api/v1/webhooks", None, None).await.status,
                    2 => stack.call(Method::GET, "/api/v1/tenants", Some((&wrong, "")), None).await.status,
                    3 => stack.call(Method::POST, "/api/v1/events", Some((&wrong, "")), Some(json!({}))).await.status,
                    _ => {
                        let path = format!("/api/webhooks/mhi_{number:016}");
                        stack.send(&path, &Signed::plain(JSON, "{}")).await.status
                    }
                }
            });
            Ok(format!("20 requests/s: {}", calls.await.with(401)?))
        })
    })
}
