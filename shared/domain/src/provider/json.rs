//! Lenient reading of providers' JSON. Fields may be missing, null, empty or of another type than documented. Numbers
//! are read as text, so that ids above 2^53 and fractions of a second stay exact.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer as _, IgnoredAny, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::limits::Room;
use crate::event::METADATA_NESTING;

mod long_integers;
mod members;

use members::Members;

/// A JSON object. A value is read when a caller asks for it.
#[derive(Debug, Default)]
pub(super) struct Object<'a>(Members<'a>);

impl<'a> Object<'a> {
    /// Reads an object; `None` for anything else. If a key appears twice, the last value counts.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        Members::parse(text).map(Self)
    }

    /// The number of members.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The JSON text of a value; `None` when it is missing or null.
    pub(super) fn raw(&self, name: &str) -> Option<&'a str> {
        self.0.get(name).filter(|raw| *raw != "null")
    }

    /// The object in a field; an empty one when there is none.
    pub(super) fn object(&self, name: &str) -> Self {
        self.raw(name).and_then(Self::parse).unwrap_or_default()
    }

    /// A string that is not blank, or the text of a number.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.raw(name).and_then(text_of)
    }

    /// True or false.
    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        self.raw(name).and_then(|raw| raw.parse().ok())
    }

    /// The texts in an array, or a single text.
    pub(super) fn texts(&self, name: &str) -> Vec<String> {
        let Some(raw) = self.raw(name) else { return Vec::new() };
        match elements(raw) {
            Some(elements) => elements.into_iter().filter_map(text_of).collect(),
            None => text_of(raw).into_iter().collect(),
        }
    }

    /// A string exactly as it is, even if it is blank.
    pub(super) fn string(&self, name: &str) -> Option<String> {
        serde_json::from_str(self.raw(name)?).ok()
    }

    /// The objects in an array. Each is read when a caller asks for it.
    pub(super) fn objects(&self, name: &str) -> impl DoubleEndedIterator<Item = Self> + use<'a> {
        let elements = self.raw(name).and_then(elements).unwrap_or_default();
        elements.into_iter().filter_map(Self::parse)
    }

    /// The value of an object that has exactly one member.
    pub(super) fn only_member(&self) -> Option<&'a str> {
        let mut members = self.0.iter();
        members.next().filter(|_| members.next().is_none()).map(|(_, raw)| raw)
    }

    /// Every name with the JSON text of its value.
    pub(super) fn members(&self) -> impl Iterator<Item = (Cow<'a, str>, &'a str)> {
        self.0.iter()
    }

    /// The fields that `wanted` selects, unchanged, except those for which an event's metadata has no space left.
    pub(super) fn values(&self, wanted: impl Fn(&str) -> bool) -> Map<String, Value> {
        let mut fields = Map::new();
        let mut room = Room::for_metadata();
        for (name, raw) in self.0.iter().filter(|(name, _)| wanted(name)) {
            let value = room.may_take(raw.len()).then(|| value_of(raw));
            match value.filter(|value| room.take_member(&name, value)) {
                Some(value) => fields.insert(name.into_owned(), value),
                // If a key appears twice, the last value counts, even when there is no space for it.
                None => fields.remove(&*name),
            };
        }
        fields
    }
}

/// Maximum number of elements of an array that are held (65,536). This is more than a batch or a list in a readable
/// event may have. Reason: a body that consists of commas must not take many times its size in memory.
const MAX_ELEMENTS: usize = 64 * 1024;

/// The JSON texts of an array's first [`MAX_ELEMENTS`] elements; `None` for anything else.
pub(super) fn elements(text: &str) -> Option<Vec<&str>> {
    let mut json = serde_json::Deserializer::from_str(text);
    let elements = json.deserialize_seq(First).ok()?;
    json.end().ok()?;
    Some(elements)
}

/// Whether a text is a JSON object.
pub(super) fn is_object(text: &str) -> bool {
    serde_json::from_str::<&RawValue>(text).is_ok_and(|raw| raw.get().starts_with('{'))
}

struct First;

impl<'a> Visitor<'a> for First {
    type Value = Vec<&'a str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut array: A) -> Result<Self::Value, A::Error> {
        let mut elements = Vec::new();
        while elements.len() < MAX_ELEMENTS {
            let Some(raw) = array.next_element::<&RawValue>()? else { return Ok(elements) };
            elements.push(raw.get());
        }
        while array.next_element::<IgnoredAny>()?.is_some() {}
        Ok(elements)
    }
}

/// The events of a body: the elements of an array, or a single object.
pub(super) fn entries(body: &str) -> Option<Vec<&str>> {
    elements(body).or_else(|| {
        let body = body.trim_ascii();
        is_object(body).then(|| vec![body])
    })
}

fn text_of(raw: &str) -> Option<String> {
    match raw.as_bytes().first()? {
        b'"' => serde_json::from_str::<String>(raw).ok().filter(|text| !text.trim().is_empty()),
        b'-' | b'0'..=b'9' => Some(raw.to_owned()),
        _ => None,
    }
}

/// A metadata value, unchanged. Two kinds of values are kept as text: an integer beyond 64 bits, which `serde_json`
/// cannot hold, and a value nested deeper than [`METADATA_NESTING`], which later rooms could not read.
fn value_of(raw: &str) -> Value {
    if nesting(raw) > METADATA_NESTING {
        return Value::String(raw.to_owned());
    }
    let exact = has_long_number(raw).then(|| long_integers::quoted(raw));
    match serde_json::from_str(exact.as_deref().unwrap_or(raw)) {
        Ok(value) => value,
        Err(_) => Value::String(raw.to_owned()),
    }
}

/// How many levels of arrays and objects a JSON text has. It counts brackets instead of parsing, so it works for every
/// depth.
pub(super) fn nesting(raw: &str) -> usize {
    let (mut level, mut deepest, mut in_text, mut escaped) = (0_usize, 0, false, false);
    for byte in raw.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = in_text,
            b'"' => in_text = !in_text,
            b'[' | b'{' if !in_text => {
                level += 1;
                deepest = deepest.max(level);
            }
            b']' | b'}' if !in_text => level = level.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// Whether the JSON text has an integer of more than 64 bits, whose digits `serde_json` would change.
pub(super) fn has_long_integer(raw: &str) -> bool {
    has_long_number(raw) && long_integers::quoted(raw).len() != raw.len()
}

/// Whether the text has as many consecutive digits as an integer beyond 64 bits.
fn has_long_number(raw: &str) -> bool {
    raw.split(|letter: char| !letter.is_ascii_digit()).any(|digits| digits.len() >= 19)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_exact_and_empty_is_absent() {
        let text = r#"{"id": 19421777835146491, "huge": 340282366920938463463374607431768211457,
            "time": 1534108637.153125, "none": null, "empty": "", "blank": " ", "yes": true, "tags": ["a", 7, "", null]}"#;
        let object = Object::parse(text).unwrap();
        assert_eq!(object.text("id").as_deref(), Some("19421777835146491"));
        assert_eq!(object.text("huge").as_deref(), Some("340282366920938463463374607431768211457"));
        assert_eq!(object.text("time").as_deref(), Some("1534108637.153125"));
        for absent in ["none", "empty", "blank", "yes", "tags", "missing"] {
            assert_eq!(object.text(absent), None, "{absent}");
        }
        assert_eq!(object.flag("yes"), Some(true));
        assert_eq!(object.texts("tags"), ["a", "7"]);
        assert_eq!(
            Value::from(object.values(|name| name == "huge" || name == "id")).to_string(),
            r#"{"huge":"340282366920938463463374607431768211457","id":19421777835146491}"#
        );
    }

    #[test]
    fn numbers_within_values_are_exact_too() {
        let text = r#"{"a": [12345678901234567890123, 1.5, {"b": -99999999999999999999}], "c": 18446744073709551615}"#;
        assert_eq!(
            Value::from(Object::parse(text).unwrap().values(|_| true)).to_string(),
            r#"{"a":["12345678901234567890123",1.5,{"b":"-99999999999999999999"}],"c":18446744073709551615}"#
        );
    }

    #[test]
    fn of_an_endless_array_enough_is_held() {
        let array = |count: usize| format!("[{}]", vec!["1"; count].join(","));
        assert_eq!(elements(&array(MAX_ELEMENTS)).map(|held| held.len()), Some(MAX_ELEMENTS));
        assert_eq!(elements(&array(MAX_ELEMENTS + 9)).map(|held| held.len()), Some(MAX_ELEMENTS));
        let (mut broken, mut followed) = (array(MAX_ELEMENTS + 9), array(MAX_ELEMENTS + 9));
        broken.pop();
        followed.push('x');
        assert_eq!((elements(&broken), elements(&followed)), (None, None));
    }

    #[test]
    fn the_last_of_two_equal_keys_counts() {
        assert_eq!(Object::parse(r#"{"a": 1, "a": 2}"#).unwrap().text("a").as_deref(), Some("2"));
    }

    #[test]
    fn nesting_beyond_the_limit_is_kept_as_text() {
        for levels in [METADATA_NESTING + 1, 126, 127, 128, 5_000] {
            let deep = format!("{}{}", "[".repeat(levels), "]".repeat(levels));
            let text = format!(r#"{{"event": "open", "deep": {deep}}}"#);
            let object = Object::parse(&text).unwrap();
            assert_eq!(object.text("event").as_deref(), Some("open"));
            assert_eq!(object.values(|name| name == "deep")["deep"], Value::String(deep), "{levels}");
        }
        let most = format!("{}{}", "[".repeat(METADATA_NESTING), "]".repeat(METADATA_NESTING));
        let text = format!(r#"{{"deep": {most}}}"#);
        assert_eq!(Object::parse(&text).unwrap().values(|_| true)["deep"].to_string(), most);
    }

    #[test]
    fn brackets_in_texts_are_no_levels() {
        for (text, levels) in
            [("1", 0), (r#""[[""#, 0), (r#"{"a":"\"[[","b":[]}"#, 2), (r#"["\\",[[1],{}]]"#, 3), ("[[],[[]],[]]", 3)]
        {
            assert_eq!(nesting(text), levels, "{text}");
        }
    }

    #[test]
    fn a_body_is_an_array_or_one_object() {
        assert_eq!(entries("[1, {\"a\":[2]}]\r\n"), Some(vec!["1", "{\"a\":[2]}"]));
        assert_eq!(entries(" {\"a\":1}\n"), Some(vec!["{\"a\":1}"]));
        assert_eq!(entries("[]"), Some(vec![]));
        for body in ["", "null", "7", "\"x\"", "{", "[1,", "<html>"] {
            assert_eq!(entries(body), None, "{body}");
        }
    }
}
