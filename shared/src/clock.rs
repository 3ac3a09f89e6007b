//! The one place where the clock and the random generator are read; everything else takes them as arguments.

use jiff::Timestamp;

/// The present time.
#[expect(clippy::disallowed_methods, reason = "this is the one place")]
pub fn now() -> Timestamp {
    Timestamp::now()
}

/// `N` bytes from the operating system's generator.
///
/// # Panics
///
/// When the operating system has no randomness to give, which Linux does not do after boot; to go on without it would
/// mean guessable secrets.
#[expect(clippy::disallowed_methods, clippy::expect_used, reason = "this is the one place; see Panics")]
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives randomness");
    bytes
}

/// A number in -1.0..=1.0, for jitter.
pub fn random_jitter() -> f64 {
    f64::from(u32::from_be_bytes(random())) / f64::from(u32::MAX) * 2.0 - 1.0
}
