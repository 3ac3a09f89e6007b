//! The IAM test. Each function's policy lists exactly the actions that its code calls, and the actions that AWS needs
//! of the role for its mapping, its logs and its redrives. A policy lists no other action, and has no star.

use std::collections::BTreeSet;

use super::calls::Code;
use super::statement::{Statement, statements};
use super::{clients, template};

/// The rooms with their roles.
pub(crate) const ROOMS: [(&str, &str); 4] =
    [("ingest", "IngestRole"), ("dispatch", "DispatchRole"), ("deliver", "DeliverRole"), ("api", "ApiRole")];

/// The actions that a role needs although our code does not call them.
fn needed_by_aws(room: &str) -> BTreeSet<(String, String)> {
    let pairs: &[(&str, &[&str])] = match room {
        // The stream mapping reads the stream and writes to its on-failure queue with the function's role.
        "dispatch" => &[
            ("EventsTable", &["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"]),
            ("Queues", &["sqs:SendMessage"]),
        ],
        // The queue mappings receive and delete with the function's role.
        "deliver" => &[("Queues", &["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"])],
        // The caller of StartMessageMoveTask needs the actions that the move itself makes.
        "api" => {
            &[("Queues", &["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:SendMessage"])]
        }
        _ => &[],
    };
    pairs
        .iter()
        .flat_map(|(resource, actions)| actions.iter().map(|action| ((*resource).to_owned(), (*action).to_owned())))
        .collect()
}

/// The name of the table, queue or key that `resource` belongs to. Examples of `resource` are `EventsTable.StreamArn`
/// and `${DeliveriesTable.Arn}/index/held-dead`.
fn resource_name(resource: &str) -> String {
    // `!If [MakesSecretsKey, !GetAtt SecretsKey.Arn, !Ref SecretsKeyArn]` is one key: the stack's or a given one.
    if resource.contains("SecretsKey") {
        return "SecretsKey".to_owned();
    }
    let name: String =
        resource.trim_start_matches("${").chars().take_while(|letter| letter.is_alphanumeric()).collect();
    if name.ends_with("Queue") { "Queues".to_owned() } else { name }
}

/// What the policies of `role` grant, without the logs.
fn granted(role: &str) -> BTreeSet<(String, String)> {
    let mut granted = BTreeSet::new();
    for Statement { actions, resources, .. } in statements(role) {
        for resource in resources {
            granted.extend(actions.iter().map(|action| (resource_name(&resource), action.clone())));
        }
    }
    granted.retain(|(_, action)| !action.starts_with("logs:"));
    granted
}

/// What `room` needs if its code is `code`.
fn needed(room: &str, code: &Code) -> BTreeSet<(String, String)> {
    let calls = code.calls().into_iter().map(|(resource, action)| (resource.to_owned(), action.to_owned()));
    needed_by_aws(room).into_iter().chain(calls).collect()
}

/// The code of a room.
pub(crate) fn code_of(room: &str) -> Code {
    Code::of(&format!("functions/{room}/src"))
}

#[test]
fn each_policy_lists_exactly_what_the_code_calls() {
    for (room, role) in ROOMS {
        assert_eq!(granted(role), needed(room, &code_of(room)), "{room}: granted on the left, needed on the right");
    }
}

#[test]
fn a_room_that_names_a_group_without_its_actions_is_found() {
    for room in ["ingest", "dispatch"] {
        let (_, role) = ROOMS.into_iter().find(|(name, _)| *name == room).unwrap();
        for planted in
            ["struct Planted { webhooks: WebhookWriter }", "fn planted(registry: &Registry) { Sources::new(registry) }"]
        {
            let needed = needed(room, &code_of(room).with(planted));
            assert!(!needed.is_subset(&granted(role)), "{room}: {planted}");
        }
    }
}

#[test]
fn no_star_and_no_shared_role() {
    let template = template();
    for (room, role) in ROOMS {
        for Statement { actions, resources, .. } in statements(role) {
            assert!(!actions.is_empty() && !resources.is_empty(), "{room}");
            for text in actions.iter().chain(&resources) {
                assert!(!text.contains('*'), "{room}: {text}");
            }
        }
        assert!(template["Resources"][role]["Properties"]["ManagedPolicyArns"].is_badvalue(), "{room}");
    }
    let functions = ["IngestFunction", "DispatchFunction", "DeliverFunction", "ApiFunction"];
    let roles: BTreeSet<_> =
        functions.iter().map(|name| template["Resources"][*name]["Properties"]["Role"].as_str().unwrap()).collect();
    assert_eq!(roles.len(), functions.len());
}

/// Deliver and api write an operational event only in one transaction with the change that it reports. Only ingest
/// accepts events.
#[test]
fn deliver_and_api_put_events_in_transactions_only() {
    for role in ["DeliverRole", "ApiRole"] {
        let puts = statements(role).into_iter().filter(|each| each.is_about("dynamodb:PutItem", "EventsTable.Arn"));
        let enclosed = puts.map(|each| each.values_of("ForAnyValue:StringEquals", "dynamodb:EnclosingOperation"));
        assert_eq!(enclosed.collect::<Vec<_>>(), [["TransactWriteItems"]], "{role}");
    }
}

/// An insert is not part of a transaction. Only ingest accepts events, so only ingest may insert.
#[test]
fn the_only_statements_are_inserts_of_events() {
    assert_eq!(clients::other_statements(), 0);
    let mut granted = Vec::new();
    for (room, role) in ROOMS {
        for Statement { actions, resources, .. } in statements(role) {
            let partiql = actions.into_iter().filter(|action| action.starts_with("dynamodb:PartiQL"));
            granted.extend(partiql.map(|action| (room, action, resources.clone())));
        }
    }
    let inserts = ("ingest", "dynamodb:PartiQLInsert".to_owned(), vec!["EventsTable.Arn".to_owned()]);
    assert_eq!(granted, [inserts]);
}

/// Ingest asks which events are stored. It may read only the keys of events.
#[test]
fn ingest_reads_no_events() {
    let of_events = statements("IngestRole").into_iter().filter(|each| each.resources == ["EventsTable.Arn"]);
    let reads: Vec<_> = of_events.filter(|each| !each.actions.contains(&"dynamodb:PutItem".to_owned())).collect();
    assert_eq!(reads.len(), 1);
    assert_eq!(reads[0].actions, ["dynamodb:BatchGetItem"]);
    assert_eq!(reads[0].values_of("ForAllValues:StringEquals", "dynamodb:Attributes"), ["pk", "sk"]);
    assert_eq!(reads[0].values_of("Null", "dynamodb:Attributes"), ["false"]);
    assert_eq!(reads[0].values_of("StringEqualsIfExists", "dynamodb:Select"), ["SPECIFIC_ATTRIBUTES"]);
}

/// Ingest and deliver open secrets, api also seals them, and dispatch does neither.
#[test]
fn the_secrets_key_is_granted_to_the_rooms_that_open_secrets() {
    let granted = |role: &str| -> BTreeSet<String> {
        let of_key: Vec<_> = statements(role)
            .into_iter()
            .filter(|each| each.resources.iter().any(|name| resource_name(name) == "SecretsKey"))
            .collect();
        for statement in &of_key {
            // The key encrypts data keys, and nothing else.
            let keys = statement.values_of("ForAllValues:StringEquals", "kms:EncryptionContextKeys");
            assert_eq!(keys, ["mailhooks:data-key"], "{role}");
            assert_eq!(statement.values_of("Null", "kms:EncryptionContextKeys"), ["false"], "{role}");
        }
        of_key.into_iter().flat_map(|each| each.actions).collect()
    };
    let actions = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(granted("IngestRole"), actions(&["kms:Decrypt"]));
    assert_eq!(granted("DispatchRole"), actions(&[]));
    assert_eq!(granted("DeliverRole"), actions(&["kms:Decrypt"]));
    assert_eq!(granted("ApiRole"), actions(&["kms:Decrypt", "kms:GenerateDataKeyWithoutPlaintext"]));
}

/// An action is granted for named queues only. The comparison of actions above does not tell queues apart.
#[test]
fn queues_are_granted_one_by_one() {
    let granted = |role: &str, action: &str| -> BTreeSet<String> {
        let of_action = statements(role).into_iter().filter(|each| each.actions.iter().any(|listed| listed == action));
        of_action.flat_map(|each| each.resources).collect()
    };
    let arns = |names: &[&str]| names.iter().map(|name| format!("{name}.Arn")).collect::<BTreeSet<_>>();
    assert_eq!(granted("DispatchRole", "sqs:SendMessage"), arns(&["DeliveriesQueue", "DispatchFailuresQueue"]));
    assert_eq!(
        granted("DeliverRole", "sqs:SendMessage"),
        arns(&["DeliveriesQueue", "RetriesQueue", "SlowQueue", "DeadLetterQueue"])
    );
    assert_eq!(granted("DeliverRole", "sqs:ReceiveMessage"), arns(&["DeliveriesQueue", "RetriesQueue", "SlowQueue"]));
    assert_eq!(granted("DeliverRole", "sqs:ChangeMessageVisibility"), arns(&["RetriesQueue"]));
    assert_eq!(granted("ApiRole", "sqs:SendMessage"), arns(&["DeliveriesQueue"]));
    assert_eq!(granted("ApiRole", "sqs:StartMessageMoveTask"), arns(&["DeadLetterQueue"]));
}
