//! The partitions of the registry, read from the functions that make its keys. They are written as IAM compares them:
//! `TENANTS` is one partition, and `T#*` are all partitions of tenants.

use std::collections::BTreeSet;

use super::source::{is_part_of_name, name_at};

/// `(action, partition)`, as in `("dynamodb:GetItem", "T#*")`.
pub(crate) type Partitions = BTreeSet<(&'static str, String)>;

/// The constants that are partitions, each with its value. Other constants of keys are sort keys.
pub(crate) struct PartitionNames {
    constants: Vec<(String, String)>,
}

impl PartitionNames {
    /// The constants in `source` that are the first part of a key.
    pub(crate) fn of(source: &str) -> Self {
        let mut constants = Vec::new();
        for (at, keyword) in source.match_indices("const ") {
            let rest = &source[at + keyword.len()..];
            let name = name_at(rest);
            let Some(value) = rest[name.len()..].strip_prefix(": &str = \"") else { continue };
            if source.contains(&format!("Key::new({name},")) || source.contains(&format!("{name}.to_owned()")) {
                constants.push((name.to_owned(), value.split('"').next().unwrap_or_default().to_owned()));
            }
        }
        Self { constants }
    }

    /// The partitions that the dense `body` of a function names.
    pub(crate) fn in_body(&self, body: &str) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        for (name, value) in &self.constants {
            let is_named = body.match_indices(name.as_str()).any(|(at, _)| {
                !body[..at].ends_with(is_part_of_name) && !body[at + name.len()..].starts_with(is_part_of_name)
            });
            found.extend(is_named.then(|| value.clone()));
        }
        // `Key::new("CERTIFICATES", ...)`.
        for (at, call) in body.match_indices("Key::new(\"") {
            found.extend(body[at + call.len()..].split('"').next().map(str::to_owned));
        }
        // `Key::new(format!("I#{}", ...), ...)`, and the only text of the function that formats a tenant's partition.
        let formatted = body.match_indices("Key::new(format!(\"").chain(body.match_indices("->String{format!(\""));
        for (at, call) in formatted {
            let prefix = body[at + call.len()..].split('{').next();
            found.extend(prefix.map(|prefix| format!("{prefix}*")));
        }
        found
    }
}

#[test]
fn partitions_are_read_from_the_functions_that_make_keys() {
    let source = "
const TENANTS: &str = \"TENANTS\";
const WEBHOOK: &str = \"W#\";
fn all() { Key::new(TENANTS, 1) }
";
    let partitions = PartitionNames::of(source);
    let named = |body: &str| partitions.in_body(body).into_iter().collect::<Vec<_>>();
    assert_eq!(named("Key::new(TENANTS,1)"), ["TENANTS"]);
    assert_eq!(named("list(keys::TENANTS.to_owned(),\"\")"), ["TENANTS"]);
    assert_eq!(named("list(keys::WEBHOOK)"), [""; 0]);
    assert_eq!(named("ALL_TENANTS"), [""; 0]);
    assert_eq!(named("Key::new(\"CERTIFICATES\",hex)"), ["CERTIFICATES"]);
    assert_eq!(named("Key::new(format!(\"I#{}\",1),\"X\")"), ["I#*"]);
    assert_eq!(named("fn tenant_partition(tenant:TenantId)->String{format!(\"T#{tenant}\")}"), ["T#*"]);
}
