//! The types of the crate `shared` that call AWS, read from its source: the groups of the registry, the other tables
//! and the queues. For each type, its public methods and the actions that each method leads to.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use super::partitions::{PartitionNames, Partitions};
use super::source::{Fields, Functions, calls_on, dense, functions, is_part_of_name, sources, struct_fields};

/// `(resource, action)`, as in `("RegistryTable", "dynamodb:GetItem")`. The policies' tests tell queues apart by the
/// resources; here all of them are `Queues`.
pub(crate) type Calls = BTreeSet<(&'static str, &'static str)>;

/// SDK operations and what IAM calls them. A transaction is authorised as the writes in it.
const OPERATIONS: [(&str, &str); 19] = [
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
    (".get_queue_attributes()", "sqs:GetQueueAttributes"),
    (".start_message_move_task()", "sqs:StartMessageMoveTask"),
    (".list_message_move_tasks()", "sqs:ListMessageMoveTasks"),
    (".cancel_message_move_task()", "sqs:CancelMessageMoveTask"),
];

/// Calls of the timeline, which queries the table of its caller.
const TIMELINE: [&str; 2] = [".newest_first(", ".oldest_first("];

/// Where the clients of a resource are written: a folder, with the file of the same name.
const PLACES: [(&str, &str); 4] = [
    ("shared/src/store/registry", "RegistryTable"),
    ("shared/src/store/events", "EventsTable"),
    ("shared/src/store/deliveries", "DeliveriesTable"),
    ("shared/src/queue", "Queues"),
];

/// A type with public methods that call AWS.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) name: String,
    /// Whether it is a group of the registry, so that a room that names it must call all of its methods.
    pub(crate) is_group: bool,
    /// What each public method that calls AWS leads to.
    pub(crate) methods: BTreeMap<String, Calls>,
    /// The partitions of the registry that each of these methods uses.
    pub(crate) partitions: BTreeMap<String, Partitions>,
}

/// All types that call AWS.
pub(crate) fn clients() -> &'static [Client] {
    static CLIENTS: LazyLock<Vec<Client>> = LazyLock::new(|| {
        PLACES.into_iter().flat_map(|(folder, resource)| clients_in(&sources(folder), resource)).collect()
    });
    &CLIENTS
}

/// The types in `source` that call AWS on `resource`.
fn clients_in(source: &str, resource: &'static str) -> Vec<Client> {
    let names = PartitionNames::of(source);
    let place = Place { functions: functions(source), fields: struct_fields(source), resource, names };
    let mut clients: BTreeMap<&str, Client> = BTreeMap::new();
    for ((owner, name), function) in &place.functions {
        let calls = place.calls_of(owner, name);
        if function.is_public && !owner.is_empty() && !calls.is_empty() {
            let is_group = resource == "RegistryTable";
            let (methods, partitions) = (BTreeMap::new(), BTreeMap::new());
            let client = clients.entry(owner).or_insert(Client { name: owner.clone(), is_group, methods, partitions });
            client.methods.insert(name.clone(), calls);
            client.partitions.insert(name.clone(), place.partitions_of(owner, name));
        }
    }
    clients.into_values().collect()
}

/// The source of one resource's clients.
struct Place {
    functions: Functions,
    fields: Fields,
    resource: &'static str,
    names: PartitionNames,
}

impl Place {
    /// What a function leads to, by itself and by the functions of this place that it calls.
    fn calls_of(&self, owner: &str, name: &str) -> Calls {
        let mut found = Calls::new();
        for body in self.reached_from(owner, name).values() {
            let called = OPERATIONS.iter().filter(|(call, _)| body.contains(call)).map(|(_, action)| *action);
            found.extend(called.map(|action| (self.resource_of(action), action)));
            let by_time = TIMELINE.iter().any(|call| body.contains(call));
            found.extend(by_time.then_some((self.resource, "dynamodb:Query")));
        }
        found
    }

    /// The partitions that a function uses, each with the actions. A function names a partition itself or by functions
    /// that call nothing, such as those that make keys. All actions that the function leads to may use the partition.
    fn partitions_of(&self, owner: &str, name: &str) -> Partitions {
        let mut found = Partitions::new();
        for ((owner, name), body) in self.reached_from(owner, name) {
            let calls = self.calls_of(&owner, &name);
            let actions = calls.iter().filter(|(resource, _)| *resource == self.resource).map(|(_, action)| *action);
            let mut named = self.names.in_body(body);
            for (owner, name) in self.called_by(&owner, body) {
                if self.calls_of(&owner, &name).is_empty() {
                    let bodies = self.reached_from(&owner, &name);
                    named.extend(bodies.values().flat_map(|body| self.names.in_body(body)));
                }
            }
            found.extend(actions.flat_map(|action| named.iter().map(move |partition| (action, partition.clone()))));
        }
        found
    }

    /// A function, and the functions of this place that it may call, with their bodies.
    fn reached_from(&self, owner: &str, name: &str) -> BTreeMap<(String, String), &str> {
        let mut reached = BTreeMap::new();
        let mut left = vec![(owner.to_owned(), name.to_owned())];
        while let Some(key) = left.pop() {
            let Some(function) = self.functions.get(&key) else { continue };
            if reached.insert(key.clone(), function.body.as_str()).is_none() {
                left.extend(self.called_by(&key.0, &function.body));
            }
        }
        reached
    }

    /// The functions of this place that `body`, of the type `owner`, may call: methods of its own type, methods of the
    /// types of its fields, and functions without a type.
    fn called_by(&self, owner: &str, body: &str) -> Vec<(String, String)> {
        let on = |owner: &str, names: BTreeSet<String>| {
            names.into_iter().map(|name| (owner.to_owned(), name)).collect::<Vec<_>>()
        };
        let mut called = on(owner, calls_on("self.", body));
        called.extend(on(owner, calls_on("Self::", body)));
        for (field, of) in self.fields.get(owner).into_iter().flatten() {
            called.extend(on(of, calls_on(&format!("self.{field}."), body)));
        }
        let free = self.functions.keys().filter(|(owner, _)| owner.is_empty());
        called.extend(free.filter(|(_, name)| is_called(name, body)).cloned());
        called
    }

    /// KMS is called for the registry's secrets.
    fn resource_of(&self, action: &str) -> &'static str {
        if action.starts_with("kms:") { "SecretsKey" } else { self.resource }
    }
}

/// Whether `body` calls the function `name`, which belongs to no type.
fn is_called(name: &str, body: &str) -> bool {
    let call = format!("{name}(");
    body.match_indices(&call).any(|(at, _)| !body[..at].ends_with(|before| is_part_of_name(before) || before == '.'))
}

/// How many statements of another kind, or by another call, than `INSERT` the shared code writes.
pub(crate) fn other_statements() -> usize {
    let source = dense(&sources("shared/src/store"));
    let others = ["\"UPDATE\\\"", "\"DELETE FROM", "\"SELECT", ".execute_statement()", ".execute_transaction()"];
    assert!(source.contains("\"INSERT INTO\\\""), "the inserts are not found");
    others.iter().map(|other| source.matches(other).count()).sum()
}

/// What `method` of `client` leads to, with its resource left out.
fn actions<'a>(clients: &'a [Client], client: &str, method: &str) -> Vec<&'a str> {
    let client = clients.iter().find(|found| found.name == client).unwrap();
    client.methods[method].iter().map(|(_, action)| *action).collect()
}

#[test]
fn calls_are_followed_through_fields_and_functions() {
    let source = "
pub struct Handle { client: Client }
impl Handle {
    pub(super) async fn get<T>(&self) { self.client.get_item().send() }
    async fn opened<T>(&self) { self.client.decrypt() }
}
pub struct Reader { handle: Handle }
impl Reader {
    pub fn new(handle: &Handle) -> Self { Self { handle: handle.clone() } }
    pub async fn one(&self) { self
        .handle
        .get::<Item>() }
    pub async fn all(&self) { self.one(); listed(self); self.handle.opened() }
}
fn listed(reader: &Reader) { reader.client.query() }
fn unlisted(reader: &Reader) { reader.client.scan() }
";
    let clients = clients_in(source, "RegistryTable");
    assert_eq!(clients.iter().map(|client| client.name.as_str()).collect::<Vec<_>>(), ["Reader"]);
    assert_eq!(clients[0].methods.keys().collect::<Vec<_>>(), ["all", "one"]);
    assert_eq!(actions(&clients, "Reader", "one"), ["dynamodb:GetItem"]);
    assert_eq!(actions(&clients, "Reader", "all"), ["dynamodb:GetItem", "dynamodb:Query", "kms:Decrypt"]);
}

#[test]
fn the_methods_of_the_crate_are_read() {
    let clients = clients();
    assert_eq!(actions(clients, "Webhooks", "get"), ["dynamodb:GetItem", "kms:Decrypt"]);
    assert_eq!(actions(clients, "Subscribers", "all"), ["dynamodb:Query"]);
    assert_eq!(actions(clients, "Events", "list"), ["dynamodb:Query"]);
    assert_eq!(actions(clients, "Queue", "send"), ["sqs:SendMessage"]);
    assert_eq!(actions(clients, "Redrives", "cancel"), ["sqs:CancelMessageMoveTask"]);
    assert!(clients.iter().all(|client| client.name != "Registry"), "the handle itself calls nothing for a room");
}
