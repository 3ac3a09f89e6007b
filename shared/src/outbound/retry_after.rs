//! `Retry-After` in its two forms (RFC 9110, 10.2.3).

use jiff::fmt::rfc2822::DateTimeParser;
use jiff::{SignedDuration, Timestamp};
use reqwest::header::HeaderValue;

/// The time in the header; seconds count from `now`. `None` when the value has neither form.
pub(super) fn parse(value: &HeaderValue, now: Timestamp) -> Option<Timestamp> {
    let text = value.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u32>() {
        return now.checked_add(SignedDuration::from_secs(i64::from(seconds))).ok();
    }
    // HTTP dates have the form of RFC 2822, in GMT.
    DateTimeParser::new().parse_timestamp(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_and_neither() {
        let now = Timestamp::UNIX_EPOCH;
        let parse = |text: &'static str| parse(&HeaderValue::from_static(text), now).map(Timestamp::as_second);
        assert_eq!(parse("120"), Some(120));
        assert_eq!(parse("Thu, 01 Jan 1970 00:02:00 GMT"), Some(120));
        for text in ["", "soon", "-5", "1.5", "99999999999999999999"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
