//! Readers of single JSON values. A field is given or left out; only [`or_null`] takes `null`.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

use serde_json::Value;

use super::fields::{Fields, pointer_to};
use crate::http::field_errors::FieldErrors;

/// Text whose number of characters is in `length`.
pub(crate) fn text(length: RangeInclusive<usize>) -> impl Fn(Value) -> Result<String, FieldErrors> {
    move |value| match value {
        Value::String(text) if length.contains(&text.chars().count()) => Ok(text),
        Value::String(_) if *length.start() == 0 => Err(format!("at most {} characters", length.end()).into()),
        Value::String(_) => Err(format!("{} to {} characters", length.start(), length.end()).into()),
        other => Err(expected("text", &other)),
    }
}

/// A value that has one text form.
pub(crate) fn parsed<T: FromStr<Err: Display>>(value: Value) -> Result<T, FieldErrors> {
    match value {
        Value::String(text) => text.parse().map_err(|error: T::Err| error.to_string().into()),
        other => Err(expected("text", &other)),
    }
}

/// `true` or `false`.
#[expect(clippy::needless_pass_by_value, reason = "readers are called with the field's value")]
pub(crate) fn flag(value: Value) -> Result<bool, FieldErrors> {
    value.as_bool().ok_or_else(|| expected("true or false", &value))
}

/// A whole number in a range.
pub(crate) fn whole(range: RangeInclusive<i64>) -> impl Fn(Value) -> Result<i64, FieldErrors> {
    move |value| {
        let number = value.as_i64().filter(|number| range.contains(number));
        number.ok_or_else(|| {
            expected_number(&format!("a whole number from {} to {}", range.start(), range.end()), &value)
        })
    }
}

/// A list of at most `maximum` entries.
pub(crate) fn list<T>(
    maximum: usize,
    read: impl Fn(Value) -> Result<T, FieldErrors>,
) -> impl Fn(Value) -> Result<Vec<T>, FieldErrors> {
    move |value| {
        let Value::Array(entries) = value else { return Err(expected("a list", &value)) };
        if entries.len() > maximum {
            return Err(format!("at most {maximum} entries, got {}", entries.len()).into());
        }
        let (mut values, mut errors) = (Vec::with_capacity(entries.len()), FieldErrors::none());
        for (index, entry) in entries.into_iter().enumerate() {
            match read(entry) {
                Ok(value) => values.push(value),
                Err(more) => errors.add(more.below(&format!("/{index}"))),
            }
        }
        errors.or(values)
    }
}

/// An object whose fields `read` reads. A field that `read` does not ask for is an error.
pub(crate) fn object<T>(read: impl FnOnce(&mut Fields) -> Option<T>) -> impl FnOnce(Value) -> Result<T, FieldErrors> {
    move |value| {
        let Value::Object(fields) = value else { return Err(expected("an object", &value)) };
        let mut fields = Fields::new(fields);
        let value = read(&mut fields);
        fields.finish(|| value)
    }
}

/// An object of at most `maximum` fields whose names the caller chooses; `read` gets name and value.
pub(crate) fn map<T>(
    maximum: usize,
    read: impl Fn(&str, Value) -> Result<T, FieldErrors>,
) -> impl Fn(Value) -> Result<Vec<T>, FieldErrors> {
    move |value| {
        let Value::Object(fields) = value else { return Err(expected("an object", &value)) };
        if fields.len() > maximum {
            return Err(format!("at most {maximum} fields, got {}", fields.len()).into());
        }
        let (mut values, mut errors) = (Vec::with_capacity(fields.len()), FieldErrors::none());
        for (name, value) in fields {
            match read(&name, value) {
                Ok(value) => values.push(value),
                Err(more) => errors.add(more.below(&pointer_to(&name))),
            }
        }
        errors.or(values)
    }
}

/// What `read` reads, or `null`, which removes the present value.
pub(crate) fn or_null<T>(
    read: impl FnOnce(Value) -> Result<T, FieldErrors>,
) -> impl FnOnce(Value) -> Result<Option<T>, FieldErrors> {
    move |value| if value.is_null() { Ok(None) } else { read(value).map(Some) }
}

/// The error of a value of another type. Its text does not repeat the value, which may be a secret.
pub(crate) fn expected(what: &str, got: &Value) -> FieldErrors {
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

/// Like [`expected`], where a number is expected. A number is no secret, so the text repeats it.
pub(crate) fn expected_number(what: &str, got: &Value) -> FieldErrors {
    match got {
        Value::Number(number) => format!("expected {what}, got {number}").into(),
        other => expected(what, other),
    }
}
