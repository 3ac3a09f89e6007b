//! `Retry-After` in both its forms (RFC 9110, 10.2.3).

use jiff::fmt::rfc2822::DateTimeParser;
use jiff::{SignedDuration, Timestamp};
use reqwest::header::HeaderValue;

/// The time that the header names, seconds counted from `now`; `None` when it is neither form.
pub(super) fn parse(value: &HeaderValue, now: Timestamp) -> Option<Timestamp> {
    let text = value.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u32>() {
        return now.checked_add(SignedDuration::from_secs(i64::from(seconds))).ok();
    }
    // An HTTP date is written as RFC 2822 dates are, in GMT.
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
