//! Webhooks that deliver to a queue or topic of the tenant: URLs and credentials.

use serde_json::{Value, json};
use shared::queue::job::Job;
use support::google::{Google, STRANGE_KEY};
use support::world::DELIVERIES;

use crate::room::{Caller, Room};
use crate::webhooks::made;

const QUEUE: &str = "arn:aws:sqs:eu-central-1:123456789012:mail-events";
const TOPIC: &str = "pubsub://projects/example-project/topics/mail-events";
const ENTITY: &str = "servicebus://contoso.servicebus.windows.net/mail-events";
/// Every secret that these tests use.
const SECRETS: [&str; 4] = ["wJalrXUtnFEMI", "the-session-token", "PRIVATE KEY", "c29tZSBrZXk"];

fn access_key() -> Value {
    json!({ "access_key_id": "AKIAIOSFODNN7EXAMPLE", "secret_access_key": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" })
}

fn shared_key() -> Value {
    json!({ "key_name": "send-only", "key": "c29tZSBrZXkgb2YgMzIgYnl0ZXMsIGFzIEF6dXJlJ3M=" })
}

/// A body with the fields of `change`.
fn with(mut body: Value, change: &Value) -> Value {
    body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    body
}

/// The problem that registering a webhook with this URL and these credentials gives.
async fn refusal(tenant: &Caller<'_>, url: &str, credentials: Value) -> String {
    let mut body = json!({ "url": url, "events": ["*"] });
    if !credentials.is_null() {
        body["credentials"] = credentials;
    }
    let answer = tenant.post("/api/v1/webhooks", &body).await;
    let problem = answer.problem();
    assert!(SECRETS.iter().all(|secret| !answer.body.to_string().contains(secret)), "{problem}");
    problem
}

#[tokio::test]
async fn are_taken_in_all_forms_and_shown_in_one_with_which_credentials_but_not_what() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let temporary = with(access_key(), &json!({ "session_token": "the-session-token" }));
    let mut shown = Vec::new();
    for (url, credentials) in [
        (QUEUE, access_key()),
        ("https://sqs.eu-central-1.amazonaws.com/123456789012/mail-events.fifo", temporary),
        (TOPIC, Google::service_account()),
        (
            "https://pubsub.googleapis.com/v1/projects/example-project/topics/mail-events:publish",
            Google::service_account(),
        ),
        ("sb://Contoso.servicebus.windows.net/mail-events", shared_key()),
        ("https://contoso.servicebus.windows.net/mail-events/messages", shared_key()),
    ] {
        let path = made(&tenant, &json!({ "url": url, "credentials": credentials })).await;
        let read = tenant.get(&path).await;
        assert!(SECRETS.iter().all(|secret| !read.body.to_string().contains(secret)), "{read}");
        shown.push(format!("{} {}", read.text("url"), read.body["credentials"]));
    }
    insta::assert_snapshot!(shown.join("\n"), @r#"
    arn:aws:sqs:eu-central-1:123456789012:mail-events {"access_key_id":"AKIAIOSFODNN7EXAMPLE","kind":"sqs"}
    arn:aws:sqs:eu-central-1:123456789012:mail-events.fifo {"access_key_id":"AKIAIOSFODNN7EXAMPLE","kind":"sqs"}
    pubsub://projects/example-project/topics/mail-events {"client_email":"mail@example-project.iam.gserviceaccount.com","kind":"pubsub","private_key_id":"0123456789abcdef0123456789abcdef01234567"}
    pubsub://projects/example-project/topics/mail-events {"client_email":"mail@example-project.iam.gserviceaccount.com","kind":"pubsub","private_key_id":"0123456789abcdef0123456789abcdef01234567"}
    servicebus://contoso.servicebus.windows.net/mail-events {"key_name":"send-only","kind":"servicebus"}
    servicebus://contoso.servicebus.windows.net/mail-events {"key_name":"send-only","kind":"servicebus"}
    "#);
    let list = tenant.get("/api/v1/webhooks").await;
    assert_eq!(list.data().len(), 6);
    assert!(SECRETS.iter().all(|secret| !list.body.to_string().contains(secret)), "{list}");
}

#[tokio::test]
async fn urls_that_only_look_like_streams_are_refused_with_the_form_that_is_right() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let mut refusals = Vec::new();
    for url in [
        "arn:aws:sns:eu-central-1:123456789012:mail-events",
        "arn:aws:sqs:eu-central-1:1234:mail-events",
        "https://sqs.eu-central-1.amazonaws.com/mail-events",
        "pubsub://projects/example-project/subscriptions/mail-events",
        "servicebus://contoso.example.com/mail-events",
        "sqs://eu-central-1/mail-events",
    ] {
        refusals.push(format!("{url}: {}", refusal(&tenant, url, access_key()).await));
    }
    insta::assert_snapshot!(refusals.join("\n"), @r"
    arn:aws:sns:eu-central-1:123456789012:mail-events: 422 invalid-request: /url: expected an Amazon SQS queue: arn:aws:sqs:<region>:<12 digits>:<name> or https://sqs.<region>.amazonaws.com/<12 digits>/<name>, its name of 1 to 80 letters, digits, `-` and `_`, with `.fifo` at its end where it is one
    arn:aws:sqs:eu-central-1:1234:mail-events: 422 invalid-request: /url: expected an Amazon SQS queue: arn:aws:sqs:<region>:<12 digits>:<name> or https://sqs.<region>.amazonaws.com/<12 digits>/<name>, its name of 1 to 80 letters, digits, `-` and `_`, with `.fifo` at its end where it is one
    https://sqs.eu-central-1.amazonaws.com/mail-events: 422 invalid-request: /url: expected an Amazon SQS queue: arn:aws:sqs:<region>:<12 digits>:<name> or https://sqs.<region>.amazonaws.com/<12 digits>/<name>, its name of 1 to 80 letters, digits, `-` and `_`, with `.fifo` at its end where it is one
    pubsub://projects/example-project/subscriptions/mail-events: 422 invalid-request: /url: expected a Google Pub/Sub topic: pubsub://projects/<project>/topics/<topic> or https://pubsub.googleapis.com/v1/projects/<project>/topics/<topic>, with the project's id and the topic's name
    servicebus://contoso.example.com/mail-events: 422 invalid-request: /url: expected an Azure Service Bus queue or topic: servicebus://<namespace>.servicebus.windows.net/<name>, a namespace of 6 to 50 letters, digits and `-`, and a name of 1 to 260 letters, digits, `.`, `-`, `_` and `/`
    sqs://eu-central-1/mail-events: 422 invalid-request: /url: only https:// URLs are delivered to
    ");
}

#[tokio::test]
async fn credentials_that_are_missing_unneeded_of_another_kind_or_wrong_are_refused() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let account = |change: Value| with(Google::service_account(), &change);
    let mut refusals = Vec::new();
    for (url, credentials) in [
        (QUEUE, Value::Null),
        (TOPIC, Value::Null),
        (ENTITY, Value::Null),
        ("https://example.com/hook", access_key()),
        (QUEUE, shared_key()),
        (TOPIC, access_key()),
        (ENTITY, Google::service_account()),
        (QUEUE, json!("AKIAIOSFODNN7EXAMPLE")),
        (QUEUE, json!({})),
        (QUEUE, json!({ "kind": "sqs", "access_key_id": "AKIAIOSFODNN7EXAMPLE" })),
        (QUEUE, with(access_key(), &json!({ "access_key_id": "short" }))),
        (QUEUE, with(access_key(), &json!({ "secret_access_key": "wJalrXUtnFEMI with a space" }))),
        (QUEUE, with(access_key(), &json!({ "session_token": "" }))),
        (QUEUE, with(access_key(), &json!({ "role_arn": "arn:aws:iam::123456789012:role/x" }))),
        (TOPIC, account(json!({ "type": "authorized_user" }))),
        (TOPIC, account(json!({ "token_uri": "https://evil.example.com/token" }))),
        (TOPIC, account(json!({ "universe_domain": "evil.example.com" }))),
        (TOPIC, account(json!({ "client_email": "mail@example.com" }))),
        (TOPIC, account(json!({ "private_key": "-----BEGIN PRIVATE KEY-----\nnothing\n-----END PRIVATE KEY-----\n" }))),
        (TOPIC, account(json!({ "private_key": 5, "private_key_id": "x y" }))),
        (ENTITY, with(shared_key(), &json!({ "key_name": "send&se=9999999999" }))),
        (ENTITY, json!({ "key_name": "send-only" })),
    ] {
        refusals.push(refusal(&tenant, url, credentials).await);
    }
    insta::assert_snapshot!(refusals.join("\n"), @r#"
    422 invalid-request: /credentials: is required: deliveries to a stream of the kind `sqs` are sent with your own credentials
    422 invalid-request: /credentials: is required: deliveries to a stream of the kind `pubsub` are sent with your own credentials
    422 invalid-request: /credentials: is required: deliveries to a stream of the kind `servicebus` are sent with your own credentials
    422 invalid-request: /credentials: an HTTPS URL takes no credentials here; put user and password into the URL, or a token into `headers`
    422 invalid-request: /credentials: these credentials are for the kind `servicebus`, but the URL is of the kind `sqs`
    422 invalid-request: /credentials: these credentials are for the kind `sqs`, but the URL is of the kind `pubsub`
    422 invalid-request: /credentials: these credentials are for the kind `pubsub`, but the URL is of the kind `servicebus`
    422 invalid-request: /credentials: expected an object, got text
    422 invalid-request: /credentials: expected {"access_key_id", "secret_access_key", "session_token"?} for Amazon SQS, the JSON key of a service account for Google Pub/Sub, or {"key_name", "key"} for Azure Service Bus
    422 invalid-request: /credentials/secret_access_key: is required; /credentials/kind: unknown field; this object knows: access_key_id, secret_access_key, session_token
    422 invalid-request: /credentials/access_key_id: 16 to 128 letters, digits and `_`, as in `AKIA…`
    422 invalid-request: /credentials/secret_access_key: 1 to 128 visible ASCII characters
    422 invalid-request: /credentials/session_token: 1 to 4096 visible ASCII characters
    422 invalid-request: /credentials/role_arn: unknown field; this object knows: access_key_id, secret_access_key, session_token
    422 invalid-request: /credentials/type: expected `service_account`
    422 invalid-request: /credentials/token_uri: expected `https://oauth2.googleapis.com/token` or `https://accounts.google.com/o/oauth2/token`
    422 invalid-request: /credentials/universe_domain: expected `googleapis.com`
    422 invalid-request: /credentials/client_email: expected a service account's address, as in `name@project.iam.gserviceaccount.com`
    422 invalid-request: /credentials/private_key: expected the RSA key as Google gives it: PKCS#8 in PEM, of 2,048 to 4,096 bits
    422 invalid-request: /credentials/private_key: expected text, got a number
    422 invalid-request: /credentials/key_name: 1 to 256 letters, digits, `.`, `-` and `_`
    422 invalid-request: /credentials/key: is required
    "#);
    assert_eq!(tenant.get("/api/v1/webhooks").await.data().len(), 0);
}

#[tokio::test]
async fn a_stream_is_no_backup() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let body = json!({ "url": "https://example.com/", "backup_url": QUEUE, "events": ["*"] });
    let refused = tenant.post("/api/v1/webhooks", &body).await;
    insta::assert_snapshot!(refused.problem(), @"422 invalid-request: /backup_url: expected an https:// URL; only the `url` of a webhook at /api/v1/webhooks can name a stream");
    let backup = json!({ "url": QUEUE, "credentials": access_key(), "backup_url": "https://example.com/" });
    let path = made(&tenant, &backup).await;
    assert_eq!(tenant.get(&path).await.text("backup_url"), "https://example.com/");
}

#[tokio::test]
async fn a_patch_replaces_credentials_keeps_them_with_their_kind_and_drops_them_with_the_stream() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let path = made(&tenant, &json!({ "url": QUEUE, "credentials": access_key() })).await;
    let shown = async |change: Value| {
        let answer = tenant.patch(&path, &change).await;
        if answer.status == 200 {
            format!("{} {}", answer.text("url"), answer.body["credentials"])
        } else {
            answer.problem()
        }
    };
    let rotated = with(access_key(), &json!({ "access_key_id": "AKIAI44QH8DHBEXAMPLE" }));
    let mut seen = Vec::new();
    for change in [
        json!({ "description": "nothing of this" }),
        json!({ "credentials": rotated }),
        json!({ "url": "arn:aws:sqs:us-east-1:123456789012:other" }),
        json!({ "url": TOPIC }),
        json!({ "credentials": shared_key() }),
        json!({ "credentials": null }),
        json!({ "url": TOPIC, "credentials": Google::service_account() }),
        json!({ "url": "https://example.com/hook" }),
        json!({ "credentials": access_key() }),
        json!({ "url": TOPIC }),
        json!({ "url": ENTITY, "credentials": shared_key() }),
    ] {
        seen.push(shown(change).await);
    }
    insta::assert_snapshot!(seen.join("\n"), @r#"
    arn:aws:sqs:eu-central-1:123456789012:mail-events {"access_key_id":"AKIAIOSFODNN7EXAMPLE","kind":"sqs"}
    arn:aws:sqs:eu-central-1:123456789012:mail-events {"access_key_id":"AKIAI44QH8DHBEXAMPLE","kind":"sqs"}
    arn:aws:sqs:us-east-1:123456789012:other {"access_key_id":"AKIAI44QH8DHBEXAMPLE","kind":"sqs"}
    422 invalid-request: /credentials: is required: deliveries to a stream of the kind `pubsub` are sent with your own credentials
    422 invalid-request: /credentials: these credentials are for the kind `servicebus`, but the URL is of the kind `sqs`
    422 invalid-request: /credentials: expected an object, got null; leave the field out instead
    pubsub://projects/example-project/topics/mail-events {"client_email":"mail@example-project.iam.gserviceaccount.com","kind":"pubsub","private_key_id":"0123456789abcdef0123456789abcdef01234567"}
    https://example.com/hook null
    422 invalid-request: /credentials: an HTTPS URL takes no credentials here; put user and password into the URL, or a token into `headers`
    422 invalid-request: /credentials: is required: deliveries to a stream of the kind `pubsub` are sent with your own credentials
    servicebus://contoso.servicebus.windows.net/mail-events {"key_name":"send-only","kind":"servicebus"}
    "#);
}

#[tokio::test]
async fn a_key_of_another_account_changes_what_is_stored() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let path = made(&tenant, &json!({ "url": TOPIC, "credentials": Google::service_account() })).await;
    let other = with(Google::service_account(), &json!({ "private_key": STRANGE_KEY }));
    assert_eq!(tenant.patch(&path, &json!({ "credentials": other })).await.status, 200);
    let id = path.rsplit('/').next().unwrap().parse().unwrap();
    let stored = room.world.registry.webhooks.get(tenant.tenant_id(), id).await.unwrap().unwrap();
    let shared::stream::StreamCredentials::Pubsub(account) = stored.url.stream().unwrap().credentials() else {
        panic!("of another kind")
    };
    assert_eq!(account.private_key().expose(), STRANGE_KEY);
}

#[tokio::test]
async fn a_test_goes_to_a_stream_as_to_any_webhook() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let path = made(&tenant, &json!({ "url": ENTITY, "credentials": shared_key() })).await;
    assert_eq!(tenant.post(&format!("{path}/test"), &json!({ "eventType": "email.delivered" })).await.status, 202);
    let jobs = room.world.aws.sqs.messages(DELIVERIES);
    assert!(
        matches!(Job::from_json(&jobs[0].body), Ok(Job::Deliver(job)) if job.inline.as_ref().is_some_and(|event| event.test))
    );
}
