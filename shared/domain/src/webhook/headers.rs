//! The tenant's own headers, which every delivery to a webhook has.

use std::fmt;

use http::HeaderName;

/// Maximum number of custom headers of a webhook.
pub const MAX_CUSTOM_HEADERS: usize = 10;
/// Maximum length of a name, in bytes. Names in use are far shorter.
const MAX_NAME: usize = 100;
/// Maximum length of a value, in bytes. Reason: ten values with their names stay below the 16 KiB that common servers
/// take.
const MAX_VALUE: usize = 1024;

/// Names that we, the connection or a dialect set, in lower case.
const RESERVED: [&str; 20] = [
    "accept-encoding",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "date",
    "expect",
    "forwarded",
    "host",
    "http2-settings",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "via",
    // The signatures of the dialects. Dialects that may come later are included, so that a name which is free today
    // stays free.
    "x-mailgreet-signature",
    "x-mailtura-signature",
    "x-webhook-signature",
];

/// Prefixes of reserved names: those of Standard Webhooks, and those for a proxy.
const RESERVED_PREFIXES: [&str; 2] = ["webhook-", "proxy-"];

/// The name of a custom header, in lower case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CustomName(String);

/// The value of a custom header. It may be a password, so it does not print.
#[derive(Clone, PartialEq, Eq)]
pub struct CustomValue {
    text: String,
    /// The value can be written but is never shown.
    pub sensitive: bool,
}

/// A custom header is refused; the text says what would be right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidHeader {
    /// The text is not the name of a header.
    #[error("expected the name of a header, as in `x-api-key`, of at most {MAX_NAME} characters")]
    Name,
    /// The tenant may not set a header of this name.
    #[error("this header is reserved: mailhooks or the connection sets it")]
    Reserved,
    /// The text is not the value of a header.
    #[error("1 to {MAX_VALUE} printable ASCII characters, without a space at either end")]
    Value,
}

impl CustomName {
    /// Takes a name in any case.
    pub fn parse(text: &str) -> Result<Self, InvalidHeader> {
        let name = Some(text).filter(|text| text.len() <= MAX_NAME).and_then(|text| text.parse::<HeaderName>().ok());
        let name = name.ok_or(InvalidHeader::Name)?;
        let name = name.as_str();
        if RESERVED.contains(&name) || RESERVED_PREFIXES.iter().any(|prefix| name.starts_with(prefix)) {
            return Err(InvalidHeader::Reserved);
        }
        Ok(Self(name.to_owned()))
    }

    /// Takes a stored name, which was checked before it was stored. It may have become reserved since then.
    pub fn from_stored(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The name, in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl CustomValue {
    /// Takes 1 to 1,024 printable ASCII characters.
    pub fn parse(text: &str, sensitive: bool) -> Result<Self, InvalidHeader> {
        let printable = text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
        // A space at either end would be lost, because HTTP does not count it as part of the value.
        if !(1..=MAX_VALUE).contains(&text.len()) || !printable || text.trim() != text {
            return Err(InvalidHeader::Value);
        }
        Ok(Self { text: text.to_owned(), sensitive })
    }

    /// The value, made sensitive.
    #[must_use]
    pub fn kept_secret(&self) -> Self {
        Self { sensitive: true, ..self.clone() }
    }

    /// The value itself, for deliveries and storage.
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// The value for the webhook's owner; `None` when it is sensitive.
    pub fn shown(&self) -> Option<&str> {
        (!self.sensitive).then_some(self.text.as_str())
    }
}

impl fmt::Debug for CustomValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CustomValue(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::dialect::{Dialect, Envelope};
    use crate::event::{Event, EventType, example};
    use crate::id::{TenantId, WebhookId};
    use crate::secret::SigningSecret;

    #[test]
    fn names_are_lower_case_and_valid() {
        assert_eq!(CustomName::parse("X-Api-Key").unwrap().as_str(), "x-api-key");
        assert_eq!(CustomName::parse("Authorization").unwrap().as_str(), "authorization");
        for text in ["", "x api", "x:y", "größe", "x\r\ny", &"x".repeat(101)] {
            assert_eq!(CustomName::parse(text), Err(InvalidHeader::Name), "{text}");
        }
    }

    #[test]
    fn what_deliveries_set_themselves_is_reserved_in_any_case() {
        for text in
            ["Content-Type", "HOST", "te", "Webhook-Id", "webhook-anything", "Proxy-Authorization", "User-Agent"]
        {
            assert_eq!(CustomName::parse(text), Err(InvalidHeader::Reserved), "{text}");
        }
        let secret = SigningSecret::generate([1; 32]);
        for dialect in Dialect::ALL {
            let at = Timestamp::UNIX_EPOCH;
            let tenant = TenantId::mint(at, [1; 10]);
            let event = Event::accept(example(EventType::Delivered, "k", at), tenant, None, at);
            let webhook = WebhookId::mint(at, [1; 10]);
            let envelope = Envelope { id: &event.id.to_string(), webhook, at, secrets: &[&secret] };
            for (name, _) in dialect.render(&event, &envelope).headers {
                assert_eq!(CustomName::parse(name), Err(InvalidHeader::Reserved), "{name} of {}", dialect.as_str());
            }
        }
    }

    #[test]
    fn values_are_printable_and_do_not_print() {
        for text in ["x", "Bearer a b", &"x".repeat(1024)] {
            assert_eq!(CustomValue::parse(text, false).unwrap().expose(), text);
        }
        for text in ["", " x", "x ", "a\tb", "a\r\nb", "ü", &"x".repeat(1025)] {
            assert_eq!(CustomValue::parse(text, false), Err(InvalidHeader::Value), "{text}");
        }
        let secret = CustomValue::parse("hunter2", true).unwrap();
        assert_eq!((secret.shown(), format!("{secret:?}").contains("hunter2")), (None, false));
    }
}
