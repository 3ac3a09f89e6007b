//! Whether every row of the registry has its owner, and every count is right.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;

type Row = HashMap<String, AttributeValue>;

/// The rows of a registry by their keys.
struct Rows(BTreeMap<(String, String), Row>);

impl Rows {
    fn has(&self, pk: &str, sk: &str) -> bool {
        self.get(pk, sk).is_some()
    }

    fn get(&self, pk: &str, sk: &str) -> Option<&Row> {
        self.0.get(&(pk.to_owned(), sk.to_owned()))
    }

    /// How many rows of a partition have this prefix and meet the condition.
    fn count(&self, pk: &str, prefix: &str, is_counted: impl Fn(&Row) -> bool) -> usize {
        let of = |((of, sk), row): &(&(String, String), &Row)| of == pk && sk.starts_with(prefix) && is_counted(row);
        self.0.iter().filter(of).count()
    }

    /// What is wrong with the row under this key.
    fn fault(&self, pk: &str, sk: &str, row: &Row) -> Option<&'static str> {
        let tenant = || format!("T#{}", text(row, "tenant"));
        let of_webhook = ["B#", "L#", "A#", "TENANT#P#"].iter().find_map(|prefix| sk.strip_prefix(prefix));
        if let Some(webhook) = of_webhook {
            return (!self.has(pk, &format!("W#{webhook}"))).then_some("its webhook is gone");
        }
        match sk.split_once('#') {
            Some(("S", _)) => {
                let ingest_key = format!("I#{}", text(row, "ingest_key_sha256"));
                (!self.has(&ingest_key, "INGEST_KEY")).then_some("its ingest key is gone")
            }
            Some(("K", id)) => (!self.has(&format!("K#{id}"), "API_KEY")).then_some("it is listed and not accepted"),
            None if sk == "INGEST_KEY" => match self.get(&tenant(), &format!("S#{}", text(row, "source"))) {
                None => Some("its source is gone"),
                Some(source) => (format!("I#{}", text(source, "ingest_key_sha256")) != pk)
                    .then_some("its source has another ingest key"),
            },
            None if sk == "API_KEY" => {
                let owner = if text(row, "tenant").is_empty() { "ADMIN_KEYS".to_owned() } else { tenant() };
                (!self.has(&owner, pk)).then_some("it is accepted and not listed")
            }
            None if sk == "TENANT" => self.miscounted(pk, row),
            None if pk == "TENANTS" => (!self.has(&format!("T#{sk}"), "TENANT")).then_some("it is only listed"),
            _ => None,
        }
    }

    fn miscounted(&self, pk: &str, tenant: &Row) -> Option<&'static str> {
        let count = |name: &str| tenant.get(name).map_or(Some(0), |value| value.as_n().ok()?.parse().ok());
        let is_wrong = |name: &str, there: usize| count(name) != Some(there);
        let is_running = |row: &Row| text(row, "status") == "running";
        [
            (!self.has("TENANTS", pk.strip_prefix("T#").unwrap_or_default()), "it is not listed"),
            (is_wrong("webhook_count", self.count(pk, "W#", |_| true)), "its webhooks are counted wrong"),
            (is_wrong("source_count", self.count(pk, "S#", |_| true)), "its sources are counted wrong"),
            (is_wrong("key_count", self.count(pk, "K#", |_| true)), "its keys are counted wrong"),
            (is_wrong("recoveries_running", self.count(pk, "R#", is_running)), "its recoveries are counted wrong"),
        ]
        .into_iter()
        .find_map(|(is_fault, fault)| is_fault.then_some(fault))
    }
}

/// What has no owner, or is counted wrong.
pub(crate) fn faults(registry: Vec<Row>) -> Vec<String> {
    let keyed = registry.into_iter().map(|row| ((text(&row, "pk").to_owned(), text(&row, "sk").to_owned()), row));
    let rows = Rows(keyed.collect());
    let fault =
        |((pk, sk), row): (&(String, String), &Row)| rows.fault(pk, sk, row).map(|fault| format!("{pk} {sk}: {fault}"));
    rows.0.iter().filter_map(fault).collect()
}

fn text<'a>(row: &'a Row, name: &str) -> &'a str {
    row.get(name).and_then(|value| value.as_s().ok()).map_or("", String::as_str)
}
