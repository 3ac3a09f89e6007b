//! What a call says of itself. Pure.

use serde_json::Value;

/// One AWS call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The operation, such as `DynamoDB.PutItem` or `SQS.SendMessageBatch`.
    pub operation: String,
    /// The table or queue that the call names, if it names one.
    pub resource: String,
}

/// Adds to a call the request to report consumed capacity.
pub(super) fn asking_for_capacity(body: &[u8]) -> Vec<u8> {
    let Ok(Value::Object(mut call)) = serde_json::from_slice(body) else { return body.to_vec() };
    call.insert("ReturnConsumedCapacity".to_owned(), "TOTAL".into());
    Value::Object(call).to_string().into_bytes()
}

/// The operation and the resource of a call.
pub(super) fn describe(target: &str, body: &[u8]) -> Call {
    let operation = target
        .replace("DynamoDB_20120810.", "DynamoDB.")
        .replace("AmazonSQS.", "SQS.")
        .replace("TrentService.", "KMS.");
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let named = ["TableName", "QueueUrl"].iter().find_map(|name| body[*name].as_str());
    // `INSERT INTO "events" VALUE …`
    let in_statement = || body["Statements"][0]["Statement"].as_str()?.split('"').nth(1);
    let in_keys = || body["RequestItems"].as_object()?.keys().next().map(String::as_str);
    let named = named.or_else(in_statement).or_else(in_keys);
    let resource = named.and_then(|name| name.rsplit('/').next()).unwrap_or_default().to_owned();
    Call { operation, resource }
}
