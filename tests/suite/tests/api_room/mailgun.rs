//! Mailgun's management API, called as Mailgun's clients call it.

mod deliveries;
mod others;
mod races;

use axum::body::Body;
use axum::http::{Method, Request, header};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use futures::future::join_all;
use serde_json::{Value, json};

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

/// A user of Mailgun's client.
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

    /// `mailgun.js` sends a content type without a body.
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
    // The domain may be in any case. A URL that is given twice counts once.
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

    // A body without a content type counts as a form.
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
    400 /url/0: the password in it is masked; give the real password, or leave the field out
    400 /secret: unknown field; this object knows: id, url; /test: unknown field; this object knows: id, url
    400 /url: is required
    400 /id: the path says `clicked`
    404 Webhook not found: there is no such name. There are: accepted, delivered, opened, clicked, unsubscribed, complained, temporary_fail, permanent_fail.
    404 Webhook not found: there is no such name. There are: accepted, delivered, opened, clicked, unsubscribed, complained, temporary_fail, permanent_fail.
    404 Domain not found: expected a domain name like mail.example.com.
    404 Domain not found: expected a domain name like mail.example.com.
    400 page: unknown parameter; this operation knows: limit, skip
    400 url: unknown parameter; this operation knows: none
    405 This path does not support this method. The `allow` header lists the methods that it supports.
    404 No such endpoint. See openapi.yaml.
    415 Send `content-type: application/x-www-form-urlencoded` or `multipart/form-data`.
    400 The body is not `multipart/form-data` as its `content-type` says.
    400 The body is not `multipart/form-data` as its `content-type` says.
    400 A form may have at most 100 fields.
    400 A form may have at most 100 fields.
    413 A body may have at most 65536 bytes (64 KiB).
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
    // The present webhook stays, with its deliveries and its breaker.
    let before = native(&acme).await;
    client.put(CLICKED, &[("url", "https://b.example/"), ("url", "https://a.example/")]).await;
    assert_eq!(native(&acme).await.iter().find(|webhook| webhook["number"] == 1), before.first());
    // The URL of another domain is another webhook.
    let other = "/v3/domains/other.example/webhooks";
    assert_eq!(client.post(other, &[("id", "clicked"), ("url", "https://a.example/")]).await.status, 200);
    assert_eq!(client.urls(&format!("{other}/clicked")).await, ["https://a.example/"]);
    // A PUT creates missing URLs.
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
    let stored = room.world.webhooks_of(acme.tenant_id()).await.unwrap();
    assert!(stored.iter().any(|webhook| webhook.url.parts().1.as_deref() == Some("hunter2")));
    // URLs that differ only in the password are shown as one.
    let same = json!({ "url": "https://user:other@a.example/", "events": ["clicked"], "dialect": "mailgun" });
    let path = made(&acme, &same).await;
    assert_eq!(client.urls(CLICKED).await, ["https://user:***@a.example/", "https://b.example/"]);
    assert_eq!(client.put(CLICKED, &[("url", read[0].as_str())]).await.status, 200);
    assert_eq!((client.urls(CLICKED).await, acme.get(&path).await.status), (read.clone(), 200));
    // For another name the masked URL is not known.
    let elsewhere = client.put(&format!("{LIST}/opened"), &with_another).await.error();
    insta::assert_snapshot!(elsewhere, @"400 /url/0: the password in it is masked; give the real password, or leave the field out");
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
    // A stream requires credentials, and this API has no field for them.
    let refused = client.post(LIST, &[("id", "opened"), ("url", queue)]).await.error();
    insta::assert_snapshot!(refused, @"400 /url/0: expected an https:// URL; only the `url` of a webhook at /api/v1/webhooks can name a stream");
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
    // An admin names the tenant.
    let admin = room.admin().about(acme.tenant.as_deref().unwrap());
    assert_eq!(admin.get(CLICKED).await.status, 200);
}
