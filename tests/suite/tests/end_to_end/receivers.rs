//! Receivers in Express and in Flask (`tests/systems`), written as the documentation of each system shows them. They
//! verify deliveries with the system's own signature, know each type by the system's own word, and refuse deliveries
//! that another secret signed. They use the system's official libraries and no code of this project.

use reqwest::Method;
use serde_json::{Value, json};
use shared::dialect::Dialect;
use shared::event::EventType;
use support::systems::{Framework, SystemReceiver, receiver_of};

use crate::stack::{Stack, Tenant, eventually, jiff_now};

/// The secret with which the receivers verify. Mailjet's receivers have a user and a password instead.
const SECRET: &str = "whsec_c2VjcmV0IG9mIHRoZSByZWNlaXZlcnMgaW4gdGVzdHM=";
const ANOTHER: &str = "whsec_YW5vdGhlciBzZWNyZXQsIHRoZWlycyBpdCBpcyBub3Q=";
const USER: &str = "mailjet";
const PASSWORD: &str = "password-of-the-receivers";
/// The domain of all recipients. The local part of each address is the type of the event.
const DOMAIN: &str = "@receivers.example";

/// The receivers of a dialect, and the settings of a webhook for them.
struct System {
    dialect: Dialect,
    /// The name of the receivers' files.
    name: &'static str,
    /// The status with which the receivers answer a delivery that is not genuine.
    refuses_with: u16,
}

impl System {
    fn of(dialect: Dialect) -> Self {
        let refuses_with = match dialect {
            Dialect::Standard
            | Dialect::Platform
            | Dialect::Mailgreet
            | Dialect::Mailjet
            | Dialect::MailjetV2
            | Dialect::Mailtura => 401,
            Dialect::Mailgun | Dialect::MailgunLegacy => 406,
        };
        Self { dialect, name: receiver_of(dialect), refuses_with }
    }

    async fn receiver(&self, framework: Framework) -> SystemReceiver {
        let settings = [("WEBHOOK_SECRET", SECRET), ("WEBHOOK_USER", USER), ("WEBHOOK_PASSWORD", PASSWORD)];
        SystemReceiver::start(framework, self.name, &settings).await.unwrap()
    }

    /// A webhook for such a receiver. Mailjet's receivers know the sender by the credentials in the URL.
    fn webhook(&self, receiver: &SystemReceiver, secret: &str, events: &str) -> Value {
        let mut settings = json!({"dialect": self.dialect.as_str(), "events": [events], "secret": secret});
        settings["url"] = match (self.name, secret) {
            ("mailjet", SECRET) => receiver.url(&format!("{USER}:{PASSWORD}@")),
            ("mailjet", _) => receiver.url(&format!("{USER}:another@")),
            (_, _) => receiver.url(""),
        }
        .into();
        if self.dialect.takes_arrays() {
            settings["batch"] = json!(10);
        }
        settings
    }

    fn types(&self) -> Vec<EventType> {
        EventType::ALL.iter().copied().filter(|event_type| self.dialect.name(*event_type).is_some()).collect()
    }
}

/// An event of every type that can be published, with texts that JavaScript and Python write in several ways.
fn one_of_each() -> Value {
    let event = |event_type: &EventType| {
        json!({
            "type": event_type.as_str(), "id": event_type.as_str(), "timestamp": jiff_now(), "recipient": format!("{}{DOMAIN}", event_type.as_str()),
            "message_id": "20547673299877", "campaign_id": "Größe/XL", "subscriber_id": "s-17", "tags": ["ä/ö", "two"],
            "subject": "Grüße \u{2028} aus \"Ulm\" </b> 😀", "sending_domain": "example.com",
            "metadata": {"first_name": "Zoë", "last_name": "O'Neill \\ 😀", "source": "a/b", "n": [1.5, 1e21, -0.0]},
            "bounce": {"type": "hard", "smtp_code": 550, "enhanced_code": "5.1.1", "diagnostic": "550 kein „Ä“ / \"😀\""},
            "reject": {"reason": "suppressed"}, "click": {"url": "https://example.com/ü?a=1&b=%2F#\"c\""},
            "client": {"ip": "203.0.113.7", "user_agent": "Mozilla/5.0 (ä; \"b\")", "geo": {"country": "DE", "city": "Ulm"}},
        })
    };
    EventType::ALL.iter().map(event).collect()
}

/// A receiver, a webhook for it, and a second webhook that signs with another secret.
struct Side<'a> {
    tenant: &'a Tenant<'a>,
    receiver: SystemReceiver,
    webhook: String,
    forged: String,
}

impl<'a> Side<'a> {
    async fn of(tenant: &'a Tenant<'a>, system: &System, framework: Framework) -> Self {
        let receiver = system.receiver(framework).await;
        let mut webhooks = Vec::new();
        for (secret, events) in [(SECRET, "*"), (ANOTHER, "email.delivered")] {
            let webhook = tenant.create("/api/v1/webhooks", system.webhook(&receiver, secret, events)).await;
            webhooks.push(webhook["id"].as_str().unwrap().to_owned());
        }
        let [webhook, forged] = webhooks.try_into().unwrap();
        Self { tenant, receiver, webhook, forged }
    }

    /// The lines that the receiver printed, once all `count` deliveries are delivered.
    async fn said(&self, count: usize) -> Vec<String> {
        let path = format!("/api/v1/webhooks/{}/deliveries?limit=100", self.webhook);
        eventually(60, "every delivery is delivered", || async {
            let page = self.tenant.get(&path).await;
            let states = page["data"].as_array().unwrap().iter().map(|delivery| &delivery["state"]);
            (states.filter(|state| *state == "delivered").count() == count).then_some(())
        })
        .await;
        eventually(10, "a line of the receiver for each", || async {
            let said = self.receiver.said();
            (said.len() >= count).then_some(said)
        })
        .await
    }

    /// The receiver understands a test event of each type as an event of that type.
    async fn takes_tests(&self, types: &[EventType], said: &[String]) {
        for event_type in types {
            let test = json!({"eventType": event_type.as_str()});
            let path = format!("/api/v1/webhooks/{}/test", self.webhook);
            let answer = self.tenant.call(Method::POST, &path, Some(test)).await;
            assert_eq!(answer.status, 202, "{answer:?}");
        }
        let twice = said.iter().chain(said).map(|line| kind(line));
        let all = self.said(2 * types.len()).await;
        assert_eq!(sorted(all.iter().map(|line| kind(line))), sorted(twice), "{all:?}");
    }

    /// A delivery that another secret signed is refused, and is not attempted again.
    async fn refuses_forgeries(&self, status: u16) {
        let path = format!("/api/v1/webhooks/{}", self.forged);
        let attempt = eventually(60, "an attempt with another secret", || async {
            let page = self.tenant.get(&format!("{path}/deliveries")).await;
            page["data"][0]["last_attempt"].as_object().cloned()
        })
        .await;
        assert_eq!((&attempt["outcome"], &attempt["status"]), (&json!("refused_status"), &json!(status)));
        assert_eq!(self.tenant.call(Method::DELETE, &path, None).await.status, 204);
    }
}

/// The word in a line that names the type.
fn kind(line: &str) -> &str {
    line.split(' ').next().unwrap_or_default()
}

fn sorted<'a>(words: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut words: Vec<_> = words.collect();
    words.sort_unstable();
    words
}

/// The lines that the receivers of a dialect print about one event of each type. Both frameworks print the same lines.
async fn understood(dialect: Dialect) -> String {
    for sensitive in [SECRET, ANOTHER, PASSWORD, DOMAIN] {
        Stack::sensitive(sensitive);
    }
    let stack = Stack::deployed();
    let (tenant, system) = (stack.tenant().await, System::of(dialect));
    let types = system.types();
    let express = Side::of(&tenant, &system, Framework::Express).await;
    let flask = Side::of(&tenant, &system, Framework::Flask).await;
    let published = tenant.call(Method::POST, "/api/v1/events", Some(one_of_each())).await;
    assert_eq!(published.status, 200, "{published:?}");

    let said = express.said(types.len()).await;
    assert_eq!(said, flask.said(types.len()).await);
    for side in [&express, &flask] {
        side.takes_tests(&types, &said).await;
        side.refuses_forgeries(system.refuses_with).await;
    }
    said.join("\n")
}

#[tokio::test]
async fn of_standard() {
    insta::assert_snapshot!(understood(Dialect::Standard).await, @r##"
    bounced (hard) from email.bounced@receivers.example: 550 kein „Ä“ / "😀"
    clicked by email.clicked@receivers.example: https://example.com/ü?a=1&b=%2F#"c"
    complaint of email.complained@receivers.example
    deferred for email.deferred@receivers.example: 550 kein „Ä“ / "😀"
    delivered to email.delivered@receivers.example
    failed for email.failed@receivers.example: suppressed
    new subscriber subscriber.created@receivers.example: Zoë O'Neill \ 😀
    opened by email.opened@receivers.example with Mozilla/5.0 (ä; "b")
    rejected for email.rejected@receivers.example: suppressed
    sent to email.sent@receivers.example
    something happened to an email to email.unknown@receivers.example
    subscribed: email.subscribed@receivers.example
    subscriber s-17 left: subscriber.unsubscribed@receivers.example
    unsubscribed by email: email.unsubscribed@receivers.example
    "##);
}

#[tokio::test]
async fn of_the_platform() {
    insta::assert_snapshot!(understood(Dialect::Platform).await, @r##"
    bounced (hard) from email.bounced@receivers.example: 550 kein „Ä“ / "😀"
    clicked by email.clicked@receivers.example: https://example.com/ü?a=1&b=%2F#"c"
    complaint of email.complained@receivers.example
    delivered to email.delivered@receivers.example
    opened by email.opened@receivers.example with Mozilla/5.0 (ä; "b")
    unsubscribed: email.unsubscribed@receivers.example
    unsubscribed: subscriber.unsubscribed@receivers.example
    "##);
}

#[tokio::test]
async fn of_mailgreet() {
    insta::assert_snapshot!(understood(Dialect::Mailgreet).await, @r##"
    bounced (hard) from email.bounced@receivers.example: 550 kein „Ä“ / "😀"
    clicked by email.clicked@receivers.example: https://example.com/ü?a=1&b=%2F#"c"
    complaint of email.complained@receivers.example
    delivered to email.delivered@receivers.example
    new subscriber subscriber.created@receivers.example: Zoë O'Neill \ 😀 (a/b)
    opened by email.opened@receivers.example with Mozilla/5.0 (ä; "b")
    unsubscribed: email.unsubscribed@receivers.example
    unsubscribed: subscriber.unsubscribed@receivers.example
    "##);
}

#[tokio::test]
async fn of_mailjet() {
    insta::assert_snapshot!(understood(Dialect::Mailjet).await, @r##"
    blocked for email.failed@receivers.example: mailjet, preblocked
    blocked for email.rejected@receivers.example: mailjet, preblocked
    bounced (hard) from email.bounced@receivers.example: user unknown
    clicked by email.clicked@receivers.example: https://example.com/ü?a=1&b=%2F#"c"
    complaint of email.complained@receivers.example
    delivered to email.delivered@receivers.example, message 20547673299877: 550 kein „Ä“ / "😀"
    opened by email.opened@receivers.example with Mozilla/5.0 (ä; "b") in DE
    unsubscribed: email.unsubscribed@receivers.example
    unsubscribed: subscriber.unsubscribed@receivers.example
    "##);
}

#[tokio::test]
async fn of_mailjet_version_2() {
    insta::assert_snapshot!(understood(Dialect::MailjetV2).await, @r##"
    blocked for email.failed@receivers.example: mailjet, preblocked
    blocked for email.rejected@receivers.example: mailjet, preblocked
    bounced (hard) from email.bounced@receivers.example: user unknown
    clicked by email.clicked@receivers.example: https://example.com/ü?a=1&b=%2F#"c"
    complaint of email.complained@receivers.example
    delivered to email.delivered@receivers.example, message 20547673299877: 550 kein „Ä“ / "😀"
    opened by email.opened@receivers.example with Mozilla/5.0 (ä; "b") in DE
    unsubscribed: email.unsubscribed@receivers.example
    unsubscribed: subscriber.unsubscribed@receivers.example
    "##);
}

#[tokio::test]
async fn of_mailgun() {
    insta::assert_snapshot!(understood(Dialect::Mailgun).await, @r##"
    clicked by email.clicked@receivers.example: https://example.com/ü?a=1&b=%2F#"c"
    complaint of email.complained@receivers.example
    delivered to email.delivered@receivers.example
    opened by email.opened@receivers.example with Mozilla/5.0 (ä; "b")
    permanent failure for email.bounced@receivers.example: 550 kein „Ä“ / "😀"
    permanent failure for email.failed@receivers.example: 550 kein „Ä“ / "😀"
    rejected for email.rejected@receivers.example
    sent to email.sent@receivers.example
    temporary failure for email.deferred@receivers.example: 550 kein „Ä“ / "😀"
    unsubscribed: email.unsubscribed@receivers.example
    unsubscribed: subscriber.unsubscribed@receivers.example
    "##);
}

#[tokio::test]
async fn of_mailguns_legacy_form() {
    insta::assert_snapshot!(understood(Dialect::MailgunLegacy).await, @r##"
    bounced (550) from email.bounced@receivers.example: 550 kein „Ä“ / "😀"
    clicked by email.clicked@receivers.example: https://example.com/ü?a=1&b=%2F#"c"
    complaint of email.complained@receivers.example
    deferred for email.deferred@receivers.example: 550 kein „Ä“ / "😀"
    delivered to email.delivered@receivers.example
    dropped for email.failed@receivers.example: hardfail
    dropped for email.rejected@receivers.example: hardfail
    opened by email.opened@receivers.example with Mozilla/5.0 (ä; "b") in Ulm
    sent to email.sent@receivers.example
    unsubscribed: email.unsubscribed@receivers.example
    unsubscribed: subscriber.unsubscribed@receivers.example
    "##);
}

#[tokio::test]
async fn of_mailtura() {
    insta::assert_snapshot!(understood(Dialect::Mailtura).await, @r##"
    bounced (hard, 550 5.1.1) from email.bounced@receivers.example: 550 kein „Ä“ / "😀"
    clicked by email.clicked@receivers.example: https://example.com/ü?a=1&b=%2F#"c"
    complaint of email.complained@receivers.example
    delivered to email.delivered@receivers.example
    failed for email.failed@receivers.example: 550 kein „Ä“ / "😀"
    failed for email.rejected@receivers.example: 550 kein „Ä“ / "😀"
    opened by email.opened@receivers.example with Mozilla/5.0 (ä; "b")
    sent to email.sent@receivers.example
    "##);
}
