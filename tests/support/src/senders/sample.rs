//! One body of each provider, and what it contains. It is a fixture, with a new id for each post.

use jiff::Timestamp;
use serde_json::Value;
use shared::event::EventType;
use shared::provider::Provider;

use crate::signers::{FORM, JSON};

/// Ten days, in seconds.
const TEN_DAYS: i64 = 10 * 24 * 3600;
/// The times in the samples of the providers whose signature never ends. Their old events are refused.
const OLD_TIMES: [&str; 2] = ["2016-01-27T14:59:38.237Z", "2026-09-12T18:42:56.000000Z"];
/// The same in Unix seconds.
const OLD_SECONDS: [&str; 2] = ["1461095211", "1461095246"];

/// A provider's body with its events. [`Sample::new`] has what most bodies contain.
pub(super) struct Sample {
    body: String,
    id: IdPlace,
    pub(super) recipient: &'static str,
    pub(super) types: &'static [EventType],
    pub(super) content_type: &'static str,
}

/// Where the id is by which the provider identifies the body's events.
enum IdPlace {
    /// Instead of this text.
    Text(&'static str),
    /// Instead of this JSON number.
    Number(&'static str),
    /// Outside the body: in a header, or in an envelope.
    Outside,
}

impl Sample {
    fn new(body: &str, id: IdPlace) -> Self {
        Self {
            body: body.to_owned(),
            id,
            recipient: "recipient@example.com",
            types: &[EventType::Delivered],
            content_type: JSON,
        }
    }

    /// The provider's sample. For SES it is the text inside the SNS message.
    pub(super) fn of(provider: Provider) -> Self {
        use IdPlace::{Number, Outside, Text};
        match provider {
            Provider::Mailgun => {
                Self::new(include_str!("../../../fixtures/mailgun/delivered.json"), Text("hTWCTD81RtiDN-..."))
            }
            Provider::Mailjet => Self {
                types: &[EventType::Opened],
                ..Self::new(include_str!("../../../fixtures/mailjet/open.json"), Number("12345678901234567"))
            },
            Provider::SendGrid => {
                Self::new(include_str!("../../../fixtures/sendgrid/delivered.json"), Text("nOSv8m0eTQ-vxvwNwt3fZQ"))
            }
            Provider::Resend => Self {
                recipient: "to@example.org",
                ..Self::new(include_str!("../../../fixtures/resend/delivered.json"), Outside)
            },
            Provider::Postmark => {
                let id = Text("883953f4-6105-42a2-a16a-77a8eac79483");
                Self::new(include_str!("../../../fixtures/postmark/delivery.json"), id)
            }
            Provider::Ses => {
                let envelope = include_str!("../../../fixtures/ses/notification_delivery.json");
                let envelope: Value = serde_json::from_str(envelope).unwrap_or_default();
                Self {
                    recipient: "jane@example.com",
                    content_type: "text/plain; charset=UTF-8",
                    ..Self::new(envelope["Message"].as_str().unwrap_or_default(), Outside)
                }
            }
            Provider::SparkPost => {
                let body = include_str!("../../../fixtures/sparkpost/injection_delivery.json");
                Self { types: &[EventType::Sent, EventType::Delivered], ..Self::new(body, Text("92356927693813856")) }
            }
            Provider::Brevo => Self {
                types: &[EventType::Sent],
                ..Self::new(include_str!("../../../fixtures/brevo/request.json"), Text("201803062010.27287306012"))
            },
            Provider::Mandrill => {
                let id = Text("abcdef012345789abcdef012345789");
                Self {
                    types: &[EventType::Sent],
                    content_type: FORM,
                    ..Self::new(include_str!("../../../fixtures/mandrill/send.form"), id)
                }
            }
            Provider::MailerSend => Self {
                types: &[EventType::Sent],
                ..Self::new(
                    include_str!("../../../fixtures/mailersend/v2_sent_recipient.json"),
                    Text("6aa59d304ab3f14ef03ccf50"),
                )
            },
            Provider::Generic | Provider::Own | Provider::Mailhooks => Self::new(
                r#"{"type":"email.delivered","email_id":"number@example.com","recipient":"recipient@example.com","timestamp":"2026-01-02T03:04:05Z"}"#,
                Text("number"),
            ),
        }
    }

    /// The body with this id, which has 24 digits, and with events of the days before `at`. All bodies of ten days have
    /// the same time: a repeated post has the same events.
    pub(super) fn body(&self, id: &str, at: Timestamp) -> String {
        let seconds = at.as_second().div_euclid(TEN_DAYS) * TEN_DAYS;
        let time = Timestamp::from_second(seconds).unwrap_or(at).to_string();
        let body = OLD_TIMES.iter().fold(self.body_of(id), |body, old| body.replace(old, &time));
        OLD_SECONDS.iter().fold(body, |body, old| body.replace(old, &seconds.to_string()))
    }

    fn body_of(&self, id: &str) -> String {
        match self.id {
            IdPlace::Text(sample) => self.body.replace(sample, id),
            // A JSON number cannot begin with a zero, and 17 digits are as many as Mailjet's ids have.
            IdPlace::Number(sample) => self.body.replace(sample, &format!("1{}", &id[8..])),
            IdPlace::Outside => self.body.clone(),
        }
    }
}
