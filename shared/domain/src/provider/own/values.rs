//! Values of own events that are well-formed JSON and that we could not store as they are. Their author can correct
//! them, and is told where they are.
//!
//! `serde_json` reads no number beyond a double (`1e400`), and no text with half of a pair of surrogates (`"\ud800"`).
//! It reads an integer of more than 64 bits as a double, which has other digits.

use super::fields::{Faults, pointer_to};
use crate::problem::Fault;
use crate::provider::json::{Object, entries, has_long_integer};

/// Maximum levels of objects in which a fault is looked for. Reason: the fields of an event have two, and an author
/// finds a value below them.
const MAX_LEVELS: u8 = 3;

/// The faults of a body that the parser refused for a value; `None` when the body is not JSON.
pub(super) fn without_a_reading(body: &[u8]) -> Option<Vec<Fault>> {
    faults(body, "expected numbers up to 1.7e308, and in texts both halves of each pair of surrogates", |json| {
        serde_json::from_str::<serde_json::Value>(json).is_err()
    })
}

/// The faults of a body that the parser read with other digits; `None` when there are none.
pub(super) fn changed_by_reading(body: &[u8]) -> Option<Vec<Fault>> {
    let is_long = std::str::from_utf8(body).is_ok_and(has_long_integer);
    let detail = "expected integers of at most 64 bits; write a longer one as a text";
    is_long.then(|| faults(body, detail, has_long_integer)).flatten()
}

fn faults(body: &[u8], detail: &str, is_wrong: fn(&str) -> bool) -> Option<Vec<Fault>> {
    let body = std::str::from_utf8(body).ok()?;
    let is_array = body.trim_ascii_start().starts_with('[');
    let mut faults = Faults::default();
    for (index, entry) in entries(body)?.into_iter().enumerate() {
        let pointer = if is_array { format!("/{index}") } else { String::new() };
        find(entry, pointer, MAX_LEVELS, is_wrong, &mut |pointer| faults.add(pointer, detail));
    }
    let faults = faults.into_vec();
    (!faults.is_empty()).then_some(faults)
}

/// Finds the innermost members of `json` that are wrong.
fn find(json: &str, pointer: String, levels: u8, is_wrong: fn(&str) -> bool, found: &mut impl FnMut(String)) {
    if !is_wrong(json) {
        return;
    }
    let object = (levels > 0).then(|| Object::parse(json)).flatten().unwrap_or_default();
    let mut is_within = false;
    for (name, value) in object.members().filter(|(_, value)| is_wrong(value)) {
        is_within = true;
        find(value, pointer_to(&pointer, &name), levels - 1, is_wrong, &mut *found);
    }
    if !is_within {
        found(pointer);
    }
}

#[cfg(test)]
mod tests {
    use crate::event::EventType;
    use crate::provider::InboundPostError;
    use crate::provider::own::parse;

    /// The pointers of the faults of one event, alone and in an array.
    fn pointers(members: &str) -> [Vec<String>; 2] {
        let event =
            format!(r#"{{"type":"{}","timestamp":"2026-01-01T00:00:00Z",{members}}}"#, EventType::Delivered.as_str());
        [event.clone(), format!(r#"[{{"type":"email.sent","timestamp":"2026-01-01T00:00:00Z"}},{event}]"#)].map(
            |body| match parse(body.as_bytes(), "2026-01-02T00:00:00Z".parse().unwrap()) {
                Err(InboundPostError::Invalid(faults)) => faults.into_iter().map(|fault| fault.pointer).collect(),
                Ok(_) => Vec::new(),
                Err(other) => panic!("{members}: {other}"),
            },
        )
    }

    #[test]
    fn a_value_that_could_not_be_stored_as_it_is_is_named() {
        for (members, pointer) in [
            (r#""metadata":{"n":1e400}"#, "/metadata/n"),
            (r#""metadata":{"n":[{"m":-1e999}]}"#, "/metadata/n"),
            (r#""metadata":{"a":{"b":{"c":1e400}}}"#, "/metadata/a/b"),
            (r#""metadata":{"t":"\ud800"}"#, "/metadata/t"),
            (r#""metadata":{"\udc00":1}"#, "/metadata"),
            (r#""subject":"\udfff x""#, "/subject"),
            (r#""metadata":{"n":18446744073709551616}"#, "/metadata/n"),
            (r#""metadata":{"n":[-9223372036854775809]}"#, "/metadata/n"),
            (r#""metadata":{"a/b":123456789012345678901234567890}"#, "/metadata/a~1b"),
        ] {
            assert_eq!(pointers(members), [vec![pointer.to_owned()], vec![format!("/1{pointer}")]], "{members}");
        }
    }

    #[test]
    fn values_at_the_border_are_taken() {
        for members in [
            r#""metadata":{"n":[18446744073709551615,-9223372036854775808,1.7976931348623157e308,-0,-0.0,1e-400,5e-324]}"#,
            r#""metadata":{"":"","18446744073709551616":"18446744073709551616","t":"\ud83d\ude00 \u0000 \ufffe \uffff NaN"}"#,
            r#""subject":"\ufffe""#,
        ] {
            assert_eq!(pointers(members), [const { Vec::<String>::new() }; 2], "{members}");
        }
    }
}
