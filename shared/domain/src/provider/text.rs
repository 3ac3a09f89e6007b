//! Reads texts of providers: addresses, message ids, SMTP replies, times.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::event::Recipient;

/// The address without a display name, in its original case. Of several addresses, the first.
pub(super) fn recipient(text: &str) -> Option<Recipient> {
    let bracketed = text.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map(|(address, _)| address);
    let bare = || text.split(',').next().unwrap_or_default();
    Recipient::new(bracketed.unwrap_or_else(bare))
}

/// A message id without its angle brackets.
pub(super) fn message_id(text: &str) -> Option<String> {
    let around = |letter: char| letter.is_whitespace() || letter == '<' || letter == '>';
    let inner = text.trim_matches(around);
    (!inner.is_empty()).then(|| inner.to_owned())
}

/// The domain of an address.
pub(super) fn domain(address: &str) -> Option<String> {
    let address = recipient(address)?;
    let (_, domain) = address.expose().rsplit_once('@')?;
    (!domain.is_empty()).then(|| domain.to_owned())
}

/// A time in Unix seconds, with or without a decimal fraction. Digits beyond nanoseconds are cut.
pub(super) fn unix_seconds(text: &str) -> Option<Timestamp> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) {
        return None;
    }
    let nanoseconds = fraction.bytes().chain(std::iter::repeat(b'0')).take(9);
    let nanoseconds = nanoseconds.fold(0, |sum, digit| sum * 10 + i32::from(digit - b'0'));
    Timestamp::new(whole.parse().ok()?, nanoseconds).ok()
}

/// A time in RFC 3339, with `T` or a space. Without an offset it is read as UTC.
pub(super) fn date_time(text: &str) -> Option<Timestamp> {
    let civil = || text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok();
    text.parse().ok().or_else(|| civil().map(|zoned| zoned.timestamp()))
}

/// An SMTP reply code, or a provider's own code of the same form. For example, Mailgun has 605 for an address that
/// bounced before.
pub(super) fn smtp_code(text: &str) -> Option<u16> {
    let code = text.trim().parse().ok()?;
    (200..1000).contains(&code).then_some(code)
}

/// An enhanced status code of RFC 3463, as in `5.1.1`.
pub(super) fn enhanced_code(text: &str) -> Option<String> {
    let text = text.trim();
    let mut parts = text.split('.');
    let class = parts.next().is_some_and(|class| matches!(class, "2" | "4" | "5"));
    let number = |part: Option<&str>| {
        part.is_some_and(|part| (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let known = class && number(parts.next()) && number(parts.next()) && parts.next().is_none();
    known.then(|| text.to_owned())
}

/// The codes at the beginning of a reply such as `550 5.1.1 No such user`, `550-5.1.1 …`, or `smtp; 550 5.1.1 …` in a
/// delivery status notification (RFC 3464).
pub(super) fn codes_of_reply(reply: &str) -> (Option<u16>, Option<String>) {
    let reply = reply.strip_prefix("smtp;").unwrap_or(reply);
    let mut words = reply.split([' ', '-', '\r', '\n']).filter(|word| !word.is_empty());
    match words.next() {
        Some(first) => match smtp_code(first) {
            Some(code) => (Some(code), words.next().and_then(enhanced_code)),
            None => (None, enhanced_code(first)),
        },
        None => (None, None),
    }
}

/// Maximum number of fields of a form that are read. Mandrill's form has one.
const MAX_FORM_FIELDS: usize = 10_000;

/// The fields of an urlencoded form, in order.
pub(super) fn form_fields(body: &[u8]) -> Vec<(String, String)> {
    url::form_urlencoded::parse(body).into_owned().take(MAX_FORM_FIELDS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_lose_their_display_name() {
        let read = |text| recipient(text).map(|recipient| recipient.expose().to_owned());
        assert_eq!(read("Recipient Name <Ann@Example.org>").as_deref(), Some("Ann@Example.org"));
        assert_eq!(read("\"Doe, John\" <j@example.org>, b@example.org").as_deref(), Some("j@example.org"));
        assert_eq!(read(" a@example.org, b@example.org").as_deref(), Some("a@example.org"));
        assert_eq!(read(" ").as_deref(), None);
        assert_eq!(domain("Sender <a@mail.example.org>").as_deref(), Some("mail.example.org"));
        assert_eq!(domain("nobody"), None);
    }

    #[test]
    fn message_ids_lose_their_brackets() {
        assert_eq!(message_id(" <1.2@example.org> ").as_deref(), Some("1.2@example.org"));
        assert_eq!(message_id("1.2@example.org").as_deref(), Some("1.2@example.org"));
        assert_eq!(message_id("< <1.2@example.org>>").as_deref(), Some("1.2@example.org"));
        assert_eq!(message_id("<>"), None);
    }

    #[test]
    fn times_are_read_by_their_digits() {
        let read = |text| unix_seconds(text).map(|at| at.to_string());
        assert_eq!(read("1534108637.1531256").as_deref(), Some("2018-08-12T21:17:17.1531256Z"));
        // Read as a double, this would be 88.999 milliseconds.
        assert_eq!(read("1534109600.089").as_deref(), Some("2018-08-12T21:33:20.089Z"));
        assert_eq!(read("1461095246").as_deref(), Some("2016-04-19T19:47:26Z"));
        assert_eq!(read("1.1234567899").as_deref(), Some("1970-01-01T00:00:01.123456789Z"));
        for text in ["", ".5", "-1", "1e9", "x", "1.2.3", "99999999999999999999", "999999999999"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn dates_may_lack_their_offset() {
        let read = |text| date_time(text).map(|at| at.to_string());
        assert_eq!(read("2014-08-01T13:28:10.2735393-04:00").as_deref(), Some("2014-08-01T17:28:10.2735393Z"));
        assert_eq!(read("2023-02-27 21:48:13").as_deref(), Some("2023-02-27T21:48:13Z"));
        assert_eq!(read("2024-11-22 23:41:12.126+00").as_deref(), Some("2024-11-22T23:41:12.126Z"));
        for text in ["", "yesterday", "1700000000", "2023-02-31T00:00:00Z"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn codes_stand_at_the_beginning() {
        assert_eq!(codes_of_reply("550 5.1.1 No such user"), (Some(550), Some("5.1.1".into())));
        assert_eq!(codes_of_reply("550-5.1.1 No such user"), (Some(550), Some("5.1.1".into())));
        assert_eq!(codes_of_reply("5.1.1 No such user"), (None, Some("5.1.1".into())));
        assert_eq!(codes_of_reply("smtp; 550 5.1.1 No such user"), (Some(550), Some("5.1.1".into())));
        assert_eq!(codes_of_reply("250 OK"), (Some(250), None));
        assert_eq!(codes_of_reply("Bounced Address"), (None, None));
        assert_eq!(codes_of_reply(""), (None, None));
    }
}
