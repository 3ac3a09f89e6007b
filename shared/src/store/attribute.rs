//! Values of attributes.

use std::fmt::Display;

use aws_sdk_dynamodb::types::AttributeValue;

/// A number. DynamoDB transfers numbers as text.
pub(super) fn number(value: impl Display) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

pub(super) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}
