use jiff::Timestamp;
use shared::event::{About, Facts};
use shared::id::{EventId, TenantId, WebhookId};
use shared::unknown_fields::UnknownFields;

use super::*;

const TENANT: &str = "ten_1";

fn row(pk: &str, sk: &str, more: &[(&str, &str)]) -> Row {
    let fields = [("pk", pk), ("sk", sk)].into_iter().chain(more.iter().copied());
    fields.map(|(name, value)| (name.to_owned(), AttributeValue::S(value.to_owned()))).collect()
}

fn with_number(mut row: Row, name: &str, number: u64) -> Row {
    row.insert(name.to_owned(), AttributeValue::N(number.to_string()));
    row
}

fn webhook(id: &str, number: u64) -> Row {
    with_number(row("T#ten_1", &format!("W#{id}"), &[("url", "http://127.0.0.1:1/m/1")]), "number", number)
}

/// A tenant with one of everything.
fn sound() -> Vec<Row> {
    vec![
        with_number(row("T#ten_1", "TENANT", &[]), "webhook_count", 1),
        webhook("wh_1", 1),
        row("T#ten_1", "B#wh_1", &[]),
        row("T#ten_1", "L#wh_1", &[]),
        row("T#ten_1", "S#src_1", &[("ingest_key_sha256", "abc")]),
        row("I#abc", "INGEST_KEY", &[("tenant", TENANT), ("source", "src_1")]),
        row("T#ten_1", "K#key_1", &[]),
        row("K#key_1", "API_KEY", &[("tenant", TENANT)]),
        // Rows of another tenant.
        row("T#ten_2", "B#wh_9", &[]),
        row("I#def", "INGEST_KEY", &[("tenant", "ten_2"), ("source", "src_9")]),
    ]
}

fn complaints(rows: Vec<Row>, ledger: &Ledger) -> Vec<String> {
    Inventory::of(TENANT, rows).complaints(ledger, &[])
}

#[test]
fn a_sound_tenant_has_no_complaints() {
    let mut ledger = Ledger::default();
    ledger.delete(Deleted::Webhook("wh_2".to_owned()), 204);
    ledger.delete(Deleted::Path("/g/1".to_owned()), 200);
    assert_eq!(complaints(sound(), &ledger), [""; 0]);
}

#[test]
fn what_was_said_to_be_deleted_and_is_there_is_found() {
    for what in [
        Deleted::Webhook("wh_1".to_owned()),
        Deleted::Number(1),
        Deleted::Path("/m/1".to_owned()),
        Deleted::Source("src_1".to_owned()),
        Deleted::Key("key_1".to_owned()),
    ] {
        let mut ledger = Ledger::default();
        ledger.delete(what.clone(), 404);
        assert_eq!(complaints(sound(), &ledger).len(), 1, "{what:?}");
    }
}

#[test]
fn every_row_without_its_owner_is_found() {
    for (index, expected) in [
        // The webhook: its two rows have no owner, and it is counted.
        (1, 3),
        // The source: its ingest key.
        (4, 1),
        // The ingest key: its source has none.
        (5, 1),
        // A key that is accepted and not listed, and the reverse.
        (6, 1),
        (7, 1),
    ] {
        let mut rows = sound();
        rows.remove(index);
        assert_eq!(complaints(rows, &Ledger::default()).len(), expected, "{index}");
    }
    let second = row("I#ghi", "INGEST_KEY", &[("tenant", TENANT), ("source", "src_1")]);
    assert_eq!(complaints(sound().into_iter().chain([second]).collect(), &Ledger::default()).len(), 1);
}

#[test]
fn one_number_for_two_webhooks_is_found() {
    let mut rows = sound();
    rows[0] = with_number(rows[0].clone(), "webhook_count", 2);
    rows.push(webhook("wh_2", 1));
    assert_eq!(complaints(rows, &Ledger::default()), ["two webhooks have one number"]);
}

#[test]
fn each_change_is_told_once() {
    let now = Timestamp::UNIX_EPOCH;
    let id = WebhookId::mint(now, [1; 10]);
    let tenant = TenantId::mint(now, [1; 10]);
    let told = |revision: u64, is_disabled: bool| {
        let what = if is_disabled {
            What::Disabled { since: None, reason: shared::webhook::DisabledReason::Requested }
        } else {
            What::Enabled
        };
        let about = About { webhook: id, description: String::new(), what };
        let facts = Facts::of_change(about, format!("type/{id}/{revision}"), now);
        let key = format!("{revision}");
        let event_id = EventId::derive(now, tenant, None, &key);
        Event {
            id: event_id,
            tenant,
            source: None,
            accepted_at: now,
            test: false,
            facts,
            unknown: UnknownFields::default(),
        }
    };
    let is_well = |changes: &[(u64, bool)], is_disabled: bool| {
        let mut stored = webhook(&id.to_string(), 1);
        if is_disabled {
            stored.insert("disabled".to_owned(), AttributeValue::S("requested".to_owned()));
        }
        let rows = vec![with_number(row("T#ten_1", "TENANT", &[]), "webhook_count", 1), stored];
        let events: Vec<_> = changes.iter().map(|(revision, disabled)| told(*revision, *disabled)).collect();
        Inventory::of(TENANT, rows).complaints(&Ledger::default(), &events).is_empty()
    };
    assert!(is_well(&[], false));
    // The order of the revisions counts, not that of the events.
    assert!(is_well(&[(10, false), (9, true), (11, true)], true));
    assert!(!is_well(&[], true));
    assert!(!is_well(&[(2, true)], false));
    assert!(!is_well(&[(2, false)], false));
    assert!(!is_well(&[(2, true), (3, true)], true));
}
