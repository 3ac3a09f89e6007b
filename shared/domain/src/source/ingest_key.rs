//! Ingest keys: the secret part of a source's URL.

use sha2::{Digest, Sha256};

use crate::event::Provider;

/// The last part of an ingest URL: 160 random bits. It is shown once.
#[derive(Clone, PartialEq, Eq)]
pub struct IngestKey(String);

impl IngestKey {
    /// The prefix of every ingest key, by which secret scanners find it.
    pub const PREFIX: &'static str = "mhi_";
    /// Maximum length of a text that is looked up.
    pub const MAX_LENGTH: usize = 128;

    /// A key of 160 random bits. It names the provider, so that an internal error can be answered with the status that
    /// this provider retries, even when the source itself cannot be read.
    pub fn generate(provider: Provider, random: [u8; 20]) -> Self {
        Self(format!("{}{}_{}", Self::PREFIX, provider.as_str(), hex::encode(random)))
    }

    /// The provider that a claimed key names. This is only a claim; nothing is trusted because of it.
    pub fn provider_named_in(claimed: &str) -> Option<Provider> {
        let (provider, _) = claimed.strip_prefix(Self::PREFIX)?.split_once('_')?;
        Provider::from_word(provider)
    }

    /// The key itself, to be shown once.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The hash, which is stored instead of the key.
    pub fn hash(&self) -> IngestKeyHash {
        IngestKeyHash::of(&self.0)
    }
}

impl std::fmt::Debug for IngestKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("IngestKey(redacted)")
    }
}

/// SHA-256 of an ingest key, in lower-case hex. A plain hash is enough, because the key has too many random bits to
/// guess.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IngestKeyHash(String);

impl IngestKeyHash {
    /// The hash of a text that a caller claims is a key.
    pub fn of(claimed: &str) -> Self {
        Self(hex::encode(Sha256::digest(claimed.as_bytes())))
    }

    /// Takes a stored hash.
    pub fn from_stored(hash: String) -> Self {
        Self(hash)
    }

    /// The hash as hex.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_names_its_provider_and_does_not_print() {
        let key = IngestKey::generate(Provider::Brevo, [7; 20]);
        assert_eq!(key.expose(), "mhi_brevo_0707070707070707070707070707070707070707");
        assert_eq!(IngestKey::provider_named_in(key.expose()), Some(Provider::Brevo));
        for other in ["mhi_0707", "mhi_nobody_0707", "brevo_0707", ""] {
            assert_eq!(IngestKey::provider_named_in(other), None, "{other}");
        }
        assert_eq!(format!("{key:?}"), "IngestKey(redacted)");
    }
}
