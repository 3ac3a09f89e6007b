//! A second secret in addition to the ingest key, for providers that can send one in a header.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName};
use subtle::{Choice, ConstantTimeEq as _};

use super::verification_error::VerificationError;
use crate::secret::VerificationSecret;

/// What a sender must present. Each of the listed values is accepted, so that a value can be rotated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credentials {
    /// `Authorization: Basic` with one of these pairs. Providers take the pair from the URL that they are given.
    Basic(Vec<BasicPair>),
    /// `Authorization: Bearer` with one of these values.
    Bearer(Vec<VerificationSecret>),
    /// A header of this name with one of these values.
    Header {
        /// The header's name.
        name: HeaderName,
        /// The accepted values.
        values: Vec<VerificationSecret>,
    },
}

/// A user name and a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BasicPair {
    /// The user name, without a colon.
    pub username: String,
    /// The password.
    pub password: VerificationSecret,
}

impl Credentials {
    /// Maximum number of values that are accepted at the same time: the present one and the next one.
    pub const MAX_VALUES: usize = 2;

    /// Whether a post with these headers presents an accepted value. The check takes the same time for all values of
    /// one length.
    pub fn accepts(&self, headers: &HeaderMap) -> Result<(), VerificationError> {
        let (header, good): (&HeaderName, Vec<Vec<u8>>) = match self {
            Self::Basic(pairs) => (&AUTHORIZATION, pairs.iter().map(BasicPair::bytes).collect()),
            Self::Bearer(values) | Self::Header { values, .. } => {
                let header = if let Self::Header { name, .. } = self { name } else { &AUTHORIZATION };
                (header, values.iter().map(|value| value.expose().as_bytes().to_vec()).collect())
            }
        };
        let value = headers.get(header).ok_or(VerificationError::NoCredentials)?.as_bytes();
        let presented = match self {
            Self::Basic(_) => after_scheme(value, "basic").and_then(|encoded| BASE64_STANDARD.decode(encoded).ok()),
            Self::Bearer(_) => after_scheme(value, "bearer").map(<[u8]>::to_vec),
            Self::Header { .. } => Some(value.to_vec()),
        };
        let presented = presented.ok_or(VerificationError::WrongCredentials)?;
        // Every value is compared, so that the time does not reveal which one matched.
        let met = good.iter().fold(Choice::from(0), |met, good| met | good.ct_eq(&presented));
        if bool::from(met) { Ok(()) } else { Err(VerificationError::WrongCredentials) }
    }
}

impl BasicPair {
    fn bytes(&self) -> Vec<u8> {
        format!("{}:{}", self.username, self.password.expose()).into_bytes()
    }
}

fn after_scheme<'a>(value: &'a [u8], scheme: &str) -> Option<&'a [u8]> {
    let (given, rest) = value.split_at_checked(scheme.len())?;
    let rest = rest.strip_prefix(b" ").filter(|_| given.eq_ignore_ascii_case(scheme.as_bytes()))?;
    Some(rest.trim_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> VerificationSecret {
        VerificationSecret::parse(text).unwrap()
    }

    fn check(credentials: &Credentials, header: &str, value: &str) -> Result<(), VerificationError> {
        let headers = HeaderMap::from_iter([(header.parse().unwrap(), value.parse().unwrap())]);
        credentials.accepts(&headers)
    }

    #[test]
    fn either_of_two_values_is_good() {
        let pair = |username: &str, password| BasicPair { username: username.to_owned(), password: secret(password) };
        let basic = Credentials::Basic(vec![pair("in", "old:one"), pair("in", "new")]);
        let encoded = |text: &str| format!("basic {}", BASE64_STANDARD.encode(text));
        for good in ["in:old:one", "in:new"] {
            assert_eq!(check(&basic, "authorization", &encoded(good)), Ok(()));
        }
        for bad in ["in:", "in:new2", "out:new", ":new", ""] {
            assert_eq!(
                check(&basic, "authorization", &encoded(bad)),
                Err(VerificationError::WrongCredentials),
                "{bad}"
            );
        }
        let bearer = Credentials::Bearer(vec![secret("one"), secret("two")]);
        let header = Credentials::Header { name: "x-key".parse().unwrap(), values: vec![secret("one"), secret("two")] };
        for good in ["one", "two"] {
            assert_eq!(check(&bearer, "authorization", &format!("Bearer {good}")), Ok(()));
            assert_eq!(check(&header, "x-key", good), Ok(()));
        }
        for (bad, expected) in
            [("three", VerificationError::WrongCredentials), ("", VerificationError::WrongCredentials)]
        {
            assert_eq!(check(&bearer, "authorization", &format!("Bearer {bad}")), Err(expected));
            assert_eq!(check(&header, "x-key", bad), Err(expected));
        }
    }

    #[test]
    fn another_scheme_or_header_is_not_it() {
        let bearer = Credentials::Bearer(vec![secret("one")]);
        for other in ["Basic one", "one", "Bearer", "Bearerone"] {
            assert_eq!(check(&bearer, "authorization", other), Err(VerificationError::WrongCredentials), "{other}");
        }
        assert_eq!(check(&bearer, "x-key", "one"), Err(VerificationError::NoCredentials));
    }
}
