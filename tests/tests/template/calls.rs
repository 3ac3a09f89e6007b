//! Which AWS actions each room's code calls, read from the source: a room's calls of store and queue methods, and what
//! those methods call of the SDK, on which table or queue.
//!
//! Method names of the stores are unique, so a call `.get_source(` means that method wherever it stands.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::root;

/// `(resource, action)`, as in `("RegistryTable", "dynamodb:GetItem")`. Queues are told apart by the policies' test of
/// resources; here they are all `Queues`.
pub(crate) type Calls = BTreeSet<(&'static str, &'static str)>;

/// SDK operations and what IAM calls them. A transaction is authorised as the writes in it.
const OPERATIONS: [(&str, &str); 14] = [
    (".get_item()", "dynamodb:GetItem"),
    (".batch_get_item()", "dynamodb:BatchGetItem"),
    (".query()", "dynamodb:Query"),
    (".scan()", "dynamodb:Scan"),
    (".put_item()", "dynamodb:PutItem"),
    (".update_item()", "dynamodb:UpdateItem"),
    (".delete_item()", "dynamodb:DeleteItem"),
    ("Put::builder()", "dynamodb:PutItem"),
    ("Update::builder()", "dynamodb:UpdateItem"),
    ("Delete::builder()", "dynamodb:DeleteItem"),
    (".send_message_batch()", "sqs:SendMessage"),
    (".change_message_visibility_batch()", "sqs:ChangeMessageVisibility"),
    (".start_message_move_task()", "sqs:StartMessageMoveTask"),
    (".list_message_move_tasks()", "sqs:ListMessageMoveTasks"),
];

/// Where the clients of each resource are written.
const CLIENTS: [(&str, &str); 5] = [
    ("shared/src/store/registry", "RegistryTable"),
    ("shared/src/store/events", "EventsTable"),
    ("shared/src/store/deliveries", "DeliveriesTable"),
    ("shared/src/store/timeline", "Timeline"),
    ("shared/src/queue", "Queues"),
];

struct Method {
    resource: &'static str,
    body: String,
}

/// What the code of `room` calls, with the shared code that it uses.
pub(crate) fn of_room(room: &str) -> Calls {
    let methods = methods();
    let source = sources(&root().join("functions").join(room).join("src"));
    let mut wanted: Vec<String> = methods.keys().filter(|name| calls(&source, name)).cloned().collect();
    if source.contains("authorise(") {
        let access = without_tests(&std::fs::read_to_string(root().join("shared/src/access.rs")).unwrap());
        wanted.extend(methods.keys().filter(|name| calls(&access, name)).cloned());
    }
    let mut seen = BTreeSet::new();
    let mut found = Calls::new();
    while let Some(name) = wanted.pop() {
        if !seen.insert(name.clone()) {
            continue;
        }
        for method in &methods[&name] {
            found.extend(operations(method));
            let own = methods.iter().filter(|(_, all)| all.iter().any(|other| other.resource == method.resource));
            wanted.extend(own.filter(|(name, _)| calls(&method.body, name)).map(|(name, _)| name.clone()));
            // The timeline reads the table of whoever uses it.
            if method.body.contains("newest_first(") {
                found.insert((method.resource, "dynamodb:Query"));
            }
        }
    }
    found
}

fn operations(method: &Method) -> Calls {
    let called = OPERATIONS.iter().filter(|(call, _)| method.body.contains(call));
    let cancel = method.body.contains(".cancel_message_move_task()").then_some("sqs:CancelMessageMoveTask");
    called.map(|(_, action)| *action).chain(cancel).map(|action| (method.resource, action)).collect()
}

fn calls(source: &str, name: &str) -> bool {
    [format!(".{name}("), format!("::{name}("), format!("self.{name}(")].iter().any(|call| source.contains(call))
}

/// Every method of the clients by name.
fn methods() -> BTreeMap<String, Vec<Method>> {
    let mut methods: BTreeMap<String, Vec<Method>> = BTreeMap::new();
    for (place, resource) in CLIENTS {
        let folder = root().join(place);
        let mut source = sources(&folder);
        if let Ok(file) = std::fs::read_to_string(folder.with_extension("rs")) {
            source.push_str(&without_tests(&file));
        }
        for part in source.split("fn ").skip(1) {
            let name: String = part.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect();
            // `new` and the like are everywhere and call nothing.
            if !["new", "key", "page", "row", "from", "try_from"].contains(&name.as_str()) {
                methods.entry(name).or_default().push(Method { resource, body: part.to_owned() });
            }
        }
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

fn without_tests(source: &str) -> String {
    source.split("#[cfg(test)]").next().unwrap_or_default().to_owned()
}
