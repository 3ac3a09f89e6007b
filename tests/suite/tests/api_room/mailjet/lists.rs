//! Pages, filters and order of the list.

use serde_json::{Value, json};

use super::{Client, entries, error, line};
use crate::room::Room;

async fn ids(client: &Client<'_>, query: &str) -> (Vec<u64>, u64) {
    let answer = client.get(query).await;
    let ids: Vec<_> = entries(&answer).iter().map(|entry| entry["ID"].as_u64().unwrap()).collect();
    assert_eq!(answer.body["Count"], ids.len());
    (ids, answer.body["Total"].as_u64().unwrap())
}

/// Creates six webhooks through this API, three of them with a backup URL. So there are nine URLs.
async fn filled(client: &Client<'_>) {
    for (number, event) in ["unsub", "sent", "open", "click", "bounce", "blocked"].into_iter().enumerate() {
        let version = 1 + number % 2;
        let url = json!({ "EventType": event, "Url": format!("https://{event}.example.com/"), "Version": version });
        client.made(url).await;
        if number % 2 == 0 {
            client.made(json!({ "EventType": event, "Url": "https://example.org/", "IsBackup": true })).await;
        }
    }
    client.put(16 + 12, json!({ "Status": "dead" })).await;
}

#[tokio::test]
async fn pages_follow_each_other_with_ten_urls_unless_more_are_asked_for() {
    let room = Room::start().await;
    let acme = room.tenant().await;
    let client = Client::of(&room, &acme);
    let hook = json!({ "url": "https://example.com/", "events": ["*"] });
    acme.post("/api/v1/webhooks", &hook).await;
    acme.post("/api/v1/webhooks", &hook).await;
    let all: Vec<u64> = (0..7).map(|event| 16 + 2 * event).chain((0..7).map(|event| 32 + 2 * event)).collect();
    assert_eq!(ids(&client, "").await, (all[..10].to_vec(), 14));
    assert_eq!(ids(&client, "?Limit=0").await, (all.clone(), 14));
    assert_eq!(ids(&client, "?Limit=1000").await, (all.clone(), 14));
    // The pages as the Python client requests them.
    let mut paged = Vec::new();
    while paged.len() < 14 {
        let (page, total) = ids(&client, &format!("?Limit=4&Offset={}", paged.len())).await;
        assert_eq!(total, 14);
        paged.extend(page);
    }
    assert_eq!(paged, all);
    assert_eq!(ids(&client, "?Offset=14").await, (vec![], 14));
}

#[tokio::test]
async fn filters_are_understood_in_any_case_and_all_must_hold() {
    let room = Room::start().await;
    let acme = room.tenant().await;
    let client = Client::of(&room, &acme);
    filled(&client).await;
    let mut seen = Vec::new();
    for query in [
        "?EventType=open",
        "?eventType=6",
        "?IsBackup=true",
        "?Backup=0",
        "?Status=dead",
        "?Version=2&Limit=100",
        "?status=alive&version=1&backup=false",
        "?EventType=open&EventType=click",
        "?EventType=spam",
    ] {
        let (ids, total) = ids(&client, query).await;
        seen.push(format!("{query}: {total} {ids:?}"));
    }
    insta::assert_snapshot!(seen.join("\n"), @"
    ?EventType=open: 2 [50, 51]
    ?eventType=6: 2 [50, 51]
    ?IsBackup=true: 3 [29, 51, 87]
    ?Backup=0: 6 [28, 32, 50, 68, 86, 104]
    ?Status=dead: 2 [28, 29]
    ?Version=2&Limit=100: 3 [32, 68, 104]
    ?status=alive&version=1&backup=false: 2 [50, 86]
    ?EventType=open&EventType=click: 2 [50, 51]
    ?EventType=spam: 0 []
    ");
    for query in ["?CountOnly=1", "?countOnly=true&IsBackup=true"] {
        let answer = client.get(query).await;
        let count = if query.contains("IsBackup") { 3 } else { 9 };
        assert_eq!(answer.body, json!({ "Count": count, "Data": [], "Total": count }));
    }
}

#[tokio::test]
async fn the_order_is_that_of_the_ids_or_of_a_property() {
    let room = Room::start().await;
    let acme = room.tenant().await;
    let client = Client::of(&room, &acme);
    filled(&client).await;
    let mut seen = Vec::new();
    for sort in ["ID+DESC", "EventType", "url+desc", "Status%20DESC", "IsBackup%2BDESC", "Version+ASC"] {
        let answer = client.get(&format!("?Sort={sort}")).await;
        let ids: Vec<_> = entries(&answer).iter().map(|entry| entry["ID"].to_string()).collect();
        seen.push(format!("{sort}: {}", ids.join(" ")));
    }
    insta::assert_snapshot!(seen.join("\n"), @"
    ID+DESC: 104 87 86 68 51 50 32 29 28
    EventType: 104 86 87 68 50 51 32 28 29
    url+desc: 28 32 50 29 51 87 68 86 104
    Status%20DESC: 28 29 32 50 51 68 86 87 104
    IsBackup%2BDESC: 29 51 87 28 32 50 68 86 104
    Version+ASC: 28 29 50 51 86 87 32 68 104
    ");
}

#[tokio::test]
async fn bad_parameters_are_refused_by_name() {
    let room = Room::start().await;
    let acme = room.tenant().await;
    let client = Client::of(&room, &acme);
    let mut refusals = Vec::new();
    for query in [
        "?Limit=1001",
        "?limit=-1",
        "?Offset=x",
        "?EventType=typofix",
        "?IsBackup=maybe",
        "?Status=asleep",
        "?Version=3",
        "?Sort=Colour",
        "?Sort=ID+SIDEWAYS",
        "?CountOnly=yes",
        "?Colour=red",
    ] {
        refusals.push(error(&client.get(query).await));
    }
    insta::assert_snapshot!(refusals.join("\n"), @"
    400 Limit: expected a whole number from 0 to 1000; 0 stands for the maximum
    400 Limit: expected a whole number from 0 to 1000; 0 stands for the maximum
    400 Offset: expected a whole number, 0 or more
    400 EventType: unknown event type; there are: sent, open, click, bounce, blocked, spam, unsub
    400 IsBackup: expected true or false
    400 Status: unknown status; there are: alive, dead
    400 Version: unknown version; there are: 1 (one event in a POST), 2 (several, in an array)
    400 Sort: expected ID, EventType, IsBackup, Status, Url or Version, with or without ` DESC` after it
    400 Sort: expected ID, EventType, IsBackup, Status, Url or Version, with or without ` DESC` after it
    400 CountOnly: expected true or false
    400 Colour: unknown parameter; this operation knows: IsBackup, Backup, EventType, Status, Version, Sort, Offset, Limit, CountOnly
    ");
    let id = client.made(json!({ "EventType": "open", "Url": "https://example.com/" })).await;
    insta::assert_snapshot!(error(&client.get(&format!("/{id}?Limit=1")).await), @"400 Limit: unknown parameter; this operation knows: none");
}

#[tokio::test]
async fn what_any_api_made_is_listed_for_the_event_types_that_it_gets() {
    let room = Room::start().await;
    let acme = room.tenant().await;
    let client = Client::of(&room, &acme);
    for (events, dialect) in [
        (json!(["*"]), "platform"),
        (json!(["email.failed", "subscriber.created"]), "standard"),
        (json!(["clicked"]), "mailgun"),
        (json!(["subscriber.created"]), "mailgreet"),
        (json!(["open", "spam"]), "mailjet_v2"),
    ] {
        let hook = json!({ "url": "https://user:secret@example.com/", "events": events, "dialect": dialect });
        let made = acme.post("/api/v1/webhooks", &hook).await;
        assert_eq!(made.status, 201, "{made}");
    }
    let first = acme.get("/api/v1/webhooks").await.data()[0]["id"].as_str().unwrap().to_owned();
    let change = json!({ "backup_url": "https://example.org/", "enabled": false });
    acme.patch(&format!("/api/v1/webhooks/{first}"), &change).await;
    let listed: Vec<Value> = entries(&client.get("?Limit=0").await);
    insta::assert_snapshot!(listed.iter().map(line).collect::<Vec<_>>().join("\n"), @"
    16 sent dead v1 https://user:***@example.com/
    17 sent backup dead v1 https://example.org/
    18 open dead v1 https://user:***@example.com/
    19 open backup dead v1 https://example.org/
    20 click dead v1 https://user:***@example.com/
    21 click backup dead v1 https://example.org/
    22 bounce dead v1 https://user:***@example.com/
    23 bounce backup dead v1 https://example.org/
    26 spam dead v1 https://user:***@example.com/
    27 spam backup dead v1 https://example.org/
    28 unsub dead v1 https://user:***@example.com/
    29 unsub backup dead v1 https://example.org/
    40 blocked alive v1 https://user:***@example.com/
    52 click alive v1 https://user:***@example.com/
    82 open alive v2 https://user:***@example.com/
    90 spam alive v2 https://user:***@example.com/
    ");
}

#[tokio::test]
async fn webhooks_from_before_they_were_counted_get_their_numbers() {
    let room = Room::start().await;
    let acme = room.tenant().await;
    let client = Client::of(&room, &acme);
    for _ in 0..3 {
        let hook = json!({ "url": "https://example.com/", "events": ["email.opened"] });
        acme.post("/api/v1/webhooks", &hook).await;
    }
    let dynamo = aws_sdk_dynamodb::Client::new(&room.world.sdk);
    for row in room.world.aws.scan_unbroken("registry").unwrap() {
        if !row.contains_key("dialect") {
            continue;
        }
        let call =
            dynamo.update_item().table_name("registry").key("pk", row["pk"].clone()).key("sk", row["sk"].clone());
        call.update_expression("REMOVE #number").expression_attribute_names("#number", "number").send().await.unwrap();
    }
    assert!(room.world.webhooks_of(acme.tenant_id()).await.unwrap().iter().all(|webhook| webhook.number.is_none()));
    // The first request for numbers may be a change; it numbers all webhooks too.
    assert_eq!(client.made(json!({ "EventType": "open", "Url": "https://example.com/" })).await, 7 * 16 + 2);
    let (ids, total) = ids(&client, "").await;
    assert_eq!((ids, total), (vec![66, 82, 98, 114], 4));
}
