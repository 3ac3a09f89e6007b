//! Makes a new data key and seals every secret of the registry with it; `make rotate-data-key` runs it. With `--resume`,
//! it makes none, and seals what an earlier run left over.
//!
//! Functions go on meanwhile: what is sealed with an older key opens as before, and older keys are kept.

#![expect(clippy::print_stdout, reason = "a command tells what it does")]

use std::error::Error;

use shared::store::Registry;
use shared::{aws, config};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let resumes = match std::env::args().skip(1).collect::<Vec<_>>().as_slice() {
        [] => false,
        [flag] if flag == "--resume" => true,
        _ => return Err("expected nothing, or --resume".into()),
    };
    let config = config::DataKeyRotation::from_env()?;
    let sdk = aws::sdk_config().await?;
    let registry = Registry::new(aws_sdk_dynamodb::Client::new(&sdk), config.registry_table)
        .sealing_secrets(aws_sdk_kms::Client::new(&sdk), config.secrets_key_arn);
    if !resumes {
        println!("made data key {}", registry.next_data_key().await?);
    }
    loop {
        // A function that had read the key before the new one was there may still seal with it for a moment: hence once
        // more, until there is nothing left to do.
        let resealed = registry.reseal().await?;
        println!(
            "{} rows with secrets: sealed {} anew, {} to be looked at again",
            resealed.rows, resealed.changed, resealed.missed
        );
        if resealed.changed + resealed.missed == 0 {
            return Ok(());
        }
    }
}
