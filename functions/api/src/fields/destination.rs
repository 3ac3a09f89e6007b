//! Where a webhook's deliveries go, as a request says it: a URL, and for a stream credentials, which are written and
//! never shown.

use serde_json::{Value, json};
use shared::outbound::address_policy::AddressPolicy;
use shared::problem::Fault;
use shared::stream::pubsub::{InvalidServiceAccount, ServiceAccount};
use shared::stream::servicebus::{InvalidSharedKey, SharedKey};
use shared::stream::sqs::{AccessKey, InvalidAccessKey};
use shared::stream::{Stream, StreamCredentials};
use shared::webhook::{Destination, Target, UnfitCredentials, WebhookUrl};

use crate::http::body::{Faults, Fields, object, text};

/// Most characters of a URL, before it is parsed and bounded in bytes.
const MAX_URL: usize = 2048;
/// More characters than a secret may have, so that its own limit gives the answer.
const MAX_READ: usize = 10_000;
/// What [`WebhookUrl::masked`] shows instead of a password. Whoever sends a shown webhook back must not store it.
const MASK: &str = "***";

/// Which field tells what credentials are for, for the text of a refusal.
const FORMS: &str = "expected {\"access_key_id\", \"secret_access_key\", \"session_token\"?} for Amazon SQS, the JSON key \
                     of a service account for Google Pub/Sub, or {\"key_name\", \"key\"} for Azure Service Bus";

/// Where Google's tokens are to be had by exchange. We sign our own and call neither; a key that names another is not of
/// Google's making.
const TOKEN_URIS: [&str; 2] = ["https://oauth2.googleapis.com/token", "https://accounts.google.com/o/oauth2/token"];
/// What else stands in a service account's key as Google gives it. Nothing here is called or kept.
const NOT_KEPT: [&str; 5] =
    ["project_id", "client_id", "auth_uri", "auth_provider_x509_cert_url", "client_x509_cert_url"];

/// What `url` names.
pub(crate) fn target(value: Value, addresses: &AddressPolicy) -> Result<Target, Faults> {
    let target = Target::parse(&text(1..=MAX_URL)(value)?, addresses).map_err(|error| error.to_string())?;
    if let Target::Https(url) = &target {
        refuse_mask(url)?;
    }
    Ok(target)
}

/// A URL that is no stream.
pub(crate) fn https_url(value: Value, addresses: &AddressPolicy) -> Result<WebhookUrl, Faults> {
    match target(value, addresses)? {
        Target::Https(url) => Ok(url),
        Target::Stream(_) => {
            Err("expected an https:// URL; a stream can only be the `url` of a webhook of /api/v1/webhooks".into())
        }
    }
}

fn refuse_mask(url: &WebhookUrl) -> Result<(), Faults> {
    if url.as_url().password() == Some(MASK) {
        return Err("the password in it is masked; give the real one, or leave the field out".into());
    }
    Ok(())
}

/// `credentials`, whose fields tell what they are for.
pub(crate) fn credentials(value: Value) -> Result<StreamCredentials, Faults> {
    object(|fields| {
        if fields.has("access_key_id") || fields.has("secret_access_key") {
            access_key(fields).map(StreamCredentials::Sqs)
        } else if fields.has("private_key") || fields.has("client_email") {
            service_account(fields).map(StreamCredentials::Pubsub)
        } else if fields.has("key_name") || fields.has("key") {
            shared_key(fields).map(StreamCredentials::Servicebus)
        } else {
            fields.fault_here(FORMS);
            None
        }
    })(value)
}

/// No refusal repeats what was given: it may be a secret in the wrong field.
fn given(value: Value) -> Result<String, Faults> {
    text(0..=MAX_READ)(value)
}

fn access_key(fields: &mut Fields) -> Option<AccessKey> {
    let id = fields.required("access_key_id", given);
    let secret = fields.required("secret_access_key", given);
    let session_token = fields.optional("session_token", given);
    match AccessKey::new(&id?, &secret?, session_token.as_deref()) {
        Ok(key) => Some(key),
        Err(invalid) => {
            let field = match invalid {
                InvalidAccessKey::Id => "access_key_id",
                InvalidAccessKey::Secret => "secret_access_key",
                InvalidAccessKey::SessionToken => "session_token",
            };
            fields.fault(field, invalid.to_string());
            None
        }
    }
}

fn service_account(fields: &mut Fields) -> Option<ServiceAccount> {
    fields.required("type", |value| expect(value, &["service_account"]));
    fields.optional("token_uri", |value| expect(value, &TOKEN_URIS));
    fields.optional("universe_domain", |value| expect(value, &["googleapis.com"]));
    for name in NOT_KEPT {
        fields.optional(name, given);
    }
    let email = fields.required("client_email", given);
    let key_id = fields.required("private_key_id", given);
    let private_key = fields.required("private_key", given);
    match ServiceAccount::new(&email?, &key_id?, &private_key?) {
        Ok(account) => Some(account),
        Err(invalid) => {
            let field = match invalid {
                InvalidServiceAccount::Email => "client_email",
                InvalidServiceAccount::KeyId => "private_key_id",
                InvalidServiceAccount::PrivateKey => "private_key",
            };
            fields.fault(field, invalid.to_string());
            None
        }
    }
}

fn shared_key(fields: &mut Fields) -> Option<SharedKey> {
    let name = fields.required("key_name", given);
    let key = fields.required("key", given);
    match SharedKey::new(&name?, &key?) {
        Ok(key) => Some(key),
        Err(invalid) => {
            let field = match invalid {
                InvalidSharedKey::Name => "key_name",
                InvalidSharedKey::Key => "key",
            };
            fields.fault(field, invalid.to_string());
            None
        }
    }
}

fn expect(value: Value, words: &[&str]) -> Result<(), Faults> {
    let word = given(value)?;
    if words.contains(&word.as_str()) { Ok(()) } else { Err(format!("expected `{}`", words.join("` or `")).into()) }
}

/// Of a new webhook. `None`, and a fault noted, where URL and credentials do not belong together.
pub(crate) fn of_new(
    body: &mut Fields,
    target: Option<Target>,
    credentials: Option<StreamCredentials>,
    were_given: bool,
) -> Option<Destination> {
    // What is wrong with credentials that were given is noted; that they are missing would be one fault too many.
    if were_given && credentials.is_none() {
        return None;
    }
    let destination = Destination::new(target?, credentials);
    body.noted(destination.map_err(unfit))
}

/// Of a webhook that is stored.
pub(crate) fn changed(
    stored: &Destination,
    target: Option<&Target>,
    credentials: Option<&StreamCredentials>,
) -> Result<Destination, Vec<Fault>> {
    stored.changed(target, credentials).map_err(unfit)
}

fn unfit(unfit: UnfitCredentials) -> Vec<Fault> {
    vec![Fault::new("/credentials", unfit.to_string())]
}

/// What is shown of a stream's credentials: enough to know which they are.
pub(crate) fn shown(destination: &Destination) -> Option<Value> {
    destination.stream().map(|stream| {
        let kind = stream.kind().as_str();
        match stream {
            Stream::Sqs(_, key) => json!({ "kind": kind, "access_key_id": key.id() }),
            Stream::Pubsub(_, account) => {
                json!({ "kind": kind, "client_email": account.email(), "private_key_id": account.key_id() })
            }
            Stream::Servicebus(_, key) => json!({ "kind": kind, "key_name": key.name() }),
        }
    })
}
