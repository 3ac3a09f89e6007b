//! Each event type has one main and one backup URL. Clients make and delete them in any order.

use serde_json::json;

use super::{Client, entries, error, exposed, only, stored};
use crate::room::Room;

#[tokio::test]
async fn main_and_backup_are_one_webhook_whichever_is_made_first() {
    for backup_first in [false, true] {
        let room = Room::start().await;
        let acme = room.tenant().await;
        let client = Client::of(&room, &acme);
        let main = json!({ "EventType": "bounce", "Url": "https://example.com/main" });
        let backup = json!({ "EventType": "bounce", "Url": "https://example.com/backup", "IsBackup": true });
        if backup_first {
            assert_eq!(client.made(backup).await, 16 + 7);
            // Without a main URL, deliveries go to the backup URL.
            let alone = stored(&room, &acme).await;
            assert!(alone.is_backup && alone.backup_url.is_none() && exposed(&alone) == "https://example.com/backup");
            assert_eq!(client.all().await, "23 bounce backup alive v1 https://example.com/backup");
            let shown = acme.get(&format!("/api/v1/webhooks/{}", alone.id)).await;
            assert_eq!(shown.body["is_backup"], true);
            assert_eq!(client.made(main).await, 16 + 6);
        } else {
            assert_eq!(client.made(main).await, 16 + 6);
            assert_eq!(client.made(backup).await, 16 + 7);
        }
        let both = "22 bounce alive v1 https://example.com/main\n23 bounce backup alive v1 https://example.com/backup";
        assert_eq!(client.all().await, both);
        let webhook = stored(&room, &acme).await;
        assert_eq!(exposed(&webhook), "https://example.com/main");
        assert_eq!(webhook.backup_url.unwrap().expose(), "https://example.com/backup");
        assert!(!webhook.is_backup);
    }
}

#[tokio::test]
async fn each_is_deleted_by_itself_and_the_webhook_with_the_last() {
    for main_first in [false, true] {
        let room = Room::start().await;
        let acme = room.tenant().await;
        let client = Client::of(&room, &acme);
        let main = client.made(json!({ "EventType": "sent", "Url": "https://example.com/main" })).await;
        let given = json!({ "EventType": "sent", "Url": "https://example.com/backup", "IsBackup": true });
        let backup = client.made(given).await;
        let before = stored(&room, &acme).await;
        let (first, second) = if main_first { (main, backup) } else { (backup, main) };
        assert_eq!(client.delete(first).await.status, 204);
        // A repeated request deletes nothing else.
        assert_eq!(client.delete(first).await.status, 404);
        let left = stored(&room, &acme).await;
        assert_eq!((left.id, left.backup_url, left.is_backup), (before.id, None, main_first));
        assert_eq!(only(&client.get(&format!("/{second}")).await)["IsBackup"], main_first);
        assert_eq!(entries(&client.get("").await).len(), 1);
        assert_eq!(client.delete(second).await.status, 204);
        assert_eq!(acme.get("/api/v1/webhooks").await.data().len(), 0);
    }
}

#[tokio::test]
async fn a_second_one_is_refused_by_the_name_of_the_first() {
    let room = Room::start().await;
    let acme = room.tenant().await;
    let client = Client::of(&room, &acme);
    let main = json!({ "EventType": "open", "Url": "https://user:secret@example.com/main" });
    let backup = json!({ "EventType": "open", "Url": "https://example.com/backup", "IsBackup": true });
    client.made(main.clone()).await;
    client.made(backup.clone()).await;
    let refusals = [error(&client.post(main.clone()).await), error(&client.post(backup.clone()).await)];
    insta::assert_snapshot!(refusals.join("\n"), @"
    400 There is already a main URL for `open`: ID 18, https://user:***@example.com/main, of webhook wh_ID. Change that URL, or delete it first.
    400 There is already a backup URL for `open`: ID 19, https://example.com/backup, of webhook wh_ID. Change that URL, or delete it first.
    ");

    // After a deletion the place is free, and a new URL there has the same id.
    client.delete(18).await;
    assert_eq!(client.made(main).await, 18);
    client.delete(19).await;
    assert_eq!(client.made(backup).await, 19);
}

#[tokio::test]
async fn one_of_the_native_api_in_a_dialect_of_mailjets_counts_too() {
    let room = Room::start().await;
    let acme = room.tenant().await;
    let client = Client::of(&room, &acme);
    let hook =
        |events: &[&str], dialect: &str| json!({ "url": "https://example.com/", "events": events, "dialect": dialect });
    acme.post("/api/v1/webhooks", &hook(&["open", "click"], "mailjet_v2")).await;
    acme.post("/api/v1/webhooks", &hook(&["spam"], "mailjet")).await;
    // A webhook in another system's dialect does not count.
    acme.post("/api/v1/webhooks", &hook(&["email.bounced"], "standard")).await;
    let url = |event: &str, is_backup: bool| json!({ "EventType": event, "Url": "https://example.org/", "IsBackup": is_backup });
    let refusals = [
        error(&client.post(url("click", false)).await),
        // The backup URL would also become the backup URL of `open`.
        error(&client.post(url("click", true)).await),
        error(&client.post(url("spam", false)).await),
    ];
    insta::assert_snapshot!(refusals.join("\n"), @"
    400 There is already a main URL for `click`: ID 20, https://example.com/, of webhook wh_ID. Change that URL, or delete it first.
    400 ID 20 is a part of webhook wh_ID, which has several event types, and all of them would be changed. Change it at /api/v1/webhooks/wh_ID.
    400 There is already a main URL for `spam`: ID 42, https://example.com/, of webhook wh_ID. Change that URL, or delete it first.
    ");
    assert_eq!(client.made(url("spam", true)).await, 2 * 16 + 11);
    assert_eq!(client.made(url("bounce", false)).await, 4 * 16 + 6);
    insta::assert_snapshot!(client.all().await, @"
    18 open alive v2 https://example.com/
    20 click alive v2 https://example.com/
    42 spam alive v1 https://example.com/
    43 spam backup alive v1 https://example.org/
    54 bounce alive v1 https://example.com/
    70 bounce alive v1 https://example.org/
    ");
}

#[tokio::test]
async fn of_many_at_the_same_moment_one_becomes_the_main_url_and_one_the_backup() {
    let room = Room::start().await;
    let acme = room.tenant().await;
    let client = Client::of(&room, &acme);
    let bodies = (0..8).map(|number| {
        let url = format!("https://example.com/{number}");
        json!({ "EventType": "click", "Url": url, "IsBackup": number % 2 == 1 })
    });
    let answers = futures::future::join_all(bodies.map(|body| client.post(body))).await;
    for lost in answers.iter().filter(|answer| answer.status != 201) {
        assert!(error(lost).starts_with("400 There is already a "), "{lost}");
    }
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 2);
    assert_eq!(entries(&client.get("").await).len(), 2);
    assert!(stored(&room, &acme).await.backup_url.is_some());
}

#[tokio::test]
async fn all_of_a_client_may_be_made_at_the_same_moment() {
    let room = Room::start().await;
    let acme = room.tenant().await;
    let client = Client::of(&room, &acme);
    let events = ["sent", "open", "click", "bounce", "blocked", "spam", "unsub"];
    let bodies = events.iter().flat_map(|event| {
        [false, true]
            .map(|is_backup| json!({ "EventType": event, "Url": "https://example.com/", "IsBackup": is_backup }))
    });
    let answers = futures::future::join_all(bodies.map(|body| client.post(body))).await;
    assert!(
        answers.iter().all(|answer| answer.status == 201),
        "{}",
        answers.iter().map(ToString::to_string).collect::<String>()
    );
    assert_eq!(entries(&client.get("?Limit=0").await).len(), 14);
    assert_eq!(acme.get("/api/v1/webhooks").await.data().len(), 7);
}

#[tokio::test]
async fn a_backup_has_version_and_status_of_its_main_url() {
    let room = Room::start().await;
    let acme = room.tenant().await;
    let client = Client::of(&room, &acme);
    client.made(json!({ "EventType": "open", "Url": "https://example.com/", "Version": 2 })).await;
    let backup = |version: u8, status: &str| json!({ "EventType": "open", "Url": "https://example.org/", "IsBackup": true, "Version": version, "Status": status });
    let refusals = [error(&client.post(backup(1, "alive")).await), error(&client.post(backup(2, "dead")).await)];
    insta::assert_snapshot!(refusals.join("\n"), @"
    400 /Version: a backup URL has the version of its main URL, which is 2; leave it out, or change the main URL first
    400 /Status: a backup URL has the status of its main URL, which is alive; leave it out, or change the main URL
    ");
    client.made(json!({ "EventType": "open", "Url": "https://example.org/", "IsBackup": true })).await;
    insta::assert_snapshot!(client.all().await, @"
    18 open alive v2 https://example.com/
    19 open backup alive v2 https://example.org/
    ");

    // A backup URL that was created first gets the values, or the defaults, of the main URL.
    let given = json!({ "EventType": "click", "Url": "https://example.org/", "IsBackup": true, "Version": 2, "Status": "dead" });
    client.made(given).await;
    client.made(json!({ "EventType": "click", "Url": "https://example.com/" })).await;
    insta::assert_snapshot!(client.all().await, @"
    18 open alive v2 https://example.com/
    19 open backup alive v2 https://example.org/
    36 click alive v1 https://example.com/
    37 click backup alive v1 https://example.org/
    ");
}

#[tokio::test]
async fn a_backup_that_is_given_one_by_the_native_api_is_a_main_url() {
    let room = Room::start().await;
    let acme = room.tenant().await;
    let client = Client::of(&room, &acme);
    client.made(json!({ "EventType": "open", "Url": "https://example.com/", "IsBackup": true })).await;
    let path = format!("/api/v1/webhooks/{}", stored(&room, &acme).await.id);
    assert_eq!(acme.patch(&path, &json!({ "description": "Ours" })).await.body["is_backup"], true);
    let patched = acme.patch(&path, &json!({ "backup_url": "https://example.org/" })).await;
    assert!(patched.body.get("is_backup").is_none(), "{patched}");
    let both = "18 open alive v1 https://example.com/\n19 open backup alive v1 https://example.org/";
    assert_eq!(client.all().await, both);
    acme.patch(&path, &json!({ "backup_url": null })).await;
    assert_eq!(client.all().await, "18 open alive v1 https://example.com/");
}
