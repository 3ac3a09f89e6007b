//! How the posts of a source shall prove that they are genuine, as a request says it.

use serde_json::Value;
use shared::problem::Fault;
use shared::provider::{self, Provider};
use shared::secret::VerificationSecret;
use shared::source::Verification;

use crate::body::{Faults, Fields, flag, object, text};

/// More characters than a key may have, so that the key's own limit gives the answer.
const MAX_KEY_READ: usize = 10_000;

/// What was given of it.
#[derive(Debug)]
pub(super) struct Proof {
    verification: Option<Verification>,
    allow_unsigned: Option<bool>,
}

impl Proof {
    /// Reads `verification` and `allow_unsigned`.
    pub(super) fn read(body: &mut Fields) -> Self {
        Self {
            verification: body.optional("verification", object(verification)),
            allow_unsigned: body.optional("allow_unsigned", flag),
        }
    }

    /// For a new source: a provider that signs must be given its key, unless unsigned posts are allowed explicitly.
    pub(super) fn for_new_source_of(&self, provider: Provider) -> Result<Verification, Fault> {
        match (self.given_for(provider)?, wanted_field(provider), self.allow_unsigned) {
            (Some(verification), _, _) => Ok(verification),
            (None, None, _) | (None, Some(_), Some(true)) => Ok(Verification::Unsigned),
            (None, Some(field), None | Some(false)) => Err(Fault::new(
                "/verification",
                format!(
                    "{name} signs its posts: give {{\"{field}\": …}}, or say \"allow_unsigned\": true to take posts \
                     from whoever knows the ingest key",
                    name = provider.as_str()
                ),
            )),
        }
    }

    /// What was given, if it suits the provider; `None` when nothing was.
    pub(super) fn given_for(&self, provider: Provider) -> Result<Option<Verification>, Fault> {
        let wanted = wanted_field(provider);
        match (&self.verification, self.allow_unsigned) {
            (Some(_), Some(true)) => Err(Fault::new("/allow_unsigned", "contradicts `verification`; give one of them")),
            (Some(verification), _) if field_of(verification) == wanted => Ok(Some(verification.clone())),
            (Some(_), _) => Err(Fault::new("/verification", unsuited(provider, wanted))),
            (None, Some(true)) => Ok(Some(Verification::Unsigned)),
            (None, None | Some(false)) => Ok(None),
        }
    }
}

/// The field that holds the provider's key; `None` for those that do not sign.
fn wanted_field(provider: Provider) -> Option<&'static str> {
    match provider.proof()? {
        provider::Proof::SigningKey => Some("signing_key"),
        provider::Proof::PublicKey => Some("public_key"),
        provider::Proof::KeyAndUrl | provider::Proof::Topics | provider::Proof::IngestKey => None,
    }
}

fn field_of(verification: &Verification) -> Option<&'static str> {
    match verification {
        Verification::SigningKey(_) => Some("signing_key"),
        Verification::PublicKey(_) => Some("public_key"),
        Verification::KeyAndUrl { .. } | Verification::Topics(_) | Verification::Unsigned => None,
    }
}

fn unsuited(provider: Provider, wanted: Option<&str>) -> String {
    let name = provider.as_str();
    match wanted {
        Some(field) => format!("{name} is verified with a `{field}`"),
        None => format!("posts of {name} are not signed; leave it out"),
    }
}

fn verification(fields: &mut Fields) -> Option<Verification> {
    if !fields.has("signing_key") && !fields.has("public_key") {
        fields.fault_here("give `signing_key` or `public_key`, whichever the provider has");
    }
    let signing_key = fields.optional("signing_key", signing_key);
    let public_key = fields.optional("public_key", public_key);
    match (signing_key, public_key) {
        (Some(_), Some(_)) => {
            fields.fault("public_key", "give one of `signing_key` and `public_key`");
            None
        }
        (Some(key), None) => Some(Verification::SigningKey(key)),
        (None, Some(key)) => Some(Verification::PublicKey(key)),
        (None, None) => None,
    }
}

fn signing_key(value: Value) -> Result<VerificationSecret, Faults> {
    let key = VerificationSecret::parse(&text(0..=MAX_KEY_READ)(value)?);
    key.ok_or_else(|| format!("1 to {} bytes", VerificationSecret::MAX_LENGTH).into())
}

fn public_key(value: Value) -> Result<Vec<u8>, Faults> {
    let key = provider::parse_public_key(&text(0..=MAX_KEY_READ)(value)?);
    key.ok_or_else(|| {
        "expected a P-256 public key as base64 of its DER SubjectPublicKeyInfo, as SendGrid shows it".into()
    })
}
