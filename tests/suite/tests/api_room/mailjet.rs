//! Mailjet's management API, called as Mailjet's clients call it: with basic auth, a JSON content type and a complete
//! body.

mod backups;
mod changes;
mod deletions;
mod deliveries;
mod lists;
mod others;

use axum::body::Body;
use axum::http::{Method, Request, header};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde_json::{Value, json};
use shared::webhook::{Destination, Webhook};

use crate::room::{Answer, Caller, Room, redacted_text};

const PATH: &str = "/v3/REST/eventcallbackurl";

/// Mailjet's client, with the two halves of a key.
pub(crate) struct Client<'a> {
    room: &'a Room,
    credentials: String,
}

impl<'a> Client<'a> {
    fn of(room: &'a Room, caller: &Caller<'_>) -> Self {
        let (id, secret) = caller.key.strip_prefix("mh_").unwrap().split_once('_').unwrap();
        Self::with(room, id, secret)
    }

    fn with(room: &'a Room, user: &str, password: &str) -> Self {
        Self { room, credentials: BASE64_STANDARD.encode(format!("{user}:{password}")) }
    }

    async fn send(&self, method: Method, path: &str, body: &Value) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(format!("{PATH}{path}"))
            .header(header::AUTHORIZATION, format!("Basic {}", self.credentials))
            .header(header::CONTENT_TYPE, "application/json");
        self.room.send(request.body(Body::from(body.to_string())).unwrap()).await
    }

    /// `path` is what follows the resource: an id after a slash, or a query.
    async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &json!({})).await
    }

    async fn post(&self, body: Value) -> Answer {
        self.send(Method::POST, "", &body).await
    }

    async fn put(&self, id: u64, body: Value) -> Answer {
        self.send(Method::PUT, &format!("/{id}"), &body).await
    }

    async fn delete(&self, id: u64) -> Answer {
        self.send(Method::DELETE, &format!("/{id}"), &json!({})).await
    }

    /// The id of the entry that a POST created.
    async fn made(&self, body: Value) -> u64 {
        let answer = self.post(body).await;
        assert_eq!(answer.status, 201, "{answer}");
        assert_eq!((&answer.body["Count"], &answer.body["Total"]), (&json!(1), &json!(1)));
        only(&answer)["ID"].as_u64().unwrap()
    }

    /// All entries, one a line.
    async fn all(&self) -> String {
        let answer = self.get("?Limit=0").await;
        entries(&answer).iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

fn entries(answer: &Answer) -> Vec<Value> {
    assert_eq!(answer.status, 200, "{answer}");
    answer.body["Data"].as_array().unwrap().clone()
}

fn only(answer: &Answer) -> Value {
    assert_eq!(answer.body["Data"].as_array().map(Vec::len), Some(1), "{answer}");
    answer.body["Data"][0].clone()
}

fn line(entry: &Value) -> String {
    let text = |name: &str| entry[name].as_str().unwrap().to_owned();
    let backup = if entry["IsBackup"] == json!(true) { " backup" } else { "" };
    format!("{} {}{backup} {} v{} {}", entry["ID"], text("EventType"), text("Status"), entry["Version"], text("Url"))
}

/// An error in Mailjet's form: status and message.
fn error(answer: &Answer) -> String {
    assert!(answer.status >= 400, "not an error: {answer}");
    assert_eq!(answer.body["StatusCode"], answer.status);
    assert_eq!(answer.body["ErrorInfo"], answer.headers["x-request-id"].to_str().unwrap());
    assert_eq!(answer.body.as_object().map(serde_json::Map::len), Some(3));
    format!("{} {}", answer.status, redacted_text(&answer.text("ErrorMessage")))
}

/// The tenant's only webhook, as stored.
async fn stored(room: &Room, caller: &Caller<'_>) -> Webhook {
    let mut webhooks = room.world.webhooks_of(caller.tenant_id()).await.unwrap();
    assert_eq!(webhooks.len(), 1);
    webhooks.remove(0)
}

/// The URL that deliveries are posted to, with its password.
fn exposed(webhook: &Webhook) -> String {
    let Destination::Https(url) = &webhook.url else { panic!("a stream") };
    url.expose().to_owned()
}

#[tokio::test]
async fn a_url_for_an_event_type_is_made_shown_and_deleted() {
    let room = Room::start().await;
    let acme = room.tenant().await;
    let client = Client::of(&room, &acme);
    let made = client.post(json!({ "EventType": "open", "Url": "https://example.com/open" })).await;
    insta::assert_snapshot!(made, @r#"
    201 {
      "Count": 1,
      "Data": [
        {
          "EventType": "open",
          "ID": 18,
          "IsBackup": false,
          "Status": "alive",
          "Url": "https://example.com/open",
          "Version": 1
        }
      ],
      "Total": 1
    }
    "#);
    let id = only(&made)["ID"].as_u64().unwrap();
    // The webhook's number, and the positions of event type and URL. Clients hold these ids, so they must not change.
    assert_eq!(id, 16 + 2);
    let read = client.get(&format!("/{id}")).await;
    assert_eq!((read.status, &read.body), (200, &made.body));
    assert_eq!(client.get("").await.body, made.body);

    let native = acme.get("/api/v1/webhooks").await;
    let [webhook] = native.data() else { panic!("{native}") };
    assert_eq!(webhook["events"], json!(["email.opened"]));
    assert_eq!((&webhook["dialect"], &webhook["retry_policy"]), (&json!("mailjet"), &json!("mailjet")));
    assert_eq!((&webhook["domains"], &webhook["batch"], &webhook["number"]), (&json!([]), &json!(1), &json!(1)));

    assert_eq!((client.delete(id).await.status, client.all().await), (204, String::new()));
    assert_eq!(error(&client.delete(id).await), "404 There is no event callback URL with this id.");
    assert_eq!(error(&client.get(&format!("/{id}")).await), "404 There is no event callback URL with this id.");
    assert_eq!(acme.get("/api/v1/webhooks").await.data().len(), 0);
}

#[tokio::test]
async fn every_event_type_has_its_url_and_an_id_that_is_no_other_ones() {
    let room = Room::start().await;
    let acme = room.tenant().await;
    let client = Client::of(&room, &acme);
    for event in ["sent", "open", "click", "bounce", "blocked", "spam", "unsub"] {
        client.made(json!({ "EventType": event, "Url": format!("https://example.com/{event}") })).await;
        let backup = json!({ "EventType": event, "Url": format!("https://example.org/{event}"), "IsBackup": true });
        client.made(backup).await;
    }
    insta::assert_snapshot!(client.all().await, @"
    16 sent alive v1 https://example.com/sent
    17 sent backup alive v1 https://example.org/sent
    34 open alive v1 https://example.com/open
    35 open backup alive v1 https://example.org/open
    52 click alive v1 https://example.com/click
    53 click backup alive v1 https://example.org/click
    70 bounce alive v1 https://example.com/bounce
    71 bounce backup alive v1 https://example.org/bounce
    88 blocked alive v1 https://example.com/blocked
    89 blocked backup alive v1 https://example.org/blocked
    106 spam alive v1 https://example.com/spam
    107 spam backup alive v1 https://example.org/spam
    124 unsub alive v1 https://example.com/unsub
    125 unsub backup alive v1 https://example.org/unsub
    ");
    let events = |webhook: &Value| webhook["events"].to_string();
    let native = acme.get("/api/v1/webhooks").await;
    let events: Vec<_> = native.data().iter().map(events).collect();
    insta::assert_snapshot!(events.join(" "), @r#"["email.delivered"] ["email.opened"] ["email.clicked"] ["email.bounced"] ["email.rejected","email.failed"] ["email.complained"] ["email.unsubscribed","subscriber.unsubscribed"]"#);
}

#[tokio::test]
async fn what_clients_write_in_their_own_ways_is_understood() {
    let room = Room::start().await;
    let acme = room.tenant().await;
    let client = Client::of(&room, &acme);
    // Mailjet's guides write the version as text. Other clients write flags as texts, names in other cases, and the
    // number of their key.
    client.made(json!({ "EventType": "open", "Url": "https://example.com/", "Version": "2" })).await;
    let other = json!({
        "eventType": "click", "url": "https://example.com/", "isBackup": "false", "Status": "alive", "APIKeyID": 7,
        "ID": 1234, "version": 2
    });
    client.made(other).await;
    insta::assert_snapshot!(client.all().await, @"
    18 open alive v2 https://example.com/
    36 click alive v2 https://example.com/
    ");
    let whole = only(&client.get("/18").await);
    let put = client.put(18, whole.clone()).await;
    assert_eq!((put.status, only(&put)), (200, whole), "a client may send back the entry as it was shown");
}

#[tokio::test]
async fn bad_ones_are_refused_with_what_to_change() {
    let room = Room::start().await;
    let acme = room.tenant().await;
    let client = Client::of(&room, &acme);
    let mut refusals = Vec::new();
    for body in [
        json!({}),
        json!({ "EventType": "typofix", "Url": "http://example.com/" }),
        json!({ "EventType": "email.opened", "Url": "https://user:***@example.com/" }),
        json!({ "EventType": 6, "Url": 1, "Version": 3, "IsBackup": "yes", "Status": "asleep", "Colour": "red" }),
        json!({ "EventType": "open", "Url": "https://10.0.0.1/", "url": "https://example.com/" }),
        json!({ "EventType": null, "Url": null, "Version": null, "IsBackup": null, "Status": null, "ID": "x" }),
        json!({ "EventType": "open", "Url": "https://user:***@example.com/" }),
        json!([]),
    ] {
        refusals.push(error(&client.post(body).await));
    }
    insta::assert_snapshot!(refusals.join("\n"), @"
    400 /EventType: is required; /Url: is required
    400 /EventType: unknown event type; there are: sent, open, click, bounce, blocked, spam, unsub; /Url: only https:// URLs are delivered to
    400 /EventType: unknown event type; there are: sent, open, click, bounce, blocked, spam, unsub
    400 /EventType: expected text, got a number; /Url: expected text, got a number; /IsBackup: expected true or false; /Version: unknown version; there are: 1 (one event in a POST), 2 (several, in an array); /Status: unknown status; there are: alive, dead; /Colour: unknown field; this object knows: APIKeyID, ID, EventType, Url, IsBackup, Version, Status
    400 /Url: give it once
    400 /ID: expected the ID that answers show for this URL; /EventType: expected text, got null; leave the field out instead; /Url: expected text, got null; leave the field out instead; /IsBackup: expected text, got null; leave the field out instead; /Version: expected a number, got null; leave the field out instead; /Status: expected text, got null; leave the field out instead
    400 /Url: a URL with a masked password, or the name of a stream, stands for the stored URL that is shown so, and this entry has no such URL; give a whole https:// URL, or leave the field out. Streams are registered at /api/v1/webhooks
    400 The body must be a JSON object, `{…}`.
    ");
    assert_eq!(client.all().await, "");
    let not_json = Request::post(PATH)
        .header(header::AUTHORIZATION, format!("Basic {}", client.credentials))
        .body(Body::from("EventType=open"));
    insta::assert_snapshot!(error(&room.send(not_json.unwrap()).await), @"400 The body is not JSON: error at line 1, column 1.");
}

#[tokio::test]
async fn nobody_gets_in_with_a_wrong_key_or_beyond_their_own_tenant_and_role() {
    let room = Room::start().await;
    let (acme, other) = (room.tenant().await, room.tenant().await);
    let client = Client::of(&room, &acme);
    let id = client.made(json!({ "EventType": "open", "Url": "https://example.com/" })).await;
    let url = json!({ "EventType": "click", "Url": "https://example.com/" });

    let wrong = Client::with(&room, "key", "secret");
    let refused = wrong.get("").await;
    insta::assert_snapshot!(error(&refused), @"401 Send a valid API key by basic auth: its id, `key_…`, as user and its secret as password.");
    assert_eq!(refused.headers[header::WWW_AUTHENTICATE], "Basic realm=\"mailhooks\"");
    for answer in [wrong.post(url.clone()).await, wrong.put(id, json!({})).await, wrong.delete(id).await] {
        assert_eq!(answer.status, 401);
    }

    let tenant = acme.tenant.clone().unwrap();
    let (read, publish) = (room.key_of(&tenant, "read").await, room.key_of(&tenant, "publish").await);
    let read = Client::of(&room, &read);
    assert_eq!((read.get("").await.status, read.get(&format!("/{id}")).await.status), (200, 200));
    let publish = Client::of(&room, &publish);
    let mut refusals = Vec::new();
    for client in [&read, &publish] {
        let put = client.put(id, json!({ "Status": "dead" })).await;
        refusals.extend([client.post(url.clone()).await, put, client.delete(id).await].iter().map(error));
    }
    refusals.extend([publish.get("").await, publish.get(&format!("/{id}")).await].iter().map(error));
    insta::assert_snapshot!(refusals.join("\n"), @"
    403 A key of role `read` may not do this.
    403 A key of role `read` may not do this.
    403 A key of role `read` may not do this.
    403 A key of role `publish` may not do this.
    403 A key of role `publish` may not do this.
    403 A key of role `publish` may not do this.
    403 A key of role `publish` may not do this.
    403 A key of role `publish` may not do this.
    ");

    let stranger = Client::of(&room, &other);
    assert_eq!(stranger.all().await, "");
    let put = stranger.put(id, json!({ "Status": "dead" })).await;
    for answer in [stranger.get(&format!("/{id}")).await, put, stranger.delete(id).await] {
        assert_eq!(error(&answer), "404 There is no event callback URL with this id.");
    }
    // Numbers are counted for each tenant, so the ids of two tenants can be equal.
    assert_eq!(stranger.made(url).await, 16 + 4);
    assert_eq!(client.all().await, "18 open alive v1 https://example.com/");
}

#[tokio::test]
async fn what_is_no_id_or_no_path_is_404_in_mailjets_form() {
    let room = Room::start().await;
    let acme = room.tenant().await;
    let client = Client::of(&room, &acme);
    client.made(json!({ "EventType": "open", "Url": "https://example.com/" })).await;
    // In order: the wrong event type, the wrong URL, an entry of another webhook, other spellings of the right id, and
    // texts that are not ids.
    for id in ["16", "19", "34", "30", "31", "0", "018", "%2B18", "18.0", "-18", "open", "99999999999999999999"] {
        assert_eq!(
            error(&client.get(&format!("/{id}")).await),
            "404 There is no event callback URL with this id.",
            "{id}"
        );
    }
    assert_eq!(client.get("/18").await.status, 200);
    insta::assert_snapshot!(error(&client.get("/18/19").await), @"404 No such endpoint. See openapi.yaml.");
    insta::assert_snapshot!(error(&client.send(Method::PATCH, "/18", &json!({})).await), @"405 This path does not support this method. The `allow` header lists the methods that it supports.");
}

#[tokio::test]
async fn signs_with_the_tenants_secret_where_there_is_one() {
    let room = Room::start().await;
    let acme = room.tenant().await;
    let client = Client::of(&room, &acme);
    let settings = format!("/api/v1/tenants/{}/settings", acme.tenant.clone().unwrap());
    acme.patch(&settings, &json!({ "webhook_secret": "key-0123456789abcdef" })).await;
    client.made(json!({ "EventType": "open", "Url": "https://example.com/" })).await;
    assert_eq!(stored(&room, &acme).await.secrets.current.expose(), "key-0123456789abcdef");
}

#[tokio::test]
async fn what_only_one_has_names_it_as_well_as_its_id() {
    let room = Room::start().await;
    let acme = room.tenant().await;
    let client = Client::of(&room, &acme);
    let body = json!({ "url": "https://example.com/", "events": ["*"] });
    assert_eq!(acme.post("/api/v1/webhooks", &body).await.status, 201);
    client.made(json!({ "EventType": "open", "Url": "https://example.com/" })).await;
    client.made(json!({ "EventType": "open", "Url": "https://example.org/", "IsBackup": true })).await;
    // The entry of a webhook in Mailjet's dialect, even if others are listed too; encoded or not.
    assert_eq!(only(&client.get("/open%7Cfalse").await)["ID"], 34);
    assert_eq!(only(&client.get("/open|true").await)["ID"], 35);
    let put = client.send(Method::PUT, "/open%7Ctrue", &json!({ "Url": "https://example.net/" })).await;
    assert_eq!(line(&only(&put)), "35 open backup alive v1 https://example.net/");
    assert_eq!(client.send(Method::DELETE, "/open%7Cfalse", &json!({})).await.status, 204);
    for gone in ["/open%7Cfalse", "/click%7Cfalse", "/open%7C", "/open%7Cmaybe"] {
        assert_eq!(error(&client.get(gone).await), "404 There is no event callback URL with this id.", "{gone}");
    }
    assert_eq!(only(&client.get("?EventType=open&IsBackup=true").await)["Url"], "https://example.net/");
}
