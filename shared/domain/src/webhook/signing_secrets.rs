//! The secrets that a webhook's deliveries are signed with.

use jiff::Timestamp;

use crate::secret::{PublicKey, SigningSecret};

/// The secrets that sign: the current one, and for a while after a rotation the previous one beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningSecrets {
    /// The present secret.
    pub current: SigningSecret,
    /// The one before it, with the time until which it signs too.
    pub previous: Option<(SigningSecret, Timestamp)>,
}

impl SigningSecrets {
    /// The secrets that sign at `now`, current first.
    pub fn at(&self, now: Timestamp) -> Vec<&SigningSecret> {
        let previous = self.previous.as_ref().filter(|(_, until)| now < *until).map(|(secret, _)| secret);
        std::iter::once(&self.current).chain(previous).collect()
    }

    /// What receivers verify `v1a` signatures with, the present key first: none where the secrets are shared ones.
    pub fn public_keys(&self) -> Vec<PublishedKey> {
        let present = self.current.public_key().map(|key| PublishedKey { key, until: None });
        let former = self.previous.as_ref();
        let former =
            former.and_then(|(secret, until)| Some(PublishedKey { key: secret.public_key()?, until: Some(*until) }));
        present.into_iter().chain(former).collect()
    }

    /// Puts `new` first; the present secret keeps signing until `until`.
    #[must_use]
    pub fn rotated(self, new: SigningSecret, until: Timestamp) -> Self {
        Self { previous: Some((self.current, until)), current: new }
    }
}

/// The public half of a secret that signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublishedKey {
    /// The key.
    pub key: PublicKey,
    /// Until when its secret signs; `None` for the present one.
    pub until: Option<Timestamp>,
}

impl PublishedKey {
    /// Whether its secret signs at `now`, as in [`SigningSecrets::at`].
    pub fn signs_at(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}
