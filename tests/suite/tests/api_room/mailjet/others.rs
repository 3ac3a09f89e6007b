//! PUT of an entry whose webhook another API made. The change could affect more than the request asks for.

use serde_json::json;

use super::{Client, entries, error, only, stored};
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
    // A request that changes nothing is accepted.
    let revisions = async || {
        let webhooks = room.world.webhooks_of(acme.tenant_id()).await.unwrap();
        webhooks.iter().map(|webhook| webhook.revision).collect::<Vec<_>>()
    };
    let before = revisions().await;
    for entry in entries(&client.get("").await) {
        let id = entry["ID"].as_u64().unwrap();
        assert_eq!(client.put(id, entry).await.status, 200);
    }
    assert_eq!(revisions().await, before);
}

#[tokio::test]
async fn a_stream_is_listed_by_its_name_and_keeps_its_credentials() {
    let room = Room::start().await;
    let acme = room.tenant().await;
    let client = Client::of(&room, &acme);
    let hook = json!({
        "url": "arn:aws:sqs:eu-west-1:123456789012:opens", "dialect": "mailjet", "events": ["open"],
        "credentials": { "access_key_id": "AKIAIOSFODNN7EXAMPLE", "secret_access_key": "x".repeat(40) },
    });
    let made = acme.post("/api/v1/webhooks", &hook).await;
    assert_eq!(made.status, 201, "{made}");
    let before = stored(&room, &acme).await;
    client.made(json!({ "EventType": "open", "Url": "https://example.org/", "IsBackup": true })).await;
    insta::assert_snapshot!(client.all().await, @"
    18 open alive v1 arn:aws:sqs:eu-west-1:123456789012:opens
    19 open backup alive v1 https://example.org/
    ");
    // The stream stays the same in three cases: a client sends it back as it was shown, other fields change, or the
    // entry moves to another event type.
    let shown = only(&client.get("/18").await);
    assert_eq!((client.put(18, shown.clone()).await.status, client.delete(19).await.status), (200, 204));
    let moved = client.put(18, json!({ "Url": shown["Url"], "Status": "dead", "EventType": "click" })).await;
    assert_eq!((moved.status, &only(&moved)["ID"]), (200, &json!(20)), "{moved}");
    assert_eq!(stored(&room, &acme).await.url, before.url);

    let refusals = [
        error(&client.put(20, json!({ "IsBackup": true })).await),
        error(&client.put(20, json!({ "Url": "arn:aws:sqs:eu-west-1:123456789012:clicks" })).await),
        error(&client.post(json!({ "EventType": "spam", "Url": shown["Url"] })).await),
    ];
    insta::assert_snapshot!(refusals.join("\n"), @"
    400 /IsBackup: a stream cannot be a backup URL
    400 /Url: a URL with a masked password, or the name of a stream, stands for the stored URL that is shown so, and this entry has no such URL; give a whole https:// URL, or leave the field out. Streams are registered at /api/v1/webhooks
    400 /Url: a URL with a masked password, or the name of a stream, stands for the stored URL that is shown so, and this entry has no such URL; give a whole https:// URL, or leave the field out. Streams are registered at /api/v1/webhooks
    ");
    assert_eq!(stored(&room, &acme).await.url, before.url);
    client.put(20, json!({ "Url": "https://example.com/" })).await;
    assert_eq!(client.all().await, "20 click dead v1 https://example.com/");

    // Without a main URL, deliveries go to the backup URL. A stream that replaces it is not a backup URL.
    client.put(20, json!({ "IsBackup": true })).await;
    let path = format!("/api/v1/webhooks/{}", before.id);
    let again = json!({ "url": hook["url"], "credentials": hook["credentials"] });
    assert_eq!(acme.patch(&path, &again).await.status, 200);
    assert_eq!(only(&client.get("").await)["IsBackup"], false);
    assert!(!stored(&room, &acme).await.is_backup);
}
