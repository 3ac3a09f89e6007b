//! The conformance command, as somebody with fixtures of their own runs it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};
use tests::fixtures::own_fixtures;

fn normalise(index: &Path, more: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_normalise")).arg("--index").arg(index).args(more).output().unwrap()
}

fn own_index() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/index.json")
}

/// An index with these entries, whose files are those of the project's own fixtures.
fn index(name: &str, entries: &[Value]) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, json!({"fixtures": entries}).to_string()).unwrap();
    path
}

fn entry(id: &str) -> Value {
    let mut entry = super::fixture(id).entry;
    entry["file"] = json!(own_index().with_file_name(entry["file"].as_str().unwrap()));
    entry
}

fn lines(output: &Output) -> Vec<Value> {
    let text = std::str::from_utf8(&output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn prints_a_line_for_each_fixture_with_every_member() {
    let output = normalise(&own_index(), &[]);
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    let lines = lines(&output);
    let ids: Vec<_> = own_fixtures().into_iter().map(|fixture| fixture.id).collect();
    assert_eq!(lines.iter().map(|line| line["id"].as_str().unwrap()).collect::<Vec<_>>(), ids);
    let members = "bounce_type campaign diagnostic enhanced_code event_id geo id ip message_id metadata provider_event \
                   recipient reject_reason smtp_code tags timestamp type url user_agent";
    let members: Vec<_> = members.split(' ').collect();
    for event in lines.iter().flat_map(|line| line["events"].as_array().unwrap()) {
        assert_eq!(event.as_object().unwrap().keys().collect::<Vec<_>>(), members);
        assert!(event["id"].as_str().unwrap().starts_with("evt_"));
        assert!(event["tags"].is_array() && event["metadata"].is_object());
    }
}

#[test]
fn prints_the_one_that_is_asked_for() {
    let output = normalise(&own_index(), &["--id", "ses/subscription_confirmation"]);
    let expected = json!({
        "id": "ses/subscription_confirmation", "outcome": "sns_confirm", "status": 200, "events": [],
    });
    assert_eq!(lines(&output), [expected]);
    assert!(output.status.success());
}

/// A broken entry is named, and costs no other.
#[test]
fn names_what_is_wrong_and_ends_with_2() {
    let with = |member: &str, value: Value| {
        let mut entry = entry("brevo/click");
        entry["id"] = json!("mine");
        *entry.pointer_mut(member).unwrap() = value;
        entry
    };
    for (broken, told) in [
        (with("/provider", json!("nobody")), "fixture `mine`: no provider is named `nobody`"),
        (with("/file", json!("missing.json")), "missing.json cannot be read"),
        (with("/file", json!(7)), "fixture `mine`: it has no text `file`"),
        (with("/auth", json!({"scheme": "rot13"})), "fixture `mine`: no scheme is named `rot13`"),
        (with("/auth", json!({"scheme": "svix"})), "fixture `mine`: it has no text `auth.key` or `auth.secret`"),
        (with("/auth", json!({"scheme": "none", "now": "noon"})), "fixture `mine`: `auth.now` is not a time"),
        (with("/headers", json!({"a b": "c"})), "`a b` cannot be the name of a header"),
        (json!({"file": "x"}), "entry 1 of the index has no text `id`"),
    ] {
        let output = normalise(&index("broken.json", &[entry("brevo/request"), broken]), &[]);
        let stderr = String::from_utf8(output.stderr.clone()).unwrap();
        assert!(stderr.contains(told), "{stderr}");
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert_eq!(lines(&output).len(), 1, "{told}");
    }
    let missing = normalise(Path::new("/nowhere/index.json"), &[]);
    assert!(String::from_utf8(missing.stderr).unwrap().contains("/nowhere/index.json"));
    assert_eq!(missing.status.code(), Some(2));
    for text in ["", "[]", "{}", r#"{"fixtures": 7}"#] {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("no_index.json");
        std::fs::write(&path, text).unwrap();
        let output = normalise(&path, &[]);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{text}");
        assert!(String::from_utf8(output.stderr).unwrap().contains("no_index.json"), "{text}");
    }
    let output = normalise(&own_index(), &["--id", "nobody/nothing"]);
    assert!(String::from_utf8(output.stderr).unwrap().contains("`nobody/nothing`"));
    assert_eq!(output.status.code(), Some(2));
}

/// What ingest would refuse has its status.
#[test]
fn outcomes_beyond_the_index_have_their_status() {
    let body = |name: &str, bytes: &[u8]| {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let of = |provider: &str, file: PathBuf| {
        json!({"id": provider, "provider": provider, "file": file, "content_type": "application/json",
               "headers": {"Content-Type": "application/json"}, "auth": {"scheme": "none"}})
    };
    let entries = [
        of("postmark", body("unparsed.json", b"<html>\xff")),
        of("generic", body("malformed.json", b"<html>")),
        of("generic", body("invalid.json", b"{}")),
        of("mailjet", body("many.json", format!("[{}{{}}]", "{},".repeat(5_000)).as_bytes())),
        of("brevo", body("large.json", &vec![b' '; ingest::MAX_PROVIDER_BODY + 1])),
    ];
    let got = lines(&normalise(&index("statuses.json", &entries), &[]));
    let got: Vec<_> = got.iter().map(|line| format!("{} {}", line["outcome"], line["status"])).collect();
    assert_eq!(
        got,
        [r#""unparsed" 200"#, r#""refused" 400"#, r#""refused" 422"#, r#""refused" 413"#, r#""refused" 413"#]
    );
}
