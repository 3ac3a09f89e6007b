//! Refusals of DynamoDB that the embedded engine does not make.

use serde_json::Value;

/// DynamoDB's error for a write to a row that a transaction is writing at the same moment.
pub(super) fn collision(target: &str) -> Option<&'static str> {
    match target.rsplit('.').next().unwrap_or_default() {
        "TransactWriteItems" => Some(
            r#"{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","Message":"cancelled","CancellationReasons":[{"Code":"TransactionConflict","Message":"Transaction is ongoing for the item"},{"Code":"None"}]}"#,
        ),
        "PutItem" | "UpdateItem" | "DeleteItem" => {
            Some(r#"{"__type":"com.amazonaws.dynamodb.v20120810#TransactionConflictException","message":"ongoing"}"#)
        }
        _ => None,
    }
}

/// Whether a query compares a key with an empty string. DynamoDB refuses such a query, and the engine does not.
pub(super) fn compares_with_nothing(target: &str, body: &[u8]) -> bool {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let values = body["ExpressionAttributeValues"].as_object().into_iter().flatten();
    target.ends_with(".Query") && values.into_iter().any(|(_, value)| value["S"] == "")
}
