//! A function that runs out of descriptors. The test runs itself again in a process that may have few.

use std::fs::File;
use std::process::Command;

use super::test_posts::NO_LIMIT;
use super::*;

/// Maximum descriptors of the process. Reason: the runtime and the client need some.
const DESCRIPTORS: u32 = 64;

#[test]
fn a_shortage_of_descriptors_is_no_outcome() {
    let program = std::env::current_exe().unwrap();
    let name = "outbound::shortage_tests::in_a_process_with_few_descriptors";
    let limited = format!("ulimit -n {DESCRIPTORS} && exec \"$0\" --ignored --exact {name}");
    let ended = Command::new("sh").arg("-c").arg(limited).arg(program).output().unwrap();
    let output = String::from_utf8_lossy(&ended.stdout);
    assert!(ended.status.success() && output.contains("1 passed"), "{output}");
}

#[tokio::test]
#[ignore = "its process must have few descriptors"]
async fn in_a_process_with_few_descriptors() {
    let outbound = Outbound::new(AddressPolicy::allowing(vec!["127.0.0.0/8".parse().unwrap()])).unwrap();
    // Nobody listens there any more.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (address, name) = (format!("http://127.0.0.1:{port}/"), format!("http://receiver.example:{port}/"));
    assert_eq!(post(&outbound, &address).await, Ok(Outcome::Connect));
    let mut taken = Vec::new();
    while let Ok(file) = File::open("/dev/null") {
        taken.push(file);
        assert!(taken.len() <= DESCRIPTORS as usize, "there is a limit");
    }
    assert_eq!(post(&outbound, &address).await, Err(ShortageError));
    assert_eq!(post(&outbound, &name).await, Err(ShortageError));
    drop(taken);
    assert_eq!(post(&outbound, &address).await, Ok(Outcome::Connect));
}

async fn post(outbound: &Outbound, url: &str) -> Result<Outcome, ShortageError> {
    test_posts::post(outbound, url, NO_LIMIT).await.map(|answered| answered.outcome)
}
