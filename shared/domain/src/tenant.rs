//! Tenants and the API keys that act for them.

use std::str::FromStr;

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::dialect::Dialect;
use crate::id::{KeyId, TenantId};
use crate::secret::SigningSecret;
use crate::stored_word::StoredWord;
use crate::words::string_enum;

mod limits;

pub use limits::{MAX_LIMIT, TenantChange, TenantLimits};

/// An account that owns sources, webhooks and data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    /// The tenant's id.
    pub id: TenantId,
    /// The operator's name for the tenant, 1 to 200 characters.
    pub name: String,
    /// When it was created.
    pub created_at: Timestamp,
    /// Whether an operator has suspended it: its keys and its events are refused, and its deliveries are held.
    pub suspended: bool,
    /// The limits that an operator has set.
    pub limits: TenantLimits,
}

/// Values for a tenant's new webhooks where the creating request says nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TenantSettings {
    /// The dialect of webhooks that are made through the native API; `None` for [`Dialect::Standard`].
    pub default_dialect: Option<StoredWord<Dialect>>,
    /// The signing secret of webhooks that are made through an API without a field for secrets (Mailgun's, Mailjet's,
    /// the platform's). The users of these APIs have one key for all webhooks. `None`: each webhook gets its own
    /// secret.
    pub webhook_secret: Option<SigningSecret>,
    /// Raised by every change. A change that is based on an older revision is refused. 0 for settings that were never
    /// set.
    pub revision: u64,
}

string_enum!(
    /// What an API key may do.
    Role {
        /// Do everything for every tenant, and manage tenants and keys.
        Admin = "admin",
        /// Do everything for one tenant, including its keys.
        Tenant = "tenant",
        /// Publish events of one tenant, and nothing else.
        Publish = "publish",
        /// Read the data of one tenant.
        Read = "read",
    }
);

/// An API key as it is stored: without the secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// The public half of the key.
    pub id: KeyId,
    /// The tenant that the key belongs to; `None` for admin keys.
    pub tenant: Option<TenantId>,
    /// What the key may do. A key of a role that this release does not know may do nothing.
    pub role: StoredWord<Role>,
    /// The creator's name for the key; may be empty.
    pub name: String,
    /// SHA-256 of the secret half.
    pub secret_hash: KeyHash,
    /// When it was created.
    pub created_at: Timestamp,
}

/// SHA-256 of the secret half of a key. A slow hash would not be safer, because the secret has 256 random bits.
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

    /// The hash as lower-case hex.
    pub fn to_hex(&self) -> String {
        hex::encode(self.0)
    }

    /// Compares with a secret in constant time.
    pub fn matches(&self, secret: &str) -> bool {
        self.0.ct_eq(&Self::of(secret).0).into()
    }
}

/// The key that a caller presents: `mh_<key id>_<secret>`, or `mh_admin_<secret>` for the key made at deploy time.
#[derive(Clone, PartialEq, Eq)]
pub struct PresentedKey {
    /// The key's claimed id; `None` for the deploy-time admin key.
    pub id: Option<KeyId>,
    secret: String,
}

impl PresentedKey {
    const PREFIX: &'static str = "mh_";
    const BOOTSTRAP: &'static str = "admin";
    /// Maximum length of a text that is read as a key.
    const MAX_LENGTH: usize = 256;

    /// Makes a new key. [`PresentedKey::expose`] shows it once.
    pub fn generate(id: KeyId, random: [u8; 32]) -> Self {
        Self { id: Some(id), secret: hex::encode(random) }
    }

    /// The key of the given id and secret. Clients of other systems hold a key in these two halves. The id may have its
    /// prefix or not.
    pub fn of_halves(id: &str, secret: &str) -> Result<Self, MalformedKey> {
        let bare = id.parse().map_or_else(|_| id.to_owned(), |id: KeyId| id.bare());
        format!("{}{bare}_{secret}", Self::PREFIX).parse()
    }

    /// The hash to store or compare.
    pub fn hash(&self) -> KeyHash {
        KeyHash::of(&self.secret)
    }

    /// Whether `stored` is the hash of this key.
    pub fn matches(&self, stored: &KeyHash) -> bool {
        stored.matches(&self.secret)
    }

    /// The whole key, which is shown once.
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
