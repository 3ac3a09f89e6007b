//! `template.yaml` against the code: what a function may do is what its code does, and the promises that the design
//! makes of queues, mappings and routes stand in it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its own functions included")]

mod source;
mod clients;
mod calls;
mod groups;
mod openapi;
mod policies;
mod routes;
mod shape;

use yaml_rust2::{Yaml, YamlLoader};

/// The template; intrinsic functions read as what they name: `!GetAtt A.Arn` as `A.Arn`.
fn template() -> Yaml {
    let path = root().join("template.yaml");
    let text = std::fs::read_to_string(path).unwrap();
    YamlLoader::load_from_str(&text).unwrap().remove(0)
}

fn root() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
