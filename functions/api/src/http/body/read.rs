//! What a field can be. `null` is nothing of all this but [`or_null`]: a field is given or left out.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

use serde_json::Value;
use shared::problem::Fault;

use super::{Faults, Fields, pointer_to};

/// Text of so many characters.
pub(crate) fn text(length: RangeInclusive<usize>) -> impl Fn(Value) -> Result<String, Faults> {
    move |value| match value {
        Value::String(text) if length.contains(&text.chars().count()) => Ok(text),
        Value::String(_) if *length.start() == 0 => Err(format!("at most {} characters", length.end()).into()),
        Value::String(_) => Err(format!("{} to {} characters", length.start(), length.end()).into()),
        other => Err(expected("text", &other)),
    }
}

/// A value that has one text form.
pub(crate) fn parsed<T: FromStr<Err: Display>>(value: Value) -> Result<T, Faults> {
    match value {
        Value::String(text) => text.parse().map_err(|error: T::Err| error.to_string().into()),
        other => Err(expected("text", &other)),
    }
}

/// `true` or `false`.
#[expect(clippy::needless_pass_by_value, reason = "readers are called with the field's value")]
pub(crate) fn flag(value: Value) -> Result<bool, Faults> {
    value.as_bool().ok_or_else(|| expected("true or false", &value))
}

/// A whole number in a range.
pub(crate) fn whole(range: RangeInclusive<i64>) -> impl Fn(Value) -> Result<i64, Faults> {
    move |value| {
        let number = value.as_i64().filter(|number| range.contains(number));
        number.ok_or_else(|| {
            expected_number(&format!("a whole number from {} to {}", range.start(), range.end()), &value)
        })
    }
}

/// A list of at most `most` entries.
pub(crate) fn list<T>(
    most: usize,
    read: impl Fn(Value) -> Result<T, Faults>,
) -> impl Fn(Value) -> Result<Vec<T>, Faults> {
    move |value| {
        let Value::Array(entries) = value else { return Err(expected("a list", &value)) };
        if entries.len() > most {
            return Err(format!("at most {most} entries, got {}", entries.len()).into());
        }
        let (mut values, mut faults) = (Vec::with_capacity(entries.len()), Vec::new());
        for (index, entry) in entries.into_iter().enumerate() {
            match read(entry) {
                Ok(value) => values.push(value),
                Err(Faults(below)) => faults.extend(
                    below.into_iter().map(|fault| Fault::new(format!("/{index}{}", fault.pointer), fault.detail)),
                ),
            }
        }
        if faults.is_empty() { Ok(values) } else { Err(Faults(faults)) }
    }
}

/// An object, whose fields `read` reads; those that it does not ask for are faults.
pub(crate) fn object<T>(read: impl FnOnce(&mut Fields) -> Option<T>) -> impl FnOnce(Value) -> Result<T, Faults> {
    move |value| {
        let Value::Object(fields) = value else { return Err(expected("an object", &value)) };
        let mut fields = Fields::new(String::new(), fields);
        let value = read(&mut fields);
        fields.checked(value)
    }
}

/// An object of at most `most` fields whose names are the caller's own; `read` gets name and value.
pub(crate) fn map<T>(
    most: usize,
    read: impl Fn(&str, Value) -> Result<T, Faults>,
) -> impl Fn(Value) -> Result<Vec<T>, Faults> {
    move |value| {
        let Value::Object(fields) = value else { return Err(expected("an object", &value)) };
        if fields.len() > most {
            return Err(format!("at most {most} fields, got {}", fields.len()).into());
        }
        let (mut values, mut faults) = (Vec::with_capacity(fields.len()), Vec::new());
        for (name, value) in fields {
            match read(&name, value) {
                Ok(value) => values.push(value),
                Err(Faults(below)) => faults.extend(
                    below
                        .into_iter()
                        .map(|fault| Fault::new(format!("{}{}", pointer_to(&name), fault.pointer), fault.detail)),
                ),
            }
        }
        if faults.is_empty() { Ok(values) } else { Err(Faults(faults)) }
    }
}

/// What `read` reads, or `null`, which takes away what there is.
pub(crate) fn or_null<T>(
    read: impl FnOnce(Value) -> Result<T, Faults>,
) -> impl FnOnce(Value) -> Result<Option<T>, Faults> {
    move |value| if value.is_null() { Ok(None) } else { read(value).map(Some) }
}

/// The fault of a value that is something else. The value itself is not repeated: it may be a secret.
pub(crate) fn expected(what: &str, got: &Value) -> Faults {
    let got = match got {
        Value::Null => "null; leave the field out instead",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    };
    format!("expected {what}, got {got}").into()
}

/// The same where a number is expected, which is no secret.
pub(crate) fn expected_number(what: &str, got: &Value) -> Faults {
    match got {
        Value::Number(number) => format!("expected {what}, got {number}").into(),
        other => expected(what, other),
    }
}
