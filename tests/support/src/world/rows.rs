//! Stored rows as another release may have written them.

use anyhow::Context as _;
use serde_json::Value;
use shared::id::TenantId;
use shared::store::Readable;
use shared::webhook::Webhook;

use super::World;

impl World {
    /// The webhooks of a tenant, all of which can be read.
    pub async fn webhooks_of(&self, tenant: TenantId) -> anyhow::Result<Vec<Webhook>> {
        let read = |entry| match entry {
            Readable::Read(webhook) => Ok(webhook),
            Readable::Unreadable(id) => Err(anyhow::anyhow!("the webhook {id} cannot be read")),
        };
        self.registry.webhooks.all(tenant).await?.into_iter().map(read).collect()
    }

    /// Changes the row with this sort key, as no code of this release would. Returns the row as it was, in DynamoDB's
    /// JSON; [`World::put_row`] puts it back.
    pub fn edit_row(&self, table: &str, sort_key: &str, change: impl FnOnce(&mut Value)) -> anyhow::Result<Value> {
        let former = self.raw_row(table, sort_key)?;
        let mut changed = former.clone();
        change(&mut changed);
        self.put_row(table, changed)?;
        Ok(former)
    }

    /// The row with this sort key, in DynamoDB's JSON.
    pub fn raw_row(&self, table: &str, sort_key: &str) -> anyhow::Result<Value> {
        let rows = self.aws.scan_unbroken(table)?.into_iter();
        let row = rows.into_iter().find(|row| row["sk"].as_s().is_ok_and(|sk| sk == sort_key));
        let row = row.with_context(|| format!("no row has the sort key {sort_key}"))?;
        Ok(serde_json::to_value(serde_dynamo::Item::from(row))?)
    }

    /// Puts a row, in DynamoDB's JSON.
    pub fn put_row(&self, table: &str, row: Value) -> anyhow::Result<()> {
        self.aws.put_unbroken(table, vec![row])
    }
}
