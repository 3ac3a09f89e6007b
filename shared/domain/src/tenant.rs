//! Tenants and the API keys that act for them.

use std::str::FromStr;

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::dialect::Dialect;
use crate::id::{KeyId, TenantId};
use crate::secret::SigningSecret;
use crate::words::closed_words;

/// An account that owns sources, webhooks and data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    /// Its id.
    pub id: TenantId,
    /// The operator's name for it, 1 to 200 characters.
    pub name: String,
    /// When it was created.
    pub created_at: Timestamp,
}

/// What a tenant's new webhooks have where the request that makes them says nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TenantSettings {
    /// The dialect of webhooks made through the native API; `None` for [`Dialect::Standard`].
    pub default_dialect: Option<Dialect>,
    /// What webhooks sign with that are made through an API without a field for secrets (Mailgun's, Mailjet's, the
    /// platform's): their users have one key for all. `None`: each gets one of its own.
    pub webhook_secret: Option<SigningSecret>,
    /// Raised by every change; a change of an older revision is refused. 0 for settings that were never set.
    pub revision: u64,
}

closed_words!(
    /// What an API key may do.
    Role {
        /// Everything, for every tenant, and tenants and keys themselves.
        Admin = "admin",
        /// Everything of one tenant, its keys included.
        Tenant = "tenant",
        /// Publish events of one tenant, nothing else.
        Publish = "publish",
        /// Read what one tenant has.
        Read = "read",
    }
);

/// An API key as it is stored: everything but the secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// The public half.
    pub id: KeyId,
    /// Whose it is; `None` for admin keys.
    pub tenant: Option<TenantId>,
    /// What it may do.
    pub role: Role,
    /// The creator's name for it; may be empty.
    pub name: String,
    /// SHA-256 of the secret half.
    pub secret_hash: KeyHash,
    /// When it was created.
    pub created_at: Timestamp,
}

/// SHA-256 of the secret half of a key. The secret has 256 random bits, so a slow hash would add nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyHash([u8; 32]);

impl KeyHash {
    /// The hash of a secret.
    pub fn of(secret: &str) -> Self {
        Self(Sha256::digest(secret.as_bytes()).into())
    }

    /// Reads 64 hex digits.
    pub fn from_hex(text: &str) -> Option<Self> {
        let mut hash = [0; 32];
        hex::decode_to_slice(text, &mut hash).ok().map(|()| Self(hash))
    }

    /// As lower-case hex.
    pub fn to_hex(&self) -> String {
        hex::encode(self.0)
    }

    /// Compares in constant time.
    pub fn matches(&self, secret: &str) -> bool {
        self.0.ct_eq(&Self::of(secret).0).into()
    }
}

/// What a caller presents: `mh_<key id>_<secret>`, or `mh_admin_<secret>` for the key made at deploy time.
#[derive(Clone, PartialEq, Eq)]
pub struct PresentedKey {
    /// Which key it claims to be; `None` for the deploy-time admin key.
    pub id: Option<KeyId>,
    secret: String,
}

impl PresentedKey {
    const PREFIX: &'static str = "mh_";
    const BOOTSTRAP: &'static str = "admin";
    /// Longest key that is looked at.
    const MAX_LENGTH: usize = 256;

    /// A new key; the secret is shown once, as [`PresentedKey::expose`].
    pub fn generate(id: KeyId, random: [u8; 32]) -> Self {
        Self { id: Some(id), secret: hex::encode(random) }
    }

    /// The key of a key's id, as it is shown or as it stands in keys, and its secret: how clients of other systems hold
    /// the two halves.
    pub fn of_halves(id: &str, secret: &str) -> Result<Self, MalformedKey> {
        let bare = id.parse().map_or_else(|_| id.to_owned(), |id: KeyId| id.bare());
        format!("{}{bare}_{secret}", Self::PREFIX).parse()
    }

    /// The hash to store or compare.
    pub fn hash(&self) -> KeyHash {
        KeyHash::of(&self.secret)
    }

    /// Whether it is the key that `stored` is the hash of.
    pub fn matches(&self, stored: &KeyHash) -> bool {
        stored.matches(&self.secret)
    }

    /// The whole key, to be shown once.
    pub fn expose(&self) -> String {
        let id = self.id.map_or_else(|| Self::BOOTSTRAP.to_owned(), |id| id.bare());
        format!("{}{id}_{}", Self::PREFIX, self.secret)
    }
}

impl FromStr for PresentedKey {
    type Err = MalformedKey;

    fn from_str(text: &str) -> Result<Self, MalformedKey> {
        if text.len() > Self::MAX_LENGTH {
            return Err(MalformedKey);
        }
        let (id, secret) = text.strip_prefix(Self::PREFIX).and_then(|rest| rest.split_once('_')).ok_or(MalformedKey)?;
        let id = if id == Self::BOOTSTRAP { None } else { Some(KeyId::from_bare(id).map_err(|_| MalformedKey)?) };
        if secret.is_empty() {
            return Err(MalformedKey);
        }
        Ok(Self { id, secret: secret.to_owned() })
    }
}

impl std::fmt::Debug for PresentedKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PresentedKey").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The text does not have the form of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a key looks like `mh_<key id>_<secret>`")]
pub struct MalformedKey;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_read_back_and_match_only_themselves() {
        let id = KeyId::mint(Timestamp::UNIX_EPOCH, [3; 10]);
        let key = PresentedKey::generate(id, [9; 32]);
        let read: PresentedKey = key.expose().parse().unwrap();
        assert_eq!(read, key);
        assert!(read.matches(&key.hash()));
        assert!(!PresentedKey::generate(id, [8; 32]).matches(&key.hash()));
    }

    #[test]
    fn refuses_what_is_no_key() {
        for text in ["", "mh_", "mh_admin_", "mh_admin", "Bearer x", "mh_short_secret"] {
            assert!(text.parse::<PresentedKey>().is_err(), "{text}");
        }
    }

    #[test]
    fn debug_keeps_the_secret() {
        let key: PresentedKey = "mh_admin_topsecret".parse().unwrap();
        assert!(!format!("{key:?}").contains("topsecret"));
    }
}
