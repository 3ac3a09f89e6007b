//! Secrets: types that do not print what they hold.

use std::fmt;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use ring::signature::{Ed25519KeyPair, KeyPair as _};

use crate::words::string_enum;

mod public_key;

pub use public_key::{InvalidPublicKey, PublicKey};

/// The prefix of a Standard Webhooks secret.
const STANDARD_PREFIX: &str = "whsec_";
/// The prefix of a Standard Webhooks secret key, for asymmetric signatures.
const KEY_PAIR_PREFIX: &str = "whsk_";
/// Length in bytes of a Standard Webhooks key.
const STANDARD_KEY_BYTES: std::ops::RangeInclusive<usize> = 24..=64;
/// Length of any other secret, which has printable ASCII characters only.
const PLAIN_LENGTH: std::ops::RangeInclusive<usize> = 8..=256;

string_enum!(
    /// How Standard Webhooks signs.
    SignatureScheme {
        /// HMAC-SHA256, with a secret that the receiver has too.
        V1 = "v1",
        /// Ed25519, with a private key that nobody else has. The receiver has the public key.
        V1a = "v1a",
    }
);

/// The secret that signs the deliveries to a receiver. Its form decides how it signs.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningSecret(String);

impl SigningSecret {
    /// Makes a secret of 32 random bytes.
    pub fn generate(random: [u8; 32]) -> Self {
        Self(format!("{STANDARD_PREFIX}{}", BASE64_STANDARD.encode(random)))
    }

    /// Makes an ed25519 key of a random seed: `whsk_` and base64 of seed and public key, the 64 bytes that other
    /// senders use.
    pub fn generate_key_pair(seed: [u8; 32]) -> Self {
        let public = Ed25519KeyPair::from_seed_unchecked(&seed).map(|pair| pair.public_key().as_ref().to_vec());
        let encoded = BASE64_STANDARD.encode([seed.to_vec(), public.unwrap_or_default()].concat());
        Self(format!("{KEY_PAIR_PREFIX}{encoded}"))
    }

    /// Takes an existing secret: `whsec_` and base64 of 24 to 64 bytes, `whsk_` and base64 of an ed25519 key, or any
    /// other 8 to 256 printable ASCII characters.
    pub fn parse(text: &str) -> Result<Self, InvalidSecret> {
        let printable = text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
        if !PLAIN_LENGTH.contains(&text.len()) || !printable {
            return Err(InvalidSecret);
        }
        Ok(Self(text.to_owned()))
    }

    /// How the secret signs. A text that begins with `whsk_` and is no valid ed25519 key is a shared secret, because
    /// other systems have shared secrets with this prefix.
    pub fn scheme(&self) -> SignatureScheme {
        if self.key_pair().is_some() { SignatureScheme::V1a } else { SignatureScheme::V1 }
    }

    /// The ed25519 key, if the secret is one: 32 bytes are the seed, 64 bytes are seed and public key.
    pub(crate) fn key_pair(&self) -> Option<Ed25519KeyPair> {
        let bytes = BASE64_STANDARD.decode(self.0.strip_prefix(KEY_PAIR_PREFIX)?).ok()?;
        match bytes.split_at_checked(32)? {
            (seed, []) => Ed25519KeyPair::from_seed_unchecked(seed).ok(),
            (seed, public) => Ed25519KeyPair::from_seed_and_public_key(seed, public).ok(),
        }
    }

    /// The public key with which receivers verify, if the secret is an ed25519 key.
    pub fn public_key(&self) -> Option<PublicKey> {
        let pair = self.key_pair()?;
        pair.public_key().as_ref().try_into().ok().map(PublicKey::new)
    }

    /// Whether both are one secret. An ed25519 key has two forms.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self == other || self.public_key().is_some_and(|key| other.public_key() == Some(key))
    }

    /// Whether both make the same Standard Webhooks signature, so that one of them is enough. Two such secrets may
    /// still make different signatures of a dialect, because the key of these is the text of the secret.
    pub(crate) fn signs_as(&self, other: &Self) -> bool {
        match (self.public_key(), other.public_key()) {
            (None, None) => self.standard_key() == other.standard_key(),
            (own, theirs) => own == theirs,
        }
    }

    /// The bytes with which Standard Webhooks signs `v1`: decoded after `whsec_` where that is valid, otherwise the
    /// bytes of the text itself.
    pub fn standard_key(&self) -> Vec<u8> {
        self.0
            .strip_prefix(STANDARD_PREFIX)
            .and_then(|encoded| BASE64_STANDARD.decode(encoded).ok())
            .filter(|key| STANDARD_KEY_BYTES.contains(&key.len()))
            .unwrap_or_else(|| self.0.as_bytes().to_vec())
    }

    /// The secret as it was given. Dialects use it as the key of their hex signatures, and it is stored in this form.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// The text cannot be a signing secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a secret is `whsec_` and base64 of 24 to 64 bytes, or any other 8 to 256 printable ASCII characters")]
pub struct InvalidSecret;

/// A provider's secret, with which its posts are verified.
#[derive(Clone, PartialEq, Eq)]
pub struct VerificationSecret(String);

impl VerificationSecret {
    /// Maximum length in bytes. Every provider's secret is far shorter.
    pub const MAX_LENGTH: usize = 1024;

    /// Takes a secret of 1 to 1024 bytes.
    pub fn parse(text: &str) -> Option<Self> {
        (1..=Self::MAX_LENGTH).contains(&text.len()).then(|| Self(text.to_owned()))
    }

    /// The secret itself, for verification and storage.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// A tenant's secret for its own stream. The kind of the stream decides its form.
#[derive(Clone, PartialEq, Eq)]
pub struct StreamSecret(String);

impl StreamSecret {
    /// Takes a text that the stream's kind has checked.
    pub(crate) fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The secret itself, for signing and for storage.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for StreamSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StreamSecret(redacted)")
    }
}

impl fmt::Debug for SigningSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningSecret(redacted)")
    }
}

impl fmt::Debug for VerificationSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VerificationSecret(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_both_kinds() {
        let generated = SigningSecret::generate([7; 32]);
        assert_eq!(generated.standard_key(), [7; 32]);
        // A placeholder that a receiver left in place: it is no valid base64 after the prefix, so its own bytes are the
        // key.
        let plain = SigningSecret::parse("whsec_your_secret_key_here").unwrap();
        assert_eq!(plain.standard_key(), b"whsec_your_secret_key_here");
    }

    /// The test vector of the Standard Webhooks libraries.
    const KEY: &str = "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==";

    #[test]
    fn key_pairs_are_taken_in_both_forms() {
        let long = SigningSecret::parse(KEY).unwrap();
        let short = SigningSecret::parse("whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbc=").unwrap();
        for key in [&long, &short] {
            assert_eq!(key.scheme(), SignatureScheme::V1a);
            let public = key.public_key().unwrap();
            assert_eq!(public.to_string(), "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=");
        }
        let seed = BASE64_STANDARD.decode("6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbc=").unwrap();
        assert_eq!(SigningSecret::generate_key_pair(seed.try_into().unwrap()), long);
    }

    #[test]
    fn what_only_looks_like_a_key_pair_is_a_shared_secret() {
        let wrong_half = KEY.replace("Kvg==", "KvA==");
        let of_31_bytes = format!("whsk_{}", BASE64_STANDARD.encode([1; 31]));
        for text in [wrong_half.as_str(), &of_31_bytes, "whsk_bcUrWCxnFdULeBuDW6zfGe6Z", "whsk_not base64"] {
            let secret = SigningSecret::parse(text).unwrap();
            assert_eq!((secret.scheme(), secret.public_key()), (SignatureScheme::V1, None), "{text}");
            assert_eq!(secret.standard_key(), text.as_bytes());
        }
    }

    #[test]
    fn refuses_short_long_and_unprintable() {
        for text in ["short12", &"x".repeat(257), "has\nnewline", "höhöhöhö"] {
            assert_eq!(SigningSecret::parse(text), Err(InvalidSecret), "{text}");
        }
    }

    #[test]
    fn never_prints() {
        assert_eq!(format!("{:?}", SigningSecret::generate([1; 32])), "SigningSecret(redacted)");
    }
}
