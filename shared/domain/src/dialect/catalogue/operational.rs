//! The schema of `data` for operational events: the webhook, and for a dead letter the delivery.

use serde_json::{Map, Value, json};

use super::{event_id, id_pattern, source, test, text};
use crate::event::Provider;
use crate::event::{EventType, What};
use crate::id::{EventId, WebhookId};
use crate::reasons::{ClosedReason, DeadReason, DisabledReason};

/// The schema of `data` for events like `what`.
pub(super) fn data(what: &What) -> Value {
    let mut required = vec!["event_id", "source", "webhook"];
    let mut properties = Map::from_iter([
        ("event_id".to_owned(), event_id()),
        ("source".to_owned(), source(&[Provider::Mailhooks.as_str()])),
        ("webhook".to_owned(), webhook(what)),
        ("test".to_owned(), test()),
    ]);
    if what.given_up().is_some() {
        required.push("delivery");
        properties.insert("delivery".to_owned(), delivery());
    }
    json!({
        "type": "object",
        "description": "What mailhooks reports of a webhook of the same tenant, never of the one that receives it.",
        "additionalProperties": false,
        "required": required,
        "properties": properties,
    })
}

fn webhook(what: &What) -> Value {
    let (mut required, mut properties) = (vec!["id"], Map::new());
    properties.insert("id".to_owned(), json!({"type": "string", "pattern": id_pattern(WebhookId::PREFIX)}));
    properties.insert("description".to_owned(), text("The tenant's note on it, as it was then."));
    if let Some(reason) = reason(what) {
        required.push("reason");
        properties.insert("reason".to_owned(), reason);
    }
    if let Some((since, is_always_said)) = since(what) {
        required.extend(is_always_said.then_some("since"));
        let since = json!({"type": "string", "format": "date-time", "pattern": "Z$", "description": since});
        properties.insert("since".to_owned(), since);
    }
    json!({
        "type": "object",
        "description": "The webhook that it is about.",
        "additionalProperties": false,
        "required": required,
        "properties": properties,
    })
}

fn reason(what: &What) -> Option<Value> {
    match what {
        What::Closed { .. } => Some(json!({
            "enum": ClosedReason::ALL.iter().map(|reason| reason.as_str()).collect::<Vec<_>>(),
            "description": "`recovered`: a delivery was accepted. `nothing_held`: there was none to try, and the next \
                            failure opens it again. `requested`: somebody enabled or unpaused the webhook, or its \
                            new URL answered a challenge.",
        })),
        What::Disabled { .. } => Some(json!({
            "enum": DisabledReason::ALL.iter().map(|reason| reason.as_str()).collect::<Vec<_>>(),
            "description": "`requested`: by the API. `gone`: its receiver answered 410. `failing`: its breaker was \
                            open for too long. `receiver_asked`: it answered `webhook-delivery: disable`.",
        })),
        What::Opened { .. } | What::Enabled | What::Pending | What::Verified { .. } | What::Dead(_) => None,
    }
}

/// What `since` means, and whether it is always present.
fn since(what: &What) -> Option<(&'static str, bool)> {
    match what {
        What::Opened { .. } => Some(("Since when every attempt has failed.", true)),
        What::Closed { .. } => Some(("Since when every attempt had failed.", true)),
        What::Disabled { .. } => Some(("With `failing`: since when every attempt has failed.", false)),
        What::Verified { .. } => Some(("Since when the webhook was pending.", true)),
        What::Enabled | What::Pending | What::Dead(_) => None,
    }
}

fn delivery() -> Value {
    json!({
        "type": "object",
        "description": "The delivery that was given up.",
        "additionalProperties": false,
        "required": ["event_id", "event_type", "reason", "attempts"],
        "properties": {
            "event_id": {"type": "string", "pattern": id_pattern(EventId::PREFIX), "description": "What was owed."},
            "event_type": {
                "enum": EventType::ALL.iter().map(|owed| owed.as_str()).collect::<Vec<_>>(),
                "description": "Its type; never an operational one.",
            },
            "reason": {
                "enum": DeadReason::ALL.iter().map(|reason| reason.as_str()).collect::<Vec<_>>(),
                "description": "`attempts_exhausted`: the schedule is used up. `event_expired`: the event is no longer \
                                stored. The others are the receiver's answer.",
            },
            "attempts": {
                "type": "integer",
                "minimum": 0,
                "description": "How many it had since it was last started anew.",
            },
        },
    })
}
