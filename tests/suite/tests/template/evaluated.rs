//! Each call of the code, evaluated against the role of its room as IAM would do it: the call is allowed, and the same
//! call with another resource, partition or context is refused.

use std::collections::{BTreeMap, BTreeSet};

use super::policies::{ROOMS, code_of};
use super::statement::{Request, statements};

/// The resources of the stack that our code calls, as the policies name them.
const RESOURCES: [(&str, &[&str]); 5] = [
    ("RegistryTable", &["RegistryTable.Arn"]),
    ("EventsTable", &["EventsTable.Arn"]),
    ("DeliveriesTable", &["DeliveriesTable.Arn", "${DeliveriesTable.Arn}/index/held-dead"]),
    (
        "Queues",
        &[
            "DeliveriesQueue.Arn",
            "RetriesQueue.Arn",
            "SlowQueue.Arn",
            "DeadLetterQueue.Arn",
            "DispatchFailuresQueue.Arn",
        ],
    ),
    ("SecretsKey", &["MakesSecretsKey", "SecretsKey.Arn", "SecretsKeyArn"]),
];

/// The partitions of the registry, each with a value that is in it.
const PARTITIONS: [(&str, &str); 8] = [
    ("T#*", "T#ten_01ARZ3NDEKTSV4RRFFQ69G5FAV"),
    ("K#*", "K#key_01ARZ3NDEKTSV4RRFFQ69G5FAV"),
    ("Q#*", "Q#ten_01ARZ3NDEKTSV4RRFFQ69G5FAV"),
    ("I#*", "I#9f86d081884c7d659a2feaa0c55ad015"),
    ("TENANTS", "TENANTS"),
    ("ADMIN_KEYS", "ADMIN_KEYS"),
    ("DATA_KEYS", "DATA_KEYS"),
    ("CERTIFICATES", "CERTIFICATES"),
];

type Context = BTreeMap<&'static str, Vec<String>>;

fn context(key: &'static str, values: &[&str]) -> Context {
    Context::from([(key, values.iter().map(|value| (*value).to_owned()).collect())])
}

/// The call with its context, on any of the resources that the name stands for.
fn is_allowed(role: &str, action: &str, resource: &str, context: &Context) -> bool {
    let (_, resources) = RESOURCES.iter().find(|(name, _)| *name == resource).unwrap();
    resources.iter().any(|resource| {
        let request = Request { action, resource, context: context.clone() };
        statements(role).iter().any(|statement| statement.allows(&request))
    })
}

/// The contexts of a call outside the registry: one as the code makes it, and others that must be refused.
fn contexts(room: &str, resource: &str, action: &str) -> (Context, Vec<Context>) {
    match (resource, action) {
        ("SecretsKey", _) => {
            let key = "kms:EncryptionContextKeys";
            let others =
                vec![Context::new(), context(key, &["purpose"]), context(key, &["mailhooks:data-key", "purpose"])];
            (context(key, &["mailhooks:data-key"]), others)
        }
        ("EventsTable", "dynamodb:PutItem") if room != "ingest" => {
            let key = "dynamodb:EnclosingOperation";
            (context(key, &["TransactWriteItems"]), vec![Context::new(), context(key, &["BatchWriteItem"])])
        }
        ("EventsTable", "dynamodb:BatchGetItem") => {
            let key = "dynamodb:Attributes";
            (context(key, &["pk", "sk"]), vec![Context::new(), context(key, &["pk", "sk", "data"])])
        }
        _ => (Context::new(), Vec::new()),
    }
}

#[test]
fn each_call_outside_the_registry_is_allowed_and_no_variation_of_it() {
    for (room, role) in ROOMS {
        for (resource, action) in code_of(room).calls() {
            if resource == "RegistryTable" {
                continue;
            }
            let (ours, others) = contexts(room, resource, action);
            assert!(is_allowed(role, action, resource, &ours), "{room}: {action} on {resource}");
            for other in others {
                assert!(!is_allowed(role, action, resource, &other), "{room}: {action} on {resource} with {other:?}");
            }
        }
    }
}

#[test]
fn what_the_code_does_not_call_is_refused() {
    let calls: BTreeMap<_, _> = ROOMS.into_iter().map(|(room, _)| (room, code_of(room).calls())).collect();
    let all: BTreeSet<_> = calls.values().flatten().copied().collect();
    let mut refused = 0;
    for (room, role) in ROOMS {
        for (resource, action) in all.difference(&calls[room]).filter(|(resource, _)| *resource != "Queues") {
            let (of_others, _) = contexts("deliver", resource, action);
            assert!(!is_allowed(role, action, resource, &of_others), "{room}: {action} on {resource}");
            refused += 1;
        }
    }
    assert!(refused > 20, "{refused}");
}

#[test]
fn each_partition_of_the_registry_is_allowed_exactly_where_the_code_uses_it() {
    let key = "dynamodb:LeadingKeys";
    for (room, role) in ROOMS {
        let used = code_of(room).partitions();
        for action in used.iter().map(|(action, _)| *action).collect::<BTreeSet<_>>() {
            let is_allowed = |values: &[&str]| is_allowed(role, action, "RegistryTable", &context(key, values));
            for (partition, value) in PARTITIONS {
                let expected = used.contains(&(action, partition.to_owned()));
                assert_eq!(is_allowed(&[value]), expected, "{room}: {action} on {partition}");
            }
            // A batch or a transaction is refused as a whole if one row of it is in another partition.
            assert!(!is_allowed(&["T#ten_01ARZ3NDEKTSV4RRFFQ69G5FAV", "ANOTHER"]), "{room}: {action}");
            assert!(!is_allowed(&[]), "{room}: {action} without partitions");
        }
    }
}
