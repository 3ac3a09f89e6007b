//! What a provider signs with. Which of it a request can give follows from the provider.

use serde_json::Value;
use shared::provider::{self, Proof, Provider};
use shared::secret::VerificationSecret;
use shared::source::{ConfiguredUrl, IngestKey, Source, TopicArn, Verification};

use crate::http::body::{Faults, Fields, flag, list, object, text};

/// More characters than a key or a URL may have, so that their own limits give the answer.
const MAX_READ: usize = 10_000;

/// What is known when a verification is read.
pub(super) struct Setting<'a> {
    pub(super) provider: Provider,
    /// The source that is changed; `None` for a new one.
    pub(super) stored: Option<&'a Source>,
    /// The base URL of the API; empty when it is not known.
    pub(super) public_url: &'a str,
}

/// Reads `verification` and `allow_unsigned`; `None` when a fault was noted, or there is no provider to read them for.
/// A provider that signs must be given its key, unless unsigned posts are allowed explicitly.
pub(super) fn read(body: &mut Fields, setting: Option<&Setting<'_>>) -> Option<Verification> {
    let allow_unsigned = body.optional("allow_unsigned", flag);
    let is_given = body.has("verification");
    let given = body.optional("verification", |value| setting.map(|setting| setting.verification(value)).transpose());
    let setting = setting?;
    match (is_given, allow_unsigned) {
        (true, Some(true)) => {
            body.fault("allow_unsigned", "contradicts `verification`; give one of them");
            None
        }
        (true, Some(false) | None) => given.flatten(),
        (false, Some(true)) => Some(Verification::Unsigned),
        (false, said @ (Some(false) | None)) => {
            let kept = setting.kept(said == Some(false));
            kept.map_err(|fault| body.fault("verification", fault)).ok()
        }
    }
}

impl Setting<'_> {
    /// The verification of a source for which none is given.
    fn kept(&self, must_be_signed: bool) -> Result<Verification, String> {
        let Some(example) = self.example() else { return Ok(Verification::Unsigned) };
        match self.stored.map(|stored| &stored.trust.verification) {
            Some(Verification::Unsigned) if must_be_signed => Err(self.missing(example)),
            Some(stored) => Ok(stored.clone()),
            None => Err(self.missing(example)),
        }
    }

    fn missing(&self, example: &str) -> String {
        format!(
            "{name} signs its posts: give {example}, or say \"allow_unsigned\": true to take posts from whoever knows \
             the ingest key",
            name = self.provider.as_str()
        )
    }

    /// What the provider is verified with, as a request gives it; `None` for those that do not sign.
    fn example(&self) -> Option<&'static str> {
        match self.provider.proof()? {
            Proof::SigningKey => Some(r#"{"signing_key": …}"#),
            Proof::PublicKey => Some(r#"{"public_key": …}"#),
            Proof::KeyAndUrl => Some(r#"{"signing_key": …, "url": …}"#),
            Proof::Topics => Some(r#"{"topic_arns": […]}"#),
            Proof::IngestKey => None,
        }
    }

    fn verification(&self, value: Value) -> Result<Verification, Faults> {
        let unsigned = || {
            let name = self.provider.as_str();
            format!("posts of {name} are not signed; leave it out, and see `credentials` and `networks`").into()
        };
        let read = |fields: &mut Fields| match self.provider.proof()? {
            Proof::SigningKey => {
                fields.required("signing_key", |value| self.signing_key(value)).map(Verification::SigningKey)
            }
            Proof::PublicKey => fields.required("public_key", public_key).map(Verification::PublicKey),
            Proof::KeyAndUrl => self.key_and_url(fields),
            Proof::Topics => fields.required("topic_arns", topics).map(Verification::Topics),
            Proof::IngestKey => None,
        };
        if self.example().is_some() { object(read)(value) } else { Err(unsigned()) }
    }

    /// Of a source that has both already, each can be changed alone.
    fn key_and_url(&self, fields: &mut Fields) -> Option<Verification> {
        let (stored_key, stored_url) = match self.stored.map(|stored| &stored.trust.verification) {
            Some(Verification::KeyAndUrl { key, url }) => (Some(key.clone()), Some(url.clone())),
            _ => (None, None),
        };
        if stored_key.is_none() {
            fields.demand("signing_key");
        } else if !fields.has("signing_key") && !fields.has("url") {
            fields.fault_here("give `signing_key`, `url` or both");
        }
        let usual_url = stored_url.or_else(|| ConfiguredUrl::of_ingest(self.public_url));
        if usual_url.is_none() && !fields.has("url") {
            fields.fault(
                "url",
                "is required, because this stack does not know its public URL: the URL exactly as in the provider's \
                 settings, with {ingest_key} in place of the ingest key",
            );
        }
        let key = fields.optional("signing_key", |value| self.signing_key(value)).or(stored_key);
        let url = fields.optional("url", |value| self.url(value)).or(usual_url);
        Some(Verification::KeyAndUrl { key: key?, url: url? })
    }

    /// A URL without its ingest key, which is stored nowhere.
    fn url(&self, value: Value) -> Result<ConfiguredUrl, Faults> {
        let url = ConfiguredUrl::parse(&text(0..=MAX_READ)(value)?).ok_or(
            "expected an http:// or https:// URL of at most 2048 bytes, exactly as in the provider's settings",
        )?;
        let url = self.stored.map_or(url.clone(), |stored| url.without_key(&stored.ingest_key));
        if url.expose().contains(IngestKey::PREFIX) {
            return Err("the ingest key in it is not this source's; write {ingest_key} in its place".into());
        }
        Ok(url)
    }

    fn signing_key(&self, value: Value) -> Result<VerificationSecret, Faults> {
        let given = text(0..=MAX_READ)(value)?;
        if given.trim() != given {
            return Err("begins or ends with white space; copy it again".into());
        }
        let key = VerificationSecret::parse(&given)
            .ok_or_else(|| format!("1 to {} bytes", VerificationSecret::MAX_LENGTH))?;
        if self.provider == Provider::Resend && provider::resend_key(&given).is_none() {
            return Err("expected the signing secret as Resend shows it: `whsec_` and base64".into());
        }
        Ok(key)
    }
}

fn public_key(value: Value) -> Result<Vec<u8>, Faults> {
    let key = provider::parse_public_key(&text(0..=MAX_READ)(value)?);
    key.ok_or_else(|| {
        "expected a P-256 public key as base64 of its DER SubjectPublicKeyInfo, as SendGrid shows it".into()
    })
}

fn topics(value: Value) -> Result<Vec<TopicArn>, Faults> {
    let topics = list(Verification::MAX_TOPICS, topic)(value)?;
    if topics.is_empty() { Err("at least one topic, from which posts are taken".into()) } else { Ok(topics) }
}

fn topic(value: Value) -> Result<TopicArn, Faults> {
    TopicArn::parse(&text(0..=MAX_READ)(value)?).ok_or_else(|| {
        "expected the ARN of an SNS topic, as in `arn:aws:sns:eu-central-1:123456789012:ses-events`".into()
    })
}
