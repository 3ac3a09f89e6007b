use jiff::SignedDuration;
use serde_json::json;
use shared::event::{Event, EventType, Facts, Recipient};
use shared::id::TenantId;
use shared::provider::Provider;

use crate::room::{Room, nobodys};

/// An event of `tenant` that happened `age` ago, stored.
async fn stored(room: &Room, tenant: TenantId, key: &str, age: SignedDuration) -> Event {
    let now = room.world.clock.now();
    let mut facts = Facts::new(EventType::Clicked, Provider::Mailgun, "clicked", key, now - age);
    facts.recipient = Recipient::new("reader@example.com");
    facts.email_message_id = Some("m-1@example.com".to_owned());
    facts.url = Some("https://example.com/".to_owned());
    facts.client.ip = Some("203.0.113.7".to_owned());
    facts.metadata.insert("order".to_owned(), json!(7));
    facts.raw = Some(shared::event::Raw::Whole(r#"{"id":90071992547409931}"#.to_owned()));
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
    assert_eq!(list(String::new()).await, ids[..4], "the last day");
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
    400 invalid-parameter: from: it is later than `to`
    400 invalid-parameter: from: a list covers at most 31 days; ask for several
    400 invalid-parameter: from: a list covers at most 31 days; ask for several; limit: expected a whole number from 1 to 100; cursor: not a cursor of this list; pass `next_cursor` of the page before, or leave it out to begin anew; type: unknown parameter; this operation knows: to, from, limit, cursor
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
