//! Checks that manifests do not name packages that a crate must not use.

use crate::source::read;

const ROOMS: [&str; 4] = ["ingest", "dispatch", "deliver", "api"];

/// Packages that do IO or are asynchronous. A name that ends in `-` or `_` stands for all names with this beginning.
const IMPURE: [&str; 10] =
    ["tokio", "tokio-", "aws-", "aws_", "reqwest", "hyper", "rustls", "axum", "lambda_", "dynoxide-"];

/// The packages in the dependency tables of `manifest`, by their own names.
fn dependencies(manifest: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut section = "";
    for line in manifest.lines().map(|line| line.split('#').next().unwrap_or_default().trim()) {
        if let Some(name) = line.strip_prefix('[') {
            section = name.trim_matches(['[', ']']);
            // A table `[dependencies.name]` contains the fields of one dependency.
            names.extend(section.split_once("dependencies.").map(|(_, name)| name.to_owned()));
        } else if let Some((key, value)) = line.split_once('=')
            && section.ends_with("dependencies")
        {
            let key = key.trim().trim_end_matches(".workspace").trim_matches('"');
            let renamed = value.split_once("package").and_then(|(_, name)| name.split('"').nth(1));
            names.push(renamed.unwrap_or(key).to_owned());
        }
    }
    names
}

fn is_impure(name: &str) -> bool {
    IMPURE.iter().any(|impure| name == *impure || (impure.ends_with(['-', '_']) && name.starts_with(impure)))
}

#[test]
fn functions_depend_on_shared_and_never_on_each_other() {
    for room in ROOMS {
        let dependencies = dependencies(&read(&format!("functions/{room}/Cargo.toml")));
        assert!(dependencies.iter().any(|name| name == "shared"), "{room}: {dependencies:?}");
        let other = dependencies.iter().find(|name| ROOMS.contains(&name.as_str()));
        assert_eq!(other, None, "{room} depends on another room");
    }
}

#[test]
fn the_domain_depends_on_nothing_impure() {
    let dependencies = dependencies(&read("shared/domain/Cargo.toml"));
    assert!(dependencies.len() > 3, "{dependencies:?}");
    let impure: Vec<_> = dependencies.iter().filter(|name| is_impure(name)).collect();
    assert!(impure.is_empty(), "{impure:?}");
}

#[test]
fn impure_dependencies_are_found_however_they_are_written() {
    let planted = r#"
[package]
name = "reqwest"

[dependencies]
serde.workspace = true
rustls-pki-types = "1" # of rustls
aws-sdk-sqs.workspace = true
http = { package = "hyper", version = "1" }

[dependencies.tokio]
workspace = true

[target.'cfg(unix)'.dependencies]
lambda_http = "1"

[features]
axum = []
"#;
    let impure: Vec<_> = dependencies(planted).into_iter().filter(|name| is_impure(name)).collect();
    assert_eq!(impure, ["aws-sdk-sqs", "hyper", "tokio", "lambda_http"]);
}
