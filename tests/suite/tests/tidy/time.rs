//! Checks that tests do not wait for real time to pass: time is an argument, or stands still.

use crate::source::{File, deployed_files, rust_files};

/// Code that runs in real time and so may sleep: the fault suite and the outage benchmark, which run the deployed
/// template or several threads; the benchmark, which runs real processes; and the client of the deployed stack, which
/// asks the emulator until it answers.
const REAL: [&str; 3] = ["tests/faults/", "tests/bench/", "tests/support/src/stack.rs"];

fn sleeps(file: &File) -> bool {
    ["thread::sleep", "time::sleep", "sleep_until", "time::interval"].iter().any(|call| file.text.contains(call))
}

#[test]
fn tests_do_not_sleep_through_what_they_test() {
    let of_tests = ["bench", "conformance", "faults", "support"].map(|package| rust_files(&format!("tests/{package}")));
    for file in deployed_files().into_iter().chain(of_tests.into_iter().flatten()) {
        let real = REAL.iter().any(|real| file.path.starts_with(real));
        assert!(real || !sleeps(&file), "{} sleeps", file.path);
    }
    for real in REAL {
        let (folder, _) = real.trim_end_matches('/').rsplit_once('/').unwrap();
        let some = rust_files(folder).iter().any(|file| file.path.starts_with(real) && sleeps(file));
        assert!(some, "{real} does not sleep any more: remove it from the list");
    }
}

/// Tests of the suite that use real time: they deploy the template or measure memory. Also tests that name the
/// forbidden words.
const REAL_TESTS: [&str; 4] = ["end_to_end", "tidy/", "dispatch_room/memory.rs", "ingest_room/memory.rs"];

/// All other tests end in the same way on a busy machine and on an idle one.
#[test]
fn no_real_time_decides_how_a_room_test_ends() {
    for file in rust_files("tests/suite/tests") {
        let name = file.path.strip_prefix("tests/suite/tests/").unwrap();
        if REAL_TESTS.iter().any(|real| name.starts_with(real)) {
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
            assert!(!file.text.contains(forbidden), "{name}: {forbidden}");
        }
    }
}
