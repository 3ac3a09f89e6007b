//! The fields `verification` and `allow_unsigned`: how posts of a source are verified. Which fields a request may give
//! follows from the provider.

use serde_json::Value;
use shared::provider::{self, Proof, Provider};
use shared::secret::VerificationSecret;
use shared::source::{ConfiguredUrl, IngestKey, Source, TopicArn, Verification};

use crate::http::body::{Fields, flag, list, object, text};
use crate::http::field_errors::FieldErrors;

/// Maximum characters that are read of a key or a URL. Reason: more than these may have, so that their own limits make
/// the error.
const MAX_READ: usize = 10_000;

/// What a verification is read for.
pub(super) struct Setting<'a> {
    pub(super) provider: Provider,
    /// The source that the request changes; `None` for a new one.
    pub(super) stored: Option<&'a Source>,
    /// The base URL of the API; empty when it is not known.
    pub(super) public_url: &'a str,
}

/// Reads `verification` and `allow_unsigned`. Gives `None` when an error was added, or when the provider is not known.
/// For a provider that signs, a request must give a key, or allow unsigned posts explicitly.
pub(super) fn read(body: &mut Fields, setting: Option<&Setting<'_>>) -> Option<Verification> {
    let allow_unsigned = body.optional("allow_unsigned", flag);
    let is_given = body.has("verification");
    let given = body.optional("verification", |value| setting.map(|setting| setting.verification(value)).transpose());
    let setting = setting?;
    match (is_given, allow_unsigned) {
        (true, Some(true)) => {
            body.error("allow_unsigned", "contradicts `verification`; give only one of the two");
            None
        }
        (true, Some(false) | None) => given.flatten(),
        (false, Some(true)) => Some(Verification::Unsigned),
        (false, said @ (Some(false) | None)) => {
            let kept = setting.kept(said == Some(false));
            kept.map_err(|errors| body.error("verification", errors)).ok()
        }
    }
}

impl Setting<'_> {
    /// The verification of a source for which the request gives none.
    fn kept(&self, must_be_signed: bool) -> Result<Verification, FieldErrors> {
        let Some(example) = self.example() else { return Ok(Verification::Unsigned) };
        match self.stored.map(|stored| &stored.trust.verification) {
            Some(Verification::Unsigned) if must_be_signed => Err(self.missing(example)),
            Some(stored) => Ok(stored.clone()),
            None => Err(self.missing(example)),
        }
    }

    fn missing(&self, example: &str) -> FieldErrors {
        format!(
            "{name} signs its posts: give {example}, or \"allow_unsigned\": true to accept posts from everybody who \
             knows the ingest key",
            name = self.provider.as_str()
        )
        .into()
    }

    /// What a request gives to verify the provider; `None` for providers that do not sign.
    fn example(&self) -> Option<&'static str> {
        match self.provider.proof()? {
            Proof::SigningKey => Some(r#"{"signing_key": …}"#),
            Proof::PublicKey => Some(r#"{"public_key": …}"#),
            Proof::KeyAndUrl => Some(r#"{"signing_key": …, "url": …}"#),
            Proof::Topics => Some(r#"{"topic_arns": […]}"#),
            Proof::IngestKey => None,
        }
    }

    fn verification(&self, value: Value) -> Result<Verification, FieldErrors> {
        let unsigned = || {
            let name = self.provider.as_str();
            format!("{name} does not sign its posts; leave this field out, and see `credentials` and `networks`").into()
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

    /// A request about a source that has both already may change only one of them.
    fn key_and_url(&self, fields: &mut Fields) -> Option<Verification> {
        let (stored_key, stored_url) = match self.stored.map(|stored| &stored.trust.verification) {
            Some(Verification::KeyAndUrl { key, url }) => (Some(key.clone()), Some(url.clone())),
            _ => (None, None),
        };
        if stored_key.is_none() {
            fields.require("signing_key");
        } else if !fields.has("signing_key") && !fields.has("url") {
            fields.error_here("give `signing_key`, `url` or both");
        }
        let usual_url = stored_url.or_else(|| ConfiguredUrl::of_ingest(self.public_url));
        if usual_url.is_none() && !fields.has("url") {
            fields.error(
                "url",
                "is required, because this stack does not know its public URL: give the URL exactly as in the \
                 provider's settings, with {ingest_key} in place of the ingest key",
            );
        }
        let key = fields.optional("signing_key", |value| self.signing_key(value)).or(stored_key);
        let url = fields.optional("url", |value| self.url(value)).or(usual_url);
        Some(Verification::KeyAndUrl { key: key?, url: url? })
    }

    /// A URL without its ingest key: an ingest key is stored nowhere.
    fn url(&self, value: Value) -> Result<ConfiguredUrl, FieldErrors> {
        let url = ConfiguredUrl::parse(&text(0..=MAX_READ)(value)?).ok_or(
            "expected an http:// or https:// URL of at most 2048 bytes, exactly as in the provider's settings",
        )?;
        let url = self.stored.map_or(url.clone(), |stored| url.without_key(&stored.ingest_key));
        if url.expose().contains(IngestKey::PREFIX) {
            return Err("the ingest key in it is not this source's; write {ingest_key} in its place".into());
        }
        Ok(url)
    }

    fn signing_key(&self, value: Value) -> Result<VerificationSecret, FieldErrors> {
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

fn public_key(value: Value) -> Result<Vec<u8>, FieldErrors> {
    let key = provider::parse_public_key(&text(0..=MAX_READ)(value)?);
    key.ok_or_else(|| {
        "expected a P-256 public key as base64 of its DER SubjectPublicKeyInfo, as SendGrid shows it".into()
    })
}

fn topics(value: Value) -> Result<Vec<TopicArn>, FieldErrors> {
    let topics = list(Verification::MAX_TOPICS, topic)(value)?;
    if topics.is_empty() {
        Err("name at least one topic; only posts of named topics are accepted".into())
    } else {
        Ok(topics)
    }
}

fn topic(value: Value) -> Result<TopicArn, FieldErrors> {
    TopicArn::parse(&text(0..=MAX_READ)(value)?).ok_or_else(|| {
        "expected the ARN of an SNS topic, as in `arn:aws:sns:eu-central-1:123456789012:ses-events`".into()
    })
}
