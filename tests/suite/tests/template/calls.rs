//! Which AWS actions each room's code calls, read from the source: a room's calls of store and queue methods, and what
//! those methods call of the SDK, on which table or queue.
//!
//! A call is recognised by the name of what it is called on, as in `registry.get_source(` or `room.events.put(`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::root;

/// `(resource, action)`, as in `("RegistryTable", "dynamodb:GetItem")`. Queues are told apart by the policies' test of
/// resources; here they are all `Queues`.
pub(crate) type Calls = BTreeSet<(&'static str, &'static str)>;

/// SDK operations and what IAM calls them. A transaction is authorised as the writes in it.
const OPERATIONS: [(&str, &str); 18] = [
    (".get_item()", "dynamodb:GetItem"),
    (".batch_get_item()", "dynamodb:BatchGetItem"),
    (".query()", "dynamodb:Query"),
    (".scan()", "dynamodb:Scan"),
    (".put_item()", "dynamodb:PutItem"),
    // All statements are inserts: `the_only_statements_are_inserts_of_events`.
    (".batch_execute_statement()", "dynamodb:PartiQLInsert"),
    (".update_item()", "dynamodb:UpdateItem"),
    (".delete_item()", "dynamodb:DeleteItem"),
    ("Put::builder()", "dynamodb:PutItem"),
    ("Update::builder()", "dynamodb:UpdateItem"),
    ("Delete::builder()", "dynamodb:DeleteItem"),
    (".generate_data_key_without_plaintext()", "kms:GenerateDataKeyWithoutPlaintext"),
    (".decrypt()", "kms:Decrypt"),
    (".send_message_batch()", "sqs:SendMessage"),
    (".change_message_visibility_batch()", "sqs:ChangeMessageVisibility"),
    (".start_message_move_task()", "sqs:StartMessageMoveTask"),
    (".list_message_move_tasks()", "sqs:ListMessageMoveTasks"),
    (".cancel_message_move_task()", "sqs:CancelMessageMoveTask"),
];

/// Where the client of a resource is written, and what rooms call it.
struct Client {
    place: &'static str,
    resource: &'static str,
    called: &'static [&'static str],
}

const CLIENTS: [Client; 4] = [
    Client { place: "shared/src/store/registry", resource: "RegistryTable", called: &["registry"] },
    Client { place: "shared/src/store/events", resource: "EventsTable", called: &["events", "table"] },
    Client { place: "shared/src/store/deliveries", resource: "DeliveriesTable", called: &["deliveries"] },
    Client { place: "shared/src/queue", resource: "Queues", called: &["queue", "jobs", "redrives"] },
];

/// What the code of `room` calls, with the shared code that it uses.
pub(crate) fn of_room(room: &str) -> Calls {
    let mut source = sources(&root().join("functions").join(room).join("src"));
    if source.contains("authorise(") {
        source.push_str(&without_tests(&std::fs::read_to_string(root().join("shared/src/access.rs")).unwrap()));
    }
    let source = dense(&source);
    let mut found = Calls::new();
    for client in &CLIENTS {
        let methods = methods(client);
        let on_a_field = |name: &String| client.called.iter().any(|field| source.contains(&format!("{field}.{name}(")));
        let mut wanted: Vec<_> = methods.keys().filter(|name| on_a_field(name)).cloned().collect();
        let mut seen = BTreeSet::new();
        while let Some(name) = wanted.pop() {
            if seen.insert(name.clone()) {
                let body = &methods[&name];
                let called = OPERATIONS.iter().filter(|(call, _)| body.contains(call));
                found.extend(called.map(|(_, action)| (resource(client, action), *action)));
                // The timeline reads the table of whoever uses it.
                let by_time = body.contains(".newest_first(") || body.contains(".oldest_first(");
                found.extend(by_time.then_some((client.resource, "dynamodb:Query")));
                wanted.extend(methods.keys().filter(|name| body.contains(&format!("self.{name}("))).cloned());
            }
        }
    }
    found
}

/// How many statements of another kind, or by another call, than `INSERT` the shared code writes.
pub(crate) fn other_statements() -> usize {
    let source = dense(&sources(&root().join("shared/src/store")));
    let others = ["\"UPDATE\\\"", "\"DELETEFROM", "\"SELECT", ".execute_statement()", ".execute_transaction()"];
    assert!(source.contains("\"INSERTINTO\\\""), "the inserts are not found");
    others.iter().map(|other| source.matches(other).count()).sum()
}

/// KMS is called for the registry's secrets.
fn resource(client: &Client, action: &str) -> &'static str {
    if action.starts_with("kms:") { "SecretsKey" } else { client.resource }
}

/// The methods of a client by name, as dense text.
fn methods(client: &Client) -> BTreeMap<String, String> {
    let folder = root().join(client.place);
    let mut source = sources(&folder);
    source.push_str(&without_tests(&std::fs::read_to_string(folder.with_extension("rs")).unwrap_or_default()));
    let mut methods: BTreeMap<String, String> = BTreeMap::new();
    for part in source.split("fn ").skip(1) {
        let name = part.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect();
        methods.entry(name).or_default().push_str(&dense(part));
    }
    methods
}

/// All Rust source below a folder, without tests.
fn sources(folder: &Path) -> String {
    let mut all = String::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            all.push_str(&sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            all.push_str(&without_tests(&std::fs::read_to_string(&path).unwrap()));
        }
    }
    all
}

/// Without white space, so that it does not matter how calls are broken into lines.
fn dense(source: &str) -> String {
    source.split_whitespace().collect()
}

fn without_tests(source: &str) -> String {
    source.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default().to_owned()
}
