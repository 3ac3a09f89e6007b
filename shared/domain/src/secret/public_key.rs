//! The public half of an ed25519 signing secret. Receivers verify `v1a` signatures with it.

use std::fmt;
use std::str::FromStr;

use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD, Engine as _};
use sha2::{Digest, Sha256};

/// The prefix of a Standard Webhooks public key.
const PREFIX: &str = "whpk_";

/// An ed25519 public key. It prints as Standard Webhooks writes it: `whpk_` and base64 of its 32 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// The key with these bytes.
    pub(super) fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The member `x` of the key's JSON Web Key (RFC 8037): base64url of the key's bytes.
    pub fn x(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(self.0)
    }

    /// The key's thumbprint (RFC 7638), which is its id.
    pub fn id(&self) -> String {
        let members = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, self.x());
        BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(members))
    }
}

/// The text is not a public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not `whpk_` and base64 of 32 bytes")]
pub struct InvalidPublicKey;

impl FromStr for PublicKey {
    type Err = InvalidPublicKey;

    fn from_str(text: &str) -> Result<Self, InvalidPublicKey> {
        let bytes = text.strip_prefix(PREFIX).and_then(|encoded| BASE64_STANDARD.decode(encoded).ok());
        bytes.and_then(|bytes| bytes.try_into().ok()).map(Self).ok_or(InvalidPublicKey)
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", BASE64_STANDARD.encode(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_is_read_again_and_nothing_else_is() {
        let key = PublicKey::new([7; 32]);
        assert_eq!(key.to_string().parse(), Ok(key));
        let short = format!("{PREFIX}{}", BASE64_STANDARD.encode([7; 31]));
        for text in [short.as_str(), "whpk_", "whpk_?", &key.to_string()[PREFIX.len()..]] {
            assert_eq!(text.parse::<PublicKey>(), Err(InvalidPublicKey), "{text}");
        }
    }

    /// RFC 8037, A.2 and A.3.
    #[test]
    fn the_thumbprint_is_that_of_the_rfc() {
        let bytes = hex::decode("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a").unwrap();
        let key = PublicKey::new(bytes.try_into().unwrap());
        assert_eq!(key.x(), "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
        assert_eq!(key.id(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }
}
