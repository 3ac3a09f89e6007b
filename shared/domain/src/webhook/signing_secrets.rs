//! The secrets that a webhook's deliveries are signed with.

use jiff::{SignedDuration, Timestamp};

use crate::secret::{PublicKey, SigningSecret};

#[cfg(test)]
mod tests;

/// Maximum number of secrets that sign one delivery. Reason: the receiver's secret, a secret whose answer was lost, and
/// the secret of the repeated request. Each one more is another signature in every POST, so it is a small number.
pub const MAX_SIGNING_SECRETS: usize = 3;

/// The secrets that sign: the current one, and after a rotation for some time also former ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningSecrets {
    /// The present secret.
    pub current: SigningSecret,
    /// The former secret, and the time until which it signs. Of two former secrets, it is the older one.
    pub previous: Option<(SigningSecret, Timestamp)>,
    /// The younger of two former secrets: it was current between `previous` and `current`.
    pub interim: Option<(SigningSecret, Timestamp)>,
}

/// A request to sign with another secret.
#[derive(Debug, Clone)]
pub struct Rotation {
    /// The secret that becomes the current one.
    pub secret: SigningSecret,
    /// Whether the caller chose the secret. Then the caller has it, even if the answer is lost.
    pub is_given: bool,
    /// How long the present secret keeps signing. Zero ends the overlap of every former secret, too.
    pub overlap: SignedDuration,
}

impl SigningSecrets {
    /// One secret, which signs alone.
    pub fn only(secret: SigningSecret) -> Self {
        Self { current: secret, previous: None, interim: None }
    }

    /// The secrets that sign at `now`, the current one first and the oldest one last. No two of them have the same key.
    /// Reason: older versions stored a secret twice after a repeated rotation to a chosen secret.
    pub fn at(&self, now: Timestamp) -> Vec<&SigningSecret> {
        let mut signing = vec![&self.current];
        for (secret, _until) in self.former().rev().filter(|(_, until)| now < *until) {
            if !signing.iter().any(|other| other.signs_as(secret)) {
                signing.push(secret);
            }
        }
        signing
    }

    /// The time from which the current secret signs alone; `None` if the secret was never rotated, or without an
    /// overlap. It may have passed.
    pub fn overlap_ends_at(&self) -> Option<Timestamp> {
        self.former().map(|(_, until)| *until).max()
    }

    /// The keys with which receivers verify `v1a` signatures, the present one first. Empty for shared secrets.
    pub fn public_keys(&self) -> Vec<PublishedKey> {
        let present = self.current.public_key().map(|key| PublishedKey { key, until: None });
        let former = self.former().rev();
        let former =
            former.filter_map(|(secret, until)| Some(PublishedKey { key: secret.public_key()?, until: Some(*until) }));
        let former = former.filter(|former| present.is_none_or(|present| present.key != former.key));
        present.into_iter().chain(former).collect()
    }

    /// The secrets after a rotation at `now`. Every secret that signs keeps signing until its own overlap ends, because
    /// nobody knows which of them the receiver has: an answer that showed a secret may have been lost.
    ///
    /// A rotation to the current secret changes nothing, unless it ends all overlaps. While
    /// [`MAX_SIGNING_SECRETS`] sign, no further secret is added: a caller who gave no secret gets the current one, so
    /// that a caller who repeats a request learns the secret in the end.
    ///
    /// # Errors
    ///
    /// Fails if [`MAX_SIGNING_SECRETS`] sign already and the caller asks for one that is none of them: a chosen one, or
    /// one of the other scheme.
    pub fn rotated(self, rotation: &Rotation, now: Timestamp) -> Result<Self, TooManySecretsError> {
        let Rotation { secret, is_given, overlap } = rotation;
        if overlap.is_zero() {
            return Ok(Self::only(secret.clone()));
        }
        if secret.is_same(&self.current) {
            return Ok(self);
        }
        let others = self.former().filter(|(former, _)| !former.is_same(secret) && !former.is_same(&self.current));
        let kept: Vec<_> = others.filter(|(_, until)| now < *until).cloned().collect();
        let present = (self.current.clone(), now + *overlap);
        match <[_; MAX_SIGNING_SECRETS - 1]>::try_from(kept) {
            Ok(_) if !is_given && secret.scheme() == self.current.scheme() => Ok(self),
            Ok(full) => {
                Err(TooManySecretsError { until: full.map(|(_, until)| until).into_iter().min().unwrap_or(now) })
            }
            Err(kept) => {
                let mut former = kept.into_iter().chain([present]);
                Ok(Self { current: secret.clone(), previous: former.next(), interim: former.next() })
            }
        }
    }

    /// The former secrets, the oldest one first.
    pub fn former(&self) -> impl DoubleEndedIterator<Item = &(SigningSecret, Timestamp)> {
        self.previous.iter().chain(&self.interim)
    }
}

/// The maximum number of secrets signs already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the maximum of {MAX_SIGNING_SECRETS} secrets sign already; rotate after {until}, when the first of them stops, or \
     give `overlap_seconds` 0, which stops the former ones at once"
)]
pub struct TooManySecretsError {
    /// When the first of them stops signing.
    pub until: Timestamp,
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
