//! A Google service account, and the tokens that it signs for itself.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use jiff::Timestamp;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject as _;
use serde::Serialize;

use super::HOST;
use crate::secret::StreamSecret;
use crate::stream::characters::is_made_of;

/// How long a token is valid, in seconds. Google takes an hour at most.
pub const TOKEN_SECONDS: i64 = 3600;
/// The suffix of every service account's address.
const DOMAIN: &str = ".gserviceaccount.com";
/// Number of characters of an address.
const EMAIL: std::ops::RangeInclusive<usize> = 1..=254;
/// Number of characters of a key's id. Google's have 40.
const KEY_ID: std::ops::RangeInclusive<usize> = 1..=128;
/// Maximum length of a key, in bytes of PEM. A key of 4,096 bits has 3,300.
const MAX_KEY: usize = 8 * 1024;

/// A key of a service account, with the right to publish to the topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceAccount {
    email: String,
    key_id: String,
    private_key: StreamSecret,
}

/// A service account's key is invalid; the text says what would be right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidServiceAccount {
    /// The address is invalid.
    #[error("expected a service account's address, as in `name@project.iam.gserviceaccount.com`")]
    Email,
    /// The key's id is invalid.
    #[error("{} to {} letters and digits", KEY_ID.start(), KEY_ID.end())]
    KeyId,
    /// The private key is invalid.
    #[error("expected the RSA key as Google gives it: PKCS#8 in PEM, of 2,048 to 4,096 bits")]
    PrivateKey,
}

/// A key cannot sign. [`ServiceAccount::new`] accepts no such key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the service account's key does not sign")]
pub struct Unsigned;

impl ServiceAccount {
    /// Takes a key, after a test that it can sign.
    pub fn new(email: &str, key_id: &str, private_key: &str) -> Result<Self, InvalidServiceAccount> {
        let is_email = is_made_of(email, EMAIL, |byte| byte.is_ascii_graphic() && !b"\"\\<>".contains(&byte))
            && email.ends_with(DOMAIN)
            && email.split_once('@').is_some_and(|(name, domain)| !name.is_empty() && !domain.contains('@'));
        if !is_email {
            return Err(InvalidServiceAccount::Email);
        }
        if !is_made_of(key_id, KEY_ID, |byte| byte.is_ascii_alphanumeric()) {
            return Err(InvalidServiceAccount::KeyId);
        }
        if private_key.len() > MAX_KEY || key_pair(private_key).is_none() {
            return Err(InvalidServiceAccount::PrivateKey);
        }
        let private_key = StreamSecret::new(private_key);
        Ok(Self { email: email.to_owned(), key_id: key_id.to_owned(), private_key })
    }

    /// Takes a stored key, which was checked before it was stored. It is not tested again, because a test takes a
    /// millisecond, and a list of webhooks may have a hundred keys.
    pub fn from_stored(email: &str, key_id: &str, private_key: &str) -> Self {
        Self { email: email.to_owned(), key_id: key_id.to_owned(), private_key: StreamSecret::new(private_key) }
    }

    /// The account's address, which is not secret.
    pub fn email(&self) -> &str {
        &self.email
    }

    /// The key's id, which is not secret.
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// The private key, in PEM.
    pub fn private_key(&self) -> &StreamSecret {
        &self.private_key
    }

    /// A token that Pub/Sub accepts for [`TOKEN_SECONDS`]. No other server has to exchange it.
    /// <https://developers.google.com/identity/protocols/oauth2/service-account#jwt-auth>,
    /// <https://google.aip.dev/auth/4111>
    pub fn token(&self, now: Timestamp) -> Result<String, Unsigned> {
        let issued = now.as_second();
        let header = Header { alg: "RS256", typ: "JWT", kid: &self.key_id };
        let audience = format!("https://{HOST}/");
        let claims = Claims {
            iss: &self.email,
            sub: &self.email,
            aud: &audience,
            iat: issued,
            exp: issued.saturating_add(TOKEN_SECONDS),
        };
        let signed = format!("{}.{}", part(&header), part(&claims));
        let pair = key_pair(self.private_key.expose()).ok_or(Unsigned)?;
        let mut signature = vec![0; pair.public().modulus_len()];
        // A signature with PKCS#1 padding uses no random bytes, but the library requires a source of them.
        pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature).map_err(|_| Unsigned)?;
        Ok(format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature)))
    }
}

fn key_pair(pem: &str) -> Option<RsaKeyPair> {
    let der = PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes()).ok()?;
    RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()).ok()
}

fn part(part: &impl Serialize) -> String {
    // Serialisation fails only for maps whose keys are not text.
    BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(part).unwrap_or_default())
}

#[derive(Serialize)]
struct Header<'a> {
    alg: &'static str,
    typ: &'static str,
    kid: &'a str,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    iat: i64,
    exp: i64,
}
