//! Accepted events: lists by time, and one event with what the provider sent.

use jiff::SignedDuration;
use serde_json::json;
use shared::event::{Event, EventType, Facts, Raw, Recipient};
use shared::id::TenantId;
use shared::provider::Provider;

use crate::room::{Room, nobodys};

/// Stores an event of `tenant` that happened `age` ago.
async fn stored(room: &Room, tenant: TenantId, key: &str, age: SignedDuration) -> Event {
    let now = room.world.clock.now();
    let mut facts = Facts::new(EventType::Clicked, Provider::Mailgun, "clicked", key, now - age);
    facts.recipient = Recipient::new("reader@example.com");
    facts.email_message_id = Some("m-1@example.com".to_owned());
    facts.url = Some("https://example.com/".to_owned());
    facts.client.ip = Some("203.0.113.7".to_owned());
    facts.metadata.insert("order".to_owned(), json!(7));
    facts.raw = Some(Raw::Whole(r#"{"id":90071992547409931}"#.to_owned()));
    let event = Event::accept(facts, tenant, None, now);
    room.world.events.put(&event).await.unwrap();
    event
}

#[tokio::test]
async fn their_owner_sees_everything() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let event = stored(&room, tenant.tenant_id(), "k-1", SignedDuration::from_mins(1)).await;
    let path = format!("/api/v1/events/{}", event.id);
    let read = tenant.get(&path).await;
    insta::assert_snapshot!(read, @r#"
    200 {
      "accepted_at": "TIME",
      "click": {
        "url": "https://example.com/"
      },
      "client": {
        "ip": "203.0.113.7"
      },
      "id": "evt_ID",
      "message_id": "m-1@example.com",
      "metadata": {
        "order": 7
      },
      "provider": "mailgun",
      "provider_event": "clicked",
      "provider_event_id": "k-1",
      "raw": {
        "id": 90071992547409931
      },
      "recipient": "reader@example.com",
      "timestamp": "TIME",
      "type": "email.clicked"
    }
    "#);
    let mut brief = read.body.clone();
    brief.as_object_mut().unwrap().remove("raw");
    assert_eq!(tenant.get("/api/v1/events").await.data(), [brief]);
    assert_eq!(tenant.get(&format!("{path}/deliveries")).await.data().len(), 0);

    let other = room.tenant().await;
    let refusals = [
        other.get(&path).await.problem(),
        other.get(&format!("{path}/deliveries")).await.problem(),
        tenant.get(&format!("/api/v1/events/{}", nobodys("evt_"))).await.problem(),
    ];
    insta::assert_snapshot!(refusals.join("\n"), @r#"
    404 not-found: There is no event with this id.
    404 not-found: There is no event with this id.
    404 not-found: There is no event with this id.
    "#);
    assert_eq!(other.get("/api/v1/events").await.data().len(), 0);
}

#[tokio::test]
async fn are_listed_newest_first_within_a_range() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let mut ids = Vec::new();
    for hours in [0, 1, 5, 20, 30, 100] {
        let event = stored(&room, tenant.tenant_id(), &hours.to_string(), SignedDuration::from_hours(hours)).await;
        ids.push(event.id.to_string());
    }
    let list = async |query: String| {
        let (mut listed, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = tenant.get(&format!("/api/v1/events?limit=2&{query}{cursor}")).await;
            listed.extend(page.data().iter().map(|event| event["id"].as_str().unwrap().to_owned()));
            match page.body["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return listed,
            }
        }
    };
    assert_eq!(list(String::new()).await, ids[..4], "without a range, the list has the last day");
    let now = room.world.clock.now();
    let ago = |hours: i64| now - SignedDuration::from_hours(hours);
    assert_eq!(list(format!("from={}", ago(31))).await, ids[..5]);
    assert_eq!(list(format!("from={}&to={}", ago(110), ago(3))).await, ids[2..]);
    assert_eq!(list(format!("to={}", ago(25))).await, ids[4..5]);
}

#[tokio::test]
async fn bad_ranges_are_refused() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let mut refusals = Vec::new();
    for query in [
        "from=yesterday",
        "from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z",
        "from=2026-01-01T00:00:00Z&to=2026-03-01T00:00:00Z",
        "from=2026-01-01T00:00:00Z&cursor=x&limit=0&type=email.sent",
    ] {
        refusals.push(tenant.get(&format!("/api/v1/events?{query}")).await.problem());
    }
    insta::assert_snapshot!(refusals.join("\n"), @r#"
    400 invalid-parameter: from: expected a time like 2026-01-02T03:04:05Z (RFC 3339)
    400 invalid-parameter: from: must not be later than `to`
    400 invalid-parameter: from: a list covers at most 31 days; request several lists
    400 invalid-parameter: from: a list covers at most 31 days; request several lists; limit: expected a whole number from 1 to 100; cursor: not a cursor of this list; give the `next_cursor` of the page before, or leave `cursor` out to start at the beginning; type: unknown parameter; this operation knows: to, from, limit, cursor
    "#);
}

#[tokio::test]
async fn large_pages_end_early() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    for number in 0..20 {
        let now = room.world.clock.now();
        let mut facts = Facts::new(EventType::Sent, Provider::Own, "email.sent", number.to_string(), now);
        facts.diagnostic = Some("x".repeat(300_000));
        room.world.events.put(&Event::accept(facts, tenant.tenant_id(), None, now)).await.unwrap();
    }
    let first = tenant.get("/api/v1/events").await;
    let second = tenant.get(&format!("/api/v1/events?cursor={}", first.text("next_cursor"))).await;
    assert!((1..20).contains(&first.data().len()), "{}", first.data().len());
    assert_eq!(first.data().len() + second.data().len(), 20);
}

/// Stores an event with nothing but `raw`.
async fn received(room: &Room, tenant: TenantId, event_type: EventType, key: &str, raw: Raw) -> Event {
    let now = room.world.clock.now();
    let mut facts = Facts::new(event_type, Provider::Mailgun, "mystery", key, now);
    facts.raw = Some(raw);
    let event = Event::accept(facts, tenant, None, now);
    room.world.events.put(&event).await.unwrap();
    event
}

fn body_of(kept: &[u8], bytes: usize) -> Raw {
    Raw::Body { kept: kept.to_vec(), bytes }
}

#[tokio::test]
async fn what_could_not_be_read_is_shown_as_it_came() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let mut shown = Vec::new();
    for (key, raw) in [
        ("json", body_of(br#"{"a": 90071992547409931}"#, 24)),
        ("text", body_of(b"event=caf\xc3\xa9&x", 13)),
        ("bytes", body_of(b"\xff\xfe\x00", 3)),
        ("cut", body_of(b"{\"a\": [1, 2", 300_000)),
        ("cut in a letter", body_of(b"caf\xc3", 300_000)),
        ("empty", body_of(b"", 0)),
    ] {
        let event = received(&room, tenant.tenant_id(), EventType::Unparsed, key, raw).await;
        let read = tenant.get(&format!("/api/v1/events/{}", event.id)).await;
        let mut raw = read.body.clone();
        raw.as_object_mut().unwrap().retain(|name, _| name.starts_with("raw") || name == "type");
        shown.push(format!("{key}: {raw}"));
    }
    insta::assert_snapshot!(shown.join("\n"), @r#"
    json: {"raw":{"a":90071992547409931},"type":"unparsed"}
    text: {"raw":"event=café&x","type":"unparsed"}
    bytes: {"raw_base64":"//4A","type":"unparsed"}
    cut: {"raw":"{\"a\": [1, 2","raw_bytes":300000,"type":"unparsed"}
    cut in a letter: {"raw_base64":"Y2Fmww==","raw_bytes":300000,"type":"unparsed"}
    empty: {"raw":"","type":"unparsed"}
    "#);
    let listed = tenant.get("/api/v1/events").await;
    assert_eq!(listed.data().len(), 6);
    for event in listed.data() {
        assert_eq!((&event["type"], event.get("raw"), event.get("raw_bytes")), (&json!("unparsed"), None, None));
    }
}

#[tokio::test]
async fn an_object_that_was_too_large_is_said_to_be_dropped() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let event = received(&room, tenant.tenant_id(), EventType::Opened, "k", Raw::Dropped { bytes: 20_000 }).await;
    insta::assert_snapshot!(tenant.get(&format!("/api/v1/events/{}", event.id)).await, @r#"
    200 {
      "accepted_at": "TIME",
      "id": "evt_ID",
      "provider": "mailgun",
      "provider_event": "mystery",
      "provider_event_id": "k",
      "raw_bytes": 20000,
      "raw_dropped": true,
      "timestamp": "TIME",
      "type": "email.opened"
    }
    "#);
}

#[tokio::test]
async fn what_could_not_be_read_is_no_type_to_ask_for() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let webhook = |events: &str| json!({ "url": "https://example.com/", "events": [events] });
    let path = format!("/api/v1/webhooks/{}", tenant.post("/api/v1/webhooks", &webhook("*")).await.text("id"));
    let refusals = [
        tenant.post("/api/v1/webhooks", &webhook("unparsed")).await.problem(),
        tenant.patch(&path, &json!({ "events": ["unparsed"] })).await.problem(),
        tenant.post(&format!("{path}/test"), &json!({ "event_type": "unparsed" })).await.problem(),
        tenant.get("/api/v1/event-types/unparsed").await.problem(),
    ];
    insta::assert_snapshot!(refusals.join("\n"), @"
    422 invalid-request: /events/0: the dialect `standard` has no such event type; it has: email.sent, email.delivered, email.deferred, email.bounced, email.rejected, email.failed, email.opened, email.clicked, email.complained, email.unsubscribed, email.subscribed, subscriber.created, subscriber.unsubscribed, email.unknown, webhook.opened, webhook.closed, webhook.disabled, webhook.enabled, webhook.pending, webhook.verified, delivery.dead, or `*`
    422 invalid-request: /events/0: the dialect `standard` has no such event type; it has: email.sent, email.delivered, email.deferred, email.bounced, email.rejected, email.failed, email.opened, email.clicked, email.complained, email.unsubscribed, email.subscribed, subscriber.created, subscriber.unsubscribed, email.unknown, webhook.opened, webhook.closed, webhook.disabled, webhook.enabled, webhook.pending, webhook.verified, delivery.dead, or `*`
    422 invalid-request: /event_type: the dialect `standard` has no such event type; it has: email.sent, email.delivered, email.deferred, email.bounced, email.rejected, email.failed, email.opened, email.clicked, email.complained, email.unsubscribed, email.subscribed, subscriber.created, subscriber.unsubscribed, email.unknown, webhook.opened, webhook.closed, webhook.disabled, webhook.enabled, webhook.pending, webhook.verified, delivery.dead
    404 not-found: There is no event type with this name. There are: email.sent, email.delivered, email.deferred, email.bounced, email.rejected, email.failed, email.opened, email.clicked, email.complained, email.unsubscribed, email.subscribed, subscriber.created, subscriber.unsubscribed, email.unknown, webhook.opened, webhook.closed, webhook.disabled, webhook.enabled, webhook.pending, webhook.verified, delivery.dead.
    ");
}
