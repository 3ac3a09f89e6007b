//! PUT changes the fields that it gives, and keeps the others.

use serde_json::json;
use shared::webhook::{DisabledReason, WebhookStatus};

use super::{Client, error, exposed, line, only, stored};
use crate::room::Room;

#[tokio::test]
async fn what_is_given_changes_and_the_rest_stays() {
    let room = Room::start().await;
    let acme = room.tenant().await;
    let client = Client::of(&room, &acme);
    let id = client.made(json!({ "EventType": "open", "Url": "https://example.com/" })).await;
    let before = stored(&room, &acme).await;
    let mut seen = Vec::new();
    for change in [
        json!({}),
        json!({ "Url": "https://user:secret@example.org/hook" }),
        json!({ "Version": 2 }),
        json!({ "Status": "dead" }),
        json!({ "Version": 1, "Status": "alive" }),
    ] {
        let answer = client.put(id, change).await;
        assert_eq!(answer.status, 200, "{answer}");
        seen.push(line(&only(&answer)));
    }
    insta::assert_snapshot!(seen.join("\n"), @"
    18 open alive v1 https://example.com/
    18 open alive v1 https://user:***@example.org/hook
    18 open alive v2 https://user:***@example.org/hook
    18 open dead v2 https://user:***@example.org/hook
    18 open alive v1 https://user:***@example.org/hook
    ");
    let after = stored(&room, &acme).await;
    assert_eq!((after.id, &after.secrets, after.batch), (before.id, &before.secrets, 1));
    assert_eq!(exposed(&after), "https://user:secret@example.org/hook");
}

#[tokio::test]
async fn a_masked_password_that_is_sent_back_changes_nothing() {
    let room = Room::start().await;
    let acme = room.tenant().await;
    let client = Client::of(&room, &acme);
    let id = client.made(json!({ "EventType": "open", "Url": "https://user:secret@example.com/" })).await;
    let given = json!({ "EventType": "open", "Url": "https://user:other@example.org/", "IsBackup": true });
    let backup = client.made(given).await;
    let shown = only(&client.get(&format!("/{id}")).await);
    assert_eq!(shown["Url"], "https://user:***@example.com/");
    assert_eq!(client.put(id, shown).await.status, 200);
    let shown = only(&client.get(&format!("/{backup}")).await);
    assert_eq!(client.put(backup, shown).await.status, 200);
    let webhook = stored(&room, &acme).await;
    assert_eq!(exposed(&webhook), "https://user:secret@example.com/");
    assert_eq!(webhook.backup_url.unwrap().expose(), "https://user:other@example.org/");
    let elsewhere = client.put(id, json!({ "Url": "https://user:***@example.org/" })).await;
    insta::assert_snapshot!(error(&elsewhere), @"400 /Url: a URL with a masked password, or the name of a stream, stands for the stored URL that is shown so, and this entry has no such URL; give a whole https:// URL, or leave the field out. Streams are registered at /api/v1/webhooks");
}

#[tokio::test]
async fn version_2_groups_and_version_1_does_not() {
    let room = Room::start().await;
    let acme = room.tenant().await;
    let client = Client::of(&room, &acme);
    let id = client.made(json!({ "EventType": "open", "Url": "https://example.com/", "Version": 2 })).await;
    let look = async || {
        let webhook = stored(&room, &acme).await;
        (webhook.dialect.as_str(), webhook.batch)
    };
    assert_eq!(look().await, ("mailjet_v2", 10));
    client.put(id, json!({ "Version": 1 })).await;
    assert_eq!(look().await, ("mailjet", 1));
    client.put(id, json!({ "Version": "2" })).await;
    assert_eq!(look().await, ("mailjet_v2", 10));
    // The webhook keeps the number of events per POST that the tenant has set.
    let path = format!("/api/v1/webhooks/{}", stored(&room, &acme).await.id);
    acme.patch(&path, &json!({ "batch": 3 })).await;
    client.put(id, json!({ "Version": 2, "Url": "https://example.org/" })).await;
    assert_eq!(look().await, ("mailjet_v2", 3));
}

#[tokio::test]
async fn another_event_type_or_slot_is_another_id_of_the_same_webhook() {
    let room = Room::start().await;
    let acme = room.tenant().await;
    let client = Client::of(&room, &acme);
    let id = client.made(json!({ "EventType": "open", "Url": "https://example.com/" })).await;
    let webhook = stored(&room, &acme).await;
    let moved = client.put(id, json!({ "EventType": "unsub" })).await;
    assert_eq!((moved.status, line(&only(&moved))), (200, "28 unsub alive v1 https://example.com/".to_owned()));
    assert_eq!(client.get(&format!("/{id}")).await.status, 404);
    let moved = client.put(28, json!({ "IsBackup": true, "Url": "https://example.org/" })).await;
    assert_eq!((moved.status, line(&only(&moved))), (200, "29 unsub backup alive v1 https://example.org/".to_owned()));
    assert_eq!(client.all().await, "29 unsub backup alive v1 https://example.org/");
    let after = stored(&room, &acme).await;
    assert_eq!((after.id, after.number, after.is_backup), (webhook.id, webhook.number, true));
    let native = acme.get(&format!("/api/v1/webhooks/{}", after.id)).await;
    assert_eq!(native.body["events"], json!(["email.unsubscribed", "subscriber.unsubscribed"]));
}

#[tokio::test]
async fn what_is_taken_or_belongs_together_is_not_moved() {
    let room = Room::start().await;
    let acme = room.tenant().await;
    let client = Client::of(&room, &acme);
    let url = |event: &str, is_backup: bool| json!({ "EventType": event, "Url": "https://example.com/", "IsBackup": is_backup });
    let (open, backup) = (client.made(url("open", false)).await, client.made(url("open", true)).await);
    let (click, spam) = (client.made(url("click", false)).await, client.made(url("spam", true)).await);
    let before = client.all().await;
    let refusals = [
        error(&client.put(click, json!({ "EventType": "open" })).await),
        error(&client.put(click, json!({ "EventType": "spam" })).await),
        error(&client.put(spam, json!({ "EventType": "click", "IsBackup": false })).await),
        error(&client.put(open, json!({ "IsBackup": true })).await),
        error(&client.put(backup, json!({ "IsBackup": false })).await),
        error(&client.put(open, json!({ "EventType": "bounce" })).await),
        error(&client.put(open, json!({ "ID": click })).await),
        error(&client.put(open, json!({ "Url": "ftp://example.com/", "Version": 3 })).await),
        error(&client.put(99, json!({})).await),
    ];
    insta::assert_snapshot!(refusals.join("\n"), @"
    400 There is already a main URL for `open`: ID 18, https://example.com/, of webhook wh_ID. Change that URL, or delete it first.
    400 There is already a backup URL for `spam`: ID 59, https://example.com/, of webhook wh_ID. Change that URL, or delete it first.
    400 There is already a main URL for `click`: ID 36, https://example.com/, of webhook wh_ID. Change that URL, or delete it first.
    400 There is already a backup URL for `open`: ID 19, https://example.com/, of webhook wh_ID. Change that URL, or delete it first.
    400 There is already a main URL for `open`: ID 18, https://example.com/, of webhook wh_ID. Change that URL, or delete it first.
    400 /EventType: ID 19 is the backup URL of this URL; delete that first
    400 /ID: this URL has the ID 18, which cannot be changed; leave it out
    400 /Url: only https:// URLs are delivered to; /Version: unknown version; there are: 1 (one event in a POST), 2 (several, in an array)
    404 There is no event callback URL with this id.
    ");
    assert_eq!(client.all().await, before);
}

#[tokio::test]
async fn dead_and_alive_are_told_and_what_disabled_it_stays_the_reason() {
    let room = Room::start().await;
    let acme = room.tenant().await;
    let client = Client::of(&room, &acme);
    let id = client.made(json!({ "EventType": "open", "Url": "https://example.com/", "Status": "dead" })).await;
    let requested = WebhookStatus::Disabled { reason: DisabledReason::Requested };
    assert_eq!(stored(&room, &acme).await.status, requested);
    client.put(id, json!({ "Status": "alive" })).await;
    assert!(room.world.disable(&stored(&room, &acme).await, DisabledReason::Failing).await.unwrap());
    assert_eq!(only(&client.get(&format!("/{id}")).await)["Status"], "dead");
    client.put(id, json!({ "Status": "dead" })).await;
    let failing = WebhookStatus::Disabled { reason: DisabledReason::Failing };
    assert_eq!(stored(&room, &acme).await.status, failing);
    let told: Vec<_> = room.world.told().unwrap().iter().map(|event| event.facts.event_type.as_str()).collect();
    let count = |word: &str| told.iter().filter(|name| **name == word).count();
    assert_eq!((count("webhook.enabled"), count("webhook.disabled"), told.len()), (1, 1, 2));
}

#[tokio::test]
async fn two_that_move_to_one_place_at_the_same_moment_do_not_both_get_it() {
    let room = Room::start().await;
    let acme = room.tenant().await;
    let client = Client::of(&room, &acme);
    let mut ids = Vec::new();
    for event in ["sent", "open", "click", "bounce"] {
        ids.push(client.made(json!({ "EventType": event, "Url": "https://example.com/" })).await);
    }
    let moves = ids.iter().map(|id| client.put(*id, json!({ "EventType": "spam" })));
    let answers = futures::future::join_all(moves).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    assert_eq!(client.all().await.lines().filter(|line| line.contains(" spam ")).count(), 1);
}
