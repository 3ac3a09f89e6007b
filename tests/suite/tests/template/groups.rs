//! Which room holds which groups of the registry. A room holds a group if it names the group's type, and it must call
//! each method of its groups, so that no room can call what it does not need.

use std::collections::BTreeSet;

use super::calls::Code;
use super::clients::clients;

/// Each room, and the operators' command, with its groups. This table is the place to decide that a room gets a group.
const HELD: [(&str, &[&str]); 5] = [
    ("functions/ingest/src", &["ApiKeyLookup", "Certificates", "EventQuotas", "SourceLookup", "TenantLookup"]),
    ("functions/dispatch/src", &["Subscribers", "WebhooksVersions"]),
    (
        "functions/deliver/src",
        &[
            "RateLimits",
            "ReceiverHealth",
            "Releases",
            "RunningRecoveries",
            "SubscriberPages",
            "TenantList",
            "TenantLookup",
            "UrlVerifications",
            "Webhooks",
        ],
    ),
    (
        "functions/api/src",
        &[
            "ApiKeyLookup",
            "ApiKeys",
            "Breakers",
            "PublicKeys",
            "Recoveries",
            "Settings",
            "Sources",
            "Subscribers",
            "Tenants",
            "WebhookWriter",
            "Webhooks",
        ],
    ),
    ("infra/admin/src", &["DataKeyRotation"]),
];

fn all_groups() -> BTreeSet<&'static str> {
    clients().iter().filter(|client| client.is_group).map(|group| group.name.as_str()).collect()
}

#[test]
fn each_room_holds_its_groups_and_calls_all_of_each() {
    for (folder, expected) in HELD {
        let code = Code::of(folder);
        let held: BTreeSet<_> = code.groups().map(|group| group.name.as_str()).collect();
        assert_eq!(held, expected.iter().copied().collect(), "{folder}");
        let uncalled = code.uncalled();
        assert!(uncalled.is_empty(), "{folder} holds groups that are too wide for it; it does not call {uncalled:?}");
    }
}

#[test]
fn each_group_is_held() {
    let held: BTreeSet<_> = HELD.iter().flat_map(|(_, groups)| *groups).copied().collect();
    assert_eq!(held, all_groups());
}

#[test]
fn a_room_that_names_a_group_of_another_room_is_found() {
    for (folder, held) in HELD {
        for group in all_groups().into_iter().filter(|group| !held.contains(group)) {
            let code = Code::of(folder).with(&format!("struct Planted {{ planted: {group} }}"));
            assert!(code.groups().any(|found| found.name == group), "{folder}: {group} is not seen");
            assert!(!code.uncalled().is_empty(), "{folder}: {group} does not look too wide");
        }
    }
}
