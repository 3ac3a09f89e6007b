//! Webhooks that other APIs made, in Mailgun's API.

use serde_json::json;

use super::{CLICKED, Client, LIST};
use crate::room::Room;
use crate::webhooks::made;

#[tokio::test]
async fn what_other_apis_made_is_listed_where_its_events_are() {
    let room = Room::start().await;
    let acme = room.tenant().await;
    let client = Client::of(&room, &acme);
    for (url, change) in [
        ("https://all.example/", json!({ "events": ["*"] })),
        (
            "https://bounces.example/",
            json!({ "events": ["email.bounced"], "domains": ["mail.example.com", "b.example"] }),
        ),
        ("https://elsewhere.example/", json!({ "events": ["*"], "domains": ["b.example"] })),
        ("https://alerts.example/", json!({ "events": ["webhook.disabled"] })),
        ("https://mailtura.example/", json!({ "events": ["*"], "dialect": "mailtura" })),
    ] {
        let mut change = change;
        change["url"] = json!(url);
        made(&acme, &change).await;
    }
    let queue = "arn:aws:sqs:eu-central-1:123456789012:events";
    let key = json!({ "access_key_id": "AKIAIOSFODNN7EXAMPLE", "secret_access_key": "wJalrXUtnFEMI" });
    made(&acme, &json!({ "url": queue, "events": ["email.clicked"], "credentials": key })).await;
    let platform = json!({ "url": "https://platform.example/", "events": "open" });
    assert_eq!(acme.post("/api/webhooks/manage", &platform).await.status, 201);
    let listed = client.get(LIST).await;
    let (all, mailtura) = ("https://all.example/", "https://mailtura.example/");
    let expected = json!({
        "accepted": { "urls": [all, mailtura] },
        "delivered": { "urls": [all, mailtura] },
        "opened": { "urls": [all, mailtura, "https://platform.example/"] },
        "clicked": { "urls": [all, mailtura, queue] },
        "unsubscribed": { "urls": [all] },
        "complained": { "urls": [all, mailtura] },
        "temporary_fail": { "urls": [all] },
        "permanent_fail": { "urls": [all, "https://bounces.example/", mailtura] },
    });
    assert_eq!(listed.body["webhooks"], expected);

    let again = client.post(LIST, &[("id", "opened"), ("url", "https://platform.example/")]).await;
    insta::assert_snapshot!(again.error(), @"400 /url/0: this URL gets these events already, as webhook wh_ID");
    let beside = client.post(LIST, &[("id", "opened"), ("url", "https://own.example/")]).await;
    assert_eq!(beside.status, 200);
    assert_eq!(client.urls(&format!("{LIST}/opened")).await.len(), 4);
    // A client may send the listed URLs back as they were shown.
    let read = client.urls(CLICKED).await;
    let back: Vec<_> = read.iter().map(|url| ("url", url.as_str())).collect();
    assert_eq!(client.put(CLICKED, &back).await.status, 200);
    assert_eq!(client.urls(CLICKED).await, read);
}

/// This API must not change a webhook that also gets events of other domains, and refuses the whole request.
#[tokio::test]
async fn a_webhook_of_several_domains_is_refused_with_where_to_change_it() {
    let room = Room::start().await;
    let acme = room.tenant().await;
    let client = Client::of(&room, &acme);
    client.post(LIST, &[("id", "clicked"), ("url", "https://own.example/")]).await;
    let path = made(&acme, &json!({ "url": "https://all.example/", "events": ["*"], "dialect": "mailgun" })).await;
    let deleted = client.delete(CLICKED).await.error();
    insta::assert_snapshot!(deleted, @"400 https://all.example/ gets these events as webhook wh_ID, which is not for this domain alone. Change its `domains` or `events`, or delete it, at /api/v1/webhooks/wh_ID.");
    let put = client.put(CLICKED, &[("url", "https://new.example/")]).await.error();
    assert_eq!(put, deleted);
    assert_eq!(client.urls(CLICKED).await, ["https://own.example/", "https://all.example/"]);
    // If the webhook's URL is among the given ones, nothing has to change.
    let kept = [("url", "https://all.example/"), ("url", "https://new.example/")];
    assert_eq!(client.put(CLICKED, &kept).await.status, 200);
    assert_eq!(client.urls(CLICKED).await, ["https://all.example/", "https://new.example/"]);
    acme.patch(&path, &json!({ "domains": ["b.example"] })).await;
    assert_eq!(client.delete(CLICKED).await.status, 200);
    assert_eq!(client.urls(CLICKED).await, [""; 0]);
}

#[tokio::test]
async fn a_webhook_of_several_names_keeps_the_others() {
    let room = Room::start().await;
    let acme = room.tenant().await;
    let client = Client::of(&room, &acme);
    let domain = json!(["mail.example.com"]);
    let two = json!({ "events": ["clicked", "opened"], "domains": domain, "dialect": "mailgun" });
    let all = json!({ "events": ["*", "delivery.dead"], "domains": domain, "url": "https://all.example/" });
    let (two, all) = (made(&acme, &two).await, made(&acme, &all).await);
    assert_eq!(client.delete(CLICKED).await.status, 200);
    assert_eq!(acme.get(&two).await.body["events"], json!(["email.opened"]));
    let rest = acme.get(&all).await.body["events"].clone();
    let rest: Vec<_> = rest.as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    assert!(!rest.contains(&"email.clicked") && !rest.contains(&"*"), "{rest:?}");
    assert!(
        ["email.sent", "email.rejected", "subscriber.created", "delivery.dead"].iter().all(|name| rest.contains(name))
    );
    assert_eq!(client.urls(CLICKED).await, [""; 0]);
    // With its last name the webhook is deleted.
    let opened = format!("{LIST}/opened");
    assert_eq!(client.put(&opened, &[("url", "https://all.example/")]).await.status, 200);
    assert_eq!(acme.get(&two).await.status, 404);
    assert_eq!(client.urls(&opened).await, ["https://all.example/"]);
}
