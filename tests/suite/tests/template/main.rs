//! Checks `template.yaml` against the code. Each function may do exactly what its code does, and the template keeps
//! what the design promises about queues, mappings and routes.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its own functions included")]

mod source;
mod partitions;
mod clients;
mod calls;
mod groups;
mod openapi;
mod statement;
mod policies;
mod leading_keys;
mod evaluated;
mod routes;
mod shape;
mod timeouts;

use yaml_rust2::{Yaml, YamlLoader};

/// The template. An intrinsic function is read as the text of its argument: `!GetAtt A.Arn` as `A.Arn`.
fn template() -> Yaml {
    let path = root().join("template.yaml");
    let text = std::fs::read_to_string(path).unwrap();
    YamlLoader::load_from_str(&text).unwrap().remove(0)
}

fn root() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
