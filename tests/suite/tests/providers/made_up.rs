//! Made-up bodies, values and fixtures, which nobody ever sent.

use std::sync::OnceLock;

use conformance::Fixture;
use http::HeaderMap;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::Value;
use shared::provider::Provider;
use support::senders::Sender;

use super::{FORM, JSON, content_type, is_of, own_fixtures, providers};

/// The fixtures, read once.
pub(crate) fn fixtures() -> &'static [Fixture] {
    static FIXTURES: OnceLock<Vec<Fixture>> = OnceLock::new();
    FIXTURES.get_or_init(own_fixtures)
}

/// A sender of each provider.
pub(crate) fn senders() -> &'static [Sender] {
    static SENDERS: OnceLock<Vec<Sender>> = OnceLock::new();
    SENDERS.get_or_init(|| Sender::all().unwrap())
}

/// The keys and texts of all fixtures, so that made-up values reach the mappings.
pub(crate) fn words() -> &'static [String] {
    static WORDS: OnceLock<Vec<String>> = OnceLock::new();
    fn collect(value: &Value, words: &mut Vec<String>) {
        match value {
            Value::Object(members) => {
                for (key, value) in members {
                    words.push(key.clone());
                    collect(value, words);
                }
            }
            Value::Array(elements) => elements.iter().for_each(|element| collect(element, words)),
            Value::String(text) => {
                words.push(text.clone());
                // Some texts contain JSON objects: SNS's message, Mailjet's payload.
                if let Ok(inner @ (Value::Object(_) | Value::Array(_))) = serde_json::from_str(text) {
                    collect(&inner, words);
                }
            }
            _ => {}
        }
    }
    WORDS.get_or_init(|| {
        let mut words = Vec::new();
        for fixture in fixtures() {
            if let Ok(body) = serde_json::from_slice(&fixture.body) {
                collect(&body, &mut words);
            }
            for (name, value) in url::form_urlencoded::parse(&fixture.body).filter(|_| is_of(&fixture.headers, FORM)) {
                words.push(name.into_owned());
                collect(&serde_json::from_str(&value).unwrap_or(Value::Null), &mut words);
            }
        }
        words.sort();
        words.dedup();
        words
    })
}

pub(crate) fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![4 => prop::sample::select(words()), 1 => any::<String>(), 1 => "[0-9]{1,30}", 1 => "[<>@,;\\[\\]{}\": ]{0,9}"]
}

pub(crate) fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (-10_i64..2_000_000_000_000).prop_map(Value::from),
        any_text().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((any_text(), inner), 0..8).prop_map(|members| members.into_iter().collect::<Value>()),
        ]
    })
}

/// JSON texts at a border of some parser, store or queue. Some of them no [`Value`] can hold.
pub(crate) fn any_odd() -> impl Strategy<Value = String> {
    let texts = || prop::sample::select(ODD.to_vec()).prop_map(str::to_owned);
    let lengths =
        || prop::sample::select(vec![255_usize, 1_024, 16 * 1024, 48 * 1024, 64 * 1024, 128 * 1024, 400 * 1024]);
    let letters = || prop::sample::select(vec!["x", "\u{20ac}", "\\u0001", "\\\"", "\u{fffe}"]);
    let long = (lengths(), -9_isize..9, letters())
        .prop_map(|(length, more, letter)| letter.repeat(length.saturating_add_signed(more) / letter.len()));
    let digits = "-?[1-9][0-9]{17,40}(\\.[0-9]{1,30})?([eE][+-]?[0-9]{1,3})?";
    prop_oneof![
        6 => texts(),
        2 => digits,
        1 => long.clone().prop_map(|text| format!("\"{text}\"")),
        1 => long.prop_map(|name| format!(r#"{{"{name}":1}}"#)),
        1 => (texts(), texts()).prop_map(|(one, other)| format!(r#"{{"a":{one},"":[{other}],"a":{other}}}"#)),
    ]
}

/// Numbers and texts at the borders of 64 bits, of doubles, of UTF-16, and of what SQS and DynamoDB take.
pub(crate) const ODD: [&str; 26] = [
    "1e400",
    "-1e400",
    "1e-400",
    "5e-324",
    "1.7976931348623157e308",
    "-0",
    "-0.0",
    "0.1e1",
    "9007199254740993",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "-9223372036854775809",
    "18446744073709551615",
    "18446744073709551616",
    "123456789012345678901234567890",
    r#""NaN""#,
    r#""-Infinity""#,
    r#""\u0000""#,
    r#""\ud800""#,
    r#""\udfff\ud800 x""#,
    r#""\ud83d\ude00""#,
    r#""\ufffe\uffff""#,
    "\"\u{fffe}\u{ffff}\"",
    r#"{"":"","\ud800":1,"\u0000":2}"#,
    r#"{"a":{},"b":[],"c":[[]],"d":[{}]}"#,
];

/// A value inside arrays and objects, to any depth. The depth may exceed what any of our parsers reads.
pub(crate) fn any_nested() -> impl Strategy<Value = String> {
    let levels = prop_oneof![4 => 0_usize..8, 4 => 118_usize..132, 1 => 132_usize..3_000];
    let core = prop_oneof![1 => any_json().prop_map(|value| value.to_string()), 1 => any_odd()];
    (levels, any::<u64>(), core).prop_map(|(levels, shape, core)| {
        let in_array = |level: usize| shape >> (level % 64) & 1 == 0;
        let opening: String = (0..levels).map(|level| if in_array(level) { "[" } else { r#"{"a":"# }).collect();
        let closing: String = (0..levels).rev().map(|level| if in_array(level) { "]" } else { "}" }).collect();
        format!("{opening}{core}{closing}")
    })
}

/// `text` with `nested` in some places. No [`Value`] can hold `nested`, so it is put into the text.
pub(crate) fn with_nested(text: &str, places: &[Index], nested: &str) -> String {
    const PLACE: &str = "nested-value-goes-here";
    let others: Vec<_> = places.iter().map(|place| (*place, Value::from(PLACE))).collect();
    let value = serde_json::from_str(text).map(|value| with_others(value, &others));
    let text = value.map_or_else(|_| text.to_owned(), |value| value.to_string());
    text.replace(&format!("\"{PLACE}\""), nested).replace(PLACE, "")
}

pub(crate) fn any_provider() -> impl Strategy<Value = Provider> {
    prop::sample::select(providers().collect::<Vec<_>>())
}

pub(crate) fn any_content_type() -> impl Strategy<Value = HeaderMap> {
    let known = vec![JSON, FORM, "multipart/form-data; boundary=x", "text/plain; charset=UTF-8", "Multipart/Form-Data"];
    prop_oneof![4 => prop::sample::select(known).prop_map(content_type), 1 => Just(HeaderMap::new())]
}

pub(crate) fn any_fixture() -> impl Strategy<Value = &'static Fixture> {
    (0..fixtures().len()).prop_map(|index| &fixtures()[index])
}

/// Every place in `value`, beginning with the outermost one.
pub(crate) fn places(value: &Value, pointer: &str, found: &mut Vec<String>) {
    found.push(pointer.to_owned());
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                places(value, &format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1")), found);
            }
        }
        Value::Array(elements) => {
            for (index, value) in elements.iter().enumerate() {
                places(value, &format!("{pointer}/{index}"), found);
            }
        }
        _ => {}
    }
}

/// `value` with other values in some places.
pub(crate) fn with_others(mut value: Value, others: &[(Index, Value)]) -> Value {
    for (at, other) in others {
        let mut found = Vec::new();
        places(&value, "", &mut found);
        if let Some(place) = value.pointer_mut(&found[at.index(found.len())]) {
            *place = other.clone();
        }
    }
    value
}

/// A body with its JSON changed: the whole body, or the values of a form's fields.
pub(crate) fn with_changed_json(body: &[u8], change: impl Fn(&str) -> String) -> String {
    if let Some(json) = std::str::from_utf8(body).ok().filter(|text| text.trim_start().starts_with(['{', '['])) {
        return change(json);
    }
    let fields = url::form_urlencoded::parse(body).map(|(name, value)| (name.into_owned(), change(&value)));
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}
