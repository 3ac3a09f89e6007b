//! JSON exactly as `JSON.stringify` writes it. Reason: receivers in JavaScript verify a signature over a body that they
//! have parsed and written again.
//!
//! `serde_json` escapes strings in the same way. Two things differ: the order of keys that look like array indices, and
//! numbers, because JavaScript has only doubles and its own notation for them. Integers beyond 2^53, which JavaScript
//! cannot hold, are an exception: they keep their digits. Only metadata and Mailjet's ids can be such numbers, and no
//! dialect that has them signs a body that receivers write again.

use std::io;

use serde::ser::{SerializeMap as _, SerializeSeq as _};
use serde::{Serialize, Serializer};
use serde_json::ser::Formatter;
use serde_json::{Map, Value};

/// The bytes of `body`, which consists of strings, numbers, booleans, arrays and objects.
pub(super) fn written(body: &impl Serialize) -> Vec<u8> {
    let mut bytes = Vec::new();
    // Serialisation fails only for maps whose keys are not strings, and no body has such a map.
    let _never_fails = body.serialize(&mut serde_json::Serializer::with_formatter(&mut bytes, JavaScript));
    bytes
}

/// A compact format with JavaScript's numbers.
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
        // The sort is stable: keys that are no indices keep their order.
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

/// The array index that a key stands for in JavaScript. JavaScript's objects have such keys first, in ascending order.
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

    /// Each line is the answer of Node 20 to `JSON.stringify(JSON.parse(line))`.
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
