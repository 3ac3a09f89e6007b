//! KMS in memory. It keeps what it has wrapped, and unwraps only with the same key and the same encryption context.

use std::sync::{Mutex, PoisonError};

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde_json::{Value, json};
use shared::clock::random;

/// The only key.
pub const KMS_KEY: &str = "arn:aws:kms:us-east-1:000000000000:key/8b5f2c1e-0000-4000-8000-000000000000";

/// The wrapped data keys, and whether KMS answers at present.
#[derive(Debug, Default)]
pub struct Kms {
    wrapped: Mutex<Vec<Wrapped>>,
    refusing: Mutex<bool>,
}

struct Wrapped {
    blob: String,
    plaintext: String,
    context: Value,
}

impl std::fmt::Debug for Wrapped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Wrapped").field("blob", &self.blob).finish_non_exhaustive()
    }
}

impl Kms {
    /// Makes KMS refuse all calls from now on, or answer again.
    pub fn refuse(&self, refusing: bool) {
        *self.refusing.lock().unwrap_or_else(PoisonError::into_inner) = refusing;
    }

    /// Makes KMS know a data key that another KMS has wrapped. `blob` and `plaintext` are in base64.
    pub fn learn(&self, blob: &str, plaintext: &str, context: Value) {
        let (blob, plaintext) = (blob.to_owned(), plaintext.to_owned());
        let mut wrapped = self.wrapped.lock().unwrap_or_else(PoisonError::into_inner);
        wrapped.push(Wrapped { blob, plaintext, context });
    }

    /// The data keys that KMS has made, in base64. They must not appear anywhere outside of the functions' memory.
    pub fn data_keys(&self) -> Vec<String> {
        let wrapped = self.wrapped.lock().unwrap_or_else(PoisonError::into_inner);
        wrapped.iter().map(|made| made.plaintext.clone()).collect()
    }

    /// Answers a call of the KMS JSON protocol.
    pub(super) fn answer(&self, action: &str, body: &[u8]) -> Response {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        if *self.refusing.lock().unwrap_or_else(PoisonError::into_inner) {
            return refusal("AccessDeniedException");
        }
        if body["KeyId"] != KMS_KEY {
            return refusal("NotFoundException");
        }
        let mut wrapped = self.wrapped.lock().unwrap_or_else(PoisonError::into_inner);
        match action {
            "GenerateDataKeyWithoutPlaintext" if body["KeySpec"] == "AES_256" => {
                let made = Wrapped {
                    blob: BASE64_STANDARD.encode(random::<48>()),
                    plaintext: BASE64_STANDARD.encode(random::<32>()),
                    context: body["EncryptionContext"].clone(),
                };
                let answer = json!({ "KeyId": KMS_KEY, "CiphertextBlob": made.blob });
                wrapped.push(made);
                success(&answer)
            }
            "Decrypt" => {
                let found = wrapped.iter().find(|made| {
                    body["CiphertextBlob"] == made.blob.as_str() && body["EncryptionContext"] == made.context
                });
                found.map_or_else(
                    || refusal("InvalidCiphertextException"),
                    |made| {
                        let algorithm = "SYMMETRIC_DEFAULT";
                        success(
                            &json!({ "KeyId": KMS_KEY, "Plaintext": made.plaintext, "EncryptionAlgorithm": algorithm }),
                        )
                    },
                )
            }
            _ => refusal("UnsupportedOperationException"),
        }
    }
}

fn success(body: &Value) -> Response {
    ([(header::CONTENT_TYPE, "application/x-amz-json-1.1")], body.to_string()).into_response()
}

fn refusal(code: &str) -> Response {
    let body = json!({ "__type": code, "message": code }).to_string();
    (StatusCode::BAD_REQUEST, [(header::CONTENT_TYPE, "application/x-amz-json-1.1")], body).into_response()
}
