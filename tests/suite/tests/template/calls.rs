//! Which AWS actions the code of each room may lead to, read from the types that the room names.
//!
//! The registry's operations are divided into groups. A room that names a group may call all of its methods, so the
//! room needs every action that these methods lead to. For the other tables and the queues, a room needs the actions of
//! the methods that it calls. Such a call is recognised by the name of a field or an argument that is declared with the
//! type, as in `events: Events` and `events.get(`.

use std::collections::BTreeSet;

use super::clients::{Calls, Client, clients};
use super::partitions::Partitions;
use super::source::{bindings, calls_on, dense, file, names, sources};

/// The code of a room, or of a command, with the shared code that it passes its groups to.
pub(crate) struct Code {
    text: String,
}

impl Code {
    /// The production code in `folder`.
    pub(crate) fn of(folder: &str) -> Self {
        let mut text = sources(folder);
        if text.contains("authorise(") {
            text.push_str(&file("shared/src/access.rs"));
        }
        Self { text }
    }

    /// This code, with `planted` in it.
    pub(crate) fn with(mut self, planted: &str) -> Self {
        self.text.push_str(planted);
        self
    }

    /// The groups of the registry that this code names, by any means.
    pub(crate) fn groups(&self) -> impl Iterator<Item = &'static Client> {
        clients().iter().filter(|client| client.is_group && names(&client.name, &self.text))
    }

    /// What this code may lead to: all of each group, and the methods of the other clients that it calls.
    pub(crate) fn calls(&self) -> Calls {
        let called = self.called();
        let others = clients().iter().filter(|client| !client.is_group);
        let others = others.flat_map(|client| {
            client.methods.iter().filter(|(method, _)| called.contains(&(client.name.as_str(), method.as_str())))
        });
        let may_call = self.groups().flat_map(|group| &group.methods).chain(others);
        may_call.flat_map(|(_, calls)| calls).copied().collect()
    }

    /// The partitions of the registry that the named groups use, each with the action.
    pub(crate) fn partitions(&self) -> Partitions {
        self.groups().flat_map(|group| group.partitions.values().flatten()).cloned().collect()
    }

    /// The methods of the named groups that this code does not call. If there is one, a group is too wide.
    pub(crate) fn uncalled(&self) -> Vec<String> {
        let called = self.called();
        let all =
            self.groups().flat_map(|group| group.methods.keys().map(|method| (group.name.as_str(), method.as_str())));
        let uncalled = all.filter(|method| !called.contains(method));
        uncalled.map(|(group, method)| format!("{group}::{method}")).collect()
    }

    /// The type and name of each method that is called on something that is declared with its type.
    fn called(&self) -> BTreeSet<(&'static str, &'static str)> {
        let code = dense(&self.text);
        let mut called = BTreeSet::new();
        for (name, of) in bindings(&self.text).into_iter().collect::<BTreeSet<_>>() {
            let Some(client) = clients().iter().find(|client| client.name == of) else { continue };
            let on_it = calls_on(&format!("{name}."), &code);
            let methods = client.methods.keys().filter(|method| on_it.contains(*method));
            called.extend(methods.map(|method| (client.name.as_str(), method.as_str())));
        }
        called
    }
}

#[test]
fn calls_are_recognised_by_the_types_of_fields_and_arguments() {
    let code = |text: &str| Code { text: text.to_owned() };
    let called =
        |text: &str| code(text).called().into_iter().map(|(of, name)| format!("{of}::{name}")).collect::<Vec<_>>();
    let room = "struct Room { rows: Deliveries, mail: Option<Queue> }\nfn f(room: &Room) { room\n.rows\n.get(1) }";
    assert_eq!(called(room), ["Deliveries::get"]);
    assert_eq!(called("fn f(jobs: &Queue) { jobs.send(1).await; other.hide(2) }"), ["Queue::send"]);
    assert_eq!(called("let jobs = Queue::new(1); match jobs.hide(2) {}"), ["Queue::hide"]);
    assert!(called("let jobs = Queue::new(1); jobs_of.send(1)").is_empty());
    assert!(code("struct Room { webhook_writer: WebhookWriterX }").groups().next().is_none());
    assert_eq!(code("fn f() { registry::Subscribers::new(1).all(2) }").groups().next().unwrap().name, "Subscribers");
}
