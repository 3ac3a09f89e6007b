//! Every provider posts to the deployed template. A good post is delivered once, with a signature; a replayed post is
//! answered 200 and gives nothing new; a spoiled, an unsigned and an expired post are refused and give nothing.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use shared::provider::Provider;
use support::Receiver;
use support::receiver::Received;
use support::senders::Sender;
use support::signers::sendgrid::SigningKey;
use support::signers::{Signed, mailgun, sns};

use crate::stack::{Stack, Tenant, eventually};

fn now() -> Timestamp {
    shared::clock::Clock::default().now()
}

/// A tenant with a source and a webhook, the receiver of the webhook, and the provider's sender.
struct Scene<'a> {
    tenant: Tenant<'a>,
    receiver: Receiver,
    secret: String,
    sender: Sender,
    ingest_key: String,
    path: String,
}

impl<'a> Scene<'a> {
    async fn of(stack: &'a Stack, provider: Provider) -> Self {
        let tenant = stack.tenant().await;
        let receiver = Receiver::start().await.unwrap();
        let webhook = tenant.create("/api/v1/webhooks", json!({"url": receiver.url("/hook"), "events": ["*"]})).await;
        let sender = Sender::of(provider).unwrap();
        sender.sensitive().into_iter().for_each(Stack::sensitive);
        let source = tenant.create("/api/v1/sources", sender.settings()).await;
        let text = |of: &Value, name: &str| of[name].as_str().unwrap().to_owned();
        let (secret, path) = (text(&webhook, "secret"), text(&source, "ingest_path"));
        let ingest_key = path.rsplit('/').next().unwrap().to_owned();
        Stack::sensitive(&ingest_key);
        Self { tenant, receiver, secret, sender, ingest_key, path }
    }

    fn good(&self, number: u32, at: Timestamp) -> Signed {
        self.sender.post(&self.ingest_key, number, at).unwrap()
    }

    /// The types of the events delivered so far, sorted, without the tenant's own event `later`.
    fn delivered(&self, later: &str) -> Vec<String> {
        let mut received = self.receiver.received("/hook");
        received.retain(|request| request.webhook_id() != later);
        assert!(received.iter().all(|request| request.verifies_with(&self.secret)));
        types(&received)
    }
}

/// The types in the deliveries, sorted.
fn types(received: &[Received]) -> Vec<String> {
    let body = |request: &Received| serde_json::from_slice::<Value>(&request.body).unwrap();
    let mut types: Vec<_> = received.iter().map(|request| body(request)["type"].as_str().unwrap().to_owned()).collect();
    types.sort();
    types
}

async fn check(provider: Provider) {
    let stack = Stack::deployed();
    if provider == Provider::Ses {
        stack.know_certificate().await;
    }
    let scene = Scene::of(&stack, provider).await;
    let mut types: Vec<String> = scene.sender.types().iter().map(|one| one.as_str().to_owned()).collect();
    types.sort();

    let good = scene.good(1, now());
    for refused in [scene.sender.spoiled(good.clone()), scene.sender.unsigned(good.clone())] {
        assert_ne!(refused, good);
        let answer = stack.send(&scene.path, &refused).await;
        assert_eq!(answer.status, 401, "{answer:?}");
    }
    if let Some(good_for) = scene.sender.good_for() {
        let expired = scene.good(1, now() - good_for - SignedDuration::from_mins(1));
        assert_eq!(stack.send(&scene.path, &expired).await.status, 401);
    }
    assert_eq!(stack.send(&scene.path, &good).await.status, 200);
    eventually(60, "the deliveries", || async { (scene.delivered("").len() >= types.len()).then_some(()) }).await;

    // The provider sends the same post again. Then an event is sent afterwards: once that event is received, every
    // delivery that the retry or the refused posts had caused would have been received too.
    assert_eq!(stack.send(&scene.path, &good).await.status, 200);
    let later = scene.tenant.publish("after-the-retry").await;
    eventually(60, "the later event", || async {
        scene.receiver.received("/hook").iter().any(|request| request.webhook_id() == later).then_some(())
    })
    .await;
    assert_eq!(scene.delivered(&later), types);
}

/// One test for each provider, so that the tests run at the same time and fail under their own name.
macro_rules! providers {
    ($($name:ident: $provider:ident,)+) => {
        $(
            #[tokio::test]
            async fn $name() {
                check(Provider::$provider).await;
            }
        )+

        /// The compiler asks here for a provider that the list lacks.
        const _: fn(Provider) = |provider| match provider {
            $(Provider::$provider => {})+
            Provider::Own | Provider::Mailhooks => {}
        };
    };
}

providers! {
    mailgun: Mailgun,
    mailjet: Mailjet,
    sendgrid: SendGrid,
    resend: Resend,
    postmark: Postmark,
    ses: Ses,
    sparkpost: SparkPost,
    brevo: Brevo,
    mandrill: Mandrill,
    mailersend: MailerSend,
    generic: Generic,
}

#[tokio::test]
async fn a_batch_gives_one_delivery_for_each_event() {
    let stack = Stack::deployed();
    let tenant = stack.tenant().await;
    let receiver = Receiver::start().await.unwrap();
    tenant.create("/api/v1/webhooks", json!({"url": receiver.url("/hook"), "events": ["*"]})).await;
    let key = SigningKey::generate().unwrap();
    let public_key = BASE64_STANDARD.encode(key.public_key());
    let source = json!({"provider": "sendgrid", "verification": {"public_key": public_key}});
    let source = tenant.create("/api/v1/sources", source).await;
    Stack::sensitive("batch-e2e@example.com");
    let event = |name: &str, id: &str| {
        json!({"email": "batch-e2e@example.com", "timestamp": now().as_second(), "event": name, "sg_event_id": id,
               "sg_message_id": "14c5d75ce93.dfd.64b469.filter0001.16648.5515E0B88.0", "url": "https://example.com/"})
    };
    let batch = json!([event("delivered", "e1"), event("open", "e2"), event("click", "e3"), event("bounce", "e4")]);
    let post = key.sign(batch.to_string(), now()).unwrap();
    let answer = stack.send(source["ingest_path"].as_str().unwrap(), &post).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    eventually(30, "four deliveries", || async { (receiver.received("/hook").len() == 4).then_some(()) }).await;
    assert_eq!(
        types(&receiver.received("/hook")),
        ["email.bounced", "email.clicked", "email.delivered", "email.opened"]
    );
}

#[tokio::test]
async fn a_used_mailgun_token_brings_in_no_other_event() {
    const KEY: &str = "end-to-end-token-test-signing-key";
    let stack = Stack::deployed();
    let tenant = stack.tenant().await;
    Stack::sensitive(KEY);
    let source = json!({"provider": "mailgun", "verification": {"signing_key": KEY}});
    let source = tenant.create("/api/v1/sources", source).await;
    let path = source["ingest_path"].as_str().unwrap();
    let at = now();
    let token = "ef".repeat(25);
    let event = |id: &str| json!({"event": "opened", "id": id, "timestamp": at.as_second(), "recipient": "token-e2e@example.com"});
    Stack::sensitive("token-e2e@example.com");
    let (first, other) =
        (mailgun::json(KEY, &token, &event("first"), at), mailgun::json(KEY, &token, &event("other"), at));
    for (post, expected) in [(&first, 200), (&other, 401), (&first, 200)] {
        assert_eq!(stack.send(path, post).await.status, expected);
    }
    let events = tenant.get("/api/v1/events").await;
    assert_eq!(events["data"].as_array().map(Vec::len), Some(1), "{events}");
}

#[tokio::test]
async fn an_sns_topic_that_is_not_the_sources_is_refused() {
    let stack = Stack::deployed();
    stack.know_certificate().await;
    let scene = Scene::of(&stack, Provider::Ses).await;
    let foreign = sns::Topic::new().unwrap().named("arn:aws:sns:us-east-1:999999999999:SES_Events");
    let url = format!("https://{}/?Action=ConfirmSubscription&Token=0", sns::HOST);
    for post in [foreign.notification("1", "{}", now()), foreign.confirmation("1", &url, now())] {
        assert_eq!(stack.send(&scene.path, &post).await.status, 401);
    }
}
