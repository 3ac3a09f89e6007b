//! What lints cannot say: room boundaries, pure modules, names, sizes. One assertion for each rule of the design.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its own functions included")]

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

fn without_tests(text: &str) -> &str {
    text.split("#[cfg(test)]").next().unwrap_or_default()
}

/// The modules of `shared` that know no IO, no clock and no async.
const PURE: [&str; 20] = [
    "id",
    "event",
    "provider",
    "source",
    "tenant",
    "webhook",
    "seal",
    "secret",
    "signature",
    "slowness",
    "stream",
    "dialect",
    "delivery",
    "recovery",
    "retry",
    "breaker",
    "problem",
    "rate_limit",
    "outbound/address_policy",
    "queue/pack",
];

#[test]
fn pure_modules_stay_pure() {
    for (path, text) in rust_files("shared/src") {
        let name = path.strip_prefix(root().join("shared/src")).unwrap().with_extension("");
        let pure = PURE.iter().any(|module| name.starts_with(module));
        if pure {
            // The library that reads multipart bodies has futures, which are ready at once over a body in memory.
            let reads_multipart = name.ends_with("provider/mailgun/multipart");
            for forbidden in
                ["async fn", ".await", "tokio::", "aws_sdk", "reqwest", "clock::", "std::env", "std::fs", "store::"]
            {
                let excused = forbidden == ".await" && reads_multipart;
                assert!(excused || !without_tests(&text).contains(forbidden), "{}: {forbidden}", path.display());
            }
        }
    }
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

#[test]
fn customer_directed_http_has_one_door() {
    for folder in ["functions", "shared/src"] {
        for (path, text) in rust_files(folder) {
            let outbound = path.to_string_lossy().contains("outbound");
            assert!(outbound || !text.contains("reqwest::"), "{}", path.display());
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
    let places = ["shared/src/queue.rs", "functions/deliver/src/delivery/stream/sqs.rs"].map(|path| root().join(path));
    for folder in ["functions", "shared/src"] {
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
    for folder in ["functions", "shared/src", "tests/src"] {
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
    for (path, text) in rust_files("shared/src").into_iter().chain(rust_files("functions")) {
        for forbidden in ["serde(flatten", "serde(untagged"] {
            assert!(!text.contains(forbidden), "{}: {forbidden}", path.display());
        }
    }
    for module in ["event.rs", "webhook.rs", "delivery.rs", "tenant.rs", "source.rs", "secret.rs"] {
        let text = std::fs::read_to_string(root().join("shared/src").join(module)).unwrap();
        assert!(!without_tests(&text).contains("Serialize"), "{module}: domain types are never serialised directly");
    }
}

#[test]
fn no_table_is_ever_scanned() {
    for (path, text) in rust_files("shared/src").into_iter().chain(rust_files("functions")) {
        assert!(!text.contains(".scan("), "{}", path.display());
    }
}

#[test]
fn tests_do_not_sleep_through_what_they_test() {
    for (path, text) in rust_files("shared/src").into_iter().chain(rust_files("functions")) {
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
