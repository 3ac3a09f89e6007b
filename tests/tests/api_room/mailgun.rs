//! Mailgun's management API, as its clients call it.

use axum::body::Body;
use axum::http::{Method, Request, header};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use futures::future::join_all;
use ring::hmac;
use serde_json::{Value, json};
use shared::event::Event;
use shared::id::TenantId;
use tests::support::{Break, Receiver};

use crate::room::{Answer, Caller, Room};
use crate::webhooks::made;

const FORM: &str = "application/x-www-form-urlencoded";
const LIST: &str = "/v3/domains/mail.example.com/webhooks";
const CLICKED: &str = "/v3/domains/mail.example.com/webhooks/clicked";

/// A request as Mailgun's clients make it: the key as password of the user `api`.
async fn call(room: &Room, key: &str, method: Method, path: &str, content_type: &str, body: &str) -> Answer {
    let credentials = BASE64_STANDARD.encode(format!("api:{key}"));
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::AUTHORIZATION, format!("Basic {credentials}"))
        .header(header::CONTENT_TYPE, content_type);
    room.send(request.body(Body::from(body.to_owned())).unwrap()).await
}

/// Somebody with Mailgun's client.
struct Client<'a> {
    room: &'a Room,
    key: String,
}

impl<'a> Client<'a> {
    fn of(room: &'a Room, caller: &Caller<'_>) -> Self {
        Self { room, key: caller.key.clone() }
    }

    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        call(self.room, &self.key, Method::POST, path, FORM, &form(fields)).await
    }

    async fn put(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        call(self.room, &self.key, Method::PUT, path, FORM, &form(fields)).await
    }

    /// `mailgun.js` sends a content type and nothing with it.
    async fn get(&self, path: &str) -> Answer {
        call(self.room, &self.key, Method::GET, path, FORM, "").await
    }

    async fn delete(&self, path: &str) -> Answer {
        call(self.room, &self.key, Method::DELETE, path, FORM, "").await
    }

    async fn urls(&self, path: &str) -> Vec<String> {
        let answer = self.get(path).await;
        if answer.status == 404 {
            return Vec::new();
        }
        urls_of(&answer)
    }
}

fn form(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

fn multipart(boundary: &str, fields: &[(&str, &str)]) -> String {
    let part = |(name, value): &(&str, &str)| {
        format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    fields.iter().map(part).collect::<String>() + &format!("--{boundary}--\r\n")
}

fn urls_of(answer: &Answer) -> Vec<String> {
    let urls = answer.body["webhook"]["urls"].as_array().unwrap_or_else(|| panic!("{answer}"));
    urls.iter().map(|url| url.as_str().unwrap().to_owned()).collect()
}

/// The tenant's webhooks as the native API lists them.
async fn native(caller: &Caller<'_>) -> Vec<Value> {
    caller.get("/api/v1/webhooks").await.data().to_vec()
}

#[tokio::test]
async fn a_name_gets_urls_other_urls_and_none() {
    let room = Room::start().await;
    let acme = room.tenant().await;
    let client = Client::of(&room, &acme);
    assert_eq!(client.get(LIST).await.body, json!({ "webhooks": {} }));

    let made = client.post(LIST, &[("id", "clicked"), ("url", "https://a.example/")]).await;
    let webhook = json!({ "urls": ["https://a.example/"] });
    assert_eq!((made.status, &made.body), (200, &json!({ "message": "Webhook has been created", "webhook": webhook })));
    assert_eq!(client.get(CLICKED).await.body, json!({ "webhook": webhook }));
    client.post(LIST, &[("id", "delivered"), ("url", "https://b.example/"), ("url", "https://c.example/")]).await;
    let both = json!({ "clicked": webhook, "delivered": { "urls": ["https://b.example/", "https://c.example/"] } });
    assert_eq!(client.get(LIST).await.body, json!({ "webhooks": both }));

    let given = ["https://c.example/", "https://a.example/", "https://d.example/"];
    let changed = client.put(CLICKED, &given.map(|url| ("url", url))).await;
    let webhook = json!({ "urls": ["https://a.example/", "https://c.example/", "https://d.example/"] });
    let expected = json!({ "message": "Webhook has been updated", "webhook": webhook });
    assert_eq!((changed.status, &changed.body), (200, &expected));
    assert_eq!(client.get(CLICKED).await.body, json!({ "webhook": webhook }));

    let gone = client.delete(CLICKED).await;
    assert_eq!((gone.status, &gone.body), (200, &json!({ "message": "Webhook has been deleted", "webhook": webhook })));
    assert_eq!(client.get(CLICKED).await.error(), "404 Webhook not found");
    assert_eq!(client.delete(CLICKED).await.error(), "404 Webhook not found");
    assert_eq!(client.get(LIST).await.body["webhooks"], json!({ "delivered": both["delivered"] }));
}

#[tokio::test]
async fn each_url_is_a_webhook_of_its_own() {
    let room = Room::start().await;
    let acme = room.tenant().await;
    let client = Client::of(&room, &acme);
    let urls = ["https://one.example/", "https://two.example/", "https://three.example/"];
    // The domain in any case; a URL that is given twice is one.
    let fields = [("id", "permanent_fail"), ("url", urls[0]), ("url", urls[1]), ("url", urls[2])];
    client.post("/v3/domains/Mail.Example.COM/webhooks", &fields).await;
    let webhooks = native(&acme).await;
    assert_eq!(webhooks.len(), 3);
    let mut numbers = Vec::new();
    for webhook in &webhooks {
        assert_eq!(webhook["dialect"], "mailgun");
        assert_eq!(webhook["retry_policy"], "mailgun");
        assert_eq!(webhook["events"], json!(["email.bounced", "email.failed"]));
        assert_eq!(webhook["domains"], json!(["mail.example.com"]));
        assert_eq!(webhook["enabled"], true);
        numbers.push((webhook["number"].as_u64().unwrap(), webhook["url"].as_str().unwrap()));
    }
    numbers.sort_unstable();
    assert_eq!(numbers, [(1, urls[0]), (2, urls[1]), (3, urls[2])]);
}

#[tokio::test]
async fn every_name_can_be_made_all_of_them_at_once() {
    let room = Room::start().await;
    let acme = room.tenant().await;
    let client = Client::of(&room, &acme);
    let names = [
        ("accepted", json!(["email.sent"])),
        ("delivered", json!(["email.delivered"])),
        ("opened", json!(["email.opened"])),
        ("clicked", json!(["email.clicked"])),
        ("unsubscribed", json!(["email.unsubscribed", "subscriber.unsubscribed"])),
        ("complained", json!(["email.complained"])),
        ("temporary_fail", json!(["email.deferred"])),
        ("permanent_fail", json!(["email.bounced", "email.failed"])),
    ];
    let url = |name: &str| format!("https://example.com/{name}");
    let answers = join_all(
        names.iter().map(async |(name, _)| client.post(LIST, &[("id", *name), ("url", &url(name))]).await.status),
    );
    assert_eq!(answers.await, [200; 8]);
    let listed = client.get(LIST).await;
    assert_eq!(listed.body["webhooks"].as_object().unwrap().len(), 8);
    let webhooks = native(&acme).await;
    for (name, events) in names {
        assert_eq!(listed.body["webhooks"][name], json!({ "urls": [url(name)] }));
        let webhook = webhooks.iter().find(|webhook| webhook["url"] == url(name)).unwrap();
        assert_eq!(webhook["events"], events, "{name}");
    }
}

/// `mailgun.js` sends multipart bodies, and calls one name by its old word; `mailgun-ruby` repeats the name in a PUT.
#[tokio::test]
async fn forms_are_taken_as_the_clients_send_them() {
    let room = Room::start().await;
    let acme = room.tenant().await;
    let client = Client::of(&room, &acme);
    let boundary = "----form-data-17p4";
    let content_type = format!("multipart/form-data; boundary=\"{boundary}\"");
    let send = async |method: Method, path: &str, fields: &[(&str, &str)]| {
        call(&room, &client.key, method, path, &content_type, &multipart(boundary, fields)).await
    };
    let made = send(Method::POST, LIST, &[("id", "unsubscribe"), ("url", "https://a.example/?x=1&y=ü")]).await;
    assert_eq!((made.status, urls_of(&made)), (200, vec!["https://a.example/?x=1&y=%C3%BC".to_owned()]));
    let path = format!("{LIST}/unsubscribe");
    let two = [("url", "https://b.example/"), ("url", "https://c.example/")];
    assert_eq!(send(Method::PUT, &path, &two).await.status, 200);
    assert_eq!(client.urls(&path).await, ["https://b.example/", "https://c.example/"]);
    assert_eq!(client.urls(&format!("{LIST}/unsubscribed")).await, ["https://b.example/", "https://c.example/"]);
    let with_id = [("id", "unsubscribed"), ("url", "https://d.example/")];
    assert_eq!(client.put(&path, &with_id).await.status, 200);
    assert_eq!(client.urls(&path).await, ["https://d.example/"]);
    assert_eq!(client.get(&format!("{LIST}?limit=10&skip=0")).await.status, 200);

    // Without a content type there is nothing else that it could be.
    let request = acme.request(Method::POST, LIST);
    let mut request = request.body(Body::from(form(&[("id", "opened"), ("url", "https://a.example/")]))).unwrap();
    request.headers_mut().remove(header::CONTENT_TYPE);
    assert_eq!(room.send(request).await.status, 200);
}

#[tokio::test]
async fn bad_requests_are_refused_in_mailguns_shape_and_do_nothing() {
    let room = Room::start().await;
    let acme = room.tenant().await;
    let client = Client::of(&room, &acme);
    let good = ("url", "https://a.example/");
    let id = ("id", "clicked");
    let post = async |fields: &[(&str, &str)]| client.post(LIST, fields).await.error();
    let four = ["https://a.example/", "https://b.example/", "https://c.example/", "https://d.example/"];
    let too_many: Vec<_> = std::iter::once(id).chain(four.map(|url| ("url", url))).collect();
    let mut refusals = vec![
        post(&[]).await,
        post(&[id]).await,
        post(&[good]).await,
        post(&[("id", "bounced"), good]).await,
        post(&[id, ("id", "opened"), good]).await,
        post(&too_many).await,
        post(&[id, good, ("url", "http://b.example/"), ("url", "https://10.0.0.1/")]).await,
        post(&[id, ("url", "https://user:***@a.example/")]).await,
        post(&[id, good, ("secret", "x"), ("test", "1")]).await,
        client.put(CLICKED, &[]).await.error(),
        client.put(CLICKED, &[("id", "opened"), good]).await.error(),
        client.put(&format!("{LIST}/clicks"), &[good]).await.error(),
        client.get(&format!("{LIST}/clicks")).await.error(),
        client.get("/v3/domains/no%20domain/webhooks").await.error(),
        client.post("/v3/domains/example..com/webhooks", &[id, good]).await.error(),
        client.get(&format!("{LIST}?page=2")).await.error(),
        client.delete(&format!("{CLICKED}?url=x")).await.error(),
        client.put(LIST, &[good]).await.error(),
        client.get("/v3/domains/mail.example.com/tags").await.error(),
    ];
    let sent = async |content_type: &str, body: &str| {
        call(&room, &client.key, Method::POST, LIST, content_type, body).await.error()
    };
    refusals.push(sent("application/json", r#"{"id": "clicked", "url": "https://a.example/"}"#).await);
    refusals.push(sent("multipart/form-data", "").await);
    refusals.push(
        sent("multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"id\"\r\n\r\nclic").await,
    );
    refusals.push(sent(FORM, &"a=&".repeat(101)).await);
    refusals.push(sent("multipart/form-data; boundary=b", &multipart("b", &[id; 101])).await);
    refusals.push(sent(FORM, &format!("id=clicked&url=https://a.example/{}", "x".repeat(64 * 1024))).await);
    insta::assert_snapshot!(refusals.join("\n"), @r#"
    400 /id: is required; /url: is required
    400 /url: is required
    400 /id: is required
    400 /id: there is no such webhook; there are: accepted, delivered, opened, clicked, unsubscribed, complained, temporary_fail, permanent_fail
    400 /id: expected text, got a list
    400 /url: at most 3 entries, got 4
    400 /url/1: only https:// URLs are delivered to; /url/2: the address 10.0.0.1 is not public; deliveries go to public addresses only
    400 /url/0: the password in it is masked; give the real one, or leave the field out
    400 /secret: unknown field; this object knows: id, url; /test: unknown field; this object knows: id, url
    400 /url: is required
    400 /id: the path says `clicked`
    404 Webhook not found: there is no such name; there are: accepted, delivered, opened, clicked, unsubscribed, complained, temporary_fail, permanent_fail.
    404 Webhook not found: there is no such name; there are: accepted, delivered, opened, clicked, unsubscribed, complained, temporary_fail, permanent_fail.
    404 Domain not found: expected a domain name like mail.example.com.
    404 Domain not found: expected a domain name like mail.example.com.
    400 page: unknown parameter; this operation knows: limit, skip
    400 url: unknown parameter; this operation knows: none
    405 This path does not take this method; the `allow` header lists those it takes.
    404 There is nothing at this path; openapi.yaml lists what there is.
    415 Send `content-type: application/x-www-form-urlencoded` or `multipart/form-data`.
    400 The body is not `multipart/form-data` as its `content-type` says.
    400 The body is not `multipart/form-data` as its `content-type` says.
    400 A form may have 100 fields.
    400 A form may have 100 fields.
    413 A body may have 65536 bytes (64 KiB).
    "#);
    assert!(native(&acme).await.is_empty());
}

#[tokio::test]
async fn a_name_that_exists_is_replaced_and_not_made_again() {
    let room = Room::start().await;
    let acme = room.tenant().await;
    let client = Client::of(&room, &acme);
    client.post(LIST, &[("id", "clicked"), ("url", "https://a.example/")]).await;
    let again = client.post(LIST, &[("id", "clicked"), ("url", "https://b.example/")]).await;
    assert_eq!(again.error(), "400 Webhook already exists; replace its URLs by PUT.");
    assert_eq!(client.urls(CLICKED).await, ["https://a.example/"]);
    // What is there stays what it was, with its log and its breaker.
    let before = native(&acme).await;
    client.put(CLICKED, &[("url", "https://b.example/"), ("url", "https://a.example/")]).await;
    assert_eq!(native(&acme).await.iter().find(|webhook| webhook["number"] == 1), before.first());
    // Of another domain it is another one.
    let other = "/v3/domains/other.example/webhooks";
    assert_eq!(client.post(other, &[("id", "clicked"), ("url", "https://a.example/")]).await.status, 200);
    assert_eq!(client.urls(&format!("{other}/clicked")).await, ["https://a.example/"]);
    // A PUT makes what is not there.
    let opened = format!("{other}/opened");
    assert_eq!(client.put(&opened, &[("url", "https://a.example/")]).await.status, 200);
    assert_eq!(client.urls(&opened).await, ["https://a.example/"]);
}

#[tokio::test]
async fn a_password_is_masked_and_may_be_given_back_so() {
    let room = Room::start().await;
    let acme = room.tenant().await;
    let client = Client::of(&room, &acme);
    let created = client.post(LIST, &[("id", "clicked"), ("url", "https://user:hunter2@a.example/")]).await;
    assert_eq!(urls_of(&created), ["https://user:***@a.example/"]);
    let read = client.urls(CLICKED).await;
    let with_another = [("url", read[0].as_str()), ("url", "https://b.example/")];
    assert_eq!(client.put(CLICKED, &with_another).await.status, 200);
    assert_eq!(client.urls(CLICKED).await, ["https://user:***@a.example/", "https://b.example/"]);
    let stored = room.world.registry.all_webhooks(acme.tenant_id()).await.unwrap();
    assert!(stored.iter().any(|webhook| webhook.url.parts().1.as_deref() == Some("hunter2")));
    // What differs in the password alone is shown as one.
    let same = json!({ "url": "https://user:other@a.example/", "events": ["clicked"], "dialect": "mailgun" });
    let path = made(&acme, &same).await;
    assert_eq!(client.urls(CLICKED).await, ["https://user:***@a.example/", "https://b.example/"]);
    assert_eq!(client.put(CLICKED, &[("url", read[0].as_str())]).await.status, 200);
    assert_eq!((client.urls(CLICKED).await, acme.get(&path).await.status), (read.clone(), 200));
    // Of another name it is not known.
    let elsewhere = client.put(&format!("{LIST}/opened"), &with_another).await.error();
    insta::assert_snapshot!(elsewhere, @"400 /url/0: the password in it is masked; give the real one, or leave the field out");
}

#[tokio::test]
async fn a_stream_is_listed_by_its_name_and_may_be_given_back_so() {
    let room = Room::start().await;
    let acme = room.tenant().await;
    let client = Client::of(&room, &acme);
    let queue = "arn:aws:sqs:eu-west-1:123456789012:opens";
    let body = json!({
        "url": queue, "credentials": { "access_key_id": "AKIAIOSFODNN7EXAMPLE", "secret_access_key": "x".repeat(40) },
        "dialect": "mailgun", "events": ["clicked"], "domains": ["mail.example.com"],
    });
    let made = acme.post("/api/v1/webhooks", &body).await;
    assert_eq!(made.status, 201, "{made}");
    let read = client.urls(CLICKED).await;
    let with_another = [("url", read[0].as_str()), ("url", "https://b.example/")];
    assert_eq!(client.put(CLICKED, &with_another).await.status, 200);
    assert_eq!(client.urls(CLICKED).await, [made.text("url"), "https://b.example/".to_owned()]);
    // It takes credentials, for which this API has no field.
    let refused = client.post(LIST, &[("id", "opened"), ("url", queue)]).await.error();
    insta::assert_snapshot!(refused, @"400 /url/0: expected an https:// URL; a stream can only be the `url` of a webhook of /api/v1/webhooks");
}

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
    insta::assert_snapshot!(again.error(), @"400 /url/0: it gets these events already, as webhook wh_ID");
    let beside = client.post(LIST, &[("id", "opened"), ("url", "https://own.example/")]).await;
    assert_eq!(beside.status, 200);
    assert_eq!(client.urls(&format!("{LIST}/opened")).await.len(), 4);
    // What is listed may be given back, as it was shown.
    let read = client.urls(CLICKED).await;
    let back: Vec<_> = read.iter().map(|url| ("url", url.as_str())).collect();
    assert_eq!(client.put(CLICKED, &back).await.status, 200);
    assert_eq!(client.urls(CLICKED).await, read);
}

/// What also gets events of other domains is not this API's to change, and nothing is done by halves.
#[tokio::test]
async fn a_webhook_of_several_domains_is_refused_with_where_to_change_it() {
    let room = Room::start().await;
    let acme = room.tenant().await;
    let client = Client::of(&room, &acme);
    client.post(LIST, &[("id", "clicked"), ("url", "https://own.example/")]).await;
    let path = made(&acme, &json!({ "url": "https://all.example/", "events": ["*"], "dialect": "mailgun" })).await;
    let deleted = client.delete(CLICKED).await.error();
    insta::assert_snapshot!(deleted, @"400 https://all.example/ gets these events as webhook wh_ID, which is not of this domain alone. Change its `domains` or `events`, or delete it, by /api/v1/webhooks/wh_ID.");
    let put = client.put(CLICKED, &[("url", "https://new.example/")]).await.error();
    assert_eq!(put, deleted);
    assert_eq!(client.urls(CLICKED).await, ["https://own.example/", "https://all.example/"]);
    // With its URL among those that are given nothing has to be changed.
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
    // With its last name it goes.
    let opened = format!("{LIST}/opened");
    assert_eq!(client.put(&opened, &[("url", "https://all.example/")]).await.status, 200);
    assert_eq!(acme.get(&two).await.status, 404);
    assert_eq!(client.urls(&opened).await, ["https://all.example/"]);
}

#[tokio::test]
async fn tenants_do_not_see_each_other_and_roles_may_what_they_may() {
    let room = Room::start().await;
    let (acme, other) = (room.tenant().await, room.tenant().await);
    let (client, others) = (Client::of(&room, &acme), Client::of(&room, &other));
    let fields = [("id", "clicked"), ("url", "https://a.example/")];
    client.post(LIST, &fields).await;
    assert_eq!(others.get(LIST).await.body, json!({ "webhooks": {} }));
    assert_eq!(others.delete(CLICKED).await.status, 404);
    assert_eq!(others.put(CLICKED, &fields[1..]).await.status, 200);
    assert_eq!(others.delete(CLICKED).await.status, 200);
    assert_eq!(client.urls(CLICKED).await, ["https://a.example/"]);

    for (role, reads) in [("read", 200), ("publish", 403)] {
        let caller = room.key_of(acme.tenant.as_deref().unwrap(), role).await;
        let client = Client::of(&room, &caller);
        assert_eq!((client.get(LIST).await.status, client.get(CLICKED).await.status), (reads, reads), "{role}");
        let changes =
            [client.post(LIST, &fields).await, client.put(CLICKED, &fields).await, client.delete(CLICKED).await];
        assert_eq!(changes.map(|answer| answer.status), [403; 3], "{role}");
    }
    let wrong = call(&room, "mh_wrong", Method::GET, LIST, FORM, "").await;
    assert_eq!(wrong.status, 401);
    assert_eq!(wrong.headers[header::WWW_AUTHENTICATE], "Basic realm=\"mailhooks\"");
    assert!(wrong.text("message").contains("basic auth"));
    // An admin says for which tenant.
    let admin = room.admin().about(acme.tenant.as_deref().unwrap());
    assert_eq!(admin.get(CLICKED).await.status, 200);
}

#[tokio::test]
async fn its_urls_get_the_domains_events_signed_as_mailgun_does() {
    let room = Room::with_receivers().await;
    let acme = room.tenant().await;
    let settings = format!("/api/v1/tenants/{}/settings", acme.tenant.as_deref().unwrap());
    acme.patch(&settings, &json!({ "webhook_secret": "key-0123456789abcdef" })).await;
    let client = Client::of(&room, &acme);
    let receiver = Receiver::start().await.unwrap();
    let urls = ["/one", "/two", "/three"].map(|path| receiver.url(path));
    let fields: Vec<_> =
        std::iter::once(("id", "delivered")).chain(urls.iter().map(|url| ("url", url.as_str()))).collect();
    assert_eq!(client.post(LIST, &fields).await.status, 200);

    for (key, domain) in [("of-it", Some("Mail.Example.com")), ("of-another", Some("example.com")), ("of-none", None)] {
        room.world.events.put(&delivered(&room, acme.tenant_id(), key, domain)).await.unwrap();
    }
    room.world.run_until_idle().await.unwrap();
    for path in ["/one", "/two", "/three"] {
        let got = receiver.received(path);
        assert_eq!(got.len(), 1, "{path}");
        let body: Value = serde_json::from_slice(&got[0].body).unwrap();
        assert_eq!(body["event-data"]["event"], "delivered");
        assert_eq!(body["event-data"]["message"]["headers"]["message-id"], "message-of-it@example.com");
        let part = |name: &str| body["signature"][name].as_str().unwrap();
        let key = hmac::Key::new(hmac::HMAC_SHA256, b"key-0123456789abcdef");
        let signed = format!("{}{}", part("timestamp"), part("token"));
        hmac::verify(&key, signed.as_bytes(), &hex::decode(part("signature")).unwrap()).unwrap();
    }
}

fn delivered(room: &Room, tenant: TenantId, key: &str, domain: Option<&str>) -> Event {
    let mut event = room.world.event(tenant, key);
    event.facts.sending_domain = domain.map(str::to_owned);
    event
}

/// A request that breaks off is repeated: by then all or nothing of a POST is there, and a PUT or DELETE does the rest.
#[tokio::test]
async fn a_request_that_broke_off_is_completed_by_its_repetition() {
    for method in [Method::POST, Method::PUT, Method::DELETE] {
        for how in [Break::Before, Break::After] {
            let mut calls = 0;
            while completed_after_a_break(&method, calls, how).await {
                calls += 1;
            }
            assert!(calls >= 5, "{method} {how:?}: {calls} calls");
        }
    }
}

/// Breaks one call of the request; answers whether there was such a call.
async fn completed_after_a_break(method: &Method, calls_before: usize, how: Break) -> bool {
    let what = format!("{method} {how:?} {calls_before}");
    let three = ["https://a.example/", "https://b.example/", "https://c.example/"];
    let new = ["https://c.example/", "https://d.example/", "https://e.example/"];
    let fields: Vec<_> = std::iter::once(("id", "clicked")).chain(three.map(|url| ("url", url))).collect();
    let expected: &[&str] = match *method {
        Method::POST => &three,
        Method::PUT => &new,
        _ => &[],
    };

    let room = Room::start().await;
    let acme = room.tenant().await;
    let client = Client::of(&room, &acme);
    if *method != Method::POST {
        assert_eq!(client.post(LIST, &fields).await.status, 200);
    }
    let request = async || match *method {
        Method::POST => client.post(LIST, &fields).await,
        Method::PUT => client.put(CLICKED, &new.map(|url| ("url", url))).await,
        _ => client.delete(CLICKED).await,
    };
    room.world.aws.break_call(calls_before, how);
    let broken = request().await;
    if room.world.aws.call_off_break() {
        assert_eq!(broken.status, 200, "{what}");
        return false;
    }
    assert_eq!(broken.status, 503, "{what}");
    let listed = client.urls(CLICKED).await;
    match *method {
        Method::POST => assert!([0, 3].contains(&listed.len()), "{what}: {listed:?}"),
        // At no time is there nobody who gets the events.
        Method::PUT => assert!(listed.len() >= 3, "{what}: {listed:?}"),
        _ => {}
    }
    let repeated = request().await;
    match repeated.status {
        200 => {}
        // All of it was done before the answer was lost.
        400 if *method == Method::POST => assert_eq!(listed.len(), 3, "{what}"),
        404 if *method == Method::DELETE => assert!(listed.is_empty(), "{what}"),
        other => panic!("{what}: {other}"),
    }
    assert_eq!(client.urls(CLICKED).await, expected, "{what}");
    true
}

/// Clients that replace the same name at the same time: one of them wins, and the name is not left without any URL, as it
/// would be if each took away what another one counts on.
#[tokio::test]
async fn of_replacements_at_once_one_stays() {
    let room = Room::start().await;
    let acme = room.tenant().await;
    let client = Client::of(&room, &acme);
    for round in 0..10 {
        let (old, new) = ("https://old.example/", format!("https://new-{round}.example/"));
        client.put(CLICKED, &[("url", old)]).await;
        // Each begins while the one before it has done a little more.
        let mut requests = Vec::new();
        for (delay, url) in [new.as_str(), old].into_iter().enumerate() {
            let client = &client;
            requests.push(async move {
                for _ in 0..delay * round {
                    client.get(LIST).await;
                }
                client.put(CLICKED, &[("url", url)]).await.status
            });
        }
        assert_eq!(join_all(requests).await, [200, 200]);
        let left = client.urls(CLICKED).await;
        assert!(left == [old] || left == [new.as_str()], "{left:?}");
    }
}
