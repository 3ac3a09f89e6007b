//! Runs after the end-to-end tests. No log line of any function contains a sensitive text that those tests used.

use std::fs::read_to_string;

#[test]
#[expect(clippy::disallowed_methods, reason = "a harness reads its own environment")]
fn no_log_line_holds_a_secret_a_key_or_an_address() {
    let stack = std::env::var("MAILHOOKS_STACK").expect("MAILHOOKS_STACK names the stack; run `make test`");
    let description: serde_json::Value = serde_json::from_str(&read_to_string(&stack).unwrap()).unwrap();
    let logs = read_to_string(description["log_file"].as_str().unwrap()).expect("the functions' logs");
    assert!(!logs.trim().is_empty(), "no log was collected, so nothing was checked");
    let sensitive = read_to_string(format!("{stack}.sensitive")).expect("the end-to-end tests ran before");
    let texts: Vec<_> = sensitive.lines().filter(|text| !text.is_empty()).collect();
    assert!(texts.len() > 10, "too few to be the whole run: {}", texts.len());
    for text in texts {
        assert!(!logs.contains(text), "a log line holds {text}");
    }
}
