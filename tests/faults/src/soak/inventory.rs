//! Compares what a client of the management APIs was told with the rows of its tenant. This module is pure.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use shared::event::{Event, What};

use super::ledger::{Deleted, Ledger};

/// A row of the registry table.
pub(super) type Row = HashMap<String, AttributeValue>;

/// The rows of one tenant in the registry, by what they are.
#[derive(Debug, Default)]
pub(super) struct Inventory {
    tenant: Row,
    /// By id.
    webhooks: BTreeMap<String, Row>,
    /// By id.
    sources: BTreeMap<String, Row>,
    /// The listed API keys, by id.
    listed_keys: BTreeSet<String>,
    /// The API keys that are accepted, by id.
    accepted_keys: BTreeSet<String>,
    /// The source of each ingest key, by the key's hash.
    ingest_keys: BTreeMap<String, String>,
    /// Rows that belong to a webhook: each with its kind and the webhook's id.
    belongings: Vec<(&'static str, String)>,
}

impl Inventory {
    /// The rows of `tenant` among those of the whole table.
    pub(super) fn of(tenant: &str, table: Vec<Row>) -> Self {
        let mut inventory = Self::default();
        for row in table {
            let (pk, sk) = (text(&row, "pk").to_owned(), text(&row, "sk").to_owned());
            let is_own = pk.strip_prefix("T#") == Some(tenant);
            let belongs = text(&row, "tenant") == tenant;
            match sk.split_once('#') {
                Some(("W", id)) if is_own => _ = inventory.webhooks.insert(id.to_owned(), row),
                Some(("S", id)) if is_own => _ = inventory.sources.insert(id.to_owned(), row),
                Some(("K", id)) if is_own => _ = inventory.listed_keys.insert(id.to_owned()),
                Some(("B", id)) if is_own => inventory.belongings.push(("breaker", id.to_owned())),
                Some(("L", id)) if is_own => inventory.belongings.push(("rate limit", id.to_owned())),
                None if is_own && sk == "TENANT" => inventory.tenant = row,
                None if belongs && sk == "API_KEY" => {
                    inventory.accepted_keys.extend(pk.strip_prefix("K#").map(str::to_owned));
                }
                None if belongs && sk == "INGEST_KEY" => {
                    let hash = pk.strip_prefix("I#").unwrap_or_default().to_owned();
                    inventory.ingest_keys.insert(hash, text(&row, "source").to_owned());
                }
                _ => {}
            }
        }
        inventory
    }

    /// What contradicts what the client was told, or has no owner.
    pub(super) fn complaints(&self, ledger: &Ledger, events: &[Event]) -> Vec<String> {
        let mut complaints = self.not_gone(ledger);
        complaints.extend(self.without_owner());
        complaints.extend(self.miscounted());
        complaints.extend(self.told_wrongly(events));
        complaints
    }

    /// The webhooks that take deliveries.
    pub(super) fn is_enabled(&self, webhook: &str) -> bool {
        self.webhooks.get(webhook).is_some_and(|row| !row.contains_key("disabled"))
    }

    fn not_gone(&self, ledger: &Ledger) -> Vec<String> {
        let is_there = |deleted: &&Deleted| match deleted {
            Deleted::Webhook(id) => self.webhooks.contains_key(id),
            Deleted::Number(number) => self.webhooks.values().any(|row| self::number(row, "number") == Some(*number)),
            Deleted::Path(path) => self.webhooks.values().any(|row| text(row, "url").ends_with(path.as_str())),
            Deleted::Source(id) => self.sources.contains_key(id),
            Deleted::Key(id) => self.accepted_keys.contains(id) || self.listed_keys.contains(id),
        };
        let left = ledger.gone().iter().filter(is_there);
        left.map(|deleted| format!("a deletion was answered as done, and it is there: {deleted:?}")).collect()
    }

    fn without_owner(&self) -> Vec<String> {
        let belongings = self.belongings.iter().filter(|(_, webhook)| !self.webhooks.contains_key(webhook));
        let mut found: Vec<_> =
            belongings.map(|(kind, webhook)| format!("a {kind} row of {webhook}, which is no more")).collect();
        for (hash, source) in &self.ingest_keys {
            match self.sources.get(source) {
                None => found.push(format!("an ingest key of {source}, which is no more")),
                Some(row) if text(row, "ingest_key_sha256") != hash => {
                    found.push(format!("a second ingest key of {source}"));
                }
                Some(_) => {}
            }
        }
        let keyless = self.sources.keys().filter(|source| !self.ingest_keys.values().any(|of| of == *source));
        found.extend(keyless.map(|source| format!("{source} has no ingest key")));
        let keys = self.listed_keys.symmetric_difference(&self.accepted_keys);
        found.extend(keys.map(|key| format!("{key} is accepted but not listed, or listed but not accepted")));
        found
    }

    fn miscounted(&self) -> Vec<String> {
        let (counted, there) = (number(&self.tenant, "webhook_count"), self.webhooks.len() as u64);
        let count = (counted != Some(there)).then(|| format!("{there} webhooks, counted as {counted:?}"));
        let numbers: Vec<_> = self.webhooks.values().filter_map(|row| number(row, "number")).collect();
        let each: BTreeSet<_> = numbers.iter().collect();
        let twice = (each.len() < numbers.len()).then(|| "two webhooks have one number".to_owned());
        count.into_iter().chain(twice).collect()
    }

    /// Disabling and enabling alternate, and end as the webhook is. A webhook is made enabled.
    fn told_wrongly(&self, events: &[Event]) -> Vec<String> {
        let mut told: BTreeMap<String, BTreeMap<u64, bool>> = BTreeMap::new();
        for event in events {
            let Some(about) = &event.facts.about else { continue };
            let is_disabled = match about.what {
                What::Disabled { .. } => true,
                What::Enabled => false,
                What::Opened { .. } | What::Closed { .. } | What::Pending | What::Verified { .. } | What::Dead(_) => {
                    continue;
                }
            };
            let revision = event.facts.provider_event_id.rsplit('/').next().and_then(|text| text.parse().ok());
            told.entry(about.webhook.to_string()).or_default().insert(revision.unwrap_or(0), is_disabled);
        }
        let mut found = Vec::new();
        for (webhook, changes) in &told {
            let mut is_disabled = false;
            let alternates = changes.values().all(|next| std::mem::replace(&mut is_disabled, *next) != *next);
            if !alternates {
                found.push(format!("disabling and enabling of {webhook} do not alternate: {changes:?}"));
            }
        }
        for (webhook, row) in &self.webhooks {
            let last = told.get(webhook).and_then(|changes| changes.values().last());
            if last.copied().unwrap_or(false) != row.contains_key("disabled") {
                found.push(format!("the last event of {webhook} does not say whether it is disabled"));
            }
        }
        found
    }
}

fn text<'a>(row: &'a Row, name: &str) -> &'a str {
    row.get(name).and_then(|value| value.as_s().ok()).map_or("", String::as_str)
}

fn number(row: &Row, name: &str) -> Option<u64> {
    row.get(name)?.as_n().ok()?.parse().ok()
}

#[cfg(test)]
mod tests;
