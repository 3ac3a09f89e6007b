//! PUT of what is not this API's own: it would change more than was asked for.

use serde_json::json;

use super::{Client, entries, error};
use crate::room::Room;

#[tokio::test]
async fn what_would_change_other_event_types_or_another_dialect_is_refused_with_where_to_do_it() {
    let room = Room::start().await;
    let acme = room.tenant().await;
    let client = Client::of(&room, &acme);
    for (events, dialect) in [(json!(["open", "click"]), "mailjet"), (json!(["clicked"]), "mailgun")] {
        let hook = json!({ "url": "https://example.com/", "events": events, "dialect": dialect });
        assert_eq!(acme.post("/api/v1/webhooks", &hook).await.status, 201);
    }
    let mut refusals = Vec::new();
    for (id, change) in [
        (18, json!({ "Status": "dead" })),
        (20, json!({ "Url": "https://example.org/" })),
        (36, json!({ "Version": 2 })),
        (36, json!({ "EventType": "open" })),
        (36, json!({ "IsBackup": true })),
    ] {
        refusals.push(error(&client.put(id, change).await));
    }
    insta::assert_snapshot!(refusals.join("\n"), @"
    400 ID 18 is a part of webhook wh_ID, which has several event types, and all of them would be changed. Change it at /api/v1/webhooks/wh_ID.
    400 ID 20 is a part of webhook wh_ID, which has several event types, and all of them would be changed. Change it at /api/v1/webhooks/wh_ID.
    400 ID 36 is a part of webhook wh_ID, which speaks the dialect `mailgun`, not Mailjet's. Change it at /api/v1/webhooks/wh_ID.
    400 ID 36 is a part of webhook wh_ID, which speaks the dialect `mailgun`, not Mailjet's. Change it at /api/v1/webhooks/wh_ID.
    400 ID 36 is a part of webhook wh_ID, which speaks the dialect `mailgun`, not Mailjet's. Change it at /api/v1/webhooks/wh_ID.
    ");
    // What changes nothing is nobody's trouble.
    let revisions = async || {
        let webhooks = room.world.registry.all_webhooks(acme.tenant_id()).await.unwrap();
        webhooks.iter().map(|webhook| webhook.revision).collect::<Vec<_>>()
    };
    let before = revisions().await;
    for entry in entries(&client.get("").await) {
        let id = entry["ID"].as_u64().unwrap();
        assert_eq!(client.put(id, entry).await.status, 200);
    }
    assert_eq!(revisions().await, before);
}
