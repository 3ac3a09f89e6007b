//! One sender for each provider: the settings of its source, and good, tampered, unsigned and expired posts, so that
//! one test can try all providers.

mod sample;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use shared::clock::random;
use shared::event::EventType;
use shared::provider::Provider;
use shared::secret::VerificationSecret;
use shared::source::{BasicPair, ConfiguredUrl, Credentials, TopicArn, Trust, Verification};

use self::sample::Sample;
use super::signers::sendgrid::SigningKey;
use super::signers::sns::{self, Topic};
use super::signers::{JSON, Signed, mailersend, mailgun, mandrill, resend, sendgrid};

/// The webhook URL in Mandrill's settings.
const MANDRILL_URL: &str = "https://hooks.example.com/api/webhooks/{ingest_key}?of=tests";

/// A provider's sender with its own keys.
#[derive(Debug)]
pub struct Sender {
    /// The provider that posts.
    pub provider: Provider,
    proof: Proof,
}

/// How the sender proves its identity.
#[derive(Debug)]
enum Proof {
    Mailgun { key: String },
    SendGrid(SigningKey),
    Resend { secret: String },
    Sns(Topic),
    Mandrill { key: String },
    MailerSend { secret: String },
    Basic { password: String },
    Bearer { token: String },
    Header { value: String },
}

impl Sender {
    /// One sender for each provider that a source can have.
    pub fn all() -> anyhow::Result<Vec<Self>> {
        Provider::of_sources().map(Self::of).collect()
    }

    /// A sender of this provider. For a provider that does not sign, the sender presents credentials of one kind or
    /// another.
    pub fn of(provider: Provider) -> anyhow::Result<Self> {
        let secret = hex::encode(random::<20>());
        let proof = match provider {
            Provider::Mailgun => Proof::Mailgun { key: secret },
            Provider::SendGrid => Proof::SendGrid(SigningKey::generate()?),
            Provider::Resend => Proof::Resend { secret: format!("whsec_{}", BASE64_STANDARD.encode(random::<32>())) },
            Provider::Ses => Proof::Sns(Topic::new()?),
            Provider::Mandrill => Proof::Mandrill { key: secret },
            Provider::MailerSend => Proof::MailerSend { secret },
            Provider::Mailjet | Provider::Brevo => Proof::Basic { password: secret },
            Provider::SparkPost | Provider::Generic => Proof::Bearer { token: secret },
            Provider::Postmark => Proof::Header { value: secret },
            Provider::Own | Provider::Mailhooks => anyhow::bail!("own events come with an API key"),
        };
        Ok(Self { provider, proof })
    }

    /// The trust settings of this sender's source.
    pub fn trust(&self) -> anyhow::Result<Trust> {
        let credentials = |credentials| Trust { credentials: Some(credentials), ..Trust::unsigned() };
        Ok(match &self.proof {
            Proof::Mailgun { key } => Trust::verified_by(Verification::SigningKey(secret(key)?)),
            Proof::Resend { secret: key } | Proof::MailerSend { secret: key } => {
                Trust::verified_by(Verification::SigningKey(secret(key)?))
            }
            Proof::SendGrid(key) => Trust::verified_by(Verification::PublicKey(key.public_key())),
            Proof::Sns(_) => Trust::verified_by(Verification::Topics(vec![
                TopicArn::parse(sns::TOPIC).ok_or(anyhow::anyhow!("a topic"))?,
            ])),
            Proof::Mandrill { key } => {
                let url = ConfiguredUrl::parse(MANDRILL_URL).ok_or(anyhow::anyhow!("a URL"))?;
                Trust::verified_by(Verification::KeyAndUrl { key: secret(key)?, url })
            }
            Proof::Basic { password } => {
                let pair = BasicPair { username: "mailhooks".to_owned(), password: secret(password)? };
                credentials(Credentials::Basic(vec![pair]))
            }
            Proof::Bearer { token } => credentials(Credentials::Bearer(vec![secret(token)?])),
            Proof::Header { value } => {
                credentials(Credentials::Header { name: "x-api-key".parse()?, values: vec![secret(value)?] })
            }
        })
    }

    /// This sender's trust settings, as the API's operation for creating a source expects them.
    pub fn settings(&self) -> Value {
        let word = self.provider.as_str();
        match &self.proof {
            Proof::Mailgun { key } | Proof::Resend { secret: key } | Proof::MailerSend { secret: key } => {
                json!({"provider": word, "verification": {"signing_key": key}})
            }
            Proof::SendGrid(key) => {
                let public_key = BASE64_STANDARD.encode(key.public_key());
                json!({"provider": word, "verification": {"public_key": public_key}})
            }
            Proof::Sns(_) => json!({"provider": word, "verification": {"topic_arns": [sns::TOPIC]}}),
            Proof::Mandrill { key } => {
                json!({"provider": word, "verification": {"signing_key": key, "url": MANDRILL_URL}})
            }
            Proof::Basic { password } => {
                json!({"provider": word, "credentials": {"basic": [{"username": "mailhooks", "password": password}]}})
            }
            Proof::Bearer { token } => json!({"provider": word, "credentials": {"bearer": [token]}}),
            Proof::Header { value } => {
                json!({"provider": word, "credentials": {"header": {"name": "x-api-key", "values": [value]}}})
            }
        }
    }

    /// Texts that no log may contain: the sender's secrets and the recipient's address.
    pub fn sensitive(&self) -> Vec<&str> {
        let secret = match &self.proof {
            Proof::Mailgun { key } | Proof::Mandrill { key } => Some(key),
            Proof::Resend { secret } | Proof::MailerSend { secret } => Some(secret),
            Proof::Basic { password } => Some(password),
            Proof::Bearer { token } => Some(token),
            Proof::Header { value } => Some(value),
            Proof::SendGrid(_) | Proof::Sns(_) => None,
        };
        [self.recipient()].into_iter().chain(secret.map(String::as_str)).collect()
    }

    /// The recipient of the events in the sender's posts.
    pub fn recipient(&self) -> &'static str {
        Sample::of(self.provider).recipient
    }

    /// The types of the events in each of the sender's posts.
    pub fn types(&self) -> &'static [EventType] {
        Sample::of(self.provider).types
    }

    /// How long a post is valid; `None` if it does not expire.
    pub fn good_for(&self) -> Option<SignedDuration> {
        match self.proof {
            Proof::Mailgun { .. } => Some(SignedDuration::from_hours(24)),
            Proof::SendGrid(_) => Some(SignedDuration::from_hours(36)),
            Proof::Resend { .. } => Some(SignedDuration::from_secs(300)),
            // SNS documents no maximum delay; replays are recognised by their ids.
            Proof::Sns(_)
            | Proof::Mandrill { .. }
            | Proof::MailerSend { .. }
            | Proof::Basic { .. }
            | Proof::Bearer { .. }
            | Proof::Header { .. } => None,
        }
    }

    /// A good post of the events with this number, sent at `at` to the source of `ingest_key`.
    pub fn post(&self, ingest_key: &str, number: u32, at: Timestamp) -> anyhow::Result<Signed> {
        self.changed_post(ingest_key, number, at, str::to_owned)
    }

    /// A post like [`Self::post`], whose body was changed before it was signed. For Mailgun, `change` gets the event
    /// alone.
    pub fn changed_post(
        &self,
        ingest_key: &str,
        number: u32,
        at: Timestamp,
        change: impl FnOnce(&str) -> String,
    ) -> anyhow::Result<Signed> {
        let id = format!("{number:024}");
        let body = Sample::of(self.provider).body(&id, at);
        let body = match &self.proof {
            Proof::Mailgun { .. } => change(&serde_json::from_str::<Value>(&body)?["event-data"].to_string()),
            _ => change(&body),
        };
        Ok(match &self.proof {
            Proof::Mailgun { key } => mailgun::json_of_text(key, &format!("{number:050}"), &body, at),
            Proof::SendGrid(key) => key.sign(body, at)?,
            Proof::Resend { secret } => resend::sign(secret, &format!("msg_{id}"), body, at),
            Proof::Sns(topic) => topic.notification(&id, &body, at),
            Proof::Mandrill { key } => mandrill::sign_form(key, &mandrill_url(ingest_key), body),
            Proof::MailerSend { secret } => mailersend::sign(secret, body),
            Proof::Basic { .. } | Proof::Bearer { .. } | Proof::Header { .. } => {
                let (name, value) = self.credentials(false).unwrap_or_default();
                Signed::plain(JSON, body).with(name, value)
            }
        })
    }

    /// A tampered post: the signed part is changed or, for a provider that does not sign, the credentials are.
    pub fn spoiled(&self, post: Signed) -> Signed {
        match &self.proof {
            Proof::Mailgun { .. } => post.spoiled(r#""token":"0"#, r#""token":"1"#),
            Proof::SendGrid(_)
            | Proof::Resend { .. }
            | Proof::Sns(_)
            | Proof::Mandrill { .. }
            | Proof::MailerSend { .. } => post.spoiled("example", "exempel"),
            Proof::Basic { .. } | Proof::Bearer { .. } | Proof::Header { .. } => {
                let (name, value) = self.credentials(true).unwrap_or_default();
                post.without(name).with(name, value)
            }
        }
    }

    /// A post without its signature or credentials.
    pub fn unsigned(&self, post: Signed) -> Signed {
        match &self.proof {
            Proof::Mailgun { .. } => post.spoiled(r#""signature":{"#, r#""signatur":{"#),
            Proof::SendGrid(_) => post.without(sendgrid::SIGNATURE).without(sendgrid::TIMESTAMP),
            Proof::Resend { .. } => post.without("svix-id").without("svix-timestamp").without("svix-signature"),
            Proof::Sns(_) => post.spoiled(r#""Signature":"#, r#""Signatur":"#),
            Proof::Mandrill { .. } => post.without("x-mandrill-signature"),
            Proof::MailerSend { .. } => post.without("signature"),
            Proof::Basic { .. } | Proof::Bearer { .. } => post.without("authorization"),
            Proof::Header { .. } => post.without("x-api-key"),
        }
    }

    /// The header with the sender's credentials, or with wrong ones; `None` if the sender signs.
    fn credentials(&self, others: bool) -> Option<(&'static str, String)> {
        let changed = |secret: &str| if others { format!("{secret}0") } else { secret.to_owned() };
        match &self.proof {
            Proof::Basic { password } => Some(("authorization", basic("mailhooks", &changed(password)))),
            Proof::Bearer { token } => Some(("authorization", format!("Bearer {}", changed(token)))),
            Proof::Header { value } => Some(("x-api-key", changed(value))),
            Proof::Mailgun { .. }
            | Proof::SendGrid(_)
            | Proof::Resend { .. }
            | Proof::Sns(_)
            | Proof::Mandrill { .. }
            | Proof::MailerSend { .. } => None,
        }
    }
}

/// The webhook URL of a source in Mandrill's settings. The URL is part of the signed text.
pub fn mandrill_url(ingest_key: &str) -> String {
    MANDRILL_URL.replace("{ingest_key}", ingest_key)
}

/// The value of an `Authorization` header with basic authentication.
pub fn basic(username: &str, password: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(format!("{username}:{password}")))
}

fn secret(text: &str) -> anyhow::Result<VerificationSecret> {
    VerificationSecret::parse(text).ok_or(anyhow::anyhow!("a secret"))
}

/// Content type of a provider's posts.
pub fn content_type(provider: Provider) -> &'static str {
    Sample::of(provider).content_type
}
