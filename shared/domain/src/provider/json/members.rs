//! The members of a JSON object, as positions in its text. Each takes 16 bytes, so an object that consists of many tiny
//! members, which may be as large as a post, takes little more memory than its text.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer as _, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

/// An object's members, in their order.
#[derive(Debug, Default)]
pub(super) struct Members<'a> {
    text: &'a str,
    places: Vec<Place>,
    /// Whether a name contains an escape, so that names must be decoded before they are compared.
    has_escapes: bool,
}

/// Where a name with its quotes, and its value, begin and end.
#[derive(Debug, Clone, Copy)]
struct Place {
    name: (u32, u32),
    value: (u32, u32),
}

impl<'a> Members<'a> {
    /// Reads an object; `None` for anything else.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let mut json = serde_json::Deserializer::from_str(text);
        let members = json.deserialize_map(Reader(text)).ok()?;
        json.end().ok()?;
        Some(members)
    }

    /// The number of members. A name that appears twice counts twice.
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// The JSON text of a value. If a name appears twice, the last one counts.
    pub(super) fn get(&self, name: &str) -> Option<&'a str> {
        let place = self.places.iter().rev().find(|place| {
            let written = self.written_name(place);
            written == name || (self.has_escapes && decoded(written) == name)
        });
        place.map(|place| self.at(place.value))
    }

    /// Every name with the JSON text of its value.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Cow<'a, str>, &'a str)> {
        self.places.iter().map(|place| (decoded(self.written_name(place)), self.at(place.value)))
    }

    fn at(&self, (start, end): (u32, u32)) -> &'a str {
        self.text.get(start as usize..end as usize).unwrap_or_default()
    }

    /// A name as it is written, without its quotes.
    fn written_name(&self, place: &Place) -> &'a str {
        self.at((place.name.0 + 1, place.name.1 - 1))
    }
}

/// The decoded form of a written name. If an escape is invalid, the name stays as it is written.
fn decoded(written: &str) -> Cow<'_, str> {
    if !written.contains('\\') {
        return Cow::Borrowed(written);
    }
    serde_json::from_str(&format!("\"{written}\"")).map_or(Cow::Borrowed(written), Cow::Owned)
}

struct Reader<'a>(&'a str);

impl<'a> Visitor<'a> for Reader<'a> {
    type Value = Members<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let place = |part: &RawValue| {
            let start = part.get().as_ptr().addr() - self.0.as_ptr().addr();
            let end = start + part.get().len();
            u32::try_from(start).ok().zip(u32::try_from(end).ok()).ok_or_else(|| A::Error::custom("over 4 GiB of text"))
        };
        let mut members = Members { text: self.0, ..Members::default() };
        while let Some((name, value)) = map.next_entry::<&RawValue, &RawValue>()? {
            members.has_escapes |= name.get().contains('\\');
            members.places.push(Place { name: place(name)?, value: place(value)? });
        }
        Ok(members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_found_by_what_their_names_say() {
        let members =
            Members::parse(r#" { "a" : [1, {"b": 2}] , "caf\u00e9":"x","\ud800":1, "a\"":3,"a": 4 } "#).unwrap();
        let all: Vec<_> = members.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(all, [r#"a=[1, {"b": 2}]"#, "caf\u{e9}=\"x\"", r"\ud800=1", r#"a"=3"#, "a=4"]);
        for (name, value) in [("a", Some("4")), ("caf\u{e9}", Some("\"x\"")), ("a\"", Some("3")), ("b", None)] {
            assert_eq!(members.get(name), value, "{name}");
        }
        assert_eq!(members.len(), 5);
    }

    #[test]
    fn anything_else_has_none() {
        for text in ["", "[]", "null", "7", r#""a""#, "{", r#"{"a"}"#, r#"{"a":}"#, "{a:1}", "{1:1}", "{}{}", "{},"] {
            assert!(Members::parse(text).is_none(), "{text}");
        }
        assert_eq!(Members::parse("{}").unwrap().len(), 0);
    }
}
