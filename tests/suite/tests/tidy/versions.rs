//! Checks that documents name the versions of other systems' software that the tests use.

use crate::source::read;

/// The pages about other systems, each with the clients that the tests use.
const PAGES: [(&str, &[&str]); 5] = [
    ("platform", &[]),
    ("mailgreet", &[]),
    ("mailjet", &["node-mailjet", "mailjet_rest"]),
    ("mailgun", &["mailgun.js", "mailgun"]),
    ("mailtura", &[]),
];

#[test]
fn documents_name_the_versions_of_other_systems_software_that_are_tried() {
    let pins = read("tests/systems/package.json") + &read("infra/local/requirements-systems.in");
    let version = |name: &str| {
        let starts = [format!("\"{name}\": \""), format!("\n{name}==")];
        let pinned = starts.iter().find_map(|start| pins.split_once(start.as_str())).unwrap().1;
        pinned.split(['"', ';', '\n']).next().unwrap().to_owned()
    };
    for (page, clients) in PAGES {
        let text = read(&format!("docs/coming-from/{page}.md")).to_lowercase().replace('`', "");
        for name in ["express", "flask"].iter().chain(clients) {
            let tried = format!("{name} {}", version(name));
            assert!(text.contains(&tried), "docs/coming-from/{page}.md does not say {tried}");
        }
    }
}
