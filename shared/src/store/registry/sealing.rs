//! Items with secrets: these are sealed before an item is written, and opened after it is read.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use domain::seal::{DataKey, DataKeyNumber, SealContext};

use super::sealable::{Sealable, seal, sealed_secrets};
use super::{Key, Page, Readable, Registry, Row, StoreError, id_of, item, unknown_attributes};

impl Registry {
    /// The row to put under `key`, with secrets sealed by the newest data key.
    pub(super) async fn sealed_row<T: Sealable>(&self, key: Key, mut item: T) -> Result<Row, StoreError> {
        if !item.secrets().is_empty() {
            let data_key = self.newest_data_key().await?;
            seal(&mut item, &key, &data_key);
        }
        item::with_key(key, item)
    }

    /// Like [`Registry::sealed_row`], for a row that replaces the one under `key`. It keeps what the stored row has and
    /// this release does not know. The write must have the condition that the row's revision is the one that was read.
    pub(super) async fn replacing_row<T: Sealable>(&self, key: Key, item: T) -> Result<Row, StoreError> {
        let stored = self.get_row(key.clone(), true).await?;
        let mut row = self.sealed_row(key, item).await?;
        if let Some(stored) = stored {
            let read: T = item::stored(stored.clone())?;
            let read = serde_dynamo::to_item(read).map_err(StoreError::unreadable)?;
            unknown_attributes::keep(&stored, &read, &mut row);
        }
        Ok(row)
    }

    /// The item of a row, with its secrets in clear.
    pub(super) async fn opened_item<T: Sealable>(&self, row: Row) -> Result<T, StoreError> {
        let key = key_of(&row)?;
        let mut item: T = item::stored(row)?;
        let Some(sealed) = sealed_secrets(&mut item)? else { return Ok(item) };
        let mut data_keys: BTreeMap<DataKeyNumber, Arc<DataKey>> = BTreeMap::new();
        for number in sealed.iter().map(|secret| secret.key).collect::<BTreeSet<_>>() {
            data_keys.insert(number, self.data_key(number).await?);
        }
        for ((field, text), secret) in item.secrets().into_iter().zip(sealed) {
            let place = SealContext { pk: &key.pk, sk: &key.sk, field: &field };
            *text = data_keys[&secret.key].open(secret, &place).map_err(StoreError::unreadable)?;
        }
        Ok(item)
    }

    /// What a row is about, with its secrets in clear.
    pub(super) async fn opened<Item: Sealable, T: TryFrom<Item, Error = StoreError>>(
        &self,
        row: Row,
    ) -> Result<T, StoreError> {
        T::try_from(self.opened_item::<Item>(row).await?)
    }

    /// Like [`Registry::list`], with the secrets in clear.
    pub(super) async fn list_opened<Item: Sealable, T: TryFrom<Item, Error = StoreError>>(
        &self,
        pk: String,
        prefix: &str,
        after: Option<&str>,
        limit: u8,
    ) -> Result<Page<Readable<T>>, StoreError> {
        let page = self.list_rows(pk, prefix, after, limit).await?;
        let mut items = Vec::with_capacity(page.items.len());
        for row in page.items {
            items.push(Readable::of(id_of(&row, prefix), self.opened::<Item, T>(row).await)?);
        }
        Ok(Page { items, next: page.next })
    }
}

pub(super) fn key_of(row: &Row) -> Result<Key, StoreError> {
    let text = |name: &str| row.get(name).and_then(|value| value.as_s().ok()).cloned();
    let key = text("pk").zip(text("sk")).map(|(pk, sk)| Key { pk, sk });
    key.ok_or_else(|| StoreError::unreadable("a row without a key"))
}
