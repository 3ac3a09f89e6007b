//! The commands of an operator, on a deployed stack. `infra/*.py` finds the stack and runs them.
//!
//! Unlike the functions they run outside of Lambda, so credentials and region come from the AWS SDK's ordinary chain.

use clap::{Parser, Subcommand};
use shared::aws;

mod rotate_data_key;

/// Commands of an operator.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Makes a new data key and encrypts every stored secret with it.
    RotateDataKey(rotate_data_key::Arguments),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let sdk = aws_config::defaults(aws::behavior())
        .http_client(aws::http_client()?)
        .timeout_config(aws::timeouts())
        .load()
        .await;
    match arguments.command {
        Command::RotateDataKey(arguments) => rotate_data_key::run(arguments, &sdk).await,
    }
}
