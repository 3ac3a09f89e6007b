//! The documents and comments against the code: paths, links, words, sizes, and the lists that pages hold.
//!
//! Each check is a function that answers what is wrong, and a test of it proves that it finds a planted example.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its own functions included")]

mod decisions;
mod exceptions;
mod files;
mod links;
mod lists;
mod paths;
mod prose;

use files::{is, read, root};

#[test]
fn readme_and_architecture_stay_short() {
    for (path, limit) in [("README.md", 8_192), ("ARCHITECTURE.md", 16_384)] {
        let bytes = read(path).len();
        assert!(bytes <= limit, "{path} has {bytes} bytes, of {limit}");
    }
}

/// A test and a document give a name each to what a user of another system installs: the same version.
#[test]
fn documents_name_the_versions_of_other_systems_software_that_are_tried() {
    let pins = read("tests/systems/package.json") + &read("infra/local/requirements-systems.txt");
    let version = |name: &str| {
        let starts = [format!("\"{name}\": \""), format!("\n{name}==")];
        let pinned = starts.iter().find_map(|start| pins.split_once(start.as_str())).unwrap().1;
        pinned.split(['"', ';', '\n']).next().unwrap().to_owned()
    };
    for (page, clients) in [
        ("platform", [].as_slice()),
        ("mailgreet", &[]),
        ("mailjet", &["node-mailjet", "mailjet_rest"]),
        ("mailgun", &["mailgun.js", "mailgun"]),
        ("mailtura", &[]),
    ] {
        let text = read(&format!("docs/coming-from/{page}.md")).to_lowercase().replace('`', "");
        for name in ["express", "flask"].iter().chain(clients) {
            let tried = format!("{name} {}", version(name));
            assert!(text.contains(&tried), "docs/coming-from/{page}.md does not say {tried}");
        }
    }
}

/// Lists show the last day unless they are asked for more, so a command must not send an older date, even years after
/// it was written down.
#[test]
fn no_command_that_users_copy_has_a_date_of_its_own() {
    let pages = files::all().iter().filter(|path| path.starts_with("docs/") && is(path, ".md"));
    let others =
        ["README.md", "CONTRIBUTING.md", "infra/deploy.py", "infra/local/run.py", "infra/local/events/ingest.json"];
    for path in others.into_iter().chain(pages.map(String::as_str)) {
        let text = read(path);
        let is_date = |words: &[u8]| {
            let form = b"dddd-dd-ddT";
            words.iter().zip(form).all(|(byte, form)| if *form == b'd' { byte.is_ascii_digit() } else { byte == form })
        };
        assert!(!text.as_bytes().windows(11).any(is_date), "{path}");
        // As JSON has Unix times.
        assert!(!text.contains("\"timestamp\":1") && !text.contains("\"timestamp\": 1"), "{path}");
        assert!(!text.contains(r#"timestamp\":1"#) && !text.contains(r#"timestamp\":\"1"#), "{path}");
    }
}

#[test]
fn the_root_is_the_projects() {
    assert!(root().join("template.yaml").is_file());
    assert!(files::all().iter().any(|path| path == "docs/SUMMARY.md"));
}
