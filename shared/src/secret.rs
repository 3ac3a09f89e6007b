//! Secrets: types that do not print what they hold.

use std::fmt;

use base64::prelude::{BASE64_STANDARD, Engine as _};

/// The prefix of a Standard Webhooks secret.
const STANDARD_PREFIX: &str = "whsec_";
/// Standard Webhooks keys have 24 to 64 bytes.
const STANDARD_KEY_BYTES: std::ops::RangeInclusive<usize> = 24..=64;
/// Any other secret has 8 to 256 printable ASCII characters.
const PLAIN_LENGTH: std::ops::RangeInclusive<usize> = 8..=256;

/// Our secret towards a receiver, with which deliveries are signed.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningSecret(String);

impl SigningSecret {
    /// A secret of 32 random bytes.
    pub fn generate(random: [u8; 32]) -> Self {
        Self(format!("{STANDARD_PREFIX}{}", BASE64_STANDARD.encode(random)))
    }

    /// Takes a secret that a receiver already has: `whsec_` and base64 of 24 to 64 bytes, or any other 8 to 256
    /// printable ASCII characters.
    pub fn parse(text: &str) -> Result<Self, InvalidSecret> {
        let printable = text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
        if !PLAIN_LENGTH.contains(&text.len()) || !printable {
            return Err(InvalidSecret);
        }
        Ok(Self(text.to_owned()))
    }

    /// The bytes that Standard Webhooks signs with: decoded after `whsec_` where that is valid, else the string's own.
    pub fn standard_key(&self) -> Vec<u8> {
        self.0
            .strip_prefix(STANDARD_PREFIX)
            .and_then(|encoded| BASE64_STANDARD.decode(encoded).ok())
            .filter(|key| STANDARD_KEY_BYTES.contains(&key.len()))
            .unwrap_or_else(|| self.0.as_bytes().to_vec())
    }

    /// The secret as given: what dialects' hex signatures use as key, and what is stored.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// The text cannot be a signing secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a secret is `whsec_` and base64 of 24 to 64 bytes, or any other 8 to 256 printable ASCII characters")]
pub struct InvalidSecret;

/// A provider's secret towards us, with which its posts are verified.
#[derive(Clone, PartialEq, Eq)]
pub struct VerificationSecret(String);

impl VerificationSecret {
    /// Longest accepted, in bytes; every provider's is far shorter.
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
        // A receiver's placeholder-like secret: not valid base64 after the prefix, so its own bytes are the key.
        let plain = SigningSecret::parse("whsec_your_secret_key_here").unwrap();
        assert_eq!(plain.standard_key(), b"whsec_your_secret_key_here");
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
