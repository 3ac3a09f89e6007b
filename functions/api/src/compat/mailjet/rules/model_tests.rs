//! Compares the rules with a model of what Mailjet's clients expect: a table from event type and role to a URL.

use std::collections::BTreeMap;

use jiff::Timestamp;
use proptest::prelude::*;
use shared::address_policy::AddressPolicy;
use shared::dialect::Dialect;
use shared::id::TenantId;
use shared::secret::SigningSecret;
use shared::webhook::{Subscription, WantedTypes, Webhook, WebhookUrl};

use super::{create_entry, delete_entry, is_own, update_entry};
use crate::compat::mailjet::entry::{Entry, EntryId, EntryKey, Place};
use crate::compat::mailjet::event_word::EventWord;
use crate::compat::mailjet::request::{EntryFields, EntryUrl};
use crate::compat::mailjet::urls::UrlRole;
use crate::manage::register::draft;
use crate::manage::transaction::WebhookChange;

/// A tenant's webhooks after the decisions so far.
#[derive(Debug, Default)]
struct Tenant {
    webhooks: Vec<Webhook>,
    last_number: u32,
}

impl Tenant {
    fn carry_out(&mut self, decision: WebhookChange) {
        match decision {
            WebhookChange::Keep(_) => {}
            WebhookChange::Create(webhook) => {
                self.last_number += 1;
                self.webhooks.push(Webhook { number: Some(self.last_number), ..webhook });
            }
            WebhookChange::Replace { webhook, .. } => {
                let stored = self.webhooks.iter_mut().find(|stored| stored.id == webhook.id);
                *stored.expect("a decision changes what is there") = webhook;
            }
            WebhookChange::Delete(id) => self.webhooks.retain(|webhook| webhook.id != id),
        }
    }

    /// The entries that are listed.
    fn entries(&self) -> BTreeMap<EntryId, String> {
        let entries = self.webhooks.iter().flat_map(Entry::all_of);
        entries.map(|entry| (entry.id, entry.url.masked())).collect()
    }

    /// The URLs by place. Two URLs at one place would become one; the comparison of lengths finds that.
    fn places(&self) -> BTreeMap<Place, String> {
        self.entries().into_iter().map(|(id, url)| (id.place, url)).collect()
    }

    /// The entry at a place, by its id or by its place; both must mean the same entry.
    fn key_of(&self, place: Place, by_id: bool) -> EntryKey {
        let id = self.entries().into_keys().find(|id| id.place == place);
        if by_id { EntryKey::Id(id.unwrap_or(EntryId { number: u32::MAX, place })) } else { EntryKey::Place(place) }
    }
}

/// What a client caller for.
#[derive(Debug, Clone)]
enum Request {
    Post(Place, u8),
    Put(Place, bool, Place, u8),
    Delete(Place, bool),
}

fn url(number: u8) -> WebhookUrl {
    WebhookUrl::parse(&format!("https://example.com/{number}"), &AddressPolicy::public_only()).unwrap()
}

fn webhook(url: WebhookUrl, types: WantedTypes, dialect: Dialect) -> Webhook {
    let tenant = TenantId::mint(Timestamp::UNIX_EPOCH, [1; 10]);
    let subscription = Subscription { types, sources: [].into(), domains: [].into() };
    draft(Timestamp::UNIX_EPOCH, tenant, url, subscription, dialect, SigningSecret::generate([7; 32]))
}

fn of_event(event: EventWord, url: WebhookUrl) -> Webhook {
    webhook(url, WantedTypes::Only(event.types().into_iter().collect()), Dialect::Mailjet)
}

/// Few event types, so that requests are often about the same entry.
fn any_place() -> impl Strategy<Value = Place> {
    let event = prop::sample::select(&EventWord::ALL[..3]);
    (event, prop::sample::select(&UrlRole::ALL[..])).prop_map(|(event, role)| Place { event, role })
}

fn any_request() -> impl Strategy<Value = Request> {
    prop_oneof![
        (any_place(), any::<u8>()).prop_map(|(place, url)| Request::Post(place, url)),
        (any_place(), any::<bool>(), any_place(), any::<u8>())
            .prop_map(|(from, by_id, to, url)| Request::Put(from, by_id, to, url)),
        (any_place(), any::<bool>()).prop_map(|(place, by_id)| Request::Delete(place, by_id)),
    ]
}

/// Does what Mailjet would do, and answers whether Mailjet would do it.
fn expected(model: &mut BTreeMap<Place, String>, request: &Request) -> bool {
    let has = |model: &BTreeMap<Place, String>, place: &Place| model.contains_key(place);
    match request {
        Request::Post(place, number) => {
            let is_free = !has(model, place);
            model.entry(*place).or_insert_with(|| url(*number).expose().to_owned());
            is_free
        }
        Request::Put(from, _, to, number) => {
            let other_role = |place: &Place| Place { role: place.role.other(), ..*place };
            // Both URLs of an event type belong to one webhook. It moves to another event type as a whole or not at
            // all.
            let stays = from.event == to.event;
            let goes = has(model, from)
                && (from == to || !has(model, to))
                && (stays || (!has(model, &other_role(from)) && !has(model, &other_role(to))));
            if goes {
                model.remove(from);
                model.insert(*to, url(*number).expose().to_owned());
            }
            goes
        }
        Request::Delete(place, _) => model.remove(place).is_some(),
    }
}

fn decide(tenant: &Tenant, request: &Request) -> Option<WebhookChange> {
    let all = &tenant.webhooks;
    match request {
        Request::Post(place, number) => {
            let url = url(*number);
            create_entry(all, &of_event(place.event, url.clone()), *place, &url, &EntryFields::default()).ok()
        }
        Request::Put(from, by_id, to, number) => {
            let given = EntryFields {
                event: Some(to.event),
                role: Some(to.role),
                url: Some(EntryUrl::Whole(url(*number))),
                ..EntryFields::default()
            };
            update_entry(all, tenant.key_of(*from, *by_id), &given).ok()
        }
        Request::Delete(place, by_id) => delete_entry(all, tenant.key_of(*place, *by_id)).ok(),
    }
}

proptest! {
    /// URLs are created, moved and deleted in any order. The list is what Mailjet would list, with one URL at a place,
    /// and an entry that a request does not concern keeps its id.
    #[test]
    fn urls_come_and_go_as_mailjets_do(requests in prop::collection::vec(any_request(), 1..60)) {
        let (mut tenant, mut model) = (Tenant::default(), BTreeMap::new());
        for request in requests {
            let before = tenant.entries();
            let decision = decide(&tenant, &request);
            prop_assert_eq!(decision.is_some(), expected(&mut model, &request), "{:?}", request);
            tenant.carry_out(decision.unwrap_or_else(|| WebhookChange::Keep(of_event(EventWord::Sent, url(0)))));
            prop_assert_eq!(tenant.places(), model.clone(), "{:?}", request);
            prop_assert_eq!(tenant.entries().len(), model.len());
            prop_assert!(tenant.webhooks.iter().all(is_own));
            let concerned = match request {
                Request::Post(place, _) | Request::Delete(place, _) => [place, place],
                Request::Put(from, _, to, _) => [from, to],
            };
            let others = |entries: &BTreeMap<EntryId, String>| -> Vec<_> {
                entries.keys().filter(|id| !concerned.contains(&id.place)).copied().collect()
            };
            prop_assert_eq!(others(&before), others(&tenant.entries()));
        }
    }

    /// Of any webhook: a deletion that is not refused removes the entry, and removes nothing of another event type or
    /// of another webhook.
    #[test]
    fn a_deletion_takes_nothing_of_other_event_types(
        dialect in prop::sample::select(Dialect::ALL),
        names in prop::option::of(prop::collection::btree_set(0_usize..20, 1..6)),
        has_backup in any::<bool>(),
        is_backup in any::<bool>(),
        choice in any::<prop::sample::Index>(),
    ) {
        let known = dialect.known_names();
        let named = |index: usize| dialect.types_named(known[index % known.len()]);
        let types = names.map_or(WantedTypes::All, |names| {
            WantedTypes::Only(names.into_iter().flat_map(named).collect())
        });
        let mut tenant = Tenant::default();
        let hook = webhook(url(1), types, dialect);
        let backup_url = has_backup.then(|| url(2));
        tenant.carry_out(WebhookChange::Create(Webhook { backup_url, is_backup, ..hook }));
        tenant.carry_out(WebhookChange::Create(of_event(EventWord::Spam, url(3))));
        let before = tenant.entries();
        let ids: Vec<_> = before.keys().copied().collect();
        let id = *choice.get(&ids);
        let Ok(decision) = delete_entry(&tenant.webhooks, EntryKey::Id(id)) else {
            prop_assert!(id.place.role.is_backup() && has_backup);
            return Ok(());
        };
        tenant.carry_out(decision);
        let after = tenant.entries();
        prop_assert!(!after.contains_key(&id));
        let of_others = |entries: BTreeMap<EntryId, String>| -> Vec<_> {
            let is_of_another = |id2: &EntryId| id2.number != id.number || id2.place.event != id.place.event;
            entries.into_iter().filter(|(id, _)| is_of_another(id)).collect()
        };
        prop_assert_eq!(of_others(before), of_others(after));
    }

    #[test]
    fn ids_read_back_and_no_two_are_the_same(number in 1_u32.., other in 1_u32..) {
        let all = |number: u32| {
            let places = EventWord::ALL.into_iter().flat_map(|event| UrlRole::ALL.map(|role| Place { event, role }));
            places.map(move |place| EntryId { number, place }).collect::<Vec<_>>()
        };
        let mut ids: Vec<_> = all(number).into_iter().chain(all(other)).collect();
        ids.sort_unstable();
        ids.dedup();
        let mut numbers: Vec<_> = ids.iter().map(|id| id.as_number()).collect();
        prop_assert!(numbers.is_sorted(), "ids and their numbers have one order");
        numbers.dedup();
        prop_assert_eq!(numbers.len(), ids.len());
        for id in ids {
            prop_assert_eq!(id.to_string().parse(), Ok(id));
            // What JavaScript's numbers hold.
            prop_assert!(id.as_number() < 1 << 53);
        }
    }

    #[test]
    fn what_is_read_as_an_id_is_written_so(text in "[+-]?[0-9]{1,12}|.{0,8}") {
        if let Ok(id) = text.parse::<EntryId>() {
            prop_assert_eq!(id.to_string(), text);
        }
    }
}

#[test]
fn ids_stay_what_clients_hold() {
    let id =
        |number: u32, event: EventWord, role: UrlRole| EntryId { number, place: Place { event, role } }.as_number();
    assert_eq!(id(1, EventWord::Sent, UrlRole::Main), 16);
    assert_eq!(id(1, EventWord::Unsub, UrlRole::Backup), 29);
    assert_eq!(id(7, EventWord::Open, UrlRole::Main), 114);
    assert_eq!(id(u32::MAX, EventWord::Unsub, UrlRole::Backup), 68_719_476_733);
    assert_eq!("open|false".parse(), Ok(EntryKey::Place(Place { event: EventWord::Open, role: UrlRole::Main })));
    assert_eq!("unsub|True".parse(), Ok(EntryKey::Place(Place { event: EventWord::Unsub, role: UrlRole::Backup })));
    for nobodys in ["|", "open|", "|true", "open|maybe", "Open|true", "open|true|", "open"] {
        assert!(nobodys.parse::<EntryKey>().is_err(), "{nobodys}");
    }
    for nobodys in ["", "0", "15", "30", "31", "016", "+16", "16.0", "68719476736", "18446744073709551616"] {
        assert!(nobodys.parse::<EntryId>().is_err(), "{nobodys}");
    }
}
