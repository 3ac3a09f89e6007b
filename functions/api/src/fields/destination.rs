//! The fields `url` and `credentials`: where a webhook's deliveries go. Only a stream has credentials; answers never
//! show them.

use serde_json::{Value, json};
use shared::address_policy::AddressPolicy;
use shared::stream::pubsub::{InvalidServiceAccount, ServiceAccount};
use shared::stream::servicebus::{InvalidSharedKey, SharedKey};
use shared::stream::sqs::{AccessKey, InvalidAccessKey};
use shared::stream::{Stream, StreamCredentials};
use shared::webhook::{Destination, DestinationUrl, UnfitCredentials, WebhookUrl};

use crate::http::body::{Fields, object, text};
use crate::http::field_errors::FieldErrors;

/// Maximum characters of a URL before it is parsed. Its maximum in bytes is checked when it is parsed.
const MAX_URL: usize = 2048;
/// Maximum characters that are read of a secret. Reason: more than a secret may have, so that the secret's own limit
/// makes the error.
const MAX_READ: usize = 10_000;
/// What [`WebhookUrl::masked`] shows instead of a password. A client may send a webhook back as it was shown; the mask
/// must not be stored then.
const MASK: &str = "***";

/// The fields that credentials for each kind of stream have.
const FORMS: &str = "expected {\"access_key_id\", \"secret_access_key\", \"session_token\"?} for Amazon SQS, the \
                     JSON key of a service account for Google Pub/Sub, or {\"key_name\", \"key\"} for Azure Service \
                     Bus";

/// Where Google exchanges a key for a token. We sign our own tokens and call neither URL. A key that names another URL
/// does not come from Google.
const TOKEN_URIS: [&str; 2] = ["https://oauth2.googleapis.com/token", "https://accounts.google.com/o/oauth2/token"];
/// Other fields of a service account's key as Google makes it. We do not use or keep them.
const NOT_KEPT: [&str; 5] =
    ["project_id", "client_id", "auth_uri", "auth_provider_x509_cert_url", "client_x509_cert_url"];

/// The field `url`: a URL, or the name of a stream.
pub(crate) fn target(value: Value, addresses: &AddressPolicy) -> Result<DestinationUrl, FieldErrors> {
    let target = DestinationUrl::parse(&text(1..=MAX_URL)(value)?, addresses).map_err(|error| error.to_string())?;
    if let DestinationUrl::Https(url) = &target {
        refuse_mask(url)?;
    }
    Ok(target)
}

/// A URL that is not the name of a stream.
pub(crate) fn https_url(value: Value, addresses: &AddressPolicy) -> Result<WebhookUrl, FieldErrors> {
    match target(value, addresses)? {
        DestinationUrl::Https(url) => Ok(url),
        DestinationUrl::Stream(_) => {
            Err("expected an https:// URL; only the `url` of a webhook at /api/v1/webhooks can name a stream".into())
        }
    }
}

fn refuse_mask(url: &WebhookUrl) -> Result<(), FieldErrors> {
    if url.as_url().password() == Some(MASK) {
        return Err("the password in it is masked; give the real password, or leave the field out".into());
    }
    Ok(())
}

/// The field `credentials`. Its own fields tell which kind of stream they are for.
pub(crate) fn credentials(value: Value) -> Result<StreamCredentials, FieldErrors> {
    object(|fields| {
        if fields.has("access_key_id") || fields.has("secret_access_key") {
            access_key(fields).map(StreamCredentials::Sqs)
        } else if fields.has("private_key") || fields.has("client_email") {
            service_account(fields).map(StreamCredentials::Pubsub)
        } else if fields.has("key_name") || fields.has("key") {
            shared_key(fields).map(StreamCredentials::Servicebus)
        } else {
            fields.error_here(FORMS);
            None
        }
    })(value)
}

/// Text of which no error repeats anything: it may be a secret in the wrong field.
fn secret_text(value: Value) -> Result<String, FieldErrors> {
    text(0..=MAX_READ)(value)
}

fn access_key(fields: &mut Fields) -> Option<AccessKey> {
    let id = fields.required("access_key_id", secret_text);
    let secret = fields.required("secret_access_key", secret_text);
    let session_token = fields.optional("session_token", secret_text);
    match AccessKey::new(&id?, &secret?, session_token.as_deref()) {
        Ok(key) => Some(key),
        Err(invalid) => {
            let field = match invalid {
                InvalidAccessKey::Id => "access_key_id",
                InvalidAccessKey::Secret => "secret_access_key",
                InvalidAccessKey::SessionToken => "session_token",
            };
            fields.error(field, invalid.to_string());
            None
        }
    }
}

fn service_account(fields: &mut Fields) -> Option<ServiceAccount> {
    fields.required("type", |value| expect(value, &["service_account"]));
    fields.optional("token_uri", |value| expect(value, &TOKEN_URIS));
    fields.optional("universe_domain", |value| expect(value, &["googleapis.com"]));
    for name in NOT_KEPT {
        fields.optional(name, secret_text);
    }
    let email = fields.required("client_email", secret_text);
    let key_id = fields.required("private_key_id", secret_text);
    let private_key = fields.required("private_key", secret_text);
    match ServiceAccount::new(&email?, &key_id?, &private_key?) {
        Ok(account) => Some(account),
        Err(invalid) => {
            let field = match invalid {
                InvalidServiceAccount::Email => "client_email",
                InvalidServiceAccount::KeyId => "private_key_id",
                InvalidServiceAccount::PrivateKey => "private_key",
            };
            fields.error(field, invalid.to_string());
            None
        }
    }
}

fn shared_key(fields: &mut Fields) -> Option<SharedKey> {
    let name = fields.required("key_name", secret_text);
    let key = fields.required("key", secret_text);
    match SharedKey::new(&name?, &key?) {
        Ok(key) => Some(key),
        Err(invalid) => {
            let field = match invalid {
                InvalidSharedKey::Name => "key_name",
                InvalidSharedKey::Key => "key",
            };
            fields.error(field, invalid.to_string());
            None
        }
    }
}

fn expect(value: Value, words: &[&str]) -> Result<(), FieldErrors> {
    let word = secret_text(value)?;
    if words.contains(&word.as_str()) { Ok(()) } else { Err(format!("expected `{}`", words.join("` or `")).into()) }
}

/// The destination of a new webhook. Gives `None` after an error was added: URL and credentials do not fit, or one of
/// them is wrong.
pub(crate) fn of_new(
    body: &mut Fields,
    target: Option<DestinationUrl>,
    credentials: Option<StreamCredentials>,
    were_given: bool,
) -> Option<Destination> {
    // The errors of given credentials are added already. A second error that they are missing would be wrong.
    if were_given && credentials.is_none() {
        return None;
    }
    let destination = Destination::new(target?, credentials);
    body.check(destination.map_err(unfit))
}

/// The destination of a stored webhook after a change.
pub(crate) fn changed(
    stored: &Destination,
    target: Option<&DestinationUrl>,
    credentials: Option<&StreamCredentials>,
) -> Result<Destination, FieldErrors> {
    stored.changed(target, credentials).map_err(unfit)
}

fn unfit(unfit: UnfitCredentials) -> FieldErrors {
    FieldErrors::at("/credentials", unfit.to_string())
}

/// What answers show of a stream's credentials: enough to recognise them.
pub(crate) fn credentials_view(destination: &Destination) -> Option<Value> {
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
