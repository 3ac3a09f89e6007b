//! The roles allow each room only the partitions of the registry that its code uses, one action at a time.

use std::collections::BTreeSet;

use super::policies::{ROOMS, code_of};
use super::statement::statements;

const REGISTRY: &str = "RegistryTable.Arn";
const LEADING_KEYS: &str = "dynamodb:LeadingKeys";

/// The partitions that the role allows, each with its action. A statement without the condition allows `*`.
fn granted(role: &str) -> BTreeSet<(String, String)> {
    let mut granted = BTreeSet::new();
    for statement in statements(role) {
        if !statement.resources.iter().any(|resource| resource == REGISTRY) {
            continue;
        }
        let mut partitions = statement.values_of("ForAllValues:StringLike", LEADING_KEYS);
        partitions.extend(statement.values_of("ForAllValues:StringEquals", LEADING_KEYS));
        // A request without the key passes `ForAllValues`, and IAM treats an absent condition in the same way.
        if partitions.is_empty() || statement.values_of("Null", LEADING_KEYS) != ["false"] {
            partitions = vec!["*".to_owned()];
        }
        for action in statement.actions {
            granted.extend(partitions.iter().map(|partition| (action.clone(), partition.clone())));
        }
    }
    granted
}

#[test]
fn each_role_allows_exactly_the_partitions_that_the_code_uses() {
    for (room, role) in ROOMS {
        let used = code_of(room).partitions().into_iter().map(|(action, of)| (action.to_owned(), of));
        assert_eq!(granted(role), used.collect(), "{room}: granted on the left, used on the right");
    }
}

/// `deliver` reads hostile answers, DNS and TLS. An attacker who controls it must not be able to make a key.
#[test]
fn only_api_writes_keys_tenants_and_sources() {
    for (room, role) in ROOMS {
        let writes =
            granted(role).into_iter().filter(|(action, _)| !action.contains("Get") && !action.contains("Query"));
        let written: BTreeSet<String> = writes.map(|(_, partition)| partition).collect();
        let expected: &[&str] = match room {
            "ingest" => &["CERTIFICATES", "Q#*"],
            "dispatch" => &[],
            "deliver" => &["T#*"],
            _ => &["ADMIN_KEYS", "DATA_KEYS", "I#*", "K#*", "T#*", "TENANTS"],
        };
        assert_eq!(written, expected.iter().map(|partition| (*partition).to_owned()).collect(), "{room}");
    }
}

#[test]
fn a_room_that_uses_another_partition_is_found() {
    for (room, planted) in [
        ("dispatch", "struct Planted { keys: ApiKeyLookup }"),
        ("ingest", "struct Planted { tenants: TenantList }"),
        ("deliver", "struct Planted { keys: ApiKeys }"),
    ] {
        let (_, role) = ROOMS.into_iter().find(|(name, _)| *name == room).unwrap();
        let granted = granted(role);
        let used = code_of(room).with(planted).partitions();
        assert!(used.into_iter().any(|(action, of)| !granted.contains(&(action.to_owned(), of))), "{room}: {planted}");
    }
}
