//! The catalogue of event types. Each has a schema and an example; the schemas also refuse wrong bodies.

use serde_json::{Value, json};
use shared::event::EventType;
use support::catalogue::validates;

use crate::room::Room;

#[tokio::test]
async fn the_catalogue_has_every_type_with_a_schema_that_its_example_keeps() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let answer = tenant.get("/api/v1/event-types").await;
    let names: Vec<_> = EventType::deliverable().map(EventType::as_str).collect();
    let listed: Vec<_> = answer.data().iter().map(|entry| entry["type"].as_str().unwrap()).collect();
    assert_eq!(listed, names);
    assert_eq!(answer.body["next_cursor"], Value::Null);
    for entry in answer.data() {
        let name = entry["type"].as_str().unwrap();
        assert_eq!(entry["example"]["type"], name);
        assert_eq!(entry["schema"]["$schema"], "https://json-schema.org/draft/2020-12/schema");
        assert!(jsonschema::draft202012::meta::is_valid(&entry["schema"]), "{name}");
        validates(name, &entry["example"]).unwrap_or_else(|faults| panic!("{name}: {faults}"));
        let alone = tenant.get(&format!("/api/v1/event-types/{name}")).await;
        assert_eq!((alone.status, &alone.body), (200, entry));
        let others = names.iter().filter(|other| **other != name);
        others.for_each(|other| assert!(validates(other, &entry["example"]).is_err(), "{name} is no {other}"));
    }
}

#[tokio::test]
async fn one_type() {
    let room = Room::start().await;
    let one = room.tenant().await.get("/api/v1/event-types/email.bounced").await;
    insta::assert_snapshot!(format!("{:#}", one.body["example"]), @r#"
    {
      "data": {
        "bounce": {
          "diagnostic": "550 5.1.1 No such user here",
          "enhanced_code": "5.1.1",
          "smtp_code": 550,
          "type": "hard"
        },
        "campaign_id": "campaign-1",
        "event_id": "evt_01KDYAK3SEPSD9FZRSFVZDM7G2",
        "message_id": "example-1@example.com",
        "metadata": {
          "order": 7
        },
        "recipient": "reader@example.com",
        "source": {
          "provider": "own",
          "provider_event": "email.bounced",
          "provider_event_id": "example-1"
        },
        "subject": "An example from mailhooks",
        "tags": [
          "welcome"
        ]
      },
      "timestamp": "2026-01-02T03:04:05.678Z",
      "type": "email.bounced"
    }
    "#);
    let data = &one.body["schema"]["properties"]["data"];
    let names: Vec<_> = data["properties"].as_object().unwrap().keys().map(String::as_str).collect();
    insta::assert_snapshot!(names.join(" "), @"bounce campaign_id click client event_id message_id metadata recipient reject source subject subscriber_id tags test");
    insta::assert_snapshot!(format!("{:#}", data["properties"]["bounce"]), @r#"
    {
      "additionalProperties": false,
      "description": "Why the destination refused the email.",
      "minProperties": 1,
      "properties": {
        "diagnostic": {
          "description": "The text that explains it, as received.",
          "minLength": 1,
          "type": "string"
        },
        "enhanced_code": {
          "description": "The enhanced status code of RFC 3463, as in `5.1.1`.",
          "pattern": "^[245]\\.[0-9]{1,3}\\.[0-9]{1,3}$",
          "type": "string"
        },
        "smtp_code": {
          "description": "The SMTP reply code, as in 550; codes from 600 are the provider's own.",
          "maximum": 999,
          "minimum": 200,
          "type": "integer"
        },
        "type": {
          "description": "`hard`: do not mail this address again. `soft`: refused for now. `undetermined`: the provider does not say.",
          "enum": [
            "hard",
            "soft",
            "undetermined"
          ]
        }
      },
      "type": "object"
    }
    "#);
}

/// Takes every part that a body can have, and every error in turn. The schema refuses the body and says where the error
/// is.
#[tokio::test]
async fn bodies_that_are_not_as_promised_are_invalid() {
    let room = Room::start().await;
    let entry = room.tenant().await.get("/api/v1/event-types/email.clicked").await;
    let mut faults = Vec::new();
    for (pointer, value) in [
        ("/colour", json!("red")),
        ("/type", json!("email.opened")),
        ("/timestamp", json!("yesterday")),
        ("/timestamp", json!("2026-01-02T03:04:05+01:00")),
        ("/data/colour", json!("red")),
        ("/data/event_id", json!("evt_1")),
        ("/data/recipient", Value::Null),
        ("/data/tags", json!([])),
        ("/data/metadata", json!({})),
        ("/data/source/provider", json!("postbox")),
        ("/data/bounce", json!({})),
        ("/data/bounce", json!({ "type": "firm", "smtp_code": 42, "enhanced_code": "5" })),
        ("/data/reject", json!({ "reason": "dislike" })),
        ("/data/click", json!({ "href": "https://example.com/" })),
        ("/data/client/geo", json!({ "planet": "earth" })),
        ("/data/client/machine", json!("yes")),
        ("/data/test", json!(false)),
    ] {
        let mut body = entry.body["example"].clone();
        let (parent, field) = pointer.rsplit_once('/').unwrap();
        body.pointer_mut(parent).unwrap().as_object_mut().unwrap().insert(field.to_owned(), value);
        faults.push(validates("email.clicked", &body).expect_err(pointer));
    }
    insta::assert_snapshot!(faults.join("\n"), @r#"
    : Additional properties are not allowed ('colour' was unexpected)
    /type: "email.clicked" was expected
    /timestamp: "yesterday" does not match "Z$"; /timestamp: "yesterday" is not a "date-time"
    /timestamp: "2026-01-02T03:04:05+01:00" does not match "Z$"
    /data: Additional properties are not allowed ('colour' was unexpected)
    /data/event_id: "evt_1" does not match "^evt_[0-7][0-9A-HJKMNP-TV-Z]{25}$"
    /data/recipient: null is not of type "string"
    /data/tags: [] has less than 1 item
    /data/metadata: {} has less than 1 property
    /data/source/provider: "postbox" is not one of "mailgun", "mailjet" or 10 other candidates
    /data/bounce: {} has less than 1 property
    /data/bounce/enhanced_code: "5" does not match "^[245]\.[0-9]{1,3}\.[0-9]{1,3}$"; /data/bounce/smtp_code: 42 is less than the minimum of 200; /data/bounce/type: "firm" is not one of "hard", "soft" or "undetermined"
    /data/reject/reason: "dislike" is not one of "bounced", "complained" or 10 other candidates
    /data/click: Additional properties are not allowed ('href' was unexpected); /data/click: "url" is a required property
    /data/client/geo: Additional properties are not allowed ('planet' was unexpected)
    /data/client/machine: "yes" is not of type "boolean"
    /data/test: true was expected
    "#);
    assert!(validates("email.click", &entry.body["example"]).is_err(), "only canonical names have a schema");
}

#[tokio::test]
async fn own_facts_are_no_faults() {
    let room = Room::start().await;
    let entry = room.tenant().await.get("/api/v1/event-types/email.sent").await;
    let mut body = entry.body["example"].clone();
    body["data"]["metadata"] = json!({ "nested": [null, { "a": 1.5 }], "large": 9_007_199_254_740_993_u64 });
    body["data"]["test"] = json!(true);
    assert_eq!(validates("email.sent", &body), Ok(()));
    let least = json!({ "type": "email.sent", "timestamp": "2026-01-02T03:04:05.1234567Z", "data": {
        "event_id": body["data"]["event_id"], "source": body["data"]["source"] } });
    assert_eq!(validates("email.sent", &least), Ok(()));
}

#[tokio::test]
async fn every_role_that_may_read_may_read_it() {
    let room = Room::start().await;
    assert_eq!(room.admin().get("/api/v1/event-types").await.status, 200, "an admin need not name a tenant");
    let tenant = room.tenant().await;
    let id = tenant.tenant.clone().unwrap();
    assert_eq!(room.key_of(&id, "read").await.get("/api/v1/event-types/email.sent").await.status, 200);
    let refusals = [
        room.key_of(&id, "publish").await.get("/api/v1/event-types").await.problem(),
        tenant.with_key("nonsense").get("/api/v1/event-types").await.problem(),
        tenant.get("/api/v1/event-types/bounce").await.problem(),
        tenant.get("/api/v1/event-types/%ff").await.problem(),
        tenant.get("/api/v1/event-types?limit=1").await.problem(),
    ];
    insta::assert_snapshot!(refusals.join("\n"), @"
    403 forbidden: A key of role `publish` may not do this.
    401 unauthorised: Send a valid API key, as `Authorization: Bearer mh_…`.
    404 not-found: There is no event type with this name. There are: email.sent, email.delivered, email.deferred, email.bounced, email.rejected, email.failed, email.opened, email.clicked, email.complained, email.unsubscribed, email.subscribed, subscriber.created, subscriber.unsubscribed, email.unknown, webhook.opened, webhook.closed, webhook.disabled, webhook.enabled, webhook.pending, webhook.verified, delivery.dead.
    404 not-found: There is no event type with this name. There are: email.sent, email.delivered, email.deferred, email.bounced, email.rejected, email.failed, email.opened, email.clicked, email.complained, email.unsubscribed, email.subscribed, subscriber.created, subscriber.unsubscribed, email.unknown, webhook.opened, webhook.closed, webhook.disabled, webhook.enabled, webhook.pending, webhook.verified, delivery.dead.
    400 invalid-parameter: limit: unknown parameter; this operation knows: none
    ");
}
