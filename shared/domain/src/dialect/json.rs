//! JSON as `JSON.stringify` writes it, byte for byte: receivers written in JavaScript verify a signature over the body
//! that they have parsed and written again.
//!
//! Strings are escaped alike by `serde_json`. What differs is the order of keys that look like indices, and numbers:
//! JavaScript has but doubles, and writes them its own way. The one exception are integers beyond 2^53, which
//! JavaScript cannot hold: their digits leave as they came. Only metadata and Mailjet's ids can be such numbers, and no
//! dialect that has them signs a body that receivers write again.

use std::io;

use serde::ser::{SerializeMap as _, SerializeSeq as _};
use serde::{Serialize, Serializer};
use serde_json::ser::Formatter;
use serde_json::{Map, Value};

/// The bytes of `body`, which holds nothing but strings, numbers, booleans, arrays and objects.
pub(super) fn written(body: &impl Serialize) -> Vec<u8> {
    let mut bytes = Vec::new();
    // A map with keys that are no strings would fail; no body has one.
    let _never_fails = body.serialize(&mut serde_json::Serializer::with_formatter(&mut bytes, JavaScript));
    bytes
}

/// Compact, with JavaScript's numbers.
struct JavaScript;

impl Formatter for JavaScript {
    fn write_f64<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        writer.write_all(ryu_js::Buffer::new().format(value).as_bytes())
    }
}

/// The sender's own fields, in JavaScript's order.
pub(super) struct Fields<'a>(pub(super) &'a Map<String, Value>);

impl Serialize for Fields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields: Vec<_> = self.0.iter().collect();
        // Stable: what is no index keeps its place among its like.
        fields.sort_by_key(|(name, _)| index(name).map_or((true, 0), |index| (false, index)));
        let mut map = serializer.serialize_map(Some(fields.len()))?;
        for (name, value) in fields {
            map.serialize_entry(name, &Field(value))?;
        }
        map.end()
    }
}

struct Field<'a>(&'a Value);

impl Serialize for Field<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Object(fields) => Fields(fields).serialize(serializer),
            Value::Array(values) => {
                let mut array = serializer.serialize_seq(Some(values.len()))?;
                for value in values {
                    array.serialize_element(&Field(value))?;
                }
                array.end()
            }
            plain @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => plain.serialize(serializer),
        }
    }
}

/// The number that a key is an array index of in JavaScript, whose objects have those first, in ascending order.
fn index(name: &str) -> Option<u32> {
    let index: u32 = name.parse().ok().filter(|index| *index != u32::MAX)?;
    (index.to_string() == name).then_some(index)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(text: &str) -> String {
        let fields: Map<String, Value> = serde_json::from_str(text).unwrap();
        String::from_utf8(written(&Fields(&fields))).unwrap()
    }

    /// Each line is what Node 20 answers to `JSON.stringify(JSON.parse(line))`.
    #[test]
    fn numbers_and_keys_are_javascripts() {
        for (given, expected) in [
            (
                r#"{"n":[1.0,-0.0,0.1,1e21,1e20,1E-7,0.000001,123456789012345680000]}"#,
                r#"{"n":[1,0,0.1,1e+21,100000000000000000000,1e-7,0.000001,123456789012345680000]}"#,
            ),
            (
                r#"{"b":1,"a":2,"10":3,"9":4,"01":5,"-1":6,"4294967295":7,"4294967294":8}"#,
                r#"{"9":4,"10":3,"4294967294":8,"-1":6,"01":5,"4294967295":7,"a":2,"b":1}"#,
            ),
            (r#"{"x":{"2":[{"10":1,"9":null}],"1":true}}"#, r#"{"x":{"1":true,"2":[{"9":null,"10":1}]}}"#),
        ] {
            assert_eq!(rewritten(given), expected);
        }
    }

    #[test]
    fn integers_that_javascript_cannot_hold_keep_their_digits() {
        let ids = r#"{"id":[9007199254740993,-9007199254740993,18446744073709551615]}"#;
        assert_eq!(rewritten(ids), ids);
    }
}
