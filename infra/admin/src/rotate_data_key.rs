//! Makes a new data key and seals every secret of the registry with it.
//!
//! Functions keep running at the same time. Older keys stay in the registry, so secrets that are sealed with an older
//! key still open.

#![expect(clippy::print_stdout, reason = "a command prints what it does")]

use aws_config::SdkConfig;
use clap::Args;
use shared::store::Registry;
use shared::store::registry::DataKeyRotation;

/// The arguments name the stack's key, and say whether to make a new one.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Name of the stack's registry table.
    #[arg(long)]
    registry_table: String,
    /// ARN of the KMS key that the stack's data keys are encrypted under.
    #[arg(long)]
    secrets_key_arn: String,
    /// Seals secrets again with the newest data key, without making a new one. Use this to finish an interrupted run.
    #[arg(long)]
    resume: bool,
}

pub(crate) async fn run(arguments: Arguments, sdk: &SdkConfig) -> anyhow::Result<()> {
    let registry = Registry::new(aws_sdk_dynamodb::Client::new(sdk), arguments.registry_table)
        .sealing_secrets(aws_sdk_kms::Client::new(sdk), arguments.secrets_key_arn);
    let rotation = DataKeyRotation::new(&registry);
    if !arguments.resume {
        println!("made data key {}", rotation.next_data_key().await?);
    }
    loop {
        // A function that read the old key before the new one existed can still seal with the old key for a moment. So
        // this repeats until nothing is left to do.
        let resealed = rotation.reseal().await?;
        println!(
            "{} rows with secrets: sealed {} anew, {} to be looked at again, {} cannot be read by this release",
            resealed.rows, resealed.changed, resealed.missed, resealed.unreadable
        );
        if resealed.changed + resealed.missed == 0 {
            return Ok(());
        }
    }
}
