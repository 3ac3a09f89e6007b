//! Runs the tests of `infra/tests`: they test the Python programs, and the template as SAM translates it. These tests
//! have a runner of their own because they import the SAM CLI's libraries. This file makes them part of `cargo test`.

use std::path::Path;
use std::process::Command;

#[test]
fn the_template_as_translated_and_the_deployment_keep_their_promises() {
    let runner = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra/tests/run.py");
    let run = Command::new("python3").arg(runner).output().unwrap();
    let (printed, told) = (String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    assert!(run.status.success(), "{printed}\n{told}");
}
