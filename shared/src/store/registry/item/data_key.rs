//! A data key's stored item.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde::{Deserialize, Serialize};

use super::{StoreError, VERSION};
use domain::seal::DataKeyNumber;

#[derive(Serialize, Deserialize)]
pub(in crate::store::registry) struct DataKeyItem {
    v: u8,
    pub(in crate::store::registry) number: DataKeyNumber,
    /// The data key, encrypted by KMS, in base64.
    wrapped: String,
    /// The ARN of the KMS key that encrypted it.
    pub(in crate::store::registry) kms_key: String,
}

impl DataKeyItem {
    pub(in crate::store::registry) fn new(number: DataKeyNumber, wrapped: &[u8], kms_key: String) -> Self {
        Self { v: VERSION, number, wrapped: BASE64_STANDARD.encode(wrapped), kms_key }
    }

    pub(in crate::store::registry) fn wrapped(&self) -> Result<Vec<u8>, StoreError> {
        BASE64_STANDARD.decode(&self.wrapped).map_err(StoreError::unreadable)
    }
}
