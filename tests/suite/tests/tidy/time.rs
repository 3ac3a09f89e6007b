//! Tests do not wait and do not read the clock: time is an argument, or stands still.

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
const REAL_TESTS: [&str; 5] =
    ["end_to_end", "tidy/", "deliver_room/memory.rs", "dispatch_room/memory.rs", "ingest_room/memory.rs"];

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

/// Files outside the suite that read a clock for tests, each with the reason why a fixed time would not do.
const CLOCK_READERS: [(&str, &str); 6] = [
    ("tests/faults/", "it runs processes, which have no other time"),
    ("tests/bench/", "it measures, and runs processes"),
    ("tests/support/src/stack.rs", "the deployed functions compare with the real time"),
    ("tests/support/src/world.rs", "a world in real time is for measurements and for other processes"),
    ("tests/conformance/src/bin/normalise.rs", "it is a command, whose fixtures arrive when it runs"),
    ("shared/domain/src/signature.rs", "the official library compares with the real time"),
];

/// Files whose tests take one `Instant` and count from it. Reason: an `Instant` cannot be made in any other way.
const INSTANT_TAKERS: [&str; 2] = ["shared/src/outbound/pooled_hosts.rs", "shared/src/outbound/silent_hosts.rs"];

/// The part of a file that runs in tests only.
fn tests_of(file: &File) -> &str {
    let deployed = !file.path.starts_with("tests/") && !file.path.ends_with("tests.rs");
    let start = if deployed { file.text.find("#[cfg(test)]\nmod tests {").unwrap_or(file.text.len()) } else { 0 };
    &file.text[start..]
}

fn reads_clock(file: &File) -> bool {
    let reads = ["SystemTime::now", "UNIX_EPOCH.elapsed", "Timestamp::now", "Zoned::now", "Clock::default"];
    let of_instant = !INSTANT_TAKERS.contains(&file.path.as_str());
    let instants = ["Instant::now"].into_iter().filter(|_| of_instant);
    reads.into_iter().chain(instants).any(|read| tests_of(file).contains(read))
}

/// The result of a test must not depend on the day, nor on how long the test runs between two readings.
#[test]
fn tests_outside_the_suite_read_no_clock() {
    let of_tests = ["bench", "conformance", "faults", "support"].map(|package| rust_files(&format!("tests/{package}")));
    let files: Vec<_> = deployed_files().into_iter().chain(of_tests.into_iter().flatten()).collect();
    for file in &files {
        let allowed = CLOCK_READERS.iter().any(|(path, _)| file.path.starts_with(path));
        assert!(allowed || !reads_clock(file), "{}", file.path);
    }
    for (path, _) in CLOCK_READERS {
        let some = files.iter().any(|file| file.path.starts_with(path) && reads_clock(file));
        assert!(some, "{path} reads no clock any more: remove it from the list");
    }
}

#[test]
fn a_reading_in_a_test_module_is_found() {
    let reading = |path: &str, text: &str| reads_clock(&File { path: path.to_owned(), text: text.to_owned() });
    let in_tests = "fn f() {}\n#[cfg(test)]\nmod tests {\n    let now = Timestamp::now();\n}\n";
    let deployed = "fn f() { Timestamp::now(); }\n#[cfg(test)]\nmod tests {\n}\n";
    assert!(reading("shared/src/queue.rs", in_tests));
    assert!(!reading("shared/src/queue.rs", deployed), "other checks are about deployed code");
    assert!(reading("shared/src/outbound/tls_tests.rs", deployed));
    assert!(reading("tests/support/src/sqs.rs", deployed));
}
