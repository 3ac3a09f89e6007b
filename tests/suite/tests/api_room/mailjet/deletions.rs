//! DELETE of entries of webhooks that other APIs made, and DELETE when AWS calls fail.

use serde_json::{Value, json};
use support::Break;

use super::{Client, entries, error, line, only};
use crate::room::{Answer, Caller, Room};

async fn native(caller: &Caller<'_>, events: &[&str], dialect: &str) -> String {
    let hook = json!({ "url": "https://example.com/", "events": events, "dialect": dialect });
    let made = caller.post("/api/v1/webhooks", &hook).await;
    assert_eq!(made.status, 201, "{made}");
    format!("/api/v1/webhooks/{}", made.text("id"))
}

#[tokio::test]
async fn of_a_webhook_with_several_event_types_this_one_is_taken_out() {
    let room = Room::start().await;
    let acme = room.tenant().await;
    let client = Client::of(&room, &acme);
    let path =
        native(&acme, &["email.opened", "email.rejected", "email.failed", "subscriber.created"], "standard").await;
    assert_eq!(client.delete(16 + 8).await.status, 204);
    assert_eq!(acme.get(&path).await.body["events"], json!(["email.opened", "subscriber.created"]));
    assert_eq!(client.delete(16 + 2).await.status, 204);
    // The webhook wants none of Mailjet's event types now, but it still exists.
    assert_eq!(acme.get(&path).await.body["events"], json!(["subscriber.created"]));
    assert_eq!(client.all().await, "");

    let path = native(&acme, &["clicked", "opened"], "mailgun").await;
    assert_eq!((client.delete(2 * 16 + 2).await.status, client.delete(2 * 16 + 4).await.status), (204, 204));
    assert_eq!(acme.get(&path).await.status, 404);
}

#[tokio::test]
async fn what_wanted_everything_wants_the_rest_by_name() {
    let room = Room::start().await;
    let acme = room.tenant().await;
    let client = Client::of(&room, &acme);
    let path = native(&acme, &["*", "delivery.dead"], "standard").await;
    assert_eq!(client.delete(16 + 12).await.status, 204);
    let left: Vec<_> = acme.get(&path).await.body["events"].as_array().unwrap().iter().map(Value::to_string).collect();
    insta::assert_snapshot!(left.join(" "), @r#""email.sent" "email.delivered" "email.deferred" "email.bounced" "email.rejected" "email.failed" "email.opened" "email.clicked" "email.complained" "email.subscribed" "subscriber.created" "email.unknown" "delivery.dead""#);
}

#[tokio::test]
async fn the_backup_url_of_several_event_types_is_not_deleted_for_one() {
    let room = Room::start().await;
    let acme = room.tenant().await;
    let client = Client::of(&room, &acme);
    let path = native(&acme, &["open", "click"], "mailjet").await;
    acme.patch(&path, &json!({ "backup_url": "https://example.org/" })).await;
    let before = client.all().await;
    insta::assert_snapshot!(error(&client.delete(16 + 3).await), @"400 ID 19 is a part of webhook wh_ID, which has several event types, and all of them would be changed. Change it at /api/v1/webhooks/wh_ID.");
    assert_eq!(client.all().await, before);
    // The event type is removed with both of its URLs. The webhook that remains is like one that this API made.
    assert_eq!((client.delete(16 + 2).await.status, client.delete(16 + 5).await.status), (204, 204));
    assert_eq!(client.all().await, "20 click alive v1 https://example.com/");
}

/// A client deletes the main URL while another client creates a backup URL. In either order, the backup URL exists
/// afterwards.
#[tokio::test]
async fn what_joins_a_webhook_while_that_is_deleted_is_not_deleted_with_it() {
    let room = Room::start().await;
    let acme = room.tenant().await;
    let client = Client::of(&room, &acme);
    for head_start in 0..8 {
        let main = client.made(json!({ "EventType": "open", "Url": "https://example.com/" })).await;
        let backup = json!({ "EventType": "open", "Url": "https://example.org/", "IsBackup": true });
        let delete = async {
            for _ in 0..head_start {
                room.world.registry.webhook_writer.version(acme.tenant_id()).await.unwrap();
            }
            client.delete(main).await
        };
        let (deleted, made) = futures::future::join(delete, client.post(backup)).await;
        assert_eq!((deleted.status, made.status), (204, 201), "{deleted} {made}");
        let left = entries(&client.get("").await);
        assert_eq!((left.len(), &left[0]["IsBackup"]), (1, &json!(true)));
        assert_eq!(client.delete(left[0]["ID"].as_u64().unwrap()).await.status, 204);
    }
}

/// Maximum requests. Reason: more than any single break needs.
const MAX_REQUESTS: usize = 3;

/// Repeats a request until the answer is not 503, as a client does.
async fn insist(request: impl AsyncFn() -> Answer) -> Answer {
    for _ in 0..MAX_REQUESTS {
        let answer = request().await;
        if answer.status != 503 {
            return answer;
        }
    }
    panic!("never done")
}

#[tokio::test]
async fn whichever_call_fails_before_or_after_its_effect_a_client_that_insists_has_what_it_wants() {
    for how in [Break::Before, Break::After] {
        let mut hits = 0;
        for calls_before in 0.. {
            let room = Room::start().await;
            let acme = room.tenant().await;
            let client = Client::of(&room, &acme);
            let url = |url: &str, is_backup: bool| json!({ "EventType": "open", "Url": url, "IsBackup": is_backup });
            let what = format!("{how:?} {calls_before}");
            room.world.aws.break_call(calls_before, how);
            // If the answer was lost, the request has had its effect.
            for given in [url("https://example.org/", true), url("https://example.com/", false)] {
                let posted = insist(async || client.post(given.clone()).await).await;
                assert!(matches!(posted.status, 201 | 400), "{what}: {posted}");
            }
            let put = insist(async || client.put(18, json!({ "Status": "dead" })).await).await;
            assert_eq!(put.status, 200, "{what}: {put}");
            let deleted = insist(async || client.delete(18).await).await;
            assert!(matches!(deleted.status, 204 | 404), "{what}: {deleted}");
            let listed = insist(async || client.get("").await).await;
            assert_eq!(line(&only(&listed)), "19 open backup dead v1 https://example.org/", "{what}");
            let deleted = insist(async || client.delete(19).await).await;
            assert!(matches!(deleted.status, 204 | 404), "{what}: {deleted}");
            let was_hit = !room.world.aws.call_off_break();
            assert_eq!(acme.get("/api/v1/webhooks").await.data().len(), 0, "{what}");
            if !was_hit {
                break;
            }
            hits += 1;
        }
        assert!(hits >= 25, "{how:?}: only {hits} calls");
    }
}
