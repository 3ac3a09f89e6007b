//! Sizes, start-up and memory of the bootstraps.

use std::io::Write as _;
use std::path::Path;

use serde::Serialize;

use crate::lambda_process::LambdaProcess;

/// The measurements of one bootstrap.
#[derive(Debug, Serialize)]
pub struct Weight {
    /// The function.
    pub function: String,
    /// Size of the binary, in bytes.
    pub binary_bytes: u64,
    /// Size of the zip that a deployment uploads, in bytes.
    pub zip_bytes: u64,
    /// Median time from start to first poll, as a multiple of the empty binary's time in the same run.
    pub start_ratio: f64,
    /// Median time from start to first poll, in milliseconds, on this machine. It means something only in comparison
    /// with the empty binary's time.
    pub start_ms: f64,
    /// The empty binary's median time, in milliseconds.
    pub empty_start_ms: f64,
}

/// Bytes that a zip of one file named `bootstrap` adds to the compressed data: local header, directory, end.
const ZIP_FRAME: u64 = 30 + 9 + 46 + 9 + 22;
/// Number of starts of each binary; the median counts.
const STARTS: usize = 21;

/// Measures `bootstrap` in comparison with the empty binary. The two are started alternately, so that other load on the
/// machine affects both.
pub async fn weigh(
    function: &str,
    bootstrap: &Path,
    empty: &Path,
    environment: &[(&str, String)],
) -> anyhow::Result<Weight> {
    let binary = std::fs::read(bootstrap)?;
    let mut packed = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    packed.write_all(&binary)?;
    let (mut own, mut emptys) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        own.push(LambdaProcess::start(bootstrap, environment).await?.start_to_first_poll);
        emptys.push(LambdaProcess::start(empty, &[]).await?.start_to_first_poll);
    }
    own.sort();
    emptys.sort();
    let (own, empty) = (own[STARTS / 2].as_secs_f64(), emptys[STARTS / 2].as_secs_f64());
    Ok(Weight {
        function: function.to_owned(),
        binary_bytes: binary.len() as u64,
        zip_bytes: packed.finish()?.len() as u64 + ZIP_FRAME,
        start_ratio: own / empty,
        start_ms: own * 1000.0,
        empty_start_ms: empty * 1000.0,
    })
}
