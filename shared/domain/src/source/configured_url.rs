//! The URL that a provider was given, for providers whose signature covers it.

use std::fmt;

use super::{IngestKey, IngestKeyHash};

/// The placeholder for the ingest key in a configured URL, so that the key itself is not stored.
const PLACEHOLDER: &str = "{ingest_key}";
/// Maximum length of a URL, in bytes.
const MAX_LENGTH: usize = 2048;

/// A URL exactly as it was typed into a provider's settings. It may contain the ingest key and a password, so it does
/// not print.
#[derive(Clone, PartialEq, Eq)]
pub struct ConfiguredUrl(String);

impl ConfiguredUrl {
    /// Takes an HTTP URL of at most 2,048 bytes and keeps its text unchanged: another spelling of the same URL gives
    /// another signature.
    pub fn parse(text: &str) -> Option<Self> {
        let url = url::Url::parse(text).ok()?;
        let known = matches!(url.scheme(), "http" | "https") && url.has_host() && text.len() <= MAX_LENGTH;
        (known && text.trim() == text).then(|| Self(text.to_owned()))
    }

    /// The URL under which the API at `public_url` accepts posts.
    pub fn of_ingest(public_url: &str) -> Option<Self> {
        Self::parse(&format!("{}/api/webhooks/{PLACEHOLDER}", public_url.trim_end_matches('/')))
    }

    /// The URL without the ingest key of this hash, because the stored URL must not reveal the key.
    #[must_use]
    pub fn without_key(&self, hash: &IngestKeyHash) -> Self {
        let Some(at) = self.0.find(IngestKey::PREFIX) else { return self.clone() };
        let (before, rest) = self.0.split_at(at);
        let end = rest.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').unwrap_or(rest.len());
        let (claimed, after) = rest.split_at(end);
        if IngestKeyHash::of(claimed) == *hash { Self(format!("{before}{PLACEHOLDER}{after}")) } else { self.clone() }
    }

    /// The URL as the provider has it, if the provider's post came with `ingest_key`.
    pub fn with_key(&self, ingest_key: &str) -> String {
        self.0.replace(PLACEHOLDER, ingest_key)
    }

    /// The text, for storage.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ConfiguredUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ConfiguredUrl(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Provider;

    #[test]
    fn the_text_is_kept_to_the_letter() {
        for text in ["https://u:p@Hooks.example.com:443/in/?x=1", "http://localhost:4566/a b", "https://e.org"] {
            assert_eq!(ConfiguredUrl::parse(text).unwrap().expose(), text);
        }
        for text in
            ["", "hooks.example.com", "ftp://e.org/", " https://e.org", &format!("https://e/{}", "x".repeat(2048))]
        {
            assert_eq!(ConfiguredUrl::parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_ingest_key_is_taken_out_and_put_back() {
        let key = IngestKey::generate(Provider::Mandrill, [1; 20]);
        let given = format!("https://hooks.example.com/api/webhooks/{}?x=1", key.expose());
        let stored = ConfiguredUrl::parse(&given).unwrap().without_key(&key.hash());
        assert_eq!(stored.expose(), "https://hooks.example.com/api/webhooks/{ingest_key}?x=1");
        assert_eq!(stored.with_key(key.expose()), given);
        let other = IngestKey::generate(Provider::Mandrill, [2; 20]);
        assert_eq!(ConfiguredUrl::parse(&given).unwrap().without_key(&other.hash()).expose(), given);
        let made = ConfiguredUrl::of_ingest("https://hooks.example.com/").unwrap();
        assert_eq!(made.expose(), "https://hooks.example.com/api/webhooks/{ingest_key}");
    }
}
