//! The secrets that a webhook's deliveries are signed with.

use jiff::Timestamp;

use crate::secret::{PublicKey, SigningSecret};

/// The secrets that sign: the current one, and for some time after a rotation also the previous one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningSecrets {
    /// The present secret.
    pub current: SigningSecret,
    /// The previous secret, and the time until which it signs.
    pub previous: Option<(SigningSecret, Timestamp)>,
}

impl SigningSecrets {
    /// The secrets that sign at `now`, the current one first.
    pub fn at(&self, now: Timestamp) -> Vec<&SigningSecret> {
        let previous = self.previous.as_ref().filter(|(_, until)| now < *until).map(|(secret, _)| secret);
        std::iter::once(&self.current).chain(previous).collect()
    }

    /// The keys with which receivers verify `v1a` signatures, the present one first. Empty for shared secrets.
    pub fn public_keys(&self) -> Vec<PublishedKey> {
        let present = self.current.public_key().map(|key| PublishedKey { key, until: None });
        let former = self.previous.as_ref();
        let former =
            former.and_then(|(secret, until)| Some(PublishedKey { key: secret.public_key()?, until: Some(*until) }));
        present.into_iter().chain(former).collect()
    }

    /// Makes `new` the current secret. The present one keeps signing until `until`.
    #[must_use]
    pub fn rotated(self, new: SigningSecret, until: Timestamp) -> Self {
        Self { previous: Some((self.current, until)), current: new }
    }
}

/// The public key of a signing secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublishedKey {
    /// The key.
    pub key: PublicKey,
    /// When the secret stops signing; `None` for the present secret.
    pub until: Option<Timestamp>,
}

impl PublishedKey {
    /// Whether the secret signs at `now`, as in [`SigningSecrets::at`].
    pub fn signs_at(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}
