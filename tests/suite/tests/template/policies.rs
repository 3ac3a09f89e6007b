//! The IAM test. Each function's policy lists exactly the actions that its code calls, and the actions that AWS needs
//! of the role for its mapping, its logs and its redrives. A policy lists no other action, and has no star.

use std::collections::BTreeSet;

use yaml_rust2::Yaml;

use super::calls::Code;
use super::{clients, template};

const ROOMS: [(&str, &str); 4] =
    [("ingest", "IngestRole"), ("dispatch", "DispatchRole"), ("deliver", "DeliverRole"), ("api", "ApiRole")];

/// The actions that a role needs although our code does not call them.
fn needed_by_aws(room: &str) -> BTreeSet<(String, String)> {
    let pairs: &[(&str, &[&str])] = match room {
        // The stream mapping reads the stream and writes to its on-failure queue with the function's role.
        "dispatch" => &[
            (
                "EventsTable",
                &[
                    "dynamodb:DescribeStream",
                    "dynamodb:GetRecords",
                    "dynamodb:GetShardIterator",
                    "dynamodb:ListStreams",
                ],
            ),
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

fn list(value: &Yaml) -> Vec<String> {
    match value {
        Yaml::Array(items) => items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect(),
        Yaml::String(one) => vec![one.clone()],
        _ => Vec::new(),
    }
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

fn statements(role: &Yaml) -> Vec<(Vec<String>, Vec<String>)> {
    let policies = role["Properties"]["Policies"].as_vec().unwrap();
    policies
        .iter()
        .flat_map(|policy| policy["PolicyDocument"]["Statement"].as_vec().unwrap())
        .map(|statement| (list(&statement["Action"]), list(&statement["Resource"])))
        .collect()
}

/// What the policies of `role` grant, without the logs.
fn granted(role: &str) -> BTreeSet<(String, String)> {
    let template = template();
    let mut granted = BTreeSet::new();
    for (actions, resources) in statements(&template["Resources"][role]) {
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

fn code_of(room: &str) -> Code {
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
        for (actions, resources) in statements(&template["Resources"][role]) {
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

/// Ingest may write the certificates that it fetched into the registry, but no source and no key.
#[test]
fn ingest_writes_only_certificates_into_the_registry() {
    let template = template();
    let policies = template["Resources"]["IngestRole"]["Properties"]["Policies"].as_vec().unwrap();
    let statements = policies.iter().flat_map(|policy| policy["PolicyDocument"]["Statement"].as_vec().unwrap());
    let writes: Vec<_> = statements
        .filter(|statement| {
            list(&statement["Action"]).contains(&"dynamodb:PutItem".to_owned())
                && list(&statement["Resource"]).contains(&"RegistryTable.Arn".to_owned())
        })
        .map(|statement| list(&statement["Condition"]["ForAllValues:StringEquals"]["dynamodb:LeadingKeys"]))
        .collect();
    assert_eq!(writes, [["CERTIFICATES"]]);
}

/// Ingest counts the events of tenants that have a limit, in partitions that have nothing else.
#[test]
fn ingest_changes_only_counts_of_events_in_the_registry() {
    let template = template();
    let policies = template["Resources"]["IngestRole"]["Properties"]["Policies"].as_vec().unwrap();
    let statements = policies.iter().flat_map(|policy| policy["PolicyDocument"]["Statement"].as_vec().unwrap());
    let changes: Vec<_> =
        statements.filter(|statement| list(&statement["Action"]).contains(&"dynamodb:UpdateItem".to_owned())).collect();
    let [change] = changes.as_slice() else { panic!("{} statements", changes.len()) };
    assert_eq!(list(&change["Resource"]), ["RegistryTable.Arn"]);
    assert_eq!(list(&change["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]), ["Q#*"]);
    assert_eq!(change["Condition"]["Null"]["dynamodb:LeadingKeys"].as_str(), Some("false"));
}

/// Deliver and api write an operational event only in one transaction with the change that it reports. Only ingest
/// accepts events.
#[test]
fn deliver_and_api_put_events_in_transactions_only() {
    let template = template();
    for role in ["DeliverRole", "ApiRole"] {
        let policies = template["Resources"][role]["Properties"]["Policies"].as_vec().unwrap();
        let statements = policies.iter().flat_map(|policy| policy["PolicyDocument"]["Statement"].as_vec().unwrap());
        let puts: Vec<_> = statements
            .filter(|statement| {
                list(&statement["Action"]).contains(&"dynamodb:PutItem".to_owned())
                    && list(&statement["Resource"]).contains(&"EventsTable.Arn".to_owned())
            })
            .map(|statement| list(&statement["Condition"]["ForAnyValue:StringEquals"]["dynamodb:EnclosingOperation"]))
            .collect();
        assert_eq!(puts, [["TransactWriteItems"]], "{role}");
    }
}

/// An insert is not part of a transaction. Only ingest accepts events, so only ingest may insert.
#[test]
fn the_only_statements_are_inserts_of_events() {
    assert_eq!(clients::other_statements(), 0);
    let template = template();
    let mut granted = Vec::new();
    for (room, role) in ROOMS {
        for (actions, resources) in statements(&template["Resources"][role]) {
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
    let template = template();
    let policies = template["Resources"]["IngestRole"]["Properties"]["Policies"].as_vec().unwrap();
    let statements = policies.iter().flat_map(|policy| policy["PolicyDocument"]["Statement"].as_vec().unwrap());
    let of_events = statements.filter(|statement| list(&statement["Resource"]).contains(&"EventsTable.Arn".to_owned()));
    let mut reads = 0;
    for statement in of_events.filter(|statement| !list(&statement["Action"]).contains(&"dynamodb:PutItem".to_owned()))
    {
        assert_eq!(list(&statement["Action"]), ["dynamodb:BatchGetItem"]);
        let condition = &statement["Condition"];
        assert_eq!(list(&condition["ForAllValues:StringEquals"]["dynamodb:Attributes"]), ["pk", "sk"]);
        assert_eq!(condition["StringEqualsIfExists"]["dynamodb:Select"].as_str(), Some("SPECIFIC_ATTRIBUTES"));
        reads += 1;
    }
    assert_eq!(reads, 1);
}

/// Ingest and deliver open secrets, api also seals them, and dispatch does neither.
#[test]
fn the_secrets_key_is_granted_to_the_rooms_that_open_secrets() {
    let template = template();
    let granted = |role: &str| -> BTreeSet<String> {
        let statements = statements(&template["Resources"][role]).into_iter();
        let of_key =
            statements.filter(|(_, resources)| resources.iter().any(|name| resource_name(name) == "SecretsKey"));
        of_key.flat_map(|(actions, _)| actions).collect()
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
    let template = template();
    let granted = |role: &str, action: &str| -> BTreeSet<String> {
        statements(&template["Resources"][role])
            .into_iter()
            .filter(|(actions, _)| actions.iter().any(|listed| listed == action))
            .flat_map(|(_, resources)| resources)
            .collect()
    };
    let arns = |names: &[&str]| names.iter().map(|name| format!("{name}.Arn")).collect::<BTreeSet<_>>();
    assert_eq!(granted("DispatchRole", "sqs:SendMessage"), arns(&["DeliveriesQueue", "DispatchFailuresQueue"]));
    assert_eq!(
        granted("DeliverRole", "sqs:SendMessage"),
        arns(&["DeliveriesQueue", "RetriesQueue", "DeadLetterQueue"])
    );
    assert_eq!(granted("DeliverRole", "sqs:ReceiveMessage"), arns(&["DeliveriesQueue", "RetriesQueue"]));
    assert_eq!(granted("DeliverRole", "sqs:ChangeMessageVisibility"), arns(&["RetriesQueue"]));
    assert_eq!(granted("ApiRole", "sqs:SendMessage"), arns(&["DeliveriesQueue"]));
    assert_eq!(granted("ApiRole", "sqs:StartMessageMoveTask"), arns(&["DeadLetterQueue"]));
}
