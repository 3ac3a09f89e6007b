//! The credentials of a webhook's stream, as a part of its item.

use serde::{Deserialize, Serialize};

use super::{StoreError, word};
use domain::stream::pubsub::ServiceAccount;
use domain::stream::servicebus::SharedKey;
use domain::stream::sqs::AccessKey;
use domain::stream::{StreamCredentials, StreamKind};

/// Every kind has a name and a secret.
#[derive(Serialize, Deserialize)]
pub(super) struct StreamCredentialsItem {
    kind: String,
    /// The access key's id, the service account's address, or the policy's name.
    name: String,
    /// Only for a service account: the key's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key_id: Option<String>,
    secret: String,
    /// Only for a temporary access key: its session token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    session_token: Option<String>,
}

impl StreamCredentialsItem {
    /// The secrets by field.
    pub(super) fn secrets(&mut self) -> impl Iterator<Item = (&'static str, &mut String)> {
        let token = self.session_token.as_mut().map(|token| ("session_token", token));
        std::iter::once(("secret", &mut self.secret)).chain(token)
    }
}

impl From<&StreamCredentials> for StreamCredentialsItem {
    fn from(credentials: &StreamCredentials) -> Self {
        let (name, secret) = match credentials {
            StreamCredentials::Sqs(key) => (key.id(), key.secret()),
            StreamCredentials::Pubsub(account) => (account.email(), account.private_key()),
            StreamCredentials::Servicebus(key) => (key.name(), key.key()),
        };
        let (key_id, session_token) = match credentials {
            StreamCredentials::Sqs(key) => (None, key.session_token().map(|token| token.expose().to_owned())),
            StreamCredentials::Pubsub(account) => (Some(account.key_id().to_owned()), None),
            StreamCredentials::Servicebus(_) => (None, None),
        };
        Self {
            kind: credentials.kind().as_str().to_owned(),
            name: name.to_owned(),
            key_id,
            secret: secret.expose().to_owned(),
            session_token,
        }
    }
}

impl TryFrom<&StreamCredentialsItem> for StreamCredentials {
    type Error = StoreError;

    fn try_from(item: &StreamCredentialsItem) -> Result<Self, StoreError> {
        let StreamCredentialsItem { name, secret, session_token, .. } = item;
        Ok(match word(StreamKind::from_word(&item.kind))? {
            StreamKind::Sqs => {
                let key = AccessKey::new(name, secret, session_token.as_deref());
                Self::Sqs(key.map_err(StoreError::unreadable)?)
            }
            StreamKind::Pubsub => {
                Self::Pubsub(ServiceAccount::from_stored(name, item.key_id.as_deref().unwrap_or_default(), secret))
            }
            StreamKind::Servicebus => Self::Servicebus(SharedKey::new(name, secret).map_err(StoreError::unreadable)?),
        })
    }
}
