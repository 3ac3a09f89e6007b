//! The data keys that seal secrets. Each is kept in the registry, encrypted under a KMS key that never leaves KMS. A
//! function has a data key decrypted when it first needs it, and keeps it in memory.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::DataKeySpec;
use futures::lock::Mutex;

use super::item::{self, DataKeyItem};
use super::{Registry, StoreError, keys};
use crate::store::attribute::text;
use domain::seal::{DataKey, DataKeyNumber, KEY_BYTES};

/// The name in the encryption context that binds a wrapped data key to its number.
const CONTEXT: &str = "mailhooks:data-key";

/// Access to a registry's data keys.
#[derive(Debug, Clone, Default)]
pub(super) struct DataKeys {
    pub(super) kms: Option<aws_sdk_kms::Client>,
    /// The ARN or id of the KMS key that encrypts new data keys. Without it, no data key can be made.
    pub(super) made_under: Option<String>,
    /// The lock is held while KMS is asked, so that the jobs of a batch ask only once.
    pub(super) unwrapped: Arc<Mutex<BTreeMap<DataKeyNumber, Arc<DataKey>>>>,
}

impl DataKeys {
    fn kms(&self) -> Result<&aws_sdk_kms::Client, StoreError> {
        self.kms.as_ref().ok_or_else(|| StoreError::data_key("this function opens no secrets"))
    }
}

impl Registry {
    /// The data key that seals secrets now. If there is none, the first one is made. The key is read afresh each time,
    /// so that no secret is sealed with an old key after a rotation. Only management operations write secrets.
    pub(super) async fn newest_data_key(&self) -> Result<Arc<DataKey>, StoreError> {
        match self.newest_stored_data_key().await? {
            Some(stored) => self.unwrapped_data_key(stored).await,
            None => self.make_data_key(1).await,
        }
    }

    /// The data key with this number.
    pub(super) async fn data_key(&self, number: DataKeyNumber) -> Result<Arc<DataKey>, StoreError> {
        if let Some(known) = self.shared.data_keys.unwrapped.lock().await.get(&number) {
            return Ok(Arc::clone(known));
        }
        let stored: Option<DataKeyItem> = self.get(keys::data_key(number), true).await?;
        let stored = stored.ok_or_else(|| StoreError::data_key(format!("data key {number} is not in the registry")))?;
        self.unwrapped_data_key(stored).await
    }

    /// Makes the next data key, which seals secrets from now on. Older keys still open what they sealed. Returns the
    /// new key's number.
    pub(super) async fn next_data_key(&self) -> Result<DataKeyNumber, StoreError> {
        let newest = self.newest_stored_data_key().await?.map_or(0, |stored| stored.number);
        Ok(self.make_data_key(newest + 1).await?.number())
    }

    async fn newest_stored_data_key(&self) -> Result<Option<DataKeyItem>, StoreError> {
        let answer = self
            .client()
            .query()
            .table_name(self.table())
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", text(keys::DATA_KEYS))
            .scan_index_forward(false)
            .consistent_read(true)
            .limit(1)
            .send()
            .await
            .map_err(StoreError::aws)?;
        let newest = answer.items.unwrap_or_default().pop();
        newest.map(|row| serde_dynamo::from_item(row).map_err(StoreError::unreadable)).transpose()
    }

    /// If two functions make the same key at the same time, both use the one that was stored first.
    async fn make_data_key(&self, number: DataKeyNumber) -> Result<Arc<DataKey>, StoreError> {
        let under = self.shared.data_keys.made_under.as_deref();
        let under = under.ok_or_else(|| StoreError::data_key("this function makes no data keys"))?;
        let made = self
            .shared
            .data_keys
            .kms()?
            .generate_data_key_without_plaintext()
            .key_id(under)
            .key_spec(DataKeySpec::Aes256)
            .encryption_context(CONTEXT, number.to_string())
            .send()
            .await
            .map_err(StoreError::data_key)?;
        let (Some(wrapped), Some(kms_key)) = (made.ciphertext_blob, made.key_id) else {
            return Err(StoreError::data_key("KMS made no data key"));
        };
        let row = item::with_key(keys::data_key(number), DataKeyItem::new(number, wrapped.as_ref(), kms_key))?;
        let put = self.client().put_item().table_name(self.table()).set_item(Some(row));
        match self.write(put.condition_expression("attribute_not_exists(pk)")).await {
            Ok(_) => {}
            Err(error) if error.as_service_error().is_some_and(PutItemError::is_conditional_check_failed_exception) => {
            }
            Err(error) => return Err(StoreError::of_write(error)),
        }
        // The key is read back, no matter which of the two stored it. So a key that cannot be unwrapped is found before
        // it seals anything.
        self.data_key(number).await
    }

    async fn unwrapped_data_key(&self, stored: DataKeyItem) -> Result<Arc<DataKey>, StoreError> {
        let mut unwrapped = self.shared.data_keys.unwrapped.lock().await;
        if let Some(known) = unwrapped.get(&stored.number) {
            return Ok(Arc::clone(known));
        }
        let answer = self
            .shared
            .data_keys
            .kms()?
            .decrypt()
            .key_id(&stored.kms_key)
            .ciphertext_blob(Blob::new(stored.wrapped()?))
            .encryption_context(CONTEXT, stored.number.to_string())
            .send()
            .await
            .map_err(StoreError::data_key)?;
        let plaintext = answer.plaintext.unwrap_or_else(|| Blob::new(Vec::new()));
        let bytes: &[u8; KEY_BYTES] =
            plaintext.as_ref().try_into().map_err(|_| StoreError::data_key("KMS gave a key of another length"))?;
        let key = Arc::new(DataKey::new(stored.number, bytes));
        unwrapped.insert(stored.number, Arc::clone(&key));
        Ok(key)
    }
}
