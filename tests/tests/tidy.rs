//! What lints cannot say: room boundaries, pure modules, names, sizes. One assertion for each rule of the design.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its own functions included")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every Rust file below `folder` with its text.
fn rust_files(folder: &str) -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                files.push((path, text));
            }
        }
    }
    assert!(!files.is_empty(), "{folder}");
    files
}

/// The code that is deployed: no comments, and nothing from the test module on.
fn without_tests(text: &str) -> String {
    let end = text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len());
    text[..end].lines().map(without_comment).collect::<Vec<_>>().join("\n")
}

/// Cuts a comment off. What follows a colon is part of a URL.
fn without_comment(line: &str) -> &str {
    let mut starts = line.match_indices("//").map(|(start, _)| start);
    starts.find(|start| !line[..*start].ends_with(':')).map_or(line, |start| &line[..start])
}

/// Whether a file holds nothing but tests.
fn is_of_tests(path: &Path) -> bool {
    let name = path.file_stem().unwrap().to_string_lossy();
    name == "tests" || name.ends_with("_tests")
}

/// What does IO, or waits for it.
const IMPURE: [&str; 8] = ["tokio", "aws-", "reqwest", "hyper", "rustls", "axum", "lambda_", "tracing"];

#[test]
fn the_domain_depends_on_nothing_that_does_io() {
    let manifest = std::fs::read_to_string(root().join("shared/domain/Cargo.toml")).unwrap();
    for name in manifest.lines().filter_map(|line| line.split(['.', ' ']).next()) {
        // Types of keys and certificates, and no TLS.
        let is_impure = name != "rustls-pki-types" && IMPURE.iter().any(|impure| name.starts_with(impure));
        assert!(!is_impure, "{name}");
    }
    for (path, text) in rust_files("shared/domain/src") {
        // The library that reads multipart bodies has futures, which are ready at once over a body in memory.
        let reads_multipart = path.ends_with("provider/mailgun/multipart.rs");
        for forbidden in ["async fn", ".await", "std::env", "std::fs", "std::process", "std::thread", "TcpStream"] {
            let excused = forbidden == ".await" && reads_multipart;
            assert!(excused || !without_tests(&text).contains(forbidden), "{}: {forbidden}", path.display());
        }
    }
}

/// `lib.rs` and the file of each folder list modules bottom up: each uses only those that stand above it.
#[test]
fn modules_use_only_what_stands_above_them() {
    for folder in ["shared/domain/src", "shared/src"] {
        let src = root().join(folder);
        for (path, text) in rust_files(folder) {
            let module = path.strip_prefix(&src).unwrap().with_extension("");
            let names: Vec<_> = module.iter().map(|name| name.to_string_lossy().into_owned()).collect();
            if is_of_tests(&path) || names == ["lib"] {
                continue;
            }
            // The crate first, then each folder that the file is in.
            for (depth, name) in names.iter().enumerate() {
                let parents = &names[..depth];
                let file = if depth == 0 { src.join("lib") } else { src.join(parents.join("/")) };
                let order = declared(&std::fs::read_to_string(file.with_extension("rs")).unwrap());
                let place = |name: &str| order.iter().position(|listed| listed == name);
                let own = place(name).unwrap_or_else(|| panic!("{} is not declared", path.display()));
                let code = without_tests(&text);
                let from_crate: Vec<_> = ["crate"].into_iter().chain(parents.iter().map(String::as_str)).collect();
                let by_crate = used(&code, &from_crate);
                let by_super = used(&code, &vec!["super"; names.len() - depth]);
                for used in by_crate.iter().chain(&by_super) {
                    assert!(place(used).is_none_or(|other| other <= own), "{} uses {used}", path.display());
                }
            }
        }
    }
}

/// Names of declared modules, in their order.
fn declared(text: &str) -> Vec<String> {
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with("//"));
    lines.filter_map(|line| line.strip_suffix(';')?.rsplit_once("mod ").map(|(_, name)| name.to_owned())).collect()
}

/// The name after each such path, and those of a list in braces.
fn used(code: &str, path: &[&str]) -> BTreeSet<String> {
    let path = path.iter().map(|name| format!("{name}::")).collect::<String>();
    let mut used = BTreeSet::new();
    for (start, prefix) in code.match_indices(&path) {
        if code[..start].ends_with(|before: char| before == ':' || before.is_alphanumeric()) {
            continue;
        }
        let rest = &code[start + prefix.len()..];
        let Some(list) = rest.strip_prefix('{') else {
            used.insert(first_name(rest));
            continue;
        };
        let (mut depth, mut entry) = (0, 0);
        for (end, letter) in list.char_indices() {
            if depth == 0 && matches!(letter, ',' | '}') {
                used.insert(first_name(&list[entry..end]));
                entry = end + 1;
            }
            match letter {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                _ => {}
            }
        }
    }
    used
}

fn first_name(path: &str) -> String {
    path.trim_start().chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect()
}

#[test]
fn what_the_checks_look_at_is_what_is_deployed() {
    let file = "#[cfg(test)]\nmod some_tests;\nuse crate::{a, b::{c, d}, e}; // crate::f\nlet url = \"https://g\";\n\
                #[cfg(test)]\nmod tests {\n    use crate::h;\n}\n";
    let code = without_tests(file);
    assert!(code.contains("https://g"), "{code}");
    assert_eq!(used(&code, &["crate"]), ["a", "b", "e"].map(str::to_owned).into());
    assert_eq!(
        used("use super::super::x; use super::y; crate::a::z()", &["super"]),
        ["super", "y"].map(str::to_owned).into()
    );
    assert_eq!(used("use super::x; crate::a::z(); crate::ab::y", &["crate", "a"]), ["z"].map(str::to_owned).into());
}

#[test]
fn functions_depend_on_shared_and_never_on_each_other() {
    let rooms = ["ingest", "dispatch", "deliver", "api"];
    for room in rooms {
        let manifest = std::fs::read_to_string(root().join("functions").join(room).join("Cargo.toml")).unwrap();
        for other in rooms.iter().filter(|other| **other != room) {
            assert!(!manifest.contains(&format!("\n{other}.workspace")), "{room} depends on {other}");
        }
    }
}

/// The SDK's own loader of credentials links SDKs of STS and SSO, which no function calls: they cost size and start-up.
#[test]
fn no_function_holds_the_sdks_of_sts_and_sso() {
    let lock = std::fs::read_to_string(root().join("Cargo.lock")).unwrap();
    let dependencies: BTreeMap<&str, Vec<&str>> = lock.split("[[package]]").skip(1).map(locked).collect();
    for room in ["ingest", "dispatch", "deliver", "api"] {
        let (mut held, mut left) = (BTreeSet::new(), vec![room]);
        while let Some(name) = left.pop() {
            if held.insert(name) {
                left.extend(&dependencies[name]);
            }
        }
        assert!(held.contains("aws-sdk-dynamodb"), "{room}: the lock file is not read");
        for forbidden in ["aws-config", "aws-sdk-sts", "aws-sdk-sso", "aws-sdk-ssooidc", "aws-sdk-signin"] {
            assert!(!held.contains(forbidden), "{room} holds {forbidden}");
        }
    }
}

/// A package of the lock file, with the names of what it depends on.
fn locked(package: &str) -> (&str, Vec<&str>) {
    let quoted = |line| str::split(line, '"').nth(1).unwrap();
    let name = package.lines().find(|line| line.starts_with("name = ")).unwrap();
    let dependencies = package.lines().skip_while(|line| *line != "dependencies = [").skip(1);
    let names = dependencies.take_while(|line| *line != "]").map(quoted);
    (quoted(name), names.map(|name| name.split(' ').next().unwrap()).collect())
}

#[test]
fn customer_directed_http_has_one_door() {
    for folder in ["functions", "shared"] {
        for (path, text) in rust_files(folder) {
            let is_door = path.with_extension("").starts_with(root().join("shared/src/outbound"));
            assert!(is_door || !text.contains("reqwest::"), "{}", path.display());
        }
    }
    // What may not call out does not even name the door. Ingest does in one place, to fetch what Amazon SNS asks for.
    let doors = ["functions/ingest/src/sns.rs", "functions/ingest/src/lib.rs"].map(|path| root().join(path));
    for room in ["functions/ingest/src", "functions/dispatch/src", "functions/api/src"] {
        for (path, text) in rust_files(room) {
            assert!(doors.contains(&path) || !without_tests(&text).contains("Outbound"), "{}", path.display());
        }
    }
    let of_sns = std::fs::read_to_string(&doors[0]).unwrap();
    assert!(!without_tests(&of_sns).contains(".post("), "ingest posts nothing anywhere");
}

/// A tenant's queue is not reached by the door, because its requests are the AWS SDK's. It has one place all the same,
/// which takes the tenant's key and never the function's role, and a host that follows from a region.
#[test]
fn tenants_queues_are_sent_to_in_one_place_and_with_their_own_keys() {
    let places = ["shared/src/queue.rs", "functions/deliver/src/stream/sqs.rs"].map(|path| root().join(path));
    for folder in ["functions", "shared"] {
        for (path, text) in rust_files(folder) {
            assert!(places.contains(&path) || !text.contains(".send_message_batch()"), "{}", path.display());
            assert!(places.contains(&path) || !text.contains(".send_message()"), "{}", path.display());
        }
    }
    let of_tenants = std::fs::read_to_string(&places[1]).unwrap();
    assert!(of_tenants.contains("base.set_credentials_provider(None)") && !of_tenants.contains(".endpoint_url("));
}

#[test]
fn mains_are_short_and_names_mean_something() {
    for folder in ["functions", "shared", "tests/src"] {
        for (path, text) in rust_files(folder) {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            assert!(name != "main" || text.lines().count() <= 40, "{}", path.display());
            let vague = ["utils", "util", "helpers", "helper", "common", "misc", "manager"];
            assert!(!vague.contains(&name.as_str()), "{}", path.display());
            let lines = without_tests(&text).lines().count();
            assert!(lines <= 400, "{} has {lines} lines; what second job has moved in?", path.display());
        }
    }
}

#[test]
fn serialisation_is_a_border() {
    for (path, text) in rust_files("shared").into_iter().chain(rust_files("functions")) {
        for forbidden in ["serde(flatten", "serde(untagged"] {
            assert!(!text.contains(forbidden), "{}: {forbidden}", path.display());
        }
    }
    for module in ["event", "webhook", "delivery", "tenant", "source", "secret"] {
        let file = root().join(format!("shared/domain/src/{module}.rs"));
        let of_module = rust_files("shared/domain/src")
            .into_iter()
            .filter(|(path, _)| *path == file || path.starts_with(file.with_extension("")));
        for (path, text) in of_module {
            let serialises = without_tests(&text).contains("Serialize");
            assert!(!serialises, "{}: domain types are never serialised directly", path.display());
        }
    }
}

#[test]
fn no_table_is_ever_scanned() {
    for (path, text) in rust_files("shared").into_iter().chain(rust_files("functions")) {
        assert!(!text.contains(".scan("), "{}", path.display());
    }
}

#[test]
fn tests_do_not_sleep_through_what_they_test() {
    for (path, text) in rust_files("shared").into_iter().chain(rust_files("functions")) {
        assert!(!text.contains("thread::sleep") && !text.contains("time::sleep("), "{}", path.display());
    }
}

/// Only what deploys the template or measures memory, and the outage's small form, which runs on several threads, go by
/// real time. To everything else a busy machine is like an idle one.
#[test]
fn no_real_time_decides_how_a_room_test_ends() {
    let real = ["end_to_end", "outage.rs", "tidy.rs", "dispatch_room/memory.rs", "ingest_room/memory.rs"];
    for (path, text) in rust_files("tests/tests") {
        let name = path.strip_prefix(root().join("tests/tests")).unwrap().to_string_lossy().into_owned();
        if real.iter().any(|real| name.starts_with(real)) {
            continue;
        }
        for forbidden in [
            "Instant::now",
            "SystemTime",
            "Timestamp::now",
            "Clock::default",
            "time::sleep",
            "thread::sleep",
            "time::timeout",
            "in_real_time",
            "multi_thread",
            "Runtime::new",
        ] {
            assert!(!text.contains(forbidden), "{name}: {forbidden}");
        }
    }
}

#[test]
fn documents_name_the_versions_of_other_systems_software_that_are_tried() {
    let read = |path: &str| std::fs::read_to_string(root().join(path)).unwrap();
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

/// Lists show the last day unless they are asked for more, so what a command sends must not be older, however long ago it was
/// written down.
#[test]
fn no_command_that_users_copy_has_a_date_of_its_own() {
    let folders = ["docs", "docs/coming-from"].map(|folder| std::fs::read_dir(root().join(folder)).unwrap());
    let pages = folders.into_iter().flatten().map(|page| page.unwrap().path()).filter(|path| path.is_file());
    let others =
        ["README.md", "CONTRIBUTING.md", "infra/deploy.py", "infra/local/run.py", "infra/local/events/ingest.json"];
    for path in others.iter().map(|path| root().join(path)).chain(pages) {
        let text = std::fs::read_to_string(&path).unwrap();
        let is_date = |words: &[u8]| {
            let form = b"dddd-dd-ddT";
            words.iter().zip(form).all(|(byte, form)| if *form == b'd' { byte.is_ascii_digit() } else { byte == form })
        };
        assert!(!text.as_bytes().windows(11).any(is_date), "{}", path.display());
        // As JSON has Unix times.
        assert!(!text.contains("\"timestamp\":1") && !text.contains("\"timestamp\": 1"), "{}", path.display());
        assert!(!text.contains(r#"timestamp\":1"#) && !text.contains(r#"timestamp\":\"1"#), "{}", path.display());
    }
}
